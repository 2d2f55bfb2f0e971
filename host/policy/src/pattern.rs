//! What `policy allow` and `policy deny` take, and the rule they write for it.

use std::fmt;
use std::str::FromStr;

use ares_kernel::facts::{Effect, Scope};
use ares_kernel::text::quoted;
use ares_kernel::{Caller, CapabilityId, PluginName};

use crate::error::PolicyError;
use crate::roles::is_kind;
use crate::time;

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Every call of one effect class, or of a group of them: `inside`, `changes`, `any`.
    Action(&'static str),
    /// A capability, whoever provides it.
    Capability(CapabilityId),
    /// A capability of one plugin.
    Of(PluginName, CapabilityId),
    /// Every capability of one plugin.
    Plugin(PluginName),
    /// Every capability that needs this scope, or one of this kind: `net:api`, `net:*`.
    Scope(String),
}

/// Whom a rule is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Callers {
    /// Everyone.
    #[default]
    All,
    /// Callers of this kind whose names fit; `*` in the name is any text.
    Named {
        /// `human`, `agent` or `plugin`.
        kind: String,
        /// The name, or a pattern of names.
        name: String,
    },
    /// Callers in a role of the configuration file.
    Role(String),
    /// This caller and nobody else, whatever its name is.
    One(Caller),
}

/// What a rule that is to be written says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Draft<'a> {
    /// `permit` or `forbid`.
    pub(crate) head: &'static str,
    pub(crate) pattern: &'a Pattern,
    pub(crate) callers: &'a Callers,
    pub(crate) until_ms: Option<u64>,
    pub(crate) reason: Option<&'a str>,
}

impl FromStr for Pattern {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let bad = || {
            PolicyError::Bad(format!(
                "{} is no pattern: write a capability, `plugin/capability`, `plugin/*`, an effect class such as `write`, or a scope such as `net:api` or `net:*`",
                quoted(text, 100)
            ))
        };
        let groups = ["inside", "changes", "any"].into_iter();
        let known = groups.chain(Effect::ALL.map(Effect::as_str)).find(|known| *known == text);
        if let Some(action) = known {
            return Ok(Self::Action(action));
        }
        match text.split_once('/') {
            Some(("*", capability)) => return capability.parse().map(Self::Capability).map_err(|_| bad()),
            Some((plugin, "*")) => return plugin.parse().map(Self::Plugin).map_err(|_| bad()),
            Some((plugin, capability)) => {
                let (plugin, capability) = (plugin.parse(), capability.parse());
                return plugin.ok().zip(capability.ok()).map(|(p, c)| Self::Of(p, c)).ok_or_else(bad);
            }
            None => {}
        }
        const KINDS: [&str; 6] = ["call:*", "fs:*", "net:*", "publish:*", "subscribe:*", "secret:*"];
        if KINDS.contains(&text) || text.parse::<Scope>().is_ok() {
            return Ok(Self::Scope(text.to_owned()));
        }
        text.parse().map(Self::Capability).map_err(|_| bad())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(action) => f.write_str(action),
            Self::Capability(capability) => write!(f, "{capability}"),
            Self::Of(plugin, capability) => write!(f, "{plugin}/{capability}"),
            Self::Plugin(plugin) => write!(f, "{plugin}/*"),
            Self::Scope(scope) => f.write_str(scope),
        }
    }
}

impl Pattern {
    /// Its parts of a rule's scope: action and resource, and a condition.
    fn cedar(&self) -> (String, String, Option<String>) {
        let all = || ("action".to_owned(), "resource".to_owned());
        match self {
            Self::Action(group @ ("inside" | "changes" | "any")) => {
                (format!("action in Action::{}", literal(group)), "resource".to_owned(), None)
            }
            Self::Action(class) => {
                (format!("action == Action::{}", literal(class)), "resource".to_owned(), None)
            }
            Self::Of(plugin, capability) => {
                let id = literal(&format!("{plugin}/{capability}"));
                ("action".to_owned(), format!("resource == Capability::{id}"), None)
            }
            Self::Capability(capability) => {
                let (action, resource) = all();
                (action, resource, Some(format!("resource.name == {}", literal(capability.as_str()))))
            }
            Self::Plugin(plugin) => {
                let (action, resource) = all();
                (action, resource, Some(format!("resource.plugin == {}", literal(plugin.as_str()))))
            }
            Self::Scope(scope) => {
                let (action, resource) = all();
                (action, resource, Some(format!("resource.needs.contains({})", literal(scope))))
            }
        }
    }
}

impl FromStr for Callers {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        match text.split_once(':') {
            Some(("role", role)) if crate::read::is_id(role) => Ok(Self::Role(role.to_owned())),
            Some((kind, name)) if is_kind(kind) && !name.is_empty() => {
                Ok(Self::Named { kind: kind.to_owned(), name: name.to_owned() })
            }
            _ => Err(PolicyError::Bad(format!(
                "{} is no caller: write `human:NAME`, `agent:NAME` or `plugin:NAME`, with `*` for any text in the name, or `role:NAME`",
                quoted(text, 100)
            ))),
        }
    }
}

