//! From a file's text to rules: parsed, checked against the schema, their annotations judged.

use std::collections::BTreeSet;

use ares_kernel::text::{escaped, quoted};
use cedar_policy::{Effect, Policy, PolicyId, PolicySet, ValidationMode, ValidationWarning};
use miette::Diagnostic;

use crate::depth;
use crate::error::PolicyError;
use crate::language::Language;
use crate::rule::{Category, Layer, Looks, Rule, Says};
use crate::time;

/// The longest text kept of Cedar's own words, in bytes.
const WORDS_MAX: usize = 400;

/// The longest reason of a rule, in bytes.
const REASON_MAX: usize = 300;

/// The longest id of a rule, in bytes.
pub(crate) const ID_MAX: usize = 64;

/// The stack of a thread that reads an operator's rules, in bytes of addresses: some kilobytes for
/// each of the levels that `depth` lets through, which Cedar's check of types needs.
const STACK_BYTES: usize = 64 << 20;

/// Reads a text of rules, in its order. `file` is its name in errors. An operator's are read on a
/// thread of their own, which has room for deep ones and keeps a fault of Cedar's to itself.
///
/// # Errors
/// The first thing wrong, with file and line.
pub(crate) fn rules(
    language: &Language,
    layer: Layer,
    file: &str,
    text: &str,
) -> Result<Vec<Rule>, PolicyError> {
    if layer == Layer::Shipped || text.is_empty() {
        return read(language, layer, file, text);
    }
    let thread = std::thread::Builder::new().name("policy-read".to_owned()).stack_size(STACK_BYTES);
    std::thread::scope(|scope| {
        let reading = thread.spawn_scoped(scope, || read(language, layer, file, text));
        let read = reading.map_err(PolicyError::Read)?.join();
        read.unwrap_or_else(|_| Err(PolicyError::Bad(format!("{file}: Cedar failed at these rules"))))
    })
}

fn read(language: &Language, layer: Layer, file: &str, text: &str) -> Result<Vec<Rule>, PolicyError> {
    let source = Source { file, text };
    if let Some((at, why)) = depth::too_deep(text) {
        return Err(source.wrong(at, why));
    }
    let set: PolicySet = text.parse().map_err(|errors: cedar_policy::ParseErrors| {
        errors
            .iter()
            .next()
            .map_or_else(|| source.wrong(0, errors.to_string()), |error| source.cedar(error, 0))
    })?;
    if let Some(template) = set.templates().next() {
        let at = template.as_ref().loc().map_or(0, |loc| loc.start());
        return Err(source.wrong(at, "a slot such as ?principal stands for nobody here; write whom it means"));
    }
    let mut places: Vec<(std::ops::Range<usize>, &Policy)> =
        set.policies().map(|policy| (span(policy), policy)).collect();
    places.sort_by_key(|(span, _)| span.start);
    let mut rules: Vec<Rule> = Vec::new();
    for (span, policy) in places {
        let rule = source.rule(layer, span, policy)?;
        if let Some(earlier) = rules.iter().find(|earlier| earlier.id == rule.id) {
            let why =
                format!("the id `{}` stands at {} already; each rule has its own", rule.id, earlier.place);
            return Err(source.wrong(rule.span.start, why));
        }
        rules.push(rule);
    }
    // A test checks the shipped ones once and for all; it would take most of the time of a start.
    if layer == Layer::Operator {
        validate(language, file, text, &rules)?;
    }
    Ok(rules)
}

/// Checks types and names.
///
/// # Errors
/// The first thing wrong, with file and line.
pub(crate) fn validate(
    language: &Language,
    file: &str,
    text: &str,
    rules: &[Rule],
) -> Result<(), PolicyError> {
    Source { file, text }.validate(language, rules)
}

/// Where the rule stands, with its annotations. Cedar shows it only to those who look inside, one of
/// the reasons why its version is pinned exactly.
fn span(policy: &Policy) -> std::ops::Range<usize> {
    policy.as_ref().loc().map(|loc| loc.start()..loc.end()).unwrap_or_default()
}

