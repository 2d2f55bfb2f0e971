//! `Draft`: a permit still being written. Every method takes something away or only looks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Parent, Received, Resolved, Taken};
use crate::facts::{Approval, ApprovalState, Binding, Budget, Grants, Limits, Mode, Posture};
use crate::gate::checks::guard;
use crate::gate::{Breaker, Finding, Gate, Kind, Patience, Refusal, prefer_simpler};
use crate::name::{Blake3, CapabilityId};
use crate::ports::{
    Arguments, Held, Policy, Provision, Question, Ranked, Route, Ruling, Stance, Stopped, Warned,
};
use crate::request::{Caller, Request};

/// What a call would get if the gate stopped asking now.
pub struct Draft {
    pub(super) resolved: Resolved,
    pub(super) grants: Arc<Grants>,
    pub(super) limits: Limits,
    pub(super) deadline: Instant,
    pub(super) arguments: Option<Value>,
    pub(super) context: u32,
    pub(super) ruling: Option<Ruling>,
    pub(super) findings: Vec<Finding>,
    pub(super) stopped: Option<Box<Stopped>>,
    pub(super) warned: Option<Warned>,
    warned_too_often: bool,
    guarded: Vec<ares_guard::Finding>,
    pub(super) shape: u32,
    breaker: Breaker,
    memory: Option<(u64, u64)>,
    policy: Arc<dyn Policy>,
}

impl Draft {
    /// Begins with everything the capability may have.
    pub(super) fn new(mut resolved: Resolved, gate: &Gate) -> Self {
        if gate.settings().prefer_simpler {
            let Received { request, opening, .. } = &resolved.received;
            let now = (gate.settings().breaker, opening.at_ms);
            prefer_simpler(&mut resolved.resolution, request, now);
        }
        let route = match &resolved.resolution.provision {
            Provision::Ready(route) => Some(&route.capability),
            Provision::Unknown { .. }
            | Provision::NoSuchPlugin
            | Provision::NotExported
            | Provision::Disabled { .. } => None,
        };
        let grants = route.map_or_else(|| Arc::new(Grants::none()), |c| Arc::clone(&c.grants));
        let limits = route.map_or_else(Limits::default, |c| c.limits.clone());
        let deadline = resolved.received.at + limits.deadline;
        Self {
            resolved,
            grants,
            limits,
            deadline,
            arguments: None,
            context: 0,
            ruling: None,
            findings: Vec::new(),
            stopped: None,
            warned: None,
            warned_too_often: false,
            guarded: Vec::new(),
            shape: 0,
            breaker: gate.settings().breaker,
            memory: gate.memory(),
            policy: Arc::clone(gate.policy()),
        }
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.resolved.received.request
    }

    /// The running call it was made from.
    #[must_use]
    pub fn parent(&self) -> Option<&Parent> {
        self.request().parent.as_ref()
    }

    /// What this request has taken of what each takes once.
    pub(crate) fn took(&self) -> Taken {
        self.resolved.received.took
    }

    /// Notes that it took a token of its plugin's rate.
    pub(crate) fn take_rate(&mut self) {
        self.resolved.received.took.rate = true;
    }

    /// Notes that it is the one call that is let through to see.
    pub(crate) fn take_probe(&mut self) {
        self.resolved.received.took.probe = true;
    }

    /// When the request came in.
    #[must_use]
    pub fn received_at(&self) -> Instant {
        self.resolved.received.at
    }

