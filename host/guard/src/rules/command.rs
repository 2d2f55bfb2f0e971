//! Commands that hand the machine over, or that one should look at twice.

use crate::place::Group::Command;
use crate::place::Severity::High;
use crate::rule::{COMMANDS, Look, Rule};

pub(crate) static PIPE_TO_SHELL: Rule = Rule::new(
    "pipe-to-shell",
    Command,
    High,
    Look::Pattern {
        words: &["curl", "wget", "fetch", "http", "aria2c"],
        pattern: r"(?i)\b(?:curl|wget|fetch|http|https|aria2c)\b[^\n|]*\|(?:[^\n|]*\|)?\s*(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+)?(?:/\S*/)?(?:ba|z|da|k|fi|a|c)?sh\b",
    },
    "Save what is fetched, read it, compare its hash, and only then run it.",
)
.at(COMMANDS);
