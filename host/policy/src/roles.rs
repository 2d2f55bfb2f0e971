//! Roles: which callers are in which, by the patterns of `[roles]` in the configuration file.

use std::collections::BTreeMap;

use ares_kernel::Caller;
use ares_kernel::text::quoted;
use toml::de::{DeTable, DeValue};

/// `[roles.NAME]` of the configuration file: patterns of callers, by the role's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles(BTreeMap<String, Vec<String>>);

/// Something under `roles` that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {why}")]
pub struct RolesError {
    /// File and line.
    place: String,
    /// What is wrong and what to write, escaped.
    why: String,
}

/// What a role takes, in words.
const TAKES: &str = "`callers = [\"agent:mcp:*\", \"human:NAME\"]`: kind and name of callers, with `*` for any text in the name";

impl Roles {
    /// Reads the table `roles`. `place` makes file and line of a position in the text.
    ///
    /// # Errors
    /// The first entry that is no role.
    pub fn read(roles: &DeTable<'_>, place: impl Fn(usize) -> String) -> Result<Self, RolesError> {
        let mut read = BTreeMap::new();
        for (name, role) in roles {
            let at = name.span().start;
            let (name, wrong) = (name.get_ref().as_ref(), |at, why| RolesError { place: place(at), why });
            if !crate::read::is_id(name) {
                let why =
                    format!("{} is no name of a role: at most 64 of a-z, 0-9 and `-`", quoted(name, 80));
                return Err(wrong(at, why));
            }
            let Some(entries) = role.get_ref().as_table() else {
                return Err(wrong(
                    at,
                    format!("`roles.{name}` takes a table, `[roles.{name}]` with {TAKES}"),
                ));
            };
            let mut callers = None;
            for (key, value) in entries {
                let at = key.span().start;
                if key.get_ref() != "callers" {
                    let key = quoted(key.get_ref(), 80);
                    return Err(wrong(
                        at,
                        format!("there is no key {key} in `roles.{name}`; it takes {TAKES}"),
                    ));
                }
                callers = Some(patterns(value.get_ref()).map_err(|why| wrong(at, why))?);
            }
            let callers = callers.ok_or_else(|| wrong(at, format!("`roles.{name}` takes {TAKES}")))?;
            read.insert(name.to_owned(), callers);
        }
        Ok(Self(read))
    }

    /// Whether there is a role of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The roles of a caller.
    pub(crate) fn of<'a>(&'a self, caller: &'a Caller) -> impl Iterator<Item = &'a str> {
        let fits = move |pattern: &String| {
            let (kind, name) = pattern.split_once(':').unwrap_or_default();
            kind == caller.kind() && like(name, caller.name())
        };
        self.0.iter().filter(move |(_, patterns)| patterns.iter().any(fits)).map(|(role, _)| role.as_str())
    }

    /// Roles and patterns as text, the same for the same roles.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|(role, patterns)| format!("{role} {patterns:?}\n")).collect()
    }
}

fn patterns(value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let takes = || format!("`callers` takes {TAKES}");
    let one = |item: &toml::Spanned<DeValue<'_>>| {
        let text = item.get_ref().as_str().ok_or_else(takes)?;
        let known = text.split_once(':').filter(|(kind, name)| is_kind(kind) && !name.is_empty());
        known.map(|_| text.to_owned()).ok_or_else(|| {
            format!("{} is no caller; write `human:NAME`, `agent:NAME` or `plugin:NAME`", quoted(text, 80))
        })
    };
    value.as_array().ok_or_else(takes)?.iter().map(one).collect()
}

/// Whether callers can be of this kind.
pub(crate) fn is_kind(text: &str) -> bool {
    matches!(text, "human" | "agent" | "plugin")
}

/// Whether a text fits a pattern, in which `*` is any text. Takes time in proportion to both lengths
/// at most.
pub(crate) fn like(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        match text.find(part).and_then(|at| text.get(at + part.len()..)) {
            Some(left) => text = left,
            None => return false,
        }
    }
    text.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Roles, RolesError> {
        let document = DeTable::parse(text).unwrap();
        let roles = document.get_ref().get("roles").unwrap().get_ref().as_table().unwrap();
        let line = |at: usize| format!("ares.toml:{}", text[..at].matches('\n').count() + 1);
        Roles::read(roles, line)
    }

    #[test]
    fn callers_are_in_the_roles_their_names_fit() {
        let roles = read(
            "[roles.reviewer]\ncallers = [\"agent:mcp:*\", \"human:alice\"]\n[roles.all]\ncallers = [\"agent:*\"]\n",
        )
        .unwrap();
        let of = |caller: Caller| roles.of(&caller).map(ToOwned::to_owned).collect::<Vec<_>>();
        assert_eq!(of(Caller::Agent("mcp:claude".to_owned())), ["all", "reviewer"]);
        assert_eq!(of(Caller::Agent("other".to_owned())), ["all"]);
        assert_eq!(of(Caller::Human("alice".to_owned())), ["reviewer"]);
        assert!(of(Caller::Human("mcp:x".to_owned())).is_empty());
        assert!(of(Caller::Plugin("mcp".parse().unwrap())).is_empty());
    }

    #[test]
    fn what_is_no_role_is_told_with_its_line() {
        for (text, says) in [
            ("[roles]\nreviewer = 3\n", "ares.toml:2: `roles.reviewer` takes a table"),
            ("[roles.Reviewer]\ncallers = []\n", "`Reviewer` is no name of a role"),
            ("[roles.reviewer]\ncaller = []\n", "ares.toml:2: there is no key `caller`"),
            ("[roles.reviewer]\n", "`roles.reviewer` takes `callers"),
            ("[roles.reviewer]\ncallers = \"human:a\"\n", "ares.toml:2: `callers` takes"),
            ("[roles.reviewer]\ncallers = [\"alice\"]\n", "`alice` is no caller"),
            ("[roles.reviewer]\ncallers = [\"robot:x\"]\n", "`robot:x` is no caller"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, fits) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("mcp:*", "mcp:claude", true),
            ("mcp:*", "xmcp:claude", false),
            ("*b*", "abc", true),
            ("a*a", "a", false),
            ("a*b*a", "abba", true),
            ("a*b*a", "aba", true),
            ("a*b*a", "aa", false),
        ] {
            assert_eq!(like(pattern, text), fits, "{pattern} {text}");
        }
    }
}
