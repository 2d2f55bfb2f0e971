//! The rules that hold at one time, and what they make of a question.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use ares_kernel::Blake3;
use ares_kernel::ports::{Question, Ruling, Stance};
use ares_kernel::text::escaped;
use cedar_policy::{AuthorizationError, Authorizer, Effect, PolicySet};

use crate::cache::Cache;
use crate::error::PolicyError;
use crate::facts::Asked;
use crate::intern::kept;
use crate::language::Language;
use crate::roles::Roles;
use crate::rule::{Layer, Looks, Rule, Says};

/// The stack for evaluating rules, in bytes: Cedar wants 100 KiB left at every step.
const STACK_BYTES: usize = 1 << 20;

/// Everything that was written: both layers and the roles they speak of.
#[derive(Clone)]
pub(crate) struct Sources {
    /// The operator's rules first: of two that say the same, the first is named.
    pub(crate) rules: Arc<[Rule]>,
    pub(crate) roles: Arc<Roles>,
}

/// The rules that hold at one time.
pub(crate) struct RuleSet {
    sources: Sources,
    language: &'static Language,
    forbids: PolicySet,
    permits: PolicySet,
    authorizer: Authorizer,
    /// Where each rule that holds stands in what was written, by its id.
    at: HashMap<String, usize>,
    /// What each rule that was written says when it decides.
    rulings: Vec<Ruling>,
    nothing: Ruling,
    cache: Cache,
    /// When the next rule ends, in milliseconds since the Unix epoch; the most there is when none does.
    pub(crate) ends_ms: u64,
    pub(crate) revision: u64,
}

/// What rules made of one question.
pub(crate) struct Decided {
    pub(crate) ruling: Ruling,
    /// Where the rule that decided stands in what was written.
    pub(crate) rule: Option<usize>,
}

impl Sources {
    /// Puts the operator's rules before the shipped ones.
    ///
    /// # Errors
    /// When they do not go together, with the place of the rule that is wrong.
    pub(crate) fn new(operator: Vec<Rule>, shipped: &[Rule], roles: Arc<Roles>) -> Result<Self, PolicyError> {
        let known = |id: &str| shipped.iter().any(|rule| rule.id == id);
        for rule in &operator {
            let wrong = |why: String| PolicyError::Rule { place: rule.place.clone(), why };
            if known(&rule.id) {
                let id = &rule.id;
                return Err(wrong(format!(
                    "`{id}` is the id of a shipped rule; give yours another, and @replaces(\"{id}\") to take its place"
                )));
            }
            if let Some(other) = rule.replaces.as_ref().filter(|other| !known(other)) {
                let other = ares_kernel::text::quoted(other, 80);
                return Err(wrong(format!("@replaces names {other}, which is no shipped rule")));
            }
            if let Some(unknown) = rule.roles.iter().find(|role| !roles.has(role)) {
                let unknown = ares_kernel::text::quoted(unknown, 80);
                return Err(wrong(format!(
                    "there is no role {unknown} in ares.toml; write it under [roles]"
                )));
            }
        }
        let rules = operator.into_iter().chain(shipped.iter().cloned()).collect();
        Ok(Self { rules, roles })
    }

    /// Whether this rule holds at this time: it has not ended and no rule that holds takes its place.
    pub(crate) fn holds(&self, rule: &Rule, now_ms: u64) -> bool {
        let replaces = |other: &Rule| other.replaces.as_ref() == Some(&rule.id) && !other.over(now_ms);
        let replaced = rule.layer == Layer::Shipped && self.rules.iter().any(replaces);
        !replaced && !rule.over(now_ms)
    }
}

impl RuleSet {
    /// The rules of these that hold at this time.
    ///
    /// # Errors
    /// When Cedar does not take them together.
    pub(crate) fn new(sources: Sources, now_ms: u64) -> Result<Self, PolicyError> {
        let language = Language::get()?;
        let holding: Vec<(usize, &Rule)> =
            sources.rules.iter().enumerate().filter(|(_, rule)| sources.holds(rule, now_ms)).collect();
        let of = |effect: Effect| {
            let rules = holding.iter().filter(|(_, rule)| rule.says.effect() == effect);
            PolicySet::from_policies(rules.map(|(_, rule)| rule.policy.clone()))
                .map_err(|error| PolicyError::Bad(escaped(&error.to_string(), 300)))
        };
        let (forbids, permits) = (of(Effect::Forbid)?, of(Effect::Permit)?);
        let revision = revision(&holding, &sources.roles);
        let looks = holding.iter().fold(Looks::default(), |looks, (_, rule)| looks.and(rule.looks));
        let ends = holding.iter().filter_map(|(_, rule)| rule.until_ms).min();
        let nothing = Ruling {
            stance: Stance::Never,
            rule: None,
            reason: Cow::Borrowed("no rule permits it; an operator can: `ares-host policy allow`"),
            revision,
            firm: false,
        };
        Ok(Self {
            language,
            forbids,
            permits,
            authorizer: Authorizer::new(),
            at: holding.iter().map(|(at, rule)| (rule.id.clone(), *at)).collect(),
            rulings: sources.rules.iter().map(|rule| ruling(rule, revision)).collect(),
            nothing,
            cache: Cache::new(looks),
            ends_ms: ends.unwrap_or(u64::MAX),
            revision,
            sources,
        })
    }

    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The ruling on a question, from memory where it was asked before.
    pub(crate) fn rule(&self, question: &Question<'_>) -> Ruling {
        // A call of a plugin's comes on the plugin's own short stack, where the rules could not be
        // evaluated: each rule is walked by recursion.
        let decide = || self.decide(&Asked::from(question)).ruling;
        self.cache.get(question, || stacker::grow(STACK_BYTES, decide))
    }

