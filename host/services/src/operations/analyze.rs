//! The whole installation, looked over.

use std::sync::Arc;

use ares_kernel::Caller;
use ares_registry::ModuleFilter;

use super::{Answer, Operations, blocking};
use crate::analyze::{Ground, Rules, analysis};
use crate::operation::Problem;
use crate::rules::RuleWish;

/// What is asked of the rules: whether anything may run at all.
const HARMLESS: [&str; 2] = ["pure", "read"];

impl Operations {
    /// Runs no guest and changes nothing.
    pub(super) async fn analyze(&self, caller: Caller) -> Answer {
        let rules = self.rules_said(caller).await?;
        let (_, differences) = self.differences().await?;
        let differences = differences.into_iter().map(|found| {
            let (plugin, what) = (found.plugin, found.what);
            let text = format!(
                "the {what} of `{plugin}` {} is not what was registered: expected {}, found {}",
                found.version, found.expected, found.actual
            );
            (plugin.to_string(), text)
        });
        let (differences, weights) = (differences.collect(), self.0.weights);
        let read = self.0.book.with(move |registry| {
            Ok((
                registry.snapshot(),
                registry.modules(&ModuleFilter::default())?,
                registry.all_versions()?,
                registry.analysis()?,
                registry.lockout()?,
            ))
        });
        let (snapshot, modules, versions, facts, lockout) = read.await?;
        let now_ms = self.0.clock.now_ms();
        blocking(move || {
            let parts = (snapshot, modules, versions, facts);
            analysis(&Ground::new(now_ms, weights, parts, (lockout, rules, differences)))
        })
        .await
    }

    /// What the rules say of what harms nobody, for whoever asks and for an agent.
    async fn rules_said(&self, caller: Caller) -> Result<Rules, Problem> {
        let problem = self.policy_problem().await?;
        let rules = Arc::clone(&self.0.rules);
        let said = blocking(move || {
            let agent = Caller::Agent("mcp:anybody".to_owned());
            let mut said = Vec::new();
            for of in [caller.clone(), agent] {
                for effect in HARMLESS {
                    let test = RuleWish::Test {
                        subject: effect.to_owned(),
                        caller: Some(of.to_string()),
                        origin: None,
                        arguments: None,
                        rules: None,
                        from: None,
                    };
                    // Who keeps the rules may not be able to say; then nothing is found here.
                    let answer = rules.carry_out(&caller, test).ok();
                    let stance = answer.as_ref().and_then(|answer| answer.get("stance")?.as_str());
                    said.extend(stance.map(|stance| (format!("{effect} by {of}"), stance.to_owned())));
                }
            }
            said
        });
        Ok(Rules { problem, said: said.await? })
    }
}
