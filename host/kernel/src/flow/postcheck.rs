//! What must be so after a call that says it went well, and whether it is: looked at by the host, in the world.

use std::collections::BTreeSet;

use super::{Executed, Permit};
use crate::facts::Spot;
use crate::ports::{Machine, Secrets};
use crate::report::{Ended, Fault, FaultKind};
use crate::text::quoted;

/// A place in a granted folder that an argument names, and whether something must be there afterwards.
#[derive(Debug)]
pub(super) struct Expected {
    argument: String,
    spot: Spot,
    present: bool,
}

/// What the manifest says must be so after this call. Nothing of a rehearsal, which works in copies.
pub(super) fn expected(permit: &Permit) -> Vec<Expected> {
    let capability = permit.capability();
    let Some(check) = capability.postcheck.as_ref().filter(|_| !permit.is_rehearsal()) else {
        return Vec::new();
    };
    let named =
        check.present.iter().map(|name| (name, true)).chain(check.absent.iter().map(|name| (name, false)));
    let mut expected = Vec::new();
    for (argument, present) in named {
        let target = capability.targets.iter().find(|target| &target.argument == argument);
        let spots = target.into_iter().flat_map(|target| target.spots(permit.grants(), permit.arguments()));
        // A guest may have been given the same place a hundred thousand times.
        let mut seen = BTreeSet::new();
        let once = spots.filter(|spot| seen.insert(spot.path.clone()));
        expected.extend(once.map(|spot| Expected { argument: argument.clone(), spot, present }));
    }
    expected
}

impl Executed {
    /// Looks whether what the guest says it did was done. What is not so is a fault, and nothing of the call is
    /// kept; where nobody can look, its word stands.
    pub(crate) async fn checked(mut self, machine: &dyn Machine, secrets: &dyn Secrets) -> Self {
        if self.report.result.is_err() || self.expected.is_empty() {
            return self;
        }
        let expected = std::mem::take(&mut self.expected);
        let there = machine.there(expected.iter().map(|expected| expected.spot.clone()).collect()).await;
        let mut both = expected.into_iter().zip(there);
        let broken = both.find(|(expected, there)| there.is_some_and(|there| there != expected.present));
        if let Some((Expected { argument, spot, present }, _)) = broken {
            // Before it is cut: of half a secret nobody would see that it is one.
            let (id, path) = (&self.capability.id, quoted(&secrets.scrub(&spot.path), 200));
            let why = if present { "nothing is there" } else { "it is still there" };
            let message = format!("`{id}` says that it went well, but {why}: {path} (argument `{argument}`)");
            self.report.result = Err(Ended::Fault(Fault::new(FaultKind::PostcheckFailed, &message)));
        }
        self
    }
}
