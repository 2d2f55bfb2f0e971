//! What a manifest should not do although it may: secrets in plain sight, missing documents.

use std::fmt;
use std::path::Path;

use serde_json::Value;

use super::Manifest;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It should be better.
    Warning,
    /// It must not stay.
    Error,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Lint {
    /// How bad.
    pub severity: Severity,
    /// A stable word for the rule.
    pub rule: &'static str,
    /// What and where, and what to do. Never holds the value of a secret.
    pub message: String,
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}]: {}", self.rule, self.message)
    }
}

/// Lints a manifest and the folder it stands in; errors first.
#[must_use]
pub fn lint(manifest: &Manifest, folder: &Path) -> Vec<Lint> {
    let mut found = Vec::new();
    for (key, value) in &manifest.config {
        secrets(key, key, value, &mut found);
    }
    documents(manifest, folder, &mut found);
    unused_permissions(manifest, &mut found);
    found.sort_by_key(|lint| std::cmp::Reverse(lint.severity));
    found
}

/// Words that, as a part of a key, say that its value is a secret.
const SECRET_WORDS: [&str; 10] = [
    "token",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "credential",
    "credentials",
    "privatekey",
    "accesskey",
];
/// How the secrets of well-known providers begin.
const SECRET_PREFIXES: [&str; 18] = [
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "AKIA",
    "ASIA",
    "AIza",
    "hf_",
    "npm_",
];
const REFERENCE: &str = "secret://";

/// Whether a key's name says that its value is a secret: `api_key`, `githubToken`, `db-password`.
#[must_use]
pub fn names_a_secret(key: &str) -> bool {
    let mut words: Vec<String> = vec![String::new()];
    let mut before_lower = false;
    for c in key.chars() {
        let boundary = !c.is_alphanumeric() || (before_lower && c.is_uppercase());
        if boundary {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before_lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    let pairs = words.windows(2).map(<[String]>::concat);
    // `max_tokens` counts something; `token` is one.
    words.iter().cloned().chain(pairs).any(|word| SECRET_WORDS.contains(&word.as_str()))
}

/// Whether a text looks like a secret whatever it is called.
#[must_use]
pub fn looks_like_a_secret(text: &str) -> bool {
    let provider =
        SECRET_PREFIXES.iter().any(|prefix| text.starts_with(prefix) && text.len() >= prefix.len() + 12);
    let plain = !text.contains(char::is_whitespace);
    (provider && plain) || (text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----"))
}

fn secrets(path: &str, key: &str, value: &Value, found: &mut Vec<Lint>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                secrets(&format!("{path}.{key}"), key, value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| secrets(path, key, item, found)),
        Value::String(text) if text.starts_with(REFERENCE) => found.push(error(
            "secret-reference",
            format!(
                "[config] {path} refers to a stored secret, but this version of the host stores none: the plugin \
                 would read the reference itself as the value. Take it out"
            ),
        )),
        Value::String(text) if looks_like_a_secret(text) || (names_a_secret(key) && !text.is_empty()) => {
            found.push(error(
                "literal-secret",
                format!(
                    "[config] {path} looks like a secret in plain text, and a manifest is no place for one. Take \
                     it out; this version of the host has no store for secrets yet"
                ),
            ));
        }
        _ => {}
    }
}

fn error(rule: &'static str, message: String) -> Lint {
    Lint { severity: Severity::Error, rule, message }
}

fn warning(rule: &'static str, message: String) -> Lint {
    Lint { severity: Severity::Warning, rule, message }
}

fn documents(manifest: &Manifest, folder: &Path, found: &mut Vec<Lint>) {
    if !folder.join("README.md").is_file() {
        found.push(warning("no-readme", "there is no README.md beside the manifest".to_owned()));
    }
    if !folder.join("cases").is_dir() {
        found.push(warning(
            "no-cases",
            "there is no folder `cases` with inputs and the answers they should get".to_owned(),
        ));
    }
    for (key, text) in
        [("description", &manifest.description), ("author", &manifest.author), ("license", &manifest.license)]
    {
        if text.is_empty() {
            found.push(warning("no-identity", format!("`{key}` is missing")));
        }
    }
}

/// A permission that is asked of the operator for nothing. Hooks run with all of them.
fn unused_permissions(manifest: &Manifest, found: &mut Vec<Lint>) {
    if manifest.hooks.setup || manifest.hooks.teardown {
        return;
    }
    for scope in manifest.permissions.needable() {
        if !manifest.capabilities.iter().any(|capability| capability.needs.contains(&scope)) {
            found.push(warning(
                "unused-permission",
                format!("[permissions] asks for `{scope}`, but no capability needs it"),
            ));
        }
    }
}
