//! What an operator does with the rules: list, set, allow, deny, remove, try, look back.

use ares_kernel::facts::{Effect, Scope};
use ares_kernel::ports::Ruling;
use ares_kernel::text::{escaped, quoted};
use ares_kernel::{Caller, CapabilityId, PluginName};
use ares_registry::{PolicyChange, PolicyView};
use serde::{Deserialize, Serialize};

use crate::difference::{Differences, concerned};
use crate::error::PolicyError;
use crate::facts::{Asked, Said};
use crate::pattern::{Callers, Draft, Pattern};
use crate::read;
use crate::rule::{Category, Layer, Rule, Says};
use crate::rules::Rules;
use crate::time;

/// The most that is shown of a file's name, in bytes: the longest path there is.
const FILE_NAME_MAX: usize = 4096;

/// A rule as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub layer: Layer,
    /// Its head: `permit`, `@ask permit`, `@ask forbid`, `forbid` or `@catastrophic forbid`.
    pub effect: &'static str,
    /// Of a catastrophic one.
    pub category: Option<Category>,
    /// Why, in its own words.
    pub reason: Option<String>,
    /// When it ends (RFC 3339).
    pub until: Option<String>,
    /// The shipped rule whose place it takes.
    pub replaces: Option<String>,
    /// Whether it holds: it has not ended and no other took its place.
    pub holds: bool,
    /// File and line.
    pub place: String,
    /// As it was written.
    pub text: String,
}

/// A rule that is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// What it is about.
    pub pattern: &'a Pattern,
    /// Whom it is for.
    pub callers: &'a Callers,
    /// When it ends (RFC 3339).
    pub until: Option<&'a str>,
    /// Why.
    pub reason: Option<&'a str>,
}

/// A rule that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Its id.
    pub id: String,
    /// As it stands in the file.
    pub text: String,
    /// The number of the file it stands in, for `policy history`.
    pub revision: u64,
    /// That nobody provides what it is about, at this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What it comes to.
    #[serde(flatten)]
    pub differences: Differences,
}

/// A file that was put in the place of the operator's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replaced {
    /// Its number, for `policy history`.
    pub revision: u64,
    /// What it comes to.
    #[serde(flatten)]
    pub differences: Differences,
}

/// What is to be tried on the rules.
#[derive(Debug, Clone)]
pub struct TryOn {
    /// A capability, `plugin/capability`, an effect class or a scope.
    pub subject: String,
    /// Who would call.
    pub caller: Caller,
    /// Who would stand at the beginning of the chain; the caller where nobody is named.
    pub origin: Option<Caller>,
    /// What the arguments would be about.
    pub arguments: Option<TriedArguments>,
    /// The operator's rules to try, in the place of those in force.
    pub rules: Option<String>,
    /// How errors are to name the file of these; the operator's where there is nothing.
    pub from: Option<String>,
}

/// What the arguments of a call that is tried would be about, as rules see it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TriedArguments {
    /// Hosts.
    pub hosts: Vec<String>,
    /// Paths, as `folder:path`.
    pub paths: Vec<String>,
    /// How much it reaches, 0 to 4.
    pub blast: u8,
    /// Rules of the guard that find something in it.
    pub findings: Vec<String>,
}

/// What the rules made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// What was tried, with its plugin where there is one.
    pub subject: String,
    /// Its effect class.
    pub effect: Effect,
    /// Stance, rule, reason and revision.
    #[serde(flatten)]
    pub ruling: Ruling,
    /// File and line of the rule that decided.
    pub place: Option<String>,
    /// That rule as it was written.
    pub text: Option<String>,
}

impl Rules {
    /// Every rule, the operator's first, each layer in its files' order.
    #[must_use]
    pub fn list(&self) -> Vec<Standing> {
        let now_ms = self.clock.now_ms();
        let of_set = self.with_set(|set| {
            let sources = set.sources();
            sources.rules.iter().map(|rule| standing(rule, sources.holds(rule, now_ms))).collect()
        });
        // Nothing holds.
        of_set.unwrap_or_else(|| self.shipped.iter().map(|rule| standing(rule, false)).collect())
    }

    /// Makes this text the operator's file.
    ///
    /// # Errors
    /// When it is not sound; then nothing changes. When it cannot be written.
    pub fn set(&self, text: &str, by: &Caller, reason: Option<String>) -> Result<Replaced, PolicyError> {
        self.set_from(text, None, by, reason)
    }