/// The roles a rule names, each once.
fn roles(policy: &Policy) -> Vec<String> {
    let named = policy.entity_literals();
    let roles = named.iter().filter(|uid| uid.type_name().basename() == "Role");
    let roles: BTreeSet<&str> = roles.map(|uid| uid.id().unescaped()).collect();
    roles.into_iter().map(ToOwned::to_owned).collect()
}

struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn place(&self, at: usize) -> String {
        let before = self.text.as_bytes().iter().take(at);
        format!("{}:{}", self.file, before.filter(|byte| **byte == b'\n').count() + 1)
    }

    fn wrong(&self, at: usize, why: impl Into<String>) -> PolicyError {
        PolicyError::Rule { place: self.place(at), why: why.into() }
    }

    /// An error in Cedar's words, with its hint; `at` where it does not say where itself.
    fn cedar(&self, error: &dyn Diagnostic, at: usize) -> PolicyError {
        let label = error.labels().and_then(|mut labels| labels.next());
        let at = label.map_or(at, |label| label.offset());
        let mut why = escaped(&error.to_string(), WORDS_MAX);
        if let Some(help) = error.help().filter(|help| is_near(&help.to_string(), &error.to_string())) {
            why.push_str("; ");
            why.push_str(&escaped(&help.to_string(), WORDS_MAX));
        }
        self.wrong(at, why)
    }

    fn rule(&self, layer: Layer, span: std::ops::Range<usize>, policy: &Policy) -> Result<Rule, PolicyError> {
        let wrong = |why: String| self.wrong(span.start, why);
        let notes = Notes { source: self, at: span.start, policy };
        notes.known()?;
        let id = policy.annotation("id").unwrap_or_default();
        if !is_id(id) {
            return Err(wrong(format!(
                "every rule needs an id such as @id(\"notes-run\"): at most {ID_MAX} of a-z and 0-9, words joined by one `-`, beginning with a letter"
            )));
        }
        let says = notes.says()?;
        let until_ms = notes.until(says)?;
        let replaces = policy.annotation("replaces").map(ToOwned::to_owned);
        if replaces.is_some() && layer == Layer::Shipped {
            return Err(wrong("@replaces is for the operator's file".to_owned()));
        }
        Ok(Rule {
            id: id.to_owned(),
            layer,
            says,
            reason: policy.annotation("reason").map(|reason| escaped(reason, REASON_MAX)),
            until_ms,
            replaces,
            place: self.place(span.start),
            text: self.text.get(span.clone()).unwrap_or_default().to_owned(),
            span: span.clone(),
            looks: Looks::of(policy),
            roles: roles(policy),
            policy: policy.new_id(PolicyId::new(id)),
        })
    }

    /// Checks types and names. A rule that can never match is a mistake as well; so is text that
    /// shows as something else.
    fn validate(&self, language: &Language, rules: &[Rule]) -> Result<(), PolicyError> {
        let set = PolicySet::from_policies(rules.iter().map(|rule| rule.policy.clone()))
            .map_err(|error| self.wrong(0, escaped(&error.to_string(), WORDS_MAX)))?;
        let result = language.validator.validate(&set, ValidationMode::Strict);
        let start = |id: &PolicyId| {
            let id: &str = id.as_ref();
            rules.iter().find(|rule| rule.id == id).map_or(0, |rule| rule.span.start)
        };
        if let Some(error) = result.validation_errors().min_by_key(|error| start(error.policy_id())) {
            return Err(self.cedar(error, start(error.policy_id())));
        }
        let counts = |warning: &&ValidationWarning| {
            // Names of people and files may be of any script, and of two.
            !matches!(warning, ValidationWarning::MixedScriptString(_))
        };
        match result.validation_warnings().filter(counts).min_by_key(|warning| start(warning.policy_id())) {
            Some(warning) => Err(self.cedar(warning, start(warning.policy_id()))),
            None => Ok(()),
        }
    }
}

