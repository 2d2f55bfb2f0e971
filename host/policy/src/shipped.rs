//! The rules every host has, and what they know of the guard.

use crate::error::PolicyError;
use crate::language::Language;
use crate::read;
use crate::rule::{Layer, Rule};

/// The shipped texts by their names.
pub(crate) const FILES: [(&str, &str); 3] = [
    ("shipped/catastrophic.cedar", include_str!("shipped/catastrophic.cedar")),
    ("shipped/mandates.cedar", include_str!("shipped/mandates.cedar")),
    ("shipped/default.cedar", include_str!("shipped/default.cedar")),
];

/// Every rule of the guard that a shipped rule names, sorted. A rule that names one the guard does
/// not have would never match.
pub const FINDINGS: [&str; 34] = [
    "aws-secret-key",
    "bearer-token",
    "bidi-override",
    "chat-webhook",
    "cloud-metadata-address",
    "cloud-token",
    "credential-sweep",
    "decode-to-shell",
    "delete-everything",
    "fetch-and-run",
    "github-token",
    "gitlab-token",
    "google-key",
    "host-known-name-inside",
    "host-lookalike",
    "host-mixed-script",
    "json-web-token",
    "loader-variable",
    "make-file-system",
    "model-provider-key",
    "npm-token",
    "password-in-address",
    "pipe-to-shell",
    "private-key",
    "process-memory",
    "pypi-token",
    "raw-disk-write",
    "reverse-shell",
    "sendgrid-key",
    "slack-token",
    "stripe-key",
    "tag-characters",
    "twilio-key",
    "variation-selector-data",
];

/// Reads the shipped rules.
///
/// # Errors
/// When they are unsound, which a test rules out.
pub(crate) fn rules(language: &Language) -> Result<Vec<Rule>, PolicyError> {
    let mut rules = Vec::new();
    for (name, text) in FILES {
        let read = read::rules(language, Layer::Shipped, name, text);
        rules.extend(read.map_err(|error| PolicyError::Shipped(error.to_string()))?);
    }
    Ok(rules)
}