    /// The ruling where a person overrides this rule: it asks where it forbids, as `@ask forbid` does. A
    /// catastrophic rule is not overridden, and no other rule is touched. Not from memory: it is seldom
    /// asked.
    pub(crate) fn rule_overridden(&self, question: &Question<'_>, rule: &str) -> Ruling {
        stacker::grow(STACK_BYTES, || self.decide_overridden(&Asked::from(question), Some(rule)).ruling)
    }

    /// See [`RuleSet::decide_overridden`]; nothing is overridden.
    pub(crate) fn decide(&self, asked: &Asked<'_>) -> Decided {
        self.decide_overridden(asked, None)
    }

    /// Evaluates every rule. A `forbid` that cannot be evaluated counts as one that matches, a
    /// `permit` as one that does not.
    pub(crate) fn decide_overridden(&self, asked: &Asked<'_>, overridden: Option<&str>) -> Decided {
        let (request, entities) = match asked.put(self.language, &self.sources.roles) {
            Ok(put) => put,
            Err(error) => {
                let reason = Cow::Owned(format!("it cannot be put to the rules: {error}"));
                return Decided { ruling: Ruling { reason, ..self.nothing.clone() }, rule: None };
            }
        };
        let (mut found, mut errors) = (BTreeSet::new(), HashMap::new());
        for (set, counts) in [(&self.forbids, true), (&self.permits, false)] {
            let response = self.authorizer.is_authorized(&request, set, &entities);
            let place = |id: &cedar_policy::PolicyId| {
                let id: &str = id.as_ref();
                self.at.get(id).copied()
            };
            found.extend(response.diagnostics().reason().filter_map(place));
            for error in response.diagnostics().errors().filter(|_| counts) {
                let AuthorizationError::PolicyEvaluationError(error) = error;
                if let Some(at) = place(error.policy_id()) {
                    found.insert(at);
                    errors.insert(at, escaped(&error.inner().to_string(), 200));
                }
            }
        }
        let lifted = |rule: &Rule| rule.says == Says::Forbid && overridden == Some(rule.id.as_str());
        let says = |rule: &Rule| if lifted(rule) { Says::AskForbid } else { rule.says };
        let rank = |at: &usize| self.sources.rules.get(*at).map_or(u8::MAX, |rule| says(rule).rank());
        let first = found.into_iter().min_by_key(|at| (rank(at), *at));
        let Some((at, ruling)) = first.and_then(|at| Some((at, self.rulings.get(at)?.clone()))) else {
            return Decided { ruling: self.nothing.clone(), rule: None };
        };
        let ruling = match errors.remove(&at) {
            None => ruling,
            Some(why) => {
                let reason =
                    format!("{}; the rule could not be evaluated, so it counts: {why}", ruling.reason);
                Ruling { reason: Cow::Owned(reason), ..ruling }
            }
        };
        let ruling = match self.sources.rules.get(at).filter(|rule| lifted(rule)) {
            Some(_) => Ruling { stance: Stance::Ask, firm: true, ..ruling },
            None => ruling,
        };
        Decided { ruling, rule: Some(at) }
    }

    /// How many rulings are remembered.
    #[cfg(test)]
    pub(crate) fn remembered(&self) -> usize {
        self.cache.len()
    }
}

/// What a rule says when it decides, in texts that are there for good.
fn ruling(rule: &Rule, revision: u64) -> Ruling {
    let reason = match (&rule.reason, rule.says) {
        (Some(reason), Says::Catastrophic(category)) => kept(&format!("{reason} ({category})")),
        (Some(reason), _) => kept(reason),
        (None, Says::Catastrophic(category)) => kept(&format!("a rule forbids it as {category}")),
        (None, Says::Forbid) => "it does not say why",
        (None, Says::AskForbid | Says::AskPermit) => "a rule asks a person first",
        (None, Says::Permit) => "a rule permits it",
    };
    let firm = matches!(rule.says, Says::AskForbid);
    let (rule, stance) = (Some(Cow::Borrowed(kept(&rule.id))), rule.says.stance());
    Ruling { stance, rule, reason: Cow::Borrowed(reason), revision, firm }
}

/// A number for what holds: the same for the same rules, in every process. It is made of 48 bits of
/// a hash, so that every reader of JSON can tell two of them apart.
fn revision(holding: &[(usize, &Rule)], roles: &Roles) -> u64 {
    let mut text = roles.text();
    for (_, rule) in holding {
        text.push_str(&rule.text);
        text.push('\0');
    }
    let hash = Blake3::of(text.as_bytes());
    hash.as_bytes().iter().take(6).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}
