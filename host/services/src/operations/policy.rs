//! The operator's rules: asked, changed, and followed when their file changes.

use std::sync::Arc;
use std::time::Duration;

use ares_kernel::Caller;
use tokio::time::MissedTickBehavior;

use super::{Answer, Operations, blocking};
use crate::operation::Problem;
use crate::rules::{RuleBook, RuleWish};

/// How often the operator's file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Operations {
    pub(super) async fn policy(&self, caller: Caller, wish: RuleWish) -> Answer {
        // One change at a time, in this process and others.
        let alone = if wish.changes() { Some(self.alone().await?) } else { None };
        let rules = Arc::clone(&self.0.rules);
        let answer = blocking(move || rules.carry_out(&caller, wish)).await?;
        drop(alone);
        answer
    }

    /// Why the operator's file is not in force as it stands.
    pub(super) async fn policy_problem(&self) -> Result<Option<String>, Problem> {
        let rules = Arc::clone(&self.0.rules);
        blocking(move || {
            rules.look();
            rules.problem()
        })
        .await
    }
}

/// Follows the operator's file for as long as the host serves.
pub(crate) async fn follow(rules: Arc<dyn RuleBook>) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let rules = Arc::clone(&rules);
        if blocking(move || rules.look()).await.is_err() {
            tracing::error!("looking at the rules failed; it is tried again");
        }
    }
}
