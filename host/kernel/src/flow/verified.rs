//! `Verified`: an answer that passed every check on outputs, or the reason why it did not.

use std::sync::Arc;

use super::{Executed, Scrubbed};
use crate::event::Published;
use crate::facts::{Capability, Plugin};
use crate::gate::Verdict;
use crate::ports::Opening;
use crate::rehearsal::Rehearsal;
use crate::report::{Ended, KvWrite, Usage};
use crate::snapshot::Snapshot;
use crate::verify::{Flag, Verifier};

/// A call whose answer may be shown.
#[must_use = "a verified call must be recorded"]
#[derive(Debug)]
pub struct Verified {
    pub(super) opening: Opening,
    pub(super) verdict: Verdict,
    pub(super) plugin: Arc<Plugin>,
    pub(super) capability: Arc<Capability>,
    pub(super) begun: bool,
    pub(super) context: Option<(u32, u32)>,
    pub(super) usage: Usage,
    pub(super) result: Result<String, Ended>,
    pub(super) flags: Vec<Flag>,
    pub(super) writes: Vec<KvWrite>,
    pub(super) published: Option<Published>,
    pub(super) rehearsal: Option<Rehearsal>,
    pub(super) snapshot: Option<Snapshot>,
}

impl Verifier {
    /// Looks at what the guest said. Writes and events are kept only with a good answer, those of a
    /// rehearsal never; and a rehearsal that tried what nobody declared has no good answer.
    pub fn verify(&self, scrubbed: Scrubbed) -> Verified {
        let Scrubbed(executed) = scrubbed;
        let Executed {
            opening,
            verdict,
            plugin,
            capability,
            limits,
            begun,
            context,
            lineage,
            mut report,
            stage,
            snapshot,
            expected: _,
        } = executed;
        let mut flags = Vec::new();
        report.result = report.result.and_then(|text| match self.check(&text, &capability, &limits) {
            Ok(found) => {
                flags = found;
                Ok(text)
            }
            Err(fault) => Err(Ended::Fault(fault)),
        });
        let rehearsal = stage.map(|stage| stage.conclude((&plugin, &capability), &mut report));
        let undeclared = rehearsal.as_ref().and_then(Rehearsal::fault);
        let result =
            report.result.and_then(|text| undeclared.map_or(Ok(text), |fault| Err(Ended::Fault(fault))));
        let writes = if result.is_ok() { report.writes } else { Vec::new() };
        let lineage = lineage.filter(|_| result.is_ok() && !report.events.is_empty());
        let published = lineage.map(|lineage| Published { lineage, events: report.events });
        Verified {
            opening,
            verdict,
            plugin,
            capability,
            begun,
            context,
            usage: report.usage,
            result,
            flags,
            writes,
            published,
            rehearsal,
            snapshot,
        }
    }
}
