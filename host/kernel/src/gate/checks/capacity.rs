//! Is there room for it: in the budgets, in memory, in its rate?

use std::time::Duration;

use crate::facts::{OverBudget, Plugin};
use crate::flow::Draft;
use crate::gate::{Check, Kind, Refusal};
use crate::ports::Route;

/// Refuses calls that could cost more than is left, calls the machine has no memory for, and calls beyond
/// what the manifest allows in a minute and in an hour. The rate comes last: what is refused takes none of it. Turns at
/// one time are waited for, not refused: see `concurrency` in the manifest.
pub(super) struct Capacity;

impl Check for Capacity {
    fn name(&self) -> &'static str {
        "capacity"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let route = draft.route()?;
        budget(draft, route)?;
        memory(draft, route)?;
        if !draft.took().rate {
            rate(&route.plugin)?;
            draft.take_rate();
        }
        Ok(())
    }
}

fn no(code: &'static str, message: String) -> Refusal {
    Refusal { check: "capacity", code, kind: Kind::TooMany, message }
}

/// As it stood when the request came in. The journal asks again, exactly, when it reserves.
fn budget(draft: &Draft, route: &Route) -> Result<(), Refusal> {
    let Some(cost) = route.capability.cost else { return Ok(()) };
    let most = cost.most(draft.limits());
    match draft.budgets().iter().find(|budget| budget.left() < most) {
        None => Ok(()),
        Some(budget) => {
            let over = OverBudget { cost: most, budget: budget.clone() };
            Err(no("over-budget", format!("`{}`: {over}", route.capability.id)))
        }
    }
}

/// With the most the call may use, the machine keeps its headroom.
fn memory(draft: &Draft, route: &Route) -> Result<(), Refusal> {
    let Some((available, headroom)) = draft.memory() else { return Ok(()) };
    let most = draft.limits().memory_bytes;
    if available >= headroom.saturating_add(most) {
        return Ok(());
    }
    let mib = |bytes: u64| bytes >> 20;
    Err(no(
        "low-memory",
        format!(
            "`{}` may use {} MiB, and {} MiB of memory are available, of which {} MiB are kept free (`gate.memory_headroom_mb`); try again when less runs",
            route.capability.id,
            mib(most),
            mib(available),
            mib(headroom)
        ),
    ))
}

fn rate(plugin: &Plugin) -> Result<(), Refusal> {
    plugin.rate.take().map_err(|often| {
        let message = format!(
            "plugin `{}` may be called {} times (`{}` in its [limits]); try again in {:.1} s",
            plugin.name,
            often.most,
            often.key,
            Duration::from_millis(often.wait_ms).as_secs_f64()
        );
        no("rate-limited", message)
    })
}
