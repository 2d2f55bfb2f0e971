//! Rehearsals: calls that run for real in their sandbox while nothing of them lasts, and what they
//! would have done.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::event::Event;
use crate::facts::{Capability, Effect, Plugin};
use crate::gate::{Decision, Kind, Refusal};
use crate::name::{CapabilityId, FolderName, PluginName, Topic};
use crate::ports::{Route, Secrets};
use crate::report::{Fault, FaultKind, KvWrite, Report};
use crate::request::Request;
use crate::text::escaped;

/// The most effects one outcome lists, calls below included; the rest is counted.
pub const REHEARSED_MAX: usize = 1000;
/// The most tries of what was not granted, and the most things left out, that one outcome tells.
const TOLD_MAX: usize = 100;
/// What is kept of the name of a path or a key, in bytes.
const NAME_BYTES_MAX: usize = 4096;

/// What would have become of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It was not there.
    Made,
    /// It was there and would be another.
    Changed,
    /// It would have this value, whether it was there or not.
    Set,
    /// It would be gone.
    Removed,
}

impl Change {
    /// The word in outcomes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Changed => "changed",
            Self::Set => "set",
            Self::Removed => "removed",
        }
    }
}

/// One thing a call would have done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Intent {
    /// To a file in a granted folder.
    File {
        /// What.
        change: Change,
        /// The folder, by the name of its grant.
        folder: FolderName,
        /// The path in it, with `/` between names.
        path: String,
        /// The file's length afterwards; before, where it would be removed.
        bytes: u64,
    },
    /// To a folder in a granted folder.
    Folder {
        /// What.
        change: Change,
        /// The granted folder, by the name of its grant.
        folder: FolderName,
        /// The path in it.
        path: String,
    },
    /// To the plugin's store.
    Kv {
        /// What.
        change: Change,
        /// The key.
        key: String,
        /// The value's length.
        bytes: u64,
    },
    /// A request over the network.
    Request {
        /// The method.
        method: String,
        /// Scheme, host and port. The path and what follows it may hold secrets and is not told.
        origin: String,
        /// Address, headers and body, before any secret is put in.
        bytes: u64,
    },
    /// An event for whoever subscribes.
    Event {
        /// What about.
        topic: Topic,
        /// The payload's length.
        bytes: u64,
    },
}

impl Intent {
    /// The least class a capability must be of to do this.
    #[must_use]
    pub fn class(&self) -> Effect {
        match self {
            Self::File { .. } | Self::Folder { .. } | Self::Kv { .. } | Self::Event { .. } => Effect::Write,
            Self::Request { .. } => Effect::Network,
        }
    }

    fn of_write(write: &KvWrite) -> Self {
        let bytes = write.value.as_ref().map_or(0, |value| value.len() as u64);
        let change = if write.value.is_some() { Change::Set } else { Change::Removed };
        Self::Kv { change, key: write.key.clone(), bytes }
    }

    fn of_event(event: &Event) -> Self {
        Self::Event { topic: event.topic.clone(), bytes: event.payload.len() as u64 }
    }

    /// The words in it that a guest chose.
    fn words(&mut self) -> Option<&mut String> {
        match self {
            Self::File { path, .. } | Self::Folder { path, .. } => Some(path),
            Self::Kv { key, .. } => Some(key),
            Self::Request { origin, .. } => Some(origin),
            Self::Event { .. } => None,
        }
    }
}

/// What an engine saw a rehearsed guest do. Empty for every other call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tried {
    /// What it would have done to folders and to other machines. Stored values and events are in the
    /// report itself.
    pub intents: Vec<Intent>,
    /// What it tried and was not granted, as the plugin's log names it.
    pub undeclared: Vec<String>,
    /// What the rehearsal could not show it, in words.
    pub left_out: Vec<String>,
}

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

/// Where the effects of one rehearsed call and of the calls below it come together.
#[derive(Debug, Clone)]
pub(crate) struct Stage(Arc<Mutex<Together>>);

#[derive(Debug)]
struct Together {
    rehearsal: Rehearsal,
    calls_below: u32,
}

impl Stage {
    /// For a call of which the gate would have decided this.
    pub(crate) fn new(decision: Decision) -> Self {
        let (effects, undeclared, left_out) = Default::default();
        let rehearsal = Rehearsal { decision, effects, more: 0, undeclared, left_out };
        Self(Arc::new(Mutex::new(Together { rehearsal, calls_below: 0 })))
    }

    fn so_far(&self) -> MutexGuard<'_, Together> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what a call below has shown.
    pub(crate) fn take_in(&self, below: &Rehearsal) {
        let mut together = self.so_far();
        together.calls_below = together.calls_below.saturating_add(1);
        let here = &mut together.rehearsal;
        here.more = here.more.saturating_add(below.more);
        below.effects.iter().cloned().for_each(|effect| here.add(effect));
        tell(&mut here.undeclared, below.undeclared.iter().cloned());
        tell(&mut here.left_out, below.left_out.iter().cloned());
    }

    /// Takes what the call itself would have done out of its report: what is left there is kept by
    /// nobody. Values and events count where the answer was good, as they would have been kept then.
    pub(crate) fn conclude(
        self,
        (plugin, capability): (&Plugin, &Capability),
        report: &mut Report,
    ) -> Rehearsal {
        let (mut here, calls_below) = {
            let together = self.so_far();
            (together.rehearsal.clone(), together.calls_below)
        };
        let of_call =
            |what| Rehearsed { plugin: plugin.name.clone(), capability: capability.id.clone(), what };
        let Tried { mut intents, mut undeclared, mut left_out } = std::mem::take(&mut report.tried);
        let (writes, events) = (std::mem::take(&mut report.writes), std::mem::take(&mut report.events));
        if report.result.is_ok() {
            intents.extend(writes.iter().map(Intent::of_write));
            intents.extend(events.iter().map(Intent::of_event));
        }
        if undeclared.is_empty() && report.usage.denied > 0 {
            undeclared.push(format!("{} tries that the plugin's log names", report.usage.denied));
        }
        if let Some(beyond) =
            intents.iter().map(Intent::class).max().filter(|class| *class > capability.effect)
        {
            undeclared.push(format!("it is of class {} and did what takes {beyond}", capability.effect));
        }
        for mut intent in intents {
            if let Some(words) = intent.words().filter(|words| words.len() > NAME_BYTES_MAX) {
                words.truncate(words.floor_char_boundary(NAME_BYTES_MAX));
            }
            here.add(Rehearsed {
                plugin: plugin.name.clone(),
                capability: capability.id.clone(),
                what: intent,
            });
        }
        if calls_below > 0 && !here.effects.is_empty() {
            left_out.push("none of the calls saw what another of them would have changed".to_owned());
        }
        let said = |text: String| of_call(Said { text: escaped(&text, NAME_BYTES_MAX) });
        tell(&mut here.undeclared, undeclared.into_iter().map(said));
        tell(&mut here.left_out, left_out.into_iter().map(said));
        here
    }
}

fn tell(told: &mut Vec<Rehearsed<Said>>, more: impl Iterator<Item = Rehearsed<Said>>) {
    told.extend(more.take(TOLD_MAX.saturating_sub(told.len())));
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

impl Tried {
    /// Hides stored secrets in the words that a guest chose.
    pub(crate) fn scrub(&mut self, secrets: &dyn Secrets) {
        let words = self.intents.iter_mut().filter_map(Intent::words);
        for text in words.chain(&mut self.undeclared).chain(&mut self.left_out) {
            if let std::borrow::Cow::Owned(clean) = secrets.scrub(text) {
                *text = clean;
            }
        }
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
