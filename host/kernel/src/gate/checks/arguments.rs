//! Are the arguments what the capability takes?

use crate::flow::Draft;
use crate::gate::{Check, Kind, Refusal};
use crate::json;

/// Refuses input that is too large, not strict JSON, not an object, or not what the schema says;
/// names the schema does not list are refused too.
pub(super) struct Arguments;

impl Check for Arguments {
    fn name(&self) -> &'static str {
        "arguments"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let route = draft.route()?;
        let capability = &route.capability;
        let id = &capability.id;
        let refusal = |code, message| Refusal { check: "arguments", code, kind: Kind::Invalid, message };
        let input = &draft.request().input;
        let most = draft.limits().input_bytes;
        if input.len() as u64 > most {
            return Err(refusal(
                "too-large",
                format!(
                    "the input of `{id}` has {} bytes; the most is {most} (`input_bytes` in its [limits])",
                    input.len()
                ),
            ));
        }
        let value = json::parse_exact(input)
            .map_err(|e| refusal("not-json", format!("the input of `{id}` is not acceptable JSON: {e}")))?;
        if !value.is_object() {
            return Err(refusal(
                "not-an-object",
                format!("the input of `{id}` must be a JSON object, for instance {{\"name\": \"value\"}}"),
            ));
        }
        capability
            .input
            .check(&value, true)
            .map_err(|e| refusal("invalid-arguments", format!("the input of `{id}` does not match its schema: {e}; `ares-host capabilities {id}` shows the schema")))?;
        if let Some(metadata) = &draft.request().metadata {
            let object =
                metadata.len() as u64 <= most && json::parse_exact(metadata).is_ok_and(|v| v.is_object());
            if !object {
                return Err(refusal(
                    "bad-metadata",
                    format!("the metadata must be a JSON object of at most {most} bytes"),
                ));
            }
        }
        draft.accept_arguments(value);
        Ok(())
    }
}
