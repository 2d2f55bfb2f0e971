//! Is it called too often?

use crate::flow::Draft;
use crate::gate::{Check, Kind, Refusal};

/// Refuses calls beyond what the manifest allows in a minute and in an hour. Turns at one time are
/// waited for, not refused: see `concurrency` in the manifest.
pub(super) struct Capacity;

impl Check for Capacity {
    fn name(&self) -> &'static str {
        "capacity"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let plugin = &draft.route()?.plugin;
        plugin.rate.take().map_err(|no| {
            let message = format!(
                "plugin `{}` may be called {} times (`{}` in its [limits]); try again in {:.1} s",
                plugin.name,
                no.most,
                no.key,
                std::time::Duration::from_millis(no.wait_ms).as_secs_f64()
            );
            Refusal { check: "capacity", code: "rate-limited", kind: Kind::TooMany, message }
        })
    }
}
