//! Rehearsals: calls that run for real in their sandbox while nothing of them lasts, and what they
//! would have done.

mod intent;
mod stage;

use serde::Serialize;

use crate::gate::{Decision, Kind, Refusal};
use crate::name::{CapabilityId, PluginName};
use crate::ports::Route;
use crate::report::{Fault, FaultKind};
use crate::request::Request;

pub use intent::{Change, Intent, Tried};
pub(crate) use stage::Stage;

/// The most effects one outcome lists, calls below included; the rest is counted.
pub const REHEARSED_MAX: usize = 1000;

/// An effect and whose it would have been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rehearsed<T> {
    /// The plugin.
    pub plugin: PluginName,
    /// Its capability.
    pub capability: CapabilityId,
    /// What.
    #[serde(flatten)]
    pub what: T,
}

/// Words about a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The words. Foreign text in them is escaped and cut.
    pub text: String,
}

/// What a rehearsal showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rehearsal {
    /// What the gate would have decided of the call itself.
    pub decision: Decision,
    /// What it and the calls below it would have done, at most [`REHEARSED_MAX`].
    pub effects: Vec<Rehearsed<Intent>>,
    /// How many effects are not listed.
    #[serde(skip_serializing_if = "is_none")]
    pub more: u64,
    /// What was tried and is not granted or not of the declared class.
    pub undeclared: Vec<Rehearsed<Said>>,
    /// What the guests could not see or do as they would in a real call.
    pub left_out: Vec<Rehearsed<Said>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_none(more: &u64) -> bool {
    *more == 0
}

impl Rehearsal {
    fn add(&mut self, effect: Rehearsed<Intent>) {
        if self.effects.len() < REHEARSED_MAX {
            self.effects.push(effect);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// The fault of a call that did, or led to, what nobody declared.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let first = self.undeclared.first()?;
        let others = match self.undeclared.len() {
            1 => String::new(),
            all => format!(" (and {} more)", all - 1),
        };
        let message = format!(
            "`{}` of plugin `{}` tried what it is not granted: {}{others}; a real call would be denied it, too: \
             grant it, or take it out of the plugin",
            first.capability, first.plugin, first.what.text
        );
        Some(Fault::new(FaultKind::UndeclaredEffect, &message))
    }
}

/// Whether this request can be rehearsed, if that is what it asks for. An instance that is kept between
/// calls would remember the rehearsal.
///
/// # Errors
/// The refusal, in the name of the check `provider`.
pub(crate) fn possible(request: &Request, route: &Route) -> Result<(), Refusal> {
    if !(request.rehearse && route.plugin.singleton && route.capability.effect.changes()) {
        return Ok(());
    }
    let message = format!(
        "`{}` of plugin `{}` cannot be rehearsed: it may change something, and the plugin keeps one instance \
         between calls, which would remember the rehearsal",
        route.capability.id, route.plugin.name
    );
    Err(Refusal { check: "provider", code: "not-rehearsable", kind: Kind::Unavailable, message })
}