impl Callers {
    /// Its part of a rule's scope, and a condition.
    fn cedar(&self) -> (String, Option<String>) {
        match self {
            Self::All => ("principal".to_owned(), None),
            Self::Role(role) => (format!("principal in Role::{}", literal(role)), None),
            // An identifier may not hold every sign a name may.
            Self::One(caller) => (
                format!("principal is {}", entity(caller.kind())),
                Some(format!("principal.name == {}", literal(caller.name()))),
            ),
            Self::Named { kind, name } => {
                let kind = entity(kind);
                if name == "*" {
                    return (format!("principal is {kind}"), None);
                }
                if name.contains('*') {
                    let condition = format!("principal.name like {}", literal(name));
                    return (format!("principal is {kind}"), Some(condition));
                }
                (format!("principal == {kind}::{}", literal(name)), None)
            }
        }
    }
}

/// The entity type of a kind of caller.
fn entity(kind: &str) -> &'static str {
    match kind {
        "human" => "Human",
        "agent" => "Agent",
        _ => "Plugin",
    }
}

impl fmt::Display for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("everyone"),
            Self::Named { kind, name } => write!(f, "{kind}:{}", ares_kernel::text::escaped(name, 80)),
            Self::Role(role) => write!(f, "role:{role}"),
            Self::One(caller) => {
                write!(f, "{}:{}", caller.kind(), ares_kernel::text::escaped(caller.name(), 80))
            }
        }
    }
}

impl Draft<'_> {
    /// The rule in Cedar, but for its id, which goes before it.
    pub(crate) fn cedar(&self) -> String {
        let (principal, whom) = self.callers.cedar();
        let (action, resource, what) = self.pattern.cedar();
        let mut text = String::new();
        if let Some(reason) = self.reason {
            text.push_str(&format!("@reason({})\n", literal(reason)));
        }
        if let Some(until) = self.until_ms {
            text.push_str(&format!("@until({})\n", literal(&time::write(until))));
        }
        text.push_str(&format!("{} ({principal}, {action}, {resource})", self.head));
        let conditions: Vec<String> = [whom, what].into_iter().flatten().collect();
        if !conditions.is_empty() {
            text.push_str(&format!("\nwhen {{ {} }}", conditions.join(" && ")));
        }
        text.push(';');
        text
    }

    /// An id for it that says what it is about. It may be another rule's already.
    pub(crate) fn id(&self) -> String {
        let verb = if self.head == "permit" { "allow" } else { "deny" };
        let whom = match self.callers {
            Callers::All => String::new(),
            other => format!("-for-{other}"),
        };
        let wanted = format!("{verb}-{}{whom}", self.pattern).to_ascii_lowercase();
        let words: Vec<&str> = wanted
            .split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit())
            .filter(|word| !word.is_empty())
            .collect();
        // Room for a number.
        let mut id = words.join("-");
        id.truncate(crate::read::ID_MAX - 4);
        id.trim_end_matches('-').to_owned()
    }
}

/// A text as Cedar writes it. Rust's escapes are Cedar's.
fn literal(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::read;
    use crate::rule::Layer;

    #[test]
    fn every_pattern_becomes_a_rule_that_is_taken() {
        let language = Language::get().unwrap();
        let patterns = [
            "add_note",
            "notes/add_note",
            "notes/*",
            "*/write",
            "write",
            "changes",
            "any",
            "net:api",
            "net:*",
            "kv",
        ];
        let callers =
            ["agent:mcp:*", "human:al\"ice \\ \u{202a}ж", "plugin:notes", "agent:*", "role:reviewer"];
        for (pattern, caller) in patterns.iter().flat_map(|p| callers.iter().map(move |c| (*p, *c))) {
            let (pattern, callers): (Pattern, Callers) = (pattern.parse().unwrap(), caller.parse().unwrap());
            let draft = Draft {
                head: "permit",
                pattern: &pattern,
                callers: &callers,
                until_ms: Some(1_798_675_200_000),
                reason: Some("it's \"mine\"\n"),
            };
            let text = format!("@id(\"{}\")\n{}", draft.id(), draft.cedar());
            let rules = read::rules(language, Layer::Operator, "policy.cedar", &text);
            match rules {
                Ok(rules) => assert_eq!(rules.len(), 1, "{text}"),
                // Nothing a bidirectional control stands in is taken.
                Err(error) => assert!(caller.contains('\u{202a}'), "{text}: {error}"),
            }
        }
    }

    #[test]
    fn what_is_no_pattern_and_no_caller_is_told() {
        for bad in ["", "notes/", "/x", "Notes", "a b", "x:*", "net:Api", "../x", "*", "**"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
        for bad in ["alice", "robot:x", "agent:", "role:Bad Name"] {
            assert!(bad.parse::<Callers>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_are_ids() {
        let (pattern, callers) = (Pattern::Scope("net:api".to_owned()), "agent:mcp:*".parse().unwrap());
        let draft =
            Draft { head: "forbid", pattern: &pattern, callers: &callers, until_ms: None, reason: None };
        assert_eq!(draft.id(), "deny-net-api-for-agent-mcp");
        let long = Pattern::Capability("a".repeat(64).parse().unwrap());
        let draft = Draft { pattern: &long, ..draft };
        assert!(read::is_id(&draft.id()) && draft.id().len() <= 60, "{}", draft.id());
    }
}
