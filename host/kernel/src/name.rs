//! Names and ids, parsed once: a value of these types is well-formed wherever it turns up.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::text::quoted;

/// The longest name of a plugin, a capability or a folder, in bytes.
pub const NAME_MAX: usize = 64;

/// Why a text is not a name. Carries the text, escaped and cut.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text} is not a {what}: {rule}")]
pub struct NameError {
    what: &'static str,
    rule: &'static str,
    text: String,
}

impl NameError {
    /// The text, which is not a `what` because of the `rule`.
    pub(crate) fn new(what: &'static str, rule: &'static str, text: &str) -> Self {
        Self { what, rule, text: quoted(text, 80) }
    }
}

fn parse(
    text: &str,
    what: &'static str,
    rule: &'static str,
    separators: &[u8],
) -> Result<Arc<str>, NameError> {
    let bytes = text.as_bytes();
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends_ok = bytes.first().is_some_and(u8::is_ascii_lowercase) && bytes.last().is_some_and(|b| word(*b));
    let inside_ok = bytes.iter().all(|b| word(*b) || separators.contains(b));
    let no_doubled = bytes.windows(2).all(|pair| pair.iter().any(|b| word(*b)));
    if bytes.len() <= NAME_MAX && ends_ok && inside_ok && no_doubled {
        return Ok(Arc::from(text));
    }
    Err(NameError { what, rule, text: quoted(text, 80) })
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $separators:literal, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                parse(text, $what, $rule, $separators).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A plugin's name, for instance `security-scanner`. Plain ASCII, so that two names that look
    /// alike are alike.
    PluginName,
    "plugin name",
    b"-",
    "at most 64 of a-z and 0-9, words joined by one `-`, beginning with a letter"
);
name!(
    /// A capability's name, for instance `scan_folder` or `demo.hello`.
    CapabilityId,
    "capability name",
    b"-_.",
    "at most 64 of a-z and 0-9, words joined by one `_`, `-` or `.`, beginning with a letter"
);
name!(
    /// The name a manifest gives to a folder it asks for; the guest finds it at `/<name>`.
    FolderName,
    "folder name",
    b"-",
    "at most 64 of a-z and 0-9, words joined by one `-`, beginning with a letter"
);
name!(
    /// The name a manifest gives to a part of the network it asks for, for instance `api`.
    NetName,
    "network name",
    b"-",
    "at most 64 of a-z and 0-9, words joined by one `-`, beginning with a letter"
);

name!(
    /// What an event is about, for instance `scan.finished`. Never a pattern.
    Topic,
    "topic",
    b"-.",
    "at most 64 of a-z and 0-9, words joined by one `-` or `.`, beginning with a letter"
);

/// A public id: a UUIDv7 (RFC 9562), so ids sort by time.
macro_rules! public_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A fresh id.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "each gets another id, a default would not")]
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7())
            }

            /// The sixteen bytes, as the registry stores them.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The last four bytes as a number: enough to tell ids of one moment apart.
            #[must_use]
            pub fn last_four(&self) -> u32 {
                let [.., a, b, c, d] = *self.as_bytes();
                u32::from_be_bytes([a, b, c, d])
            }

            /// The id these bytes stand for.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(uuid::Uuid::from_bytes(bytes))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    };
}
pub(crate) use public_id;

public_id!(
    /// The public id of one invocation.
    InvocationId
);

impl FromStr for InvocationId {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        uuid::Uuid::parse_str(text).map(Self).map_err(|_| NameError {
            what: "valid invocation id",
            rule: "a UUID such as the `id` of an outcome",
            text: quoted(text, 80),
        })
    }
}

/// A BLAKE3 hash: 256 bits, written as 64 hex digits (the form `b3sum` prints).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Blake3(blake3::Hash);

impl Blake3 {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes))
    }

    /// The first four bytes as a number: enough to tell things apart, too few to rely on.
    #[must_use]
    pub fn first_four(&self) -> u32 {
        let [a, b, c, d, ..] = *self.0.as_bytes();
        u32::from_be_bytes([a, b, c, d])
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The hash with these 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(blake3::Hash::from_bytes(bytes))
    }
}

impl FromStr for Blake3 {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        blake3::Hash::from_hex(text).map(Self).map_err(|_| NameError {
            what: "BLAKE3 hash",
            rule: "64 hex digits",
            text: quoted(text, 80),
        })
    }
}

impl fmt::Display for Blake3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_hex().as_str())
    }
}

impl fmt::Debug for Blake3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Blake3 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.to_hex().as_str())
    }
}

impl<'de> Deserialize<'de> for Blake3 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_words() {
        for good in ["a", "notes", "security-scanner", "since-v0-1"] {
            assert!(good.parse::<PluginName>().is_ok(), "{good}");
        }
        for bad in
            ["", "-a", "a-", "a--b", "Notes", "1a", "gm\u{430}il", "a b", "a_b", "../a", &"a".repeat(65)]
        {
            assert!(bad.parse::<PluginName>().is_err(), "{bad}");
        }
        assert!("demo.hello_world".parse::<CapabilityId>().is_ok());
        assert!("demo..hello".parse::<CapabilityId>().is_err());
        assert!("scan.folder-finished".parse::<Topic>().is_ok());
        for bad in ["scan.*", "scan..x", "scan_done", "*", ".x", "x.", "Scan", &"a".repeat(65)] {
            assert!(bad.parse::<Topic>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_error_shows_the_text_escaped() {
        let error = "a\u{1b}[2Jb".parse::<PluginName>().unwrap_err().to_string();
        assert!(error.contains("\\u{1b}"), "{error}");
    }
}
