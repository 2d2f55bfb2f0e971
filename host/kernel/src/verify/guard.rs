//! Does the answer hold something that could harm whoever reads it: a person at a terminal, or a model?

use ares_guard::{Place, Severity};
use serde_json::Value;

use super::{Answer, Flag, OutputCheck};
use crate::report::Fault;

/// Flags what it finds; it changes nothing and refuses nothing, since a scanner's answer is about harm.
/// Doors for models say so beside the answer.
pub(super) struct Guard;

/// The most text of one answer that is looked at, in bytes.
const LOOKED_AT_MAX: usize = 1 << 20;
/// The most flags of one answer.
const FLAGS_MAX: usize = 10;
/// What less is, is in many answers.
const WORTH_A_FLAG: Severity = Severity::Medium;

impl OutputCheck for Guard {
    fn check(&self, answer: &mut Answer<'_>) -> Result<(), Fault> {
        let (mut flags, mut left) = (Vec::new(), LOOKED_AT_MAX);
        if let Some(value) = &answer.value {
            look(value, &mut flags, &mut left);
        }
        answer.flags = flags;
        Ok(())
    }
}

fn look(value: &Value, flags: &mut Vec<Flag>, left: &mut usize) {
    match value {
        Value::String(text) => inspect(text, flags, left),
        Value::Array(values) => values.iter().for_each(|value| look(value, flags, left)),
        Value::Object(object) => {
            for (key, value) in object {
                inspect(key, flags, left);
                look(value, flags, left);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn inspect(text: &str, flags: &mut Vec<Flag>, left: &mut usize) {
    if flags.len() >= FLAGS_MAX || (*left == 0 && flags.iter().any(|flag| flag.rule == Flag::UNSEEN)) {
        return;
    }
    let seen = text.floor_char_boundary((*left).min(text.len()));
    *left -= seen;
    if seen < text.len() {
        *left = 0;
        flags.push(Flag::unseen());
    }
    let Some(text) = text.get(..seen) else { return };
    for finding in ares_guard::inspect(text, Place::Answer) {
        let known = flags.iter().any(|flag| flag.rule == finding.rule);
        if finding.severity >= WORTH_A_FLAG && !known && flags.len() < FLAGS_MAX {
            flags.push(Flag::of(finding));
        }
    }
}