    /// The same, of a text from another file, which errors name.
    ///
    /// # Errors
    /// As [`Rules::set`].
    pub fn set_from(
        &self,
        text: &str,
        from: Option<&str>,
        by: &Caller,
        reason: Option<String>,
    ) -> Result<Replaced, PolicyError> {
        let mut seen = self.seen();
        if let Some(from) = from {
            self.judge_as(text, Some(&shown_file(from)))?;
        }
        let set = self.judge(text)?;
        let differences = self.differences(&set, &concerned(by, &Callers::All));
        let revision = self.take(&mut seen, text, set, change(by, "set", reason))?;
        Ok(Replaced { revision, differences })
    }

    /// Writes a `permit` into the operator's file: what it is about needs no asking from now on, for
    /// these callers, until then. It lifts no `forbid`, and no `@ask forbid`.
    ///
    /// # Errors
    /// When the file is broken, `until` is over or no time, or it cannot be written.
    pub fn permit_standing(&self, wanted: &Wanted<'_>, by: &Caller) -> Result<Written, PolicyError> {
        let Wanted { pattern, callers, until, reason } = *wanted;
        let until_ms = until.map(|until| self.later(until)).transpose()?;
        self.add(&Draft { head: "permit", pattern, callers, until_ms, reason }, by)
    }

    /// Writes a `forbid` into the operator's file.
    ///
    /// # Errors
    /// When it is to end, the file is broken or cannot be written.
    pub fn forbid_standing(&self, wanted: &Wanted<'_>, by: &Caller) -> Result<Written, PolicyError> {
        let Wanted { pattern, callers, until, reason } = *wanted;
        if until.is_some() {
            return Err(PolicyError::Bad(
                "what is forbidden does not end by itself; remove the rule then".to_owned(),
            ));
        }
        self.add(&Draft { head: "forbid", pattern, callers, until_ms: None, reason }, by)
    }

    fn later(&self, until: &str) -> Result<u64, PolicyError> {
        let bad = |why: &str| PolicyError::Bad(format!("{} {why}", quoted(until, 80)));
        let at = time::parse(until).ok_or_else(|| bad("is no time; write one like 2026-12-31T00:00:00Z"))?;
        if at <= self.clock.now_ms() { Err(bad("is over already")) } else { Ok(at) }
    }

    fn add(&self, draft: &Draft<'_>, by: &Caller) -> Result<Written, PolicyError> {
        let mut seen = self.seen();
        let (mut text, rules) = self.sound()?;
        let body = draft.cedar();
        let taken = |id: &str| rules.iter().chain(&self.shipped).any(|rule| rule.id == id);
        let id = numbered(&draft.id(), taken);
        let rule = format!("@id(\"{id}\")\n{body}");
        if !text.is_empty() {
            text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
        }
        text.push_str(&rule);
        text.push('\n');
        let set = self.judge(&text)?;
        let action = if draft.head == "permit" { "allow" } else { "deny" };
        let change = change(by, action, draft.reason.map(ToOwned::to_owned));
        let differences = self.differences(&set, &concerned(by, draft.callers));
        let revision = self.take(&mut seen, &text, set, change)?;
        Ok(Written { id, text: rule, revision, note: self.unprovided(draft.pattern), differences })
    }

    /// That nobody provides what a rule is to be about, at this time. That may be meant.
    fn unprovided(&self, pattern: &Pattern) -> Option<String> {
        match pattern {
            Pattern::Action(_) | Pattern::Scope(_) => None,
            Pattern::Capability(id) => self.registry.unprovided(None, Some(id)),
            Pattern::Of(plugin, id) => self.registry.unprovided(Some(plugin), Some(id)),
            Pattern::Plugin(plugin) => self.registry.unprovided(Some(plugin), None),
        }
    }

