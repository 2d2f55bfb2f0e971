//! Secrets in plain sight: what looks like one, and where in a manifest it stands.

use std::path::Path;

use ares_kernel::text::quoted;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ManifestError, Problem};
use super::reader::place;

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
const SECRET_PREFIXES: [&str; 20] = [
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "AKIA",
    "ASIA",
    "AIza",
    "hf_",
    "npm_",
];
/// So many characters after such a beginning make a secret; fewer may be a word.
const BODY_MIN: usize = 12;
/// A text that is chosen by chance has at least so many characters.
const RANDOM_MIN: usize = 16;
/// And at least so many bits in each: words have less, digits of any base more.
const RANDOM_BITS: f64 = 3.0;

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

/// Whether a text looks like a secret, or holds one, whatever it is called.
#[must_use]
pub fn looks_like_a_secret(text: &str) -> bool {
    let between = |c: char| c.is_whitespace() || "\"'`,;=:()<>[]{}".contains(c);
    (text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----"))
        || text.split(between).any(|word| of_a_provider(word) || is_jwt(word))
}

/// Whether this value under this key is a secret beyond doubt, so that it is not taken.
pub(crate) fn is_a_secret(key: &str, text: &str) -> bool {
    looks_like_a_secret(text) || (names_a_secret(key) && is_random(text))
}

fn of_a_provider(word: &str) -> bool {
    SECRET_PREFIXES
        .iter()
        .filter_map(|prefix| word.strip_prefix(prefix))
        .any(|body| body.len() >= BODY_MIN && body.bytes().any(|b| b.is_ascii_digit()))
}

/// Three parts of base64url, the first a JSON object.
fn is_jwt(word: &str) -> bool {
    let base64 = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let parts: Vec<&str> = word.split('.').collect();
    word.starts_with("eyJ") && parts.len() == 3 && parts.iter().all(|part| part.len() >= 4 && base64(part))
}

fn is_random(text: &str) -> bool {
    let length = text.chars().count();
    if length < RANDOM_MIN || text.contains(char::is_whitespace) {
        return false;
    }
    let mut counts = std::collections::BTreeMap::<char, f64>::new();
    for c in text.chars() {
        *counts.entry(c).or_default() += 1.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "no text has 2⁵² characters")]
    let length = length as f64;
    let bits: f64 = counts.values().map(|count| -(count / length) * (count / length).log2()).sum();
    bits >= RANDOM_BITS && text.bytes().any(|b| b.is_ascii_digit())
}

/// A text of `[config]` and where it stands.
struct Text<'t> {
    /// The last key above it.
    key: &'t str,
    /// All keys above it, joined.
    path: String,
    at: usize,
    text: &'t str,
    /// It stands in `[config.schema]`, where keys name what is described.
    schema: bool,
}

/// Refuses a manifest whose `[config]` holds a secret in plain text.
///
/// # Errors
/// Each such value by its line and key; never the value.
pub fn check(text: &str, path: &Path) -> Result<(), ManifestError> {
    let problems = find(text, |text| match text.schema {
        true => looks_like_a_secret(text.text),
        false => is_a_secret(text.key, text.text),
    });
    if problems.is_empty() { Ok(()) } else { Err(ManifestError::new(path, problems)) }
}

/// Everything in `[config]` that looks like a secret or is called one.
pub(super) fn doubtful(text: &str) -> Vec<Problem> {
    find(text, |text| {
        let reference = text.text.starts_with(crate::reference::SCHEME);
        looks_like_a_secret(text.text)
            || (!text.schema && names_a_secret(text.key) && !text.text.is_empty() && !reference)
    })
}

fn find(document: &str, is_wrong: impl Fn(&Text<'_>) -> bool) -> Vec<Problem> {
    let Ok(tree) = DeTable::parse(document) else { return Vec::new() };
    let mut texts = Vec::new();
    if let Some((_, config)) = tree.get_ref().iter().find(|(key, _)| key.get_ref() == "config") {
        collect(config, "", "", false, &mut texts);
    }
    texts.sort_by_key(|text| text.at);
    let problem = |text: Text<'_>| {
        let key = quoted(&text.path, 120);
        let message = format!(
            "[config] {key} looks like a secret in plain text, and a manifest is no place for one: write \
             `secret://NAME`, ask for NAME in [[permissions.secrets]], and let the operator set it with \
             `ares-host secrets set NAME`"
        );
        place(document, text.at, message)
    };
    texts.into_iter().filter(|text| is_wrong(text)).map(problem).collect()
}

/// TOML nests at most 80 deep (the parser's own bound), so this recursion ends.
fn collect<'t>(
    value: &'t Spanned<DeValue<'t>>,
    key: &'t str,
    path: &str,
    schema: bool,
    texts: &mut Vec<Text<'t>>,
) {
    match value.get_ref() {
        DeValue::String(text) => {
            texts.push(Text {
                key,
                path: path.to_owned(),
                at: value.span().start,
                text: text.as_ref(),
                schema,
            });
        }
        DeValue::Array(items) => items.iter().for_each(|item| collect(item, key, path, schema, texts)),
        DeValue::Table(table) => {
            for (name, value) in table.iter() {
                let name: &str = name.get_ref().as_ref();
                let inner = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                collect(value, name, &inner, schema || inner == "schema", texts);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_shape_or_by_name_and_chance() {
        for text in [
            "ghp_0123456789abcdef0123",
            "Bearer github_pat_11ABCDEFG0123456789",
            "sk-proj-0123456789abcdef",
            "xoxb-1234567890-abcdefghij",
            "AKIAIOSFODNN7EXAMPLE",
            "AIzaSyA-0123456789abcdefghijklmnopqrstu",
            "glpat-0123456789abcdefghij",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
            "token=ghp_0123456789abcdef0123",
        ] {
            assert!(is_a_secret("anything", text), "{text}");
        }
        for text in
            ["sk-learn-for-everyone", "AKIA", "hf_transfer", "eyJ.a.b", "www.example.org", "{{GITHUB_TOKEN}}"]
        {
            assert!(!is_a_secret("anything", text), "{text}");
        }
        for (key, text, expected) in [
            ("api_key", "9f86d081884c7d659a2feaa0c55ad015", true),
            ("dbPassword", "Tr0ub4dor&3-x9Q!zz", true),
            ("token_type", "bearer", false),
            ("password_hint", "the name of the first street", false),
            ("secret", "secret://API_KEY", false),
            ("checksum", "9f86d081884c7d659a2feaa0c55ad015", false),
        ] {
            assert_eq!(is_a_secret(key, text), expected, "{key} {text}");
        }
    }

    #[test]
    fn each_is_named_by_line_and_key_and_never_shown() {
        let manifest = "id = \"x\"\n[config]\nok = \"hello\"\nlist = [\"a\", \"ghp_0123456789abcdef0123\"]\n\
                        [config.db]\npassword = \"Tr0ub4dor&3-x9Q!zz\"\n[config.schema.properties.token]\n\
                        type = \"string\"\ndefault = \"AKIAIOSFODNN7EXAMPLE\"\n";
        let error = check(manifest, Path::new("plugin.toml")).unwrap_err();
        let lines: Vec<usize> = error.problems().iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [4, 6, 9], "{error}");
        let text = error.to_string();
        assert!(
            text.contains("`list`") && text.contains("`db.password`") && text.contains("secret://NAME"),
            "{text}"
        );
        assert!(!text.contains("ghp_") && !text.contains("Tr0u") && !text.contains("AKIA"), "{text}");
        assert!(check("[config]\ntoken = \"secret://A\"\n", Path::new("x")).is_ok());
    }
}
