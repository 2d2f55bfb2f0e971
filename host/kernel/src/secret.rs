//! Secrets: the name anyone may say, and the value that goes nowhere by itself.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::name::NameError;

/// The longest name of a secret, in bytes.
pub const SECRET_NAME_MAX: usize = 128;
/// The shortest value of a secret, in bytes. Shorter ones turn up in ordinary text by chance, and
/// then would be hidden there.
pub const SECRET_VALUE_MIN: usize = 8;
/// The longest value of a secret, in bytes.
pub const SECRET_VALUE_MAX: usize = 64 << 10;

/// A secret's name, for instance `GITHUB_TOKEN`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretName(Arc<str>);

impl SecretName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands for the value wherever a guest or a person meets it: `{{NAME}}`.
    #[must_use]
    pub fn placeholder(&self) -> String {
        format!("{{{{{self}}}}}")
    }
}

impl FromStr for SecretName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        let begins = text.starts_with(|c: char| c.is_ascii_uppercase());
        if begins && text.len() <= SECRET_NAME_MAX && text.bytes().all(plain) {
            return Ok(Self(Arc::from(text)));
        }
        let rule = "at most 128 of A-Z, 0-9 and `_`, beginning with a letter";
        Err(NameError::new("secret's name", rule, text))
    }
}

impl TryFrom<String> for SecretName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<SecretName> for String {
    fn from(name: SecretName) -> String {
        name.0.as_ref().to_owned()
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A secret's value: visible ASCII, and spaces within. That is what fits into a header and an
/// address as it is, and it has so few other spellings that it can be found again in what comes
/// back. It is wiped from memory when dropped, and shows nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(Zeroizing<String>);

/// The text cannot be a secret's value. Never holds any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretValueError {
    /// Too short or too long.
    #[error("a secret's value has {SECRET_VALUE_MIN} to {SECRET_VALUE_MAX} bytes; this one has {0}")]
    Length(usize),
    /// Something that does not fit into a header as it is.
    #[error(
        "a secret's value is made of visible ASCII characters, with spaces only between them; at byte {0} stands something else"
    )]
    Character(usize),
}

impl SecretValue {
    /// Takes a text for a value. A text that cannot be one is wiped too.
    ///
    /// # Errors
    /// When it is too short, too long, or does not fit into a header.
    pub fn new(text: String) -> Result<Self, SecretValueError> {
        let text = Zeroizing::new(text);
        if !(SECRET_VALUE_MIN..=SECRET_VALUE_MAX).contains(&text.len()) {
            return Err(SecretValueError::Length(text.len()));
        }
        let last = text.len() - 1;
        let fits = |at: usize, b: u8| b.is_ascii_graphic() || (b == b' ' && at != 0 && at != last);
        match text.bytes().enumerate().find(|(at, b)| !fits(*at, *b)) {
            Some((at, _)) => Err(SecretValueError::Character(at)),
            None => Ok(Self(text)),
        }
    }

    /// The value itself. Whoever asks for it sends it to where it was granted, or hides it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_look_like_variables() {
        for good in ["A", "GITHUB_TOKEN", "KEY_2", &"A".repeat(128)] {
            assert_eq!(good.parse::<SecretName>().unwrap().as_str(), good);
        }
        for bad in ["", "a", "_A", "2A", "A-B", "A B", "A}}", "\u{410}", &"A".repeat(129)] {
            assert!(bad.parse::<SecretName>().is_err(), "{bad}");
        }
        assert_eq!("A_B".parse::<SecretName>().unwrap().placeholder(), "{{A_B}}");
    }

    #[test]
    fn values_fit_into_headers_and_show_nothing() {
        for good in ["12345678", "Basic dXNlcjpwYXNz", &"x".repeat(SECRET_VALUE_MAX)] {
            assert_eq!(SecretValue::new(good.to_owned()).unwrap().expose(), good);
        }
        for (bad, why) in [
            ("1234567", SecretValueError::Length(7)),
            (&*"x".repeat(SECRET_VALUE_MAX + 1), SecretValueError::Length(SECRET_VALUE_MAX + 1)),
            (" 12345678", SecretValueError::Character(0)),
            ("12345678 ", SecretValueError::Character(8)),
            ("1234\t5678", SecretValueError::Character(4)),
            ("1234\n5678", SecretValueError::Character(4)),
            ("1234\u{e9}678", SecretValueError::Character(4)),
        ] {
            assert_eq!(SecretValue::new(bad.to_owned()), Err(why));
            assert!(!why.to_string().contains("1234"), "{why}");
        }
        let value = SecretValue::new("hunter2hunter2".to_owned()).unwrap();
        assert!(!format!("{value:?}").contains("hunter"));
    }
}