    /// The time of day when the request came in, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn received_ms(&self) -> u64 {
        self.resolved.received.opening.at_ms
    }

    /// The first four bytes of the input's hash, by which the record knows it.
    #[must_use]
    pub fn input_mark(&self) -> u32 {
        self.resolved.received.opening.input_blake3.first_four()
    }

    /// How freely the host works.
    #[must_use]
    pub fn posture(&self) -> &Posture {
        static USUAL: Posture =
            Posture { mode: Mode::Build, lockout: None, tasks: std::collections::BTreeMap::new() };
        self.resolved.resolution.posture.as_deref().unwrap_or(&USUAL)
    }

    /// What was called well in the task before, in order; nothing where it has no task.
    #[must_use]
    pub fn done(&self) -> Option<&[CapabilityId]> {
        self.resolved.resolution.done.as_deref()
    }

    /// What speaks against it in the plan of its task. A plan is for those who call from outside.
    #[must_use]
    pub fn unplanned(&self) -> Option<String> {
        let name = self.request().task.as_ref().filter(|_| self.parent().is_none())?;
        let task = self.posture().tasks.get(name)?;
        task.objection(&self.request().capability, self.received_ms())
    }

    /// The budgets it would be charged to, where it costs something.
    #[must_use]
    pub fn budgets(&self) -> &[Budget] {
        &self.resolved.resolution.budgets
    }

    /// Memory that is available and what of it is to stay so, in bytes, where that is known.
    #[must_use]
    pub fn memory(&self) -> Option<(u64, u64)> {
        self.memory
    }

    /// What sort of arguments it has, as a number; zero before they were accepted.
    #[must_use]
    pub fn shape(&self) -> u32 {
        self.shape
    }

    /// When calls that break again and again are not made.
    #[must_use]
    pub fn breaker(&self) -> Breaker {
        self.breaker
    }

    /// The approval it names, if there is such a one.
    #[must_use]
    pub fn approval(&self) -> Option<&Approval> {
        self.resolved.resolution.approval.as_ref()
    }

    /// The other enabled providers, when there was a choice.
    #[must_use]
    pub fn others(&self) -> &[Route] {
        &self.resolved.resolution.others
    }

    /// What checks noted for the steps.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Who made the first call of the chain.
    #[must_use]
    pub fn first_caller(&self) -> &Caller {
        self.request().first_caller()
    }

    /// What the operator's rules say of the request, with what is known of its arguments.
    ///
    /// # Errors
    /// The refusal for a request nobody can answer.
    pub fn ask_rules(&self, arguments: Option<Arguments<'_>>) -> Result<Ruling, Refusal> {
        Ok(self.policy.rule(&self.about_rules(arguments)?))
    }

    /// The same where a person has overridden the one rule that forbids it. What comes of that is a no, or
    /// a firm question: only the approval that says so can answer it, and that is bound to this very
    /// request.
    ///
    /// # Errors
    /// The refusal for a request nobody can answer.
    pub fn ask_overridden(&self, arguments: Arguments<'_>, forbids: Ruling) -> Result<Ruling, Refusal> {
        let person = self.approval().filter(|approval| approval.state == ApprovalState::Approved);
        // A rehearsal lifts no rule that forbids.
        let overridden = person.and_then(|approval| approval.overrides.as_deref());
        let overridden = overridden.filter(|_| !self.request().rehearse);
        let same = forbids.stance == Stance::Never && forbids.rule.as_deref() == overridden;
        let Some(rule) = overridden.filter(|_| same) else { return Ok(forbids) };
        let ruling = self.policy.rule_overridden(&self.about_rules(Some(arguments))?, rule);
        Ok(Ruling { stance: ruling.stance.max(Stance::Ask), firm: true, ..ruling })
    }

    fn about_rules<'a>(&'a self, arguments: Option<Arguments<'a>>) -> Result<Question<'a>, Refusal> {
        let route = self.route()?;
        Ok(Question {
            caller: &self.request().caller,
            origin: self.first_caller(),
            plugin: &route.plugin,
            capability: &route.capability,
            arguments,
        })
    }

    /// Notes the rule that stops it, for the record. A rehearsal is stopped from nothing.
    pub fn stop(&mut self, ruling: &Ruling) {
        if self.request().rehearse {
            return;
        }
        // Only a no that is about arguments can be overridden.
        let arguments = self.arguments.as_ref().filter(|_| ruling.stance == Stance::Never);
        let question = arguments.and_then(|arguments| self.question(arguments, ruling).ok());
        self.stopped = Stopped::of(ruling, question).map(Box::new);
    }

    /// The question to a person about this very request, for the reason of this ruling.
    pub(super) fn question(&self, arguments: &Value, ruling: &Ruling) -> Result<Held, Refusal> {
        let route = self.route()?;
        // The same arguments are the same text, in whatever order they were written.
        let mut sorted = arguments.clone();
        sorted.sort_all_objects();
        let canonical = whole(sorted.to_string(), self.request())?;
        let binding = Binding {
            capability: route.capability.id.clone(),
            plugin: route.plugin.name.clone(),
            blake3: route.plugin.blake3,
            arguments: Blake3::of(canonical.as_bytes()),
            revision: ruling.revision,
            caller: self.request().caller.clone(),
        };
        Ok(Held { binding, arguments: canonical, reason: ruling.reason.to_string(), pauses: false })
    }

    /// All providers, best first, when there was a choice.
    #[must_use]
    pub fn ranking(&self) -> &[Ranked] {
        &self.resolved.resolution.ranking
    }

    /// Who would answer.
    ///
    /// # Errors
    /// The refusal for a request nobody can answer.
    pub fn route(&self) -> Result<&Route, Refusal> {
        let capability = &self.request().capability;
        let wanted = self.request().provider.as_ref().map(ToString::to_string).unwrap_or_default();
        let refusal = |code, kind, message| Err(Refusal { check: "provider", code, kind, message });
        match &self.resolved.resolution.provision {
            Provision::Ready(route) => Ok(route),
            Provision::Unknown { near } => {
                let near: Vec<&str> = near.iter().map(crate::CapabilityId::as_str).collect();
                let hint = if near.is_empty() {
                    "`ares-host capabilities` lists what there is".to_owned()
                } else {
                    format!("did you mean {}?", near.join(" or "))
                };
                let message = format!("no registered plugin provides `{capability}`; {hint}");
                refusal("no-provider", Kind::NotFound, message)
            }
            Provision::NoSuchPlugin => refusal(
                "not-registered",
                Kind::NotFound,
                format!("no plugin `{wanted}` is registered; `ares-host list` shows those that are"),
            ),
            Provision::NotExported => refusal(
                "not-exported",
                Kind::NotFound,
                format!(
                    "plugin `{wanted}` has no capability `{capability}`; `ares-host info {wanted}` lists its own"
                ),
            ),
            Provision::Disabled { plugins } => {
                let plugins: Vec<&str> = plugins.iter().map(crate::PluginName::as_str).collect();
                let first = plugins.first().copied().unwrap_or_default();
                let message = format!(
                    "`{capability}` is provided by {}, which is disabled; `ares-host enable {first}` allows it again",
                    plugins.join(", ")
                );
                refusal("disabled", Kind::Unavailable, message)
            }
        }
    }

    /// What the call would be granted.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// What the call could use.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The parsed arguments, once a check has accepted them.
    #[must_use]
    pub fn arguments(&self) -> Option<&Value> {
        self.arguments.as_ref()
    }

    /// When the call must be over.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Moves the deadline nearer; a later one changes nothing.
    pub fn cap_deadline(&mut self, deadline: Instant) {
        self.deadline = self.deadline.min(deadline);
    }

    /// Shortens the time from receipt on; a longer one changes nothing.
    pub fn cap_duration(&mut self, duration: Duration) {
        if let Some(deadline) = self.received_at().checked_add(duration) {
            self.cap_deadline(deadline);
        }
    }

    /// Keeps the parsed form of the input. It stays what the first caller set.
    pub fn accept_arguments(&mut self, arguments: Value) {
        if self.arguments.is_none() {
            self.shape = shape(&arguments);
            self.context = context(&self.request().caller, self.shape);
            self.arguments = Some(arguments);
        }
    }

    /// Keeps what the operator's rules say. A stricter word replaces a freer one, never the other way
    /// round.
    pub fn accept_ruling(&mut self, ruling: Ruling) {
        if self.ruling.as_ref().is_none_or(|kept| ruling.stance > kept.stance) {
            self.ruling = Some(ruling);
        }
    }

    /// Notes what the guard found in an argument. In front of what may change something it is a
    /// warning, up to three of them; in front of what can only compute or read it is told and no more.
    pub fn guard(&mut self, argument: &str, finding: ares_guard::Finding) {
        const WARNINGS_MAX: usize = 3;
        let changes = self.route().is_ok_and(|route| route.capability.effect.changes());
        let text = format!(
            "argument {} holds {} (rule `{}`, {})",
            crate::text::quoted(argument, 64),
            crate::text::quoted(&finding.excerpt, 120),
            finding.rule,
            finding.severity.as_str()
        );
        let row = vec![guard::row(&finding)];
        if self.guarded.len() < WARNINGS_MAX {
            let noted =
                if changes { Finding::warning("C7", text, row) } else { Finding::note("C7", text, row) };
            self.findings.push(noted);
        }
        self.guarded.push(finding);
    }

    /// Takes in what the guard warned of before a change, and notes where that is too much. Before a look it
    /// counts nothing: tools that look for harm are given harmful text on purpose. Nor does a rehearsal.
    pub(super) fn count_warnings(&mut self, patience: Patience) {
        let changes = self.route().is_ok_and(|route| route.capability.effect.changes());
        if !changes || self.request().rehearse || self.guarded.is_empty() {
            return;
        }
        let mut rules: Vec<&'static str> = self.guarded.iter().map(|finding| finding.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        let warned = Warned { by: self.first_caller().clone(), rules };
        let before = (self.guarded.len(), self.resolved.resolution.warnings.as_deref());
        let spent = patience.spent(&warned, before, (self.received_ms(), self.request().id));
        self.warned_too_often = spent.is_some();
        self.findings.extend(spent);
        self.warned = Some(warned);
    }

    /// Whether the guard's warnings add up to a question.
    #[must_use]
    pub fn is_warned_too_often(&self) -> bool {
        self.warned_too_often
    }

    /// Notes what the steps should weigh.
    pub fn note(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// What the guard found in the arguments.
    #[must_use]
    pub fn guarded(&self) -> &[ares_guard::Finding] {
        &self.guarded
    }
}

