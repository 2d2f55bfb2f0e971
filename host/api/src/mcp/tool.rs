//! A capability as an MCP tool.

use std::sync::Arc;

use ares_kernel::CapabilityId;
use ares_kernel::facts::Effect;
use ares_kernel::text::escaped;
use rmcp::model::{Tool, ToolAnnotations};
use serde::Deserialize;
use serde_json::Value;

use super::schema;

/// The longest line of a description that is passed on, in bytes.
const LINE_MAX: usize = 4096;

/// One row of the answer to `Operation::Capabilities`, as far as a tool needs it.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    capability: CapabilityId,
    description: String,
    input_schema: Value,
    output_schema: Value,
    effect: Effect,
    idempotent: bool,
}

/// A tool and how its answers are shaped.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Offer {
    /// What the client sees.
    pub(super) tool: Tool,
    /// Whether the answer is wrapped as `{"result": …}`.
    pub(super) wrapped: bool,
}

impl Row {
    /// The tool of this capability. Nothing when no object fits its input, for MCP arguments are
    /// always an object.
    pub(super) fn offer(self) -> Option<Offer> {
        // A capability's name is at most 64 of a-z, 0-9, `-`, `_` and `.`: a tool name as it is
        // (1 to 128 of A-Z, a-z, 0-9, `_`, `-` and `.`).
        let name = self.capability.as_str().to_owned();
        let Some(input) = schema::arguments(self.input_schema) else {
            tracing::warn!(capability = %self.capability, "not a tool: its input cannot be an object");
            return None;
        };
        let (output, wrapped) = schema::output(self.output_schema);
        let annotations = annotations(self.effect, self.idempotent);
        let tool = Tool::new(name, described(&self.description), Arc::new(input))
            .with_title(title(self.capability.as_str()))
            .with_raw_output_schema(Arc::new(output))
            .with_annotations(annotations);
        Some(Offer { tool, wrapped })
    }
}

/// What a client may show or ask its user, from the effect class alone. A change that can be taken
/// back is no destruction; whatever leaves this machine may meet anything.
fn annotations(effect: Effect, idempotent: bool) -> ToolAnnotations {
    ToolAnnotations::new()
        .read_only(!effect.changes())
        .destructive(effect > Effect::Write)
        .idempotent(idempotent || !effect.changes())
        .open_world(effect >= Effect::Network)
}

/// `analyze_sentiment` as `Analyze sentiment`.
fn title(name: &str) -> String {
    let words = name.replace(['_', '-', '.'], " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// The plugin's words with its line breaks and nothing else that hides or moves text.
fn described(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| escaped(line, LINE_MAX)).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn offer(row: &Value) -> Option<Offer> {
        serde_json::from_value::<Row>(row.clone()).unwrap().offer()
    }

    #[test]
    fn a_capability_becomes_a_tool() {
        let row = json!({
            "capability": "demo.hello_world", "plugin": "demo", "version": "1.2.3",
            "description": "Greets.\nHides \u{202e}nothing.",
            "input_schema": {"type": "object", "properties": {"name": {"type": "string"}}},
            "output_schema": {"type": "string"}, "effect": "write", "idempotent": true,
        });
        let offer = offer(&row).unwrap();
        assert!(offer.wrapped);
        assert_eq!(
            serde_json::to_value(&offer.tool).unwrap(),
            json!({
                "name": "demo.hello_world",
                "title": "Demo hello world",
                "description": "Greets.\nHides \\u{202e}nothing.",
                "inputSchema": {"type": "object", "properties": {"name": {"type": "string"}}},
                "outputSchema": {
                    "type": "object", "properties": {"result": {"type": "string"}},
                    "required": ["result"], "additionalProperties": false
                },
                "annotations": {
                    "readOnlyHint": false, "destructiveHint": false,
                    "idempotentHint": true, "openWorldHint": false
                },
            })
        );
    }

    #[test]
    fn hints_follow_the_effect_class() {
        let hints = |effect| {
            let hints = annotations(effect, false);
            [hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint]
                .map(Option::unwrap)
        };
        assert_eq!(hints(Effect::Pure), [true, false, true, false]);
        assert_eq!(hints(Effect::Read), [true, false, true, false]);
        assert_eq!(hints(Effect::Write), [false, false, false, false]);
        assert_eq!(hints(Effect::Network), [false, true, false, true]);
        assert_eq!(hints(Effect::Message), [false, true, false, true]);
        assert_eq!(hints(Effect::Destructive), [false, true, false, true]);
    }

    #[test]
    fn what_takes_no_object_is_no_tool() {
        let row = json!({"capability": "a", "description": "", "effect": "pure", "idempotent": false,
            "input_schema": {"type": "string"}, "output_schema": {}});
        assert_eq!(offer(&row), None);
    }
}