    /// Takes a rule out of the operator's file. Answers it as it stood there.
    ///
    /// # Errors
    /// When it is not there or shipped, the file is broken, or it cannot be written.
    pub fn remove(&self, id: &str, by: &Caller) -> Result<Written, PolicyError> {
        if self.shipped.iter().any(|rule| rule.id == id) {
            return Err(PolicyError::Shipping(id.to_owned()));
        }
        let mut seen = self.seen();
        let (text, rules) = self.sound()?;
        let Some(rule) = rules.iter().find(|rule| rule.id == id) else {
            return Err(PolicyError::NoSuchRule { file: self.file.name(), id: quoted(id, 80) });
        };
        let (before, after) = (text.get(..rule.span.start), text.get(rule.span.end..));
        let (before, after) =
            (before.unwrap_or_default(), after.unwrap_or_default().trim_start_matches('\n'));
        let left = match (before.trim_end(), after) {
            ("", after) => after.to_owned(),
            (before, "") => format!("{before}\n"),
            _ => format!("{before}{after}"),
        };
        let set = self.judge(&left)?;
        let differences = self.differences(&set, &concerned(by, &Callers::All));
        let revision = self.take(&mut seen, &left, set, change(by, "remove", None))?;
        Ok(Written { id: rule.id.clone(), text: rule.text.clone(), revision, note: None, differences })
    }

    /// The operator's file as it stands, and its rules.
    fn sound(&self) -> Result<(String, Vec<Rule>), PolicyError> {
        let broken =
            |source: PolicyError| PolicyError::Broken { file: self.file.name(), source: source.into() };
        let text = match self.file.read() {
            // The first rule makes the file.
            Err(PolicyError::Missing(_)) => String::new(),
            read => read.map_err(broken)?,
        };
        let language = crate::language::Language::get()?;
        let rules = read::rules(language, Layer::Operator, &self.file.name(), &text).map_err(broken)?;
        Ok((text, rules))
    }

    /// What the rules make of a call, without making it.
    ///
    /// # Errors
    /// When the subject is none, and what is wrong with the rules to try.
    pub fn try_on(&self, wish: &TryOn) -> Result<Tried, PolicyError> {
        let arguments = wish.arguments.as_ref().map(said).transpose()?;
        let subject = self.subject(&wish.subject)?;
        let asked = Asked {
            caller: &wish.caller,
            origin: wish.origin.as_ref().unwrap_or(&wish.caller),
            plugin: &subject.plugin,
            version: subject.version,
            blake3: subject.blake3,
            capability: &subject.capability,
            effect: subject.effect,
            needs: &subject.needs,
            arguments,
        };
        let from = wish.from.as_deref().map(shown_file);
        let other = wish.rules.as_ref().map(|text| self.judge_as(text, from.as_deref())).transpose()?;
        let decided = other.as_ref().map_or_else(|| self.decide(&asked), |set| set.decide(&asked));
        let written = |at: usize| match &other {
            Some(set) => set.sources().rules.get(at).cloned(),
            None => self.with_set(|set| set.sources().rules.get(at).cloned()).flatten(),
        };
        let rule = decided.rule.and_then(written);
        Ok(Tried {
            subject: subject.shown,
            effect: subject.effect,
            ruling: decided.ruling,
            place: rule.as_ref().map(|rule| rule.place.clone()),
            text: rule.map(|rule| rule.text),
        })
    }

    fn subject(&self, text: &str) -> Result<Subject, PolicyError> {
        let snapshot = self.registry.snapshot();
        let none = |what: String| PolicyError::NotProvided(what);
        let unprovided = |plugin: Option<&PluginName>, id: &CapabilityId| {
            let said = self.registry.unprovided(plugin, Some(id));
            none(said.unwrap_or_else(|| format!("no enabled plugin provides `{id}`")))
        };
        match text.parse()? {
            Pattern::Action(name) => {
                let effect = name.parse().map_err(|_| {
                    PolicyError::Bad(format!(
                        "`{name}` is a group of effect classes; name one, such as `write`"
                    ))
                })?;
                Ok(Subject::possible(name, effect, Vec::new()))
            }
            Pattern::Scope(name) => {
                let scope: Scope = name.parse().map_err(|_| {
                    PolicyError::Bad(format!(
                        "{} is a kind of scope; name one, such as `net:api`",
                        quoted(&name, 80)
                    ))
                })?;
                Ok(Subject::possible(&name, usual(&scope), vec![scope]))
            }
            Pattern::Plugin(plugin) => Err(PolicyError::Bad(format!(
                "`{plugin}/*` is many; name one capability, `ares-host info {plugin}` shows its own"
            ))),
            Pattern::Capability(id) => {
                let plugin = snapshot.providers(&id).next();
                plugin
                    .and_then(|plugin| Subject::registered(plugin, &id))
                    .ok_or_else(|| unprovided(None, &id))
            }
            Pattern::Of(plugin, id) => {
                let found = snapshot.plugin(&plugin).and_then(|found| Subject::registered(found, &id));
                found.ok_or_else(|| unprovided(Some(&plugin), &id))
            }
        }
    }

