//! Notices files that change while the host runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::look::mark;
use super::{Provisioned, Seen};

/// How often the files of plugins in use are looked at. Asking for their marks is cheap; they are
/// only read when one differs.
const TICK: Duration = Duration::from_secs(1);

impl Provisioned {
    /// Looks again and again. Never returns.
    pub async fn watch(self) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.look_again().await;
        }
    }

    /// Looks at every version that was looked at before and whose files differ since.
    pub(crate) async fn look_again(&self) {
        let seen: Vec<Arc<Seen>> = self.0.seen.load().values().cloned().collect();
        if seen.is_empty() {
            return;
        }
        let changed = tokio::task::spawn_blocking(move || {
            let differs =
                |seen: &Arc<Seen>| [mark(&seen.plugin.component), mark(&seen.source)] != seen.look.marks;
            seen.into_iter().filter(differs).collect::<Vec<_>>()
        });
        for seen in changed.await.unwrap_or_default() {
            self.look_at(&seen.plugin).await;
        }
    }
}
