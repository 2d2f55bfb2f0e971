//! `secret://NAME` in a configuration: the operator and the manifest write it, the guest reads the
//! placeholder `{{NAME}}`.

use ares_kernel::SecretName;
use ares_kernel::facts::Scope;
use ares_kernel::text::quoted;
use serde_json::{Map, Value};

use crate::manifest::literals::is_a_secret;
use crate::pinned::Pinned;

/// How a reference begins.
pub(crate) const SCHEME: &str = "secret://";

/// The secret a text refers to, if it refers to one.
///
/// # Errors
/// What is wrong with the reference.
pub(crate) fn of(text: &str) -> Result<Option<SecretName>, String> {
    match text.strip_prefix(SCHEME) {
        Some(name) => name.parse().map(Some).map_err(|error: ares_kernel::NameError| error.to_string()),
        None if text.contains(SCHEME) => Err(format!(
            "{}: a reference stands alone, as `{SCHEME}NAME`; the plugin puts text around it",
            quoted(text, 80)
        )),
        None => Ok(None),
    }
}

/// Checks every reference in a value: `asked` says whether the plugin asks for a secret.
///
/// # Errors
/// The first that is none, or that the plugin does not ask for.
pub(crate) fn check(value: &Value, asked: &impl Fn(&SecretName) -> bool) -> Result<(), String> {
    match value {
        Value::String(text) => match of(text)? {
            Some(name) if !asked(&name) => {
                Err(format!("the secret {name} is not asked for in [[permissions.secrets]] of the manifest"))
            }
            _ => Ok(()),
        },
        Value::Array(items) => items.iter().try_for_each(|item| check(item, asked)),
        Value::Object(members) => members.values().try_for_each(|member| check(member, asked)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// Whether a value is no secret itself, and refers only to those the plugin asks for.
///
/// # Errors
/// Why not; never the value.
pub(crate) fn keeps_secrets(pinned: &Pinned, key: &str, value: &Value) -> Result<(), String> {
    literals(key, value)?;
    check(value, &|name| pinned.ask(&Scope::Secret(name.clone()).to_string()).is_some())
}

fn literals(key: &str, value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) if is_a_secret(key, text) => Err(in_plain_text(key)),
        Value::Array(items) => items.iter().try_for_each(|item| literals(key, item)),
        Value::Object(members) => members.iter().try_for_each(|(key, member)| literals(key, member)),
        _ => Ok(()),
    }
}

/// What is wrong with a value that is a secret.
pub(crate) fn in_plain_text(key: &str) -> String {
    format!(
        "the value of {} is a secret in plain text; set it with `ares-host secrets set NAME`, and write \
         `secret://NAME` here",
        quoted(key, 80)
    )
}

/// The configuration as the guest reads it: with placeholders where it refers to secrets.
#[must_use]
pub fn as_the_guest_reads(config: Map<String, Value>) -> Map<String, Value> {
    config.into_iter().map(|(key, value)| (key, placed(value))).collect()
}

fn placed(value: Value) -> Value {
    match value {
        Value::String(text) => match of(&text) {
            Ok(Some(name)) => name.placeholder().into(),
            _ => text.into(),
        },
        Value::Array(items) => items.into_iter().map(placed).collect(),
        Value::Object(members) => as_the_guest_reads(members).into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reference_stands_alone_and_is_asked_for() {
        let asked = |name: &SecretName| name.as_str() == "API_KEY";
        for good in [json!("secret://API_KEY"), json!({"a": ["secret://API_KEY", 1]}), json!("no secret")] {
            assert_eq!(check(&good, &asked), Ok(()), "{good}");
        }
        for (bad, says) in [
            (json!("secret://OTHER"), "OTHER is not asked for"),
            (json!(["secret://api_key"]), "is not a secret's name"),
            (json!({"a": "Bearer secret://API_KEY"}), "a reference stands alone"),
        ] {
            let why = check(&bad, &asked).unwrap_err();
            assert!(why.contains(says), "{why}");
        }
    }

    #[test]
    fn the_guest_reads_placeholders() {
        let Value::Object(config) = json!({"a": "secret://API_KEY", "b": [{"c": "secret://X"}], "d": 1})
        else {
            panic!();
        };
        assert_eq!(
            Value::from(as_the_guest_reads(config)),
            json!({"a": "{{API_KEY}}", "b": [{"c": "{{X}}"}], "d": 1})
        );
    }
}