    /// Every file of rules that was taken, oldest first, without its text.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn history(&self) -> Result<Vec<PolicyView>, PolicyError> {
        Ok(self.registry.policies()?)
    }

    /// One of them with its text.
    ///
    /// # Errors
    /// When there is none of this number, or the registry cannot be read.
    pub fn past(&self, revision: u64) -> Result<PolicyView, PolicyError> {
        let found = self.registry.policy(revision)?;
        found.ok_or(PolicyError::NoSuchRevision(revision))
    }
}

/// What is tried: a capability that there is, or one that there could be.
struct Subject {
    shown: String,
    plugin: String,
    version: String,
    blake3: String,
    capability: String,
    effect: Effect,
    needs: Vec<Scope>,
}

impl Subject {
    fn possible(name: &str, effect: Effect, needs: Vec<Scope>) -> Self {
        Self {
            shown: name.to_owned(),
            // No plugin and no capability has this name, so only rules about all of them speak.
            plugin: "?".to_owned(),
            version: String::new(),
            blake3: String::new(),
            capability: "?".to_owned(),
            effect,
            needs,
        }
    }

    fn registered(plugin: &ares_kernel::facts::Plugin, id: &CapabilityId) -> Option<Self> {
        let capability = plugin.capability(id)?;
        let name: &PluginName = &plugin.name;
        Some(Self {
            shown: format!("{name}/{id}"),
            plugin: name.to_string(),
            version: plugin.version.to_string(),
            blake3: plugin.blake3.to_string(),
            capability: id.to_string(),
            effect: capability.effect,
            needs: capability.needs.clone(),
        })
    }
}

/// The effect class a capability has, as a rule, that needs this scope.
fn usual(scope: &Scope) -> Effect {
    match scope {
        Scope::Clock => Effect::Read,
        Scope::Net(_) | Scope::Secret(_) => Effect::Network,
        Scope::Kv | Scope::Call(_) | Scope::Folder(_) | Scope::Publish(_) | Scope::Subscribe(_) => {
            Effect::Write
        }
    }
}

/// What was said of the arguments, judged.
fn said(tried: &TriedArguments) -> Result<Said<'_>, PolicyError> {
    fn texts(texts: &[String]) -> Vec<&str> {
        texts.iter().map(String::as_str).collect()
    }
    if tried.blast > 4 {
        return Err(PolicyError::Bad(format!("`blast` is 0 to 4, not {}", tried.blast)));
    }
    let TriedArguments { hosts, paths, blast, findings } = tried;
    Ok(Said { hosts: texts(hosts), paths: texts(paths), blast: *blast, findings: texts(findings) })
}

/// The name of a file somebody gave, as errors show it.
fn shown_file(name: &str) -> String {
    escaped(name, FILE_NAME_MAX)
}

fn change(by: &Caller, action: &'static str, reason: Option<String>) -> PolicyChange {
    PolicyChange { by: Some(by.clone()), action, reason }
}

fn standing(rule: &Rule, holds: bool) -> Standing {
    let category = match rule.says {
        Says::Catastrophic(category) => Some(category),
        _ => None,
    };
    Standing {
        id: rule.id.clone(),
        layer: rule.layer,
        effect: rule.says.as_str(),
        category,
        reason: rule.reason.clone(),
        until: rule.until_ms.map(time::write),
        replaces: rule.replaces.clone(),
        holds,
        place: rule.place.clone(),
        text: rule.text.clone(),
    }
}

/// The id, with the first number after it under which it is free.
fn numbered(id: &str, taken: impl Fn(&str) -> bool) -> String {
    let ids = std::iter::once(id.to_owned()).chain((2..1000).map(|number| format!("{id}-{number}")));
    ids.into_iter().find(|id| !taken(id)).unwrap_or_else(|| id.to_owned())
}
