//! What people tell of patterns: a new one, a use of one, that one has earned a better tier.

use ares_kernel::text::{escaped, is_visible, quoted};
use ares_kernel::{Caller, InvocationId};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::words::{ANTI_WORDS_MIN, words};
use super::{PatternView, TechnologyView, one, technology};
use crate::error::RegistryError;
use crate::events::tell;
use crate::registry::Registry;
use crate::rows::{int, json_of, word_of};
use crate::writer::Abort;

/// How many patterns there are at most: each is compared with every capability that is loaded.
pub const PATTERNS_MAX: u32 = 1000;
/// The most that is kept of one text, in bytes.
const TEXT_MAX: usize = 1000;
/// How many words a pattern is recognised by at most.
const WORDS_MAX: usize = 64;
/// The longest id and the longest word, in bytes.
const NAME_MAX: usize = 64;

/// A pattern somebody wrote down. It begins with no uses.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewPattern {
    /// Its id: small letters, digits and `-`.
    pub id: String,
    /// Whether it is an anti-pattern, which needs `evidence` and `better`.
    pub anti: bool,
    /// Its name for people.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Words it is recognised by; an anti-pattern by two of them.
    pub applies_to: Vec<String>,
    /// Words that say it is not meant.
    pub lifted_by: Vec<String>,
    /// What is bad about it.
    pub trade_offs: String,
    /// What simpler way was considered.
    pub simpler: String,
    /// Why anyone believes it.
    pub evidence: String,
    /// What to do instead.
    pub better: String,
}

/// What was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UseOf {
    /// The pattern of this id.
    Pattern(String),
    /// The technology of this name; one that is not in the matrix begins there.
    Technology(String),
}

/// There is none of this id.
pub(super) fn no_such(id: &str) -> RegistryError {
    RegistryError::NoSuchPattern { id: escaped(id, NAME_MAX) }
}

fn invalid(why: impl Into<String>) -> RegistryError {
    RegistryError::Invalid(why.into())
}

impl NewPattern {
    /// The same with its words in lower case and its texts cut, or why it cannot be kept.
    fn checked(self) -> Result<Self, RegistryError> {
        let sign = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.id.is_empty() || self.id.len() > NAME_MAX || !self.id.chars().all(sign) {
            let id = quoted(&self.id, NAME_MAX);
            return Err(invalid(format!(
                "{id} is no id; use at most {NAME_MAX} small letters, digits and `-`"
            )));
        }
        let (applies_to, lifted_by) = (single(&self.applies_to)?, single(&self.lifted_by)?);
        let least = if self.anti { ANTI_WORDS_MIN } else { 1 };
        if applies_to.len() < least {
            let why = format!("`applies_to` has {} words; give at least {least}", applies_to.len());
            return Err(invalid(why));
        }
        let empty = |text: &str| !is_visible(text);
        for (key, text, needed) in [
            ("name", &self.name, true),
            ("description", &self.description, true),
            ("evidence", &self.evidence, self.anti),
            ("better", &self.better, self.anti),
        ] {
            if needed && empty(text) {
                let kind = if self.anti { "an anti-pattern" } else { "a pattern" };
                return Err(invalid(format!("`{key}` is missing; {kind} is not kept without it")));
            }
        }
        let cut = |text: &str| escaped(text.trim(), TEXT_MAX);
        Ok(Self {
            name: cut(&self.name),
            description: cut(&self.description),
            trade_offs: cut(&self.trade_offs),
            simpler: cut(&self.simpler),
            evidence: cut(&self.evidence),
            better: cut(&self.better),
            applies_to,
            lifted_by,
            ..self
        })
    }
}

/// Words in lower case, each once; each must be one word.
fn single(given: &[String]) -> Result<Vec<String>, RegistryError> {
    if given.len() > WORDS_MAX {
        return Err(invalid(format!("{} words are too many; give at most {WORDS_MAX}", given.len())));
    }
    let mut found: Vec<String> = Vec::new();
    for text in given {
        let mut of_text = words(text).into_iter();
        match (of_text.next(), of_text.next()) {
            (Some(word), None) if word.len() <= NAME_MAX => {
                if !found.contains(&word) {
                    found.push(word);
                }
            }
            _ => {
                let text = quoted(text, NAME_MAX);
                return Err(invalid(format!("{text} is not one word; give each word by itself")));
            }
        }
    }
    Ok(found)
}

