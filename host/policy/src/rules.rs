//! [`Rules`]: the rules in force, behind the kernel's port, and how they follow the operator's file.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use ares_kernel::ports::{Clock, Policy, Question, Ruling, Stance};
use ares_registry::{EventQuery, EventView, PolicyChange, Registry};
use serde_json::json;

use crate::error::PolicyError;
use crate::facts::Asked;
use crate::file::{File, Stamp};
use crate::language::Language;
use crate::read;
use crate::roles::Roles;
use crate::rule::{Layer, Rule};
use crate::set::{Decided, RuleSet, Sources};
use crate::shipped;

/// What rules are made of.
pub struct Options {
    /// The operator's file.
    pub file: PathBuf,
    /// Whether the configuration names it, so that it must be there.
    pub named: bool,
    /// Roles of callers.
    pub roles: Roles,
    /// Keeps what rules there were.
    pub registry: Arc<Registry>,
    /// Tells when a rule ends.
    pub clock: Arc<dyn Clock>,
}

/// The rules in force. Questions are answered from memory and wait for nobody; everything else here
/// waits for the disk.
pub struct Rules {
    in_force: ArcSwap<InForce>,
    pub(crate) shipped: Vec<Rule>,
    pub(crate) roles: Arc<Roles>,
    pub(crate) file: File,
    pub(crate) registry: Arc<Registry>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Held by whoever changes what is in force.
    seen: Mutex<Seen>,
}

/// What answers questions now.
enum InForce {
    /// These rules.
    Set(Box<RuleSet>),
    /// None: the file was broken when the host started, so everything is refused.
    Nothing(Ruling),
}

/// What was seen of the file.
#[derive(Default)]
pub(crate) struct Seen {
    stamp: Option<Stamp>,
    problem: Option<String>,
}

impl Rules {
    /// Reads the shipped rules and the operator's. With a broken file of the operator's nothing is
    /// permitted until it is put right; [`Rules::problem`] says what is wrong.
    ///
    /// # Errors
    /// When the shipped rules are unsound, which a test rules out.
    pub fn open(options: Options) -> Result<Self, PolicyError> {
        let Options { file, named, roles, registry, clock } = options;
        let shipped = shipped::rules(Language::get()?)?;
        let nothing = Ruling {
            stance: Stance::Never,
            rule: None,
            reason: Cow::Borrowed("the rules were not read yet"),
            revision: 0,
            firm: false,
        };
        let rules = Self {
            in_force: ArcSwap::from_pointee(InForce::Nothing(nothing)),
            shipped,
            roles: Arc::new(roles),
            file: File { path: file, named },
            registry,
            clock,
            seen: Mutex::default(),
        };
        rules.reload();
        Ok(rules)
    }

    /// Reads the operator's file again. One that is broken leaves the rules in force as they are.
    pub fn reload(&self) {
        self.reload_with(&mut self.seen());
    }

    /// Reads the operator's file again if it looks otherwise than when it was read last. Call it once
    /// a second.
    pub fn look(&self) {
        let mut seen = self.seen();
        match self.file.stamp() {
            Ok(stamp) if stamp == seen.stamp => {}
            _ => self.reload_with(&mut seen),
        }
    }

