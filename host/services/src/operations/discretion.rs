//! What a program may see of a call that was not its own.

use ares_kernel::Caller;
use ares_kernel::gate::Verdict;
use ares_registry::InvocationView;

/// What stands in the place of the words in which a call did not end well.
const KEPT_BACK: &str = "what it says may quote the arguments and is for its caller and for people";

/// Whether what quotes the arguments of this call is not for whoever asks: for an agent that did not make it.
/// A name is what its bearer says it is; people see everything.
fn is_of_another(asking: &Caller, call: &InvocationView) -> bool {
    !matches!(asking, Caller::Human(_)) && (asking.kind() != call.caller_kind || asking.name() != call.caller)
}

/// The same without the words in which it did not end well and what its verdict quotes, where that is not for whoever asks.
pub(super) fn seen_by(asking: &Caller, mut call: InvocationView) -> InvocationView {
    if !is_of_another(asking, &call) {
        return call;
    }
    if call.status != "ok" {
        call.message = call.message.map(|_| KEPT_BACK.to_owned());
    }
    let verdict = call.verdict.and_then(|verdict| serde_json::from_value::<Verdict>(verdict).ok());
    call.verdict = verdict.and_then(|verdict| serde_json::to_value(verdict.for_others()).ok());
    call
}
