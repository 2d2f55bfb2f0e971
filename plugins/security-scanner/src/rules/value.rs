//! Tests of a value: does it look like a secret, or like something that stands for one?

/// Bits of entropy per character from which a mixed value counts as random.
const RANDOM: f64 = 3.5;

/// Parts of values that stand for a secret instead of being one.
const STAND_INS: [&str; 24] = [
    "example",
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "your",
    "dummy",
    "sample",
    "redacted",
    "xxxx",
    "****",
    "....",
    "1234567890abcdef",
    "<",
    "${",
    "{{",
    "%(",
    "$(",
    "env:",
    "secret:",
    "vault:",
    "file:",
    "todo",
    "insert",
];

/// Random enough to have been generated, and not a stand-in, path, sentence or plain word.
pub(crate) fn is_random(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let letters = value.chars().filter(char::is_ascii_alphabetic).count();
    let spoken =
        value.contains(char::is_whitespace) || value.contains("://") || value.starts_with(['/', '.', '$']);
    digits >= 2 && letters >= 4 && !spoken && is_literal(value) && entropy(value) >= RANDOM
}

/// Not a stand-in: not a reference to a variable, vault or file, not an obvious example.
pub(crate) fn is_literal(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    !STAND_INS.iter().any(|part| lower.contains(part)) && !is_monotone(value)
}

/// A literal that is not the name of a type: `token = "string"` describes, it does not hold.
pub(crate) fn is_not_a_type(value: &str) -> bool {
    let types =
        ["string", "number", "integer", "boolean", "object", "array", "any", "null", "none", "true", "false"];
    is_literal(value) && !types.contains(&value.trim_end_matches(['?', '!']).to_ascii_lowercase().as_str())
}

/// A password in a URL that is not the word "password" or a variable.
pub(crate) fn is_password(value: &str) -> bool {
    let plain = ["password", "passwd", "pass", "pwd", "secret", "token", "user", "username"];
    is_literal(value) && !plain.contains(&value.to_ascii_lowercase().as_str())
}

/// Not one character over and over, as in documentation.
pub(crate) fn is_varied(value: &str) -> bool {
    let tail = value.get(4..).unwrap_or(value);
    is_literal(value) && entropy(tail) >= 2.0
}

fn is_monotone(value: &str) -> bool {
    entropy(value) < 1.0
}

/// Shannon's entropy in bits per byte.
fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let total = f64::from(counts.iter().sum::<u32>().max(1));
    let shares = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / total);
    -shares.map(|share| share * share.log2()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::{entropy, is_random};

    #[test]
    fn entropy_is_bits_per_byte() {
        for (value, bits) in [("", 0.0), ("aaaa", 0.0), ("abab", 1.0), ("abcd", 2.0), ("abcdefgh", 3.0)] {
            assert!((entropy(value) - bits).abs() < 1e-9, "{value}");
        }
    }

    #[test]
    fn words_are_not_random() {
        for value in
            ["correct-horse-battery", "my_secret_name_2", "https://a.b/c1d2e3f4g5", "/etc/9f8e7d6c5b4a"]
        {
            assert!(!is_random(value), "{value}");
        }
    }
}