/// All that a guest is given, as one text: the arguments, and behind them the metadata and the task where
/// there are any. No JSON of ours holds a line end, so no arguments look like another call's metadata.
fn whole(mut canonical: String, request: &Request) -> Result<String, Refusal> {
    if let Some(text) = &request.metadata {
        // The check of the arguments read it before.
        let mut metadata = crate::json::parse(text).map_err(|_| Refusal::unjudged())?;
        metadata.sort_all_objects();
        canonical.push_str(&format!("\nmetadata: {metadata}"));
    }
    if let Some(task) = &request.task {
        canonical.push_str(&format!("\ntask: {}", Value::from(task.as_str())));
    }
    Ok(canonical)
}

/// What sort of arguments these are, as a number: names and types at the top level.
pub(crate) fn shape(arguments: &Value) -> u32 {
    let mut text = String::with_capacity(64);
    // In one order, in whatever order they were written.
    let mut named: Vec<_> = arguments.as_object().into_iter().flatten().collect();
    named.sort_unstable_by_key(|(name, _)| *name);
    for (name, value) in named {
        text.push_str(name);
        text.push(match value {
            Value::Null => '\u{1}',
            Value::Bool(_) => '\u{2}',
            Value::Number(_) => '\u{3}',
            Value::String(_) => '\u{4}',
            Value::Array(_) => '\u{5}',
            Value::Object(_) => '\u{6}',
        });
    }
    Blake3::of(text.as_bytes()).first_four()
}

/// Who asks with which sort of arguments, as a number.
fn context(caller: &Caller, shape: u32) -> u32 {
    let (kind, name) = (caller.kind().as_bytes(), caller.name().as_bytes());
    Blake3::of(&[kind, b"\0", name, &shape.to_be_bytes()].concat()).first_four()
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").field("resolved", &self.resolved).finish_non_exhaustive()
    }
}
