//! How far a call has come, as MCP's notifications: for clients that gave a token, and for no other.

use std::sync::{Mutex, PoisonError};

use ares_kernel::progress::Update;
use rmcp::RoleServer;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::Peer;

/// Where the updates of one call go.
pub(super) struct Notifier {
    peer: Peer<RoleServer>,
    token: ProgressToken,
    /// What was told last: MCP wants every notification to be further.
    last: Mutex<Option<f64>>,
}

impl Notifier {
    /// To this client, under the token it gave.
    pub(super) fn new(peer: Peer<RoleServer>, token: ProgressToken) -> Self {
        Self { peer, token, last: Mutex::default() }
    }

    /// Tells the client, unless this is no further than what it heard last: then a guest, or one
    /// that it called, counts anew, which MCP has no words for.
    pub(super) async fn tell(&self, update: Update) {
        let done = number(update.done);
        if !self.is_further(done) {
            return;
        }
        let mut told = ProgressNotificationParam::new(self.token.clone(), done)
            .with_message(format!("{}: {}", update.plugin, update.message));
        if let Some(total) = update.total {
            told = told.with_total(number(total));
        }
        // A client that has gone needs no news.
        let _ = self.peer.notify_progress(told).await;
    }

    fn is_further(&self, done: f64) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let further = last.is_none_or(|last| done > last);
        if further {
            *last = Some(done);
        }
        further
    }
}

/// As JSON has it: exact up to 2⁵³, which no count of things reaches.
#[expect(clippy::cast_precision_loss, reason = "MCP has floating point numbers here")]
fn number(count: u64) -> f64 {
    count as f64
}
