//! The operator's rules as operations ask for them: between the port of `ares-services` and the
//! rules in `ares-policy`.

use std::sync::Arc;

use ares_kernel::Caller;
use ares_kernel::text::quoted;
use ares_policy::{Callers, PolicyError, Rules, TriedArguments, TryOn, Wanted};
use ares_services::operation::{Problem, ProblemKind};
use ares_services::rules::{RuleBook, RuleWish};
use serde_json::{Value, json};

/// The rules of a host.
pub(crate) struct Book(pub(crate) Arc<Rules>);

impl RuleBook for Book {
    fn carry_out(&self, by: &Caller, wish: RuleWish) -> Result<Value, Problem> {
        let rules = &self.0;
        match wish {
            RuleWish::List => {
                rules.look();
                Ok(json!({
                    "revision": rules.revision(), "problem": rules.problem(),
                    "refuses_all": rules.refuses_all(), "rules": rules.list()
                }))
            }
            RuleWish::Set { text, reason, from } => {
                shown(&rules.set_from(&text, from.as_deref(), by, reason))
            }
            RuleWish::Allow { pattern, callers, only, until, reason } => {
                let callers = only.map_or_else(|| whom(callers.as_deref()), |only| Ok(Callers::One(only)))?;
                let pattern = parse(&pattern)?;
                let (until, reason) = (until.as_deref(), reason.as_deref());
                let wanted = Wanted { pattern: &pattern, callers: &callers, until, reason };
                shown(&rules.permit_standing(&wanted, by))
            }
            RuleWish::Deny { pattern, callers, reason } => {
                let (pattern, callers) = (parse(&pattern)?, whom(callers.as_deref())?);
                let reason = reason.as_deref();
                let wanted = Wanted { pattern: &pattern, callers: &callers, until: None, reason };
                shown(&rules.forbid_standing(&wanted, by))
            }
            RuleWish::Remove { id } => shown(&rules.remove(&id, by)),
            RuleWish::Test { subject, caller, origin, arguments, rules: other, from } => {
                rules.look();
                let caller = caller.as_deref().map_or_else(|| Ok(by.clone()), one)?;
                let origin = origin.as_deref().map(one).transpose()?;
                let arguments = arguments.as_deref().map(tried).transpose()?;
                shown(&rules.try_on(&TryOn { subject, caller, origin, arguments, rules: other, from }))
            }
            RuleWish::History { revision: None } => shown(&rules.history()),
            RuleWish::History { revision: Some(revision) } => shown(&rules.past(revision)),
        }
    }

    fn revision(&self) -> u64 {
        self.0.revision()
    }

    fn look(&self) {
        self.0.look();
    }

    fn problem(&self) -> Option<String> {
        self.0.problem()
    }
}

fn shown<T: serde::Serialize>(done: &Result<T, PolicyError>) -> Result<Value, Problem> {
    let done = done.as_ref().map_err(problem)?;
    serde_json::to_value(done).map_err(|error| Problem::of(ProblemKind::Failed, "unwritable", &error))
}

fn parse<T: std::str::FromStr<Err = PolicyError>>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|error| problem(&error))
}

fn whom(callers: Option<&str>) -> Result<Callers, Problem> {
    callers.map_or(Ok(Callers::All), parse)
}

/// One caller, by kind and name.
fn one(text: &str) -> Result<Caller, Problem> {
    let bad = || {
        let message =
            format!("{} is no caller: write `human:NAME`, `agent:NAME` or `plugin:NAME`", quoted(text, 100));
        Problem::new(ProblemKind::Invalid, "bad-caller", message)
    };
    match text.split_once(':') {
        Some((_, "")) => Err(bad()),
        Some(("human", name)) => Ok(Caller::Human(name.to_owned())),
        Some(("agent", name)) => Ok(Caller::Agent(name.to_owned())),
        Some(("plugin", name)) => name.parse().map(Caller::Plugin).map_err(|_| bad()),
        _ => Err(bad()),
    }
}

fn tried(text: &str) -> Result<TriedArguments, Problem> {
    serde_json::from_str(text).map_err(|error| {
        let why = if error.is_data() {
            ares_kernel::text::escaped(&error.to_string(), 200)
        } else {
            format!("they are no JSON from column {} on", error.column())
        };
        let message =
            format!("the arguments are to be an object with `hosts`, `paths`, `blast` and `findings`: {why}");
        Problem::new(ProblemKind::Invalid, "bad-arguments", message)
    })
}

fn problem(error: &PolicyError) -> Problem {
    use PolicyError as E;
    use ProblemKind as Kind;
    let (kind, code) = match error {
        E::Rule { .. } | E::TooLarge { .. } | E::NotText(_) => (Kind::Invalid, "bad-rules"),
        E::Bad(_) => (Kind::Invalid, "bad-pattern"),
        E::NotProvided(_) => (Kind::NotFound, "no-capability"),
        E::Missing(_) => (Kind::MissingFile, "no-rules"),
        E::NoSuchRule { .. } | E::NoSuchRevision(_) => (Kind::NotFound, "no-rule"),
        E::Shipping(_) => (Kind::Denied, "shipped-rule"),
        E::Broken { .. } => (Kind::Failed, "broken-rules"),
        E::Read(_) | E::Write(_) => (Kind::Failed, "io"),
        E::Registry(_) => (Kind::Failed, "registry"),
        E::Shipped(_) => (Kind::Failed, "internal"),
    };
    Problem::of(kind, code, error)
}