impl Registry {
    /// Writes a pattern down. Its event is `pattern_added`.
    ///
    /// # Errors
    /// When it is not complete, its id is taken, there are [`PATTERNS_MAX`] already, or the registry
    /// cannot be written.
    pub fn pattern_add(&self, pattern: NewPattern, actor: &Caller) -> Result<PatternView, RegistryError> {
        let (new, now, actor) = (pattern.checked()?, self.now(), actor.to_string());
        self.change("writing a pattern down", move |connection| {
            if one(connection, &new.id)?.is_some() {
                let why = format!("there is a pattern `{}` already; choose another id", new.id);
                return Err(Abort::Registry(invalid(why)));
            }
            let many: u32 = connection.query_row("SELECT count(*) FROM patterns", (), |row| row.get(0))?;
            if many >= PATTERNS_MAX {
                let why = format!("there are {many} patterns, the most there can be; take one out first");
                return Err(Abort::Registry(invalid(why)));
            }
            let (kind, tier) = if new.anti { ("anti", "anti") } else { ("pattern", "third") };
            connection
                .prepare_cached(
                    "INSERT INTO patterns (id, kind, name, description, applies_to, lifted_by, trade_offs,
                        simpler, evidence, better, uses, successes, tier, origin, at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, 0, ?11, 'learned', ?12)",
                )?
                .execute((
                    &new.id,
                    kind,
                    &new.name,
                    &new.description,
                    json_of(&new.applies_to),
                    json_of(&new.lifted_by),
                    &new.trade_offs,
                    &new.simpler,
                    &new.evidence,
                    &new.better,
                    tier,
                    int(now),
                ))?;
            tell(connection, "pattern_added", json!({ "pattern": new.id, "kind": kind }), (actor, now))?;
            found(connection, &new.id)
        })
    }

    /// Takes a pattern out that somebody wrote down; what the host came with stays. Its event is
    /// `pattern_removed`.
    ///
    /// # Errors
    /// When there is none, when the host came with it, and when the registry cannot be written.
    pub fn pattern_remove(&self, id: &str, actor: &Caller) -> Result<PatternView, RegistryError> {
        let (id, now, actor) = (id.to_owned(), self.now(), actor.to_string());
        self.change("taking a pattern out", move |connection| {
            let was = found(connection, &id)?;
            if was.origin != "learned" {
                let why = format!("`{id}` came with the host and stays; write one of your own beside it");
                return Err(Abort::Registry(invalid(why)));
            }
            connection.execute("DELETE FROM patterns WHERE id = ?1", [&id])?;
            connection.execute("DELETE FROM pattern_uses WHERE subject = 'pattern' AND name = ?1", [&id])?;
            let data = json!({ "pattern": id, "uses": was.uses, "successes": was.successes });
            tell(connection, "pattern_removed", data, (actor, now))?;
            Ok(was)
        })
    }

    /// Gives a pattern the better tier it has earned. Its event is `pattern_promoted`.
    ///
    /// # Errors
    /// When it has earned none, and when the registry cannot be written.
    pub fn pattern_promote(&self, id: &str, actor: &Caller) -> Result<PatternView, RegistryError> {
        let (id, now, actor) = (id.to_owned(), self.now(), actor.to_string());
        self.change("promoting a pattern", move |connection| {
            let was = found(connection, &id)?;
            if !was.is_due() {
                let why = format!(
                    "`{id}` is {} and has not earned more: {} of {} uses good, {} of {} points",
                    was.tier.as_str(),
                    was.successes.unwrap_or(0),
                    was.uses.unwrap_or(0),
                    was.points,
                    super::PATTERN_POINTS
                );
                return Err(Abort::Registry(invalid(why)));
            }
            let tier = word_of(&was.earned);
            connection.execute("UPDATE patterns SET tier = ?2 WHERE id = ?1", (&id, &tier))?;
            let data = json!({ "pattern": id, "was": was.tier, "tier": was.earned, "uses": was.uses,
                "successes": was.successes });
            tell(connection, "pattern_promoted", data, (actor, now))?;
            found(connection, &id)
        })
    }

    /// Counts a use, good or not. Its event is `pattern_used`. Answers the pattern or the technology.
    ///
    /// # Errors
    /// When there is no such pattern or invocation, when the invocation was counted for it already, and
    /// when the registry cannot be written.
    pub fn pattern_used(
        &self,
        what: UseOf,
        good: bool,
        invocation: Option<InvocationId>,
        actor: &Caller,
    ) -> Result<Value, RegistryError> {
        if let Some(id) = invocation {
            match self.invocation(id)? {
                None => return Err(RegistryError::NoSuchInvocation { id }),
                Some(found) if found.rehearsal => {
                    return Err(invalid(format!("{id} was a rehearsal, which is no use")));
                }
                Some(_) => {}
            }
        }
        let (now, actor) = (self.now(), actor.to_string());
        self.change("counting a use", move |connection| {
            let (subject, name, table, key) = match &what {
                UseOf::Pattern(id) => ("pattern", found(connection, id)?.id, "patterns", "id"),
                UseOf::Technology(name) => {
                    ("technology", begun(connection, name, now)?, "tech_matrix", "technology")
                }
            };
            let once = connection.execute(
                "INSERT INTO pattern_uses (subject, name, good, invocation, actor, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
                (subject, &name, good, invocation.map(|id| *id.as_bytes()), &actor, int(now)),
            )?;
            if once == 0 {
                let why = format!("this invocation was counted for {subject} `{name}` already");
                return Err(Abort::Registry(invalid(why)));
            }
            let update = format!(
                "UPDATE {table} SET uses = coalesce(uses, 0) + 1, successes = coalesce(successes, 0) + ?2
                 WHERE {key} = ?1"
            );
            connection.execute(&update, (&name, good))?;
            let data = json!({ "subject": subject, "name": name, "good": good, "invocation": invocation });
            tell(connection, "pattern_used", data, (actor, now))?;
            Ok(match what {
                UseOf::Pattern(_) => json!(found(connection, &name)?),
                UseOf::Technology(_) => json!(known(connection, &name)?),
            })
        })
    }
}

fn found(connection: &Connection, id: &str) -> Result<PatternView, Abort> {
    one(connection, id)?.ok_or_else(|| Abort::Registry(no_such(id)))
}

fn known(connection: &Connection, name: &str) -> rusqlite::Result<TechnologyView> {
    connection.query_row("SELECT * FROM tech_matrix WHERE technology = ?1", [name], technology)
}

/// The technology's name as the matrix has it; a new one is put there.
fn begun(connection: &Connection, name: &str, now: u64) -> Result<String, Abort> {
    let name = name.trim().to_lowercase();
    if name.is_empty() || name.len() > NAME_MAX || name.chars().any(char::is_control) {
        let why = format!("{} is no name of a technology", quoted(&name, NAME_MAX));
        return Err(Abort::Registry(invalid(why)));
    }
    connection.execute(
        "INSERT INTO tech_matrix (technology, note, origin, at) VALUES (?1, '', 'learned', ?2)
         ON CONFLICT DO NOTHING",
        (&name, int(now)),
    )?;
    Ok(name)
}