/// What stands before a rule.
struct Notes<'a> {
    source: &'a Source<'a>,
    at: usize,
    policy: &'a Policy,
}

impl Notes<'_> {
    fn wrong(&self, why: impl Into<String>) -> PolicyError {
        self.source.wrong(self.at, why)
    }

    fn known(&self) -> Result<(), PolicyError> {
        let known = BTreeSet::from(["id", "ask", "catastrophic", "reason", "until", "replaces"]);
        match self.policy.annotations().find(|(key, _)| !known.contains(key)) {
            Some((key, _)) => {
                let key = quoted(&format!("@{key}"), 80);
                Err(self.wrong(format!(
                    "there is no {key}; there are @id, @ask, @catastrophic, @reason, @until and @replaces"
                )))
            }
            None => Ok(()),
        }
    }

    fn says(&self) -> Result<Says, PolicyError> {
        let (ask, catastrophic) = (self.policy.annotation("ask"), self.policy.annotation("catastrophic"));
        if ask.is_some_and(|value| !value.is_empty()) {
            return Err(self.wrong("@ask takes nothing"));
        }
        match (self.policy.effect(), ask, catastrophic) {
            (_, Some(_), Some(_)) => {
                Err(self.wrong("@ask and @catastrophic together: what is catastrophic is asked of nobody"))
            }
            (Effect::Permit, _, Some(_)) => Err(self.wrong("@catastrophic goes with `forbid`")),
            (Effect::Forbid, None, Some(name)) => {
                Category::named(name).map(Says::Catastrophic).ok_or_else(|| {
                    let all = Category::ALL.map(Category::as_str).join(", ");
                    self.wrong(format!("{} is no category; there are {all}", quoted(name, 80)))
                })
            }
            (Effect::Forbid, None, None) => Ok(Says::Forbid),
            (Effect::Forbid, Some(_), None) => Ok(Says::AskForbid),
            (Effect::Permit, None, None) => Ok(Says::Permit),
            (Effect::Permit, Some(_), None) => Ok(Says::AskPermit),
        }
    }

    fn until(&self, says: Says) -> Result<Option<u64>, PolicyError> {
        let Some(text) = self.policy.annotation("until") else { return Ok(None) };
        if says.effect() == Effect::Forbid {
            return Err(self.wrong("@until goes with `permit`: what is forbidden does not end by itself"));
        }
        time::parse(text).map(Some).ok_or_else(|| {
            let text = quoted(text, 80);
            self.wrong(format!("{text} is no time; write one like @until(\"2026-12-31T00:00:00Z\")"))
        })
    }
}

/// Whether a hint is worth giving: of all names Cedar proposes the least distant, however distant that is.
fn is_near(help: &str, error: &str) -> bool {
    let Some(proposed) = help.strip_prefix("did you mean `").and_then(|rest| rest.split('`').next()) else {
        return true;
    };
    // The first name is the rule's own.
    let mut written = error.split('`').skip(1).step_by(2).skip(1);
    written.any(|name| strsim::osa_distance(name, proposed) <= (name.len() / 3).max(1))
}

/// Whether this can be a rule's id.
pub(crate) fn is_id(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let words = text.split('-').all(|part| !part.is_empty() && part.bytes().all(word));
    text.len() <= ID_MAX && words && text.starts_with(|first: char| first.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::is_near;

    #[test]
    fn only_a_name_that_looks_alike_is_proposed() {
        let error = |name: &str| {
            format!("for policy `name`, attribute `{name}` on entity type `Capability` not found")
        };
        assert!(is_near("did you mean `name`?", &error("nme")));
        assert!(!is_near("did you mean `blake3`?", &error("colour")));
        assert!(!is_near("did you mean `name`?", &error("colour")), "the rule's own name is no misspelling");
        assert!(is_near("try something else", &error("colour")));
    }
}
