//! Planned tasks, looked at and changed.

use ares_kernel::Caller;
use ares_registry::TaskPlan;
use serde_json::json;

use super::{Answer, Operations, json as to_json};
use crate::operation::Problem;
use crate::tasks::TaskWish;

impl Operations {
    pub(super) async fn tasks(&self, caller: Caller, wish: TaskWish) -> Answer {
        let book = &self.0.book;
        match wish {
            TaskWish::List => to_json(&book.with(|registry| registry.tasks()).await?),
            TaskWish::Plan { name, capabilities, minutes } => {
                let parsed = capabilities.iter().map(|text| text.parse()).collect::<Result<_, _>>();
                let capabilities = parsed.map_err(|error| Problem::invalid("bad-name", error))?;
                let estimate_ms = minutes.map(|minutes| u64::from(minutes) * 60_000);
                let plan = TaskPlan { name, capabilities, estimate_ms };
                to_json(&book.with(move |registry| registry.plan_task(plan, &caller)).await?)
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
