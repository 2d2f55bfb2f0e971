//! Secrets written into configuration, whatever they look like: a plugin's manifest is copied
//! and shown, so it must name a secret, never hold one.
use super::{Rule, value};
use crate::Severity::High;

pub(super) const RULES: &[Rule] = &[Rule {
    id: "literal-secret-in-toml",
    severity: High,
    message: "A secret as a literal: let the file name it, and set the value outside the file.",
    keywords: &["token", "secret", "passw", "key"],
    pattern: concat!(
        r#"(?i)(?:^|[\s{,.])"?[a-z0-9_-]*(?:token|secret|passwo?r?d|api[_-]?key|access[_-]?key|private[_-]?key)"?"#,
        r#"\s*=\s*["']([^"'\s]{4,200})["']"#
    ),
    files: &[".toml"],
    secret: true,
    general: true,
    value: Some(value::is_not_a_type),
    fires: &[
        concat!("verify_token = \"let-me", "-in-please\""),
        concat!("bot = { api_key = \"abc", "d1234\" }"),
        concat!("config.password = 'hunt", "er2hunter'"),
    ],
    quiet: &[
        "token = \"string\"",
        "input = { token = \"string?\" }",
        "api_key = \"secret:weather\"",
        "password = \"${DB_PASSWORD}\"",
        "token = \"\"",
        "# secret = nothing",
        "max_tokens = 4096",
        "keywords = [\"token\"]",
    ],
}];
