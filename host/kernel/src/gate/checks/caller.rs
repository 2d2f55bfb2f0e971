//! May this caller ask for anything at all, and a plugin for this?

use crate::facts::Scope;
use crate::flow::Draft;
use crate::gate::{Check, Kind, Refusal};
use crate::request;

/// The longest name a door may give a caller, and the longest task, in bytes.
const LABEL_MAX: usize = 128;

/// Refuses nameless callers, plugins that are not in a running call, plugins that were not granted
/// the capability they call, and events whose publisher may not publish them any more.
pub(super) struct Caller;

impl Check for Caller {
    fn name(&self) -> &'static str {
        "caller"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let request = draft.request();
        let refusal = |code, kind, message| Err(Refusal { check: "caller", code, kind, message });
        let label = |text: &str| !text.is_empty() && text.len() <= LABEL_MAX;
        if !label(request.caller.name()) || !request.task.as_deref().is_none_or(label) {
            let message = format!("a caller and its task need a name of 1 to {LABEL_MAX} bytes");
            return refusal("bad-label", Kind::Invalid, message);
        }
        match (&request.caller, draft.parent()) {
            (request::Caller::Plugin(_), Some(parent)) => {
                if let Some((topic, granted)) = parent.event() {
                    let message = format!(
                        "{} may not publish about `{topic}` any more: it was disabled, taken out or not granted `publish:{topic}`",
                        request.caller
                    );
                    return if granted { Ok(()) } else { refusal("not-granted", Kind::Forbidden, message) };
                }
                if parent.grants().covers(&Scope::Call(request.capability.clone())) {
                    return Ok(());
                }
                let message = format!(
                    "{} was not granted `call:{}` for this call; its manifest must ask for it in `[permissions] call` and the capability in `needs`",
                    request.caller, request.capability
                );
                refusal("not-granted", Kind::Forbidden, message)
            }
            (request::Caller::Plugin(_), None)
            | (request::Caller::Human(_) | request::Caller::Agent(_), Some(_)) => refusal(
                "unauthenticated",
                Kind::Unauthenticated,
                "only a running call of a plugin can call as that plugin".to_owned(),
            ),
            (request::Caller::Human(_) | request::Caller::Agent(_), None) => Ok(()),
        }
    }
}