    /// Why the operator's file is not in force as it stands; nothing when it is.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.seen().problem.clone()
    }

    /// Whether no rules are in force, so that everything is refused: the file was broken when the host
    /// started.
    #[must_use]
    pub fn refuses_all(&self) -> bool {
        matches!(&**self.current(), InForce::Nothing(_))
    }

    /// The number of the rules in force, as [`Ruling::revision`] has it.
    #[must_use]
    pub fn revision(&self) -> u64 {
        match &**self.current() {
            InForce::Set(set) => set.revision,
            InForce::Nothing(ruling) => ruling.revision,
        }
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reload_with(&self, seen: &mut Seen) {
        // Looked at before it is read: what is written between the two is seen next time.
        let stamp = self.file.stamp().ok().flatten();
        let taken = self.file.read().and_then(|text| {
            let set = self.judge(&text)?;
            let unchanged = text.is_empty() && self.registry.policy_newest()?.is_none();
            if !unchanged {
                let change = PolicyChange { by: None, action: "edit", reason: None };
                self.registry.policy_taken(&text, change)?;
            }
            Ok(set)
        });
        seen.stamp = stamp;
        match taken {
            Ok(set) => self.put_in_force(seen, set),
            Err(error) => self.broken(seen, &error),
        }
    }

    /// What this text would be as the operator's file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn judge(&self, text: &str) -> Result<RuleSet, PolicyError> {
        self.judge_as(text, None)
    }

    /// The same, of a text that stands in another file by now.
    ///
    /// # Errors
    /// What is wrong with it, where it stands.
    pub(crate) fn judge_as(&self, text: &str, file: Option<&str>) -> Result<RuleSet, PolicyError> {
        self.file.fits(text.as_bytes())?;
        let name = file.map_or_else(|| self.file.name(), ToOwned::to_owned);
        let operator = read::rules(Language::get()?, Layer::Operator, &name, text)?;
        let sources = Sources::new(operator, &self.shipped, Arc::clone(&self.roles))?;
        RuleSet::new(sources, self.clock.now_ms())
    }

    /// Makes this text the operator's file, with these rules of it in force.
    ///
    /// # Errors
    /// When it cannot be written or recorded.
    pub(crate) fn take(
        &self,
        seen: &mut Seen,
        text: &str,
        set: RuleSet,
        change: PolicyChange,
    ) -> Result<u64, PolicyError> {
        self.file.write(text)?;
        let stamp = self.file.stamp()?;
        let revision = self.registry.policy_taken(text, change)?;
        seen.stamp = stamp;
        self.put_in_force(seen, set);
        Ok(revision)
    }

    fn put_in_force(&self, seen: &mut Seen, set: RuleSet) {
        seen.problem = None;
        self.in_force.store(Arc::new(InForce::Set(Box::new(set))));
    }

    fn broken(&self, seen: &mut Seen, error: &PolicyError) {
        let why = error.chain();
        if seen.problem.as_ref() == Some(&why) {
            return;
        }
        let closed = matches!(**self.in_force.load(), InForce::Nothing(_));
        let then = if closed { "nothing is permitted" } else { "the rules before it stay in force" };
        tracing::error!("{why}; until it is put right {then}");
        if closed {
            let reason = format!(
                "the rules are broken, so nothing is permitted until they are put right: {why}; put the file right, or bring an earlier one back: `ares-host policy history`, `ares-host policy set FILE`"
            );
            let ruling = Ruling {
                stance: Stance::Never,
                rule: None,
                reason: Cow::Owned(reason),
                revision: 0,
                firm: false,
            };
            self.in_force.store(Arc::new(InForce::Nothing(ruling)));
        }
        self.tell(&why, then);
        seen.problem = Some(why);
    }

    /// Keeps an event, unless it is the last there is about rules: every command of a host that does
    /// not run would tell it again.
    fn tell(&self, why: &str, then: &str) {
        let types = vec!["policy_broken".to_owned(), "policy_changed".to_owned()];
        let last = self.registry.events(&EventQuery { types, plugin: None, limit: 1 });
        let told = |event: &EventView| event.data.get("why").is_some_and(|told| told == why);
        if last.is_ok_and(|events| events.iter().any(told)) {
            return;
        }
        let data = json!({ "why": why, "then": then });
        if let Err(error) = self.registry.add_event(None, "policy_broken", data) {
            tracing::error!(%error, "an event is not kept");
        }
    }

    /// Leaves out the rules that have ended. What was written was judged already.
    fn end(&self, now_ms: u64) {
        let seen = self.seen();
        let in_force = self.in_force.load();
        if let InForce::Set(set) = &**in_force
            && set.ends_ms <= now_ms
        {
            match RuleSet::new(set.sources().clone(), now_ms) {
                Ok(set) => self.in_force.store(Arc::new(InForce::Set(Box::new(set)))),
                Err(error) => {
                    let reason =
                        Cow::Owned(format!("a rule has ended and the others cannot be used: {error}"));
                    let ruling =
                        Ruling { stance: Stance::Never, rule: None, reason, revision: 0, firm: false };
                    self.in_force.store(Arc::new(InForce::Nothing(ruling)));
                }
            }
        }
        drop(seen);
    }

    /// Does something with the rules in force, those left out that have ended; nothing where none
    /// are in force.
    pub(crate) fn with_set<T>(&self, work: impl FnOnce(&RuleSet) -> T) -> Option<T> {
        match &**self.current() {
            InForce::Set(set) => Some(work(set)),
            InForce::Nothing(_) => None,
        }
    }

    fn current(&self) -> arc_swap::Guard<Arc<InForce>> {
        let in_force = self.in_force.load();
        if let InForce::Set(set) = &**in_force
            && set.ends_ms != u64::MAX
        {
            let now_ms = self.clock.now_ms();
            if set.ends_ms <= now_ms {
                drop(in_force);
                self.end(now_ms);
                return self.in_force.load();
            }
        }
        in_force
    }

    /// What the rules make of a capability that there could be.
    pub(crate) fn decide(&self, asked: &Asked<'_>) -> Decided {
        match &**self.current() {
            InForce::Set(set) => set.decide(asked),
            InForce::Nothing(ruling) => Decided { ruling: ruling.clone(), rule: None },
        }
    }
}

impl Policy for Rules {
    fn rule(&self, question: &Question<'_>) -> Ruling {
        match &**self.current() {
            InForce::Set(set) => set.rule(question),
            InForce::Nothing(ruling) => ruling.clone(),
        }
    }

    fn rule_overridden(&self, question: &Question<'_>, rule: &str) -> Ruling {
        match &**self.current() {
            InForce::Set(set) => set.rule_overridden(question, rule),
            InForce::Nothing(ruling) => ruling.clone(),
        }
    }
}
