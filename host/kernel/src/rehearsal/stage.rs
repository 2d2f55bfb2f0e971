//! Where the effects of a rehearsed call and of the calls below it come together.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Intent, Rehearsal, Rehearsed, Said, Tried};
use crate::facts::{Capability, Plugin};
use crate::gate::Decision;
use crate::report::Report;
use crate::text::escaped;

/// The most tries of what was not granted, and the most things left out, that one outcome tells.
const TOLD_MAX: usize = 100;
/// What is kept of the name of a path or a key, in bytes.
const NAME_BYTES_MAX: usize = 4096;

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
            here.add(Rehearsed::of((plugin, capability), intent));
        }
        if calls_below > 0 && !here.effects.is_empty() {
            left_out.push("none of the calls saw what another of them would have changed".to_owned());
        }
        let said =
            |text: String| Rehearsed::of((plugin, capability), Said { text: escaped(&text, NAME_BYTES_MAX) });
        tell(&mut here.undeclared, undeclared.into_iter().map(said));
        tell(&mut here.left_out, left_out.into_iter().map(said));
        here
    }
}

impl<T> Rehearsed<T> {
    fn of((plugin, capability): (&Plugin, &Capability), what: T) -> Self {
        Self { plugin: plugin.name.clone(), capability: capability.id.clone(), what }
    }
}

fn tell(told: &mut Vec<Rehearsed<Said>>, more: impl Iterator<Item = Rehearsed<Said>>) {
    told.extend(more.take(TOLD_MAX.saturating_sub(told.len())));
}
