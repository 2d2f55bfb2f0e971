//! Planned tasks, looked at and changed.

use std::collections::BTreeSet;

use ares_kernel::{Caller, CapabilityId};
use ares_registry::TaskPlan;
use serde_json::json;

use super::{Answer, Operations, json as to_json, noted};
use crate::operation::Problem;
use crate::tasks::TaskWish;

impl Operations {
    pub(super) async fn tasks(&self, caller: Caller, wish: TaskWish) -> Answer {
        let book = &self.0.book;
        match wish {
            TaskWish::List => to_json(&book.with(|registry| registry.tasks()).await?),
            TaskWish::Plan { name, capabilities, minutes } => {
                let parsed = capabilities.iter().map(|text| text.parse()).collect::<Result<_, _>>();
                let capabilities: BTreeSet<CapabilityId> =
                    parsed.map_err(|error| Problem::invalid("bad-name", error))?;
                let estimate_ms = minutes.map(|minutes| u64::from(minutes) * 60_000);
                let notes = capabilities.iter().filter_map(|id| book.registry().unprovided(None, Some(id)));
                let notes: Vec<String> = notes.collect();
                let plan = TaskPlan { name, capabilities, estimate_ms };
                let planned = book.with(move |registry| registry.plan_task(plan, &caller)).await?;
                noted(to_json(&planned)?, &notes)
            }
            TaskWish::Resume { name } => {
                to_json(&book.with(move |registry| registry.resume_task(&name, &caller)).await?)
            }
            TaskWish::End { name } => {
                let ended = name.clone();
                book.with(move |registry| registry.end_task(&name, &caller)).await?;
                Ok(json!({ "ended": ended }))
            }
        }
    }
}
