//! What happened, and what was called.

use ares_kernel::Caller;
use ares_registry::{EventQuery, InvocationQuery, RegistryError};

use super::discretion::seen_by;
use super::{Answer, Operations, json};
use crate::operation::Problem;

/// The most rows one answer holds.
const ROWS_MAX: u32 = 10_000;
/// Events that tell of questions to people, of their answers and of what they had taken back: for people alone.
const OF_PEOPLE: [&str; 7] = [
    "approved",
    "denied",
    "override_requested",
    "snapshot_restored",
    "snapshot_withheld",
    "snapshot_removed",
    "called_wrong",
];

impl Operations {
    pub(super) async fn events(
        &self,
        caller: &Caller,
        types: Vec<String>,
        plugin: Option<String>,
        limit: u32,
    ) -> Answer {
        let query = EventQuery { types, plugin, limit: limit.min(ROWS_MAX) };
        let mut found = self.0.book.with(move |registry| registry.events(&query)).await?;
        if !matches!(caller, Caller::Human(_)) {
            found.retain(|event| !OF_PEOPLE.contains(&event.kind.as_str()));
        }
        json(&found)
    }

    pub(super) async fn invocations(
        &self,
        caller: &Caller,
        id: Option<String>,
        capability: Option<String>,
        limit: u32,
    ) -> Answer {
        if let Some(id) = id {
            let id = id.parse().map_err(|error| Problem::invalid("bad-id", error))?;
            let found = self.0.book.with(move |registry| registry.invocation(id)).await?;
            let found = found.ok_or(RegistryError::NoSuchInvocation { id })?;
            return json(&[seen_by(caller, found)]);
        }
        let capability = capability
            .map(|name| name.parse().map_err(|error| Problem::invalid("bad-name", error)))
            .transpose()?;
        let query = InvocationQuery { capability, parent: None, limit: limit.min(ROWS_MAX) };
        let found = self.0.book.with(move |registry| registry.invocations(&query)).await?;
        json(&found.into_iter().map(|call| seen_by(caller, call)).collect::<Vec<_>>())
    }
}
