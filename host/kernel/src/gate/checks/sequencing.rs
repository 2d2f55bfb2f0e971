//! Is it this call's turn within its task?

use crate::facts::Sequencing as Rules;
use crate::flow::Draft;
use crate::gate::{Check, Kind, Refusal};
use crate::name::CapabilityId;

/// Refuses what the manifest wants to come after something else, where that has not come yet, and what
/// it wants never to come after something that has.
pub(super) struct Sequencing;

impl Check for Sequencing {
    fn name(&self) -> &'static str {
        "sequencing"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let capability = &draft.route()?.capability;
        let Some(rules) = &capability.sequencing else { return Ok(()) };
        let id = &capability.id;
        let refusal =
            |message| Err(Refusal { check: "sequencing", code: "sequencing", kind: Kind::Invalid, message });
        let Some(done) = draft.done() else {
            return refusal(format!(
                "`{id}` has its place in a task: name the task it belongs to, for instance with `--task NAME`"
            ));
        };
        let Rules { requires, conflicts_with, must_follow } = rules;
        if let Some(missing) = requires.iter().find(|wanted| !done.contains(wanted)) {
            return refusal(format!(
                "`{id}` comes after `{missing}`, which has not been called well in this task"
            ));
        }
        if let Some(conflict) = conflicts_with.iter().find(|other| done.contains(other)) {
            return refusal(format!("`{id}` does not go with `{conflict}`, which was called in this task"));
        }
        let last = done.last();
        if !must_follow.is_empty() && !last.is_some_and(|last| must_follow.contains(last)) {
            let wanted: Vec<&str> = must_follow.iter().map(CapabilityId::as_str).collect();
            let last = last.map_or("nothing", CapabilityId::as_str);
            return refusal(format!(
                "`{id}` comes right after {}; the last call of this task was {last}",
                wanted.join(" or ")
            ));
        }
        Ok(())
    }
}
