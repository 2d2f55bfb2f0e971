//! A check cannot give more than was granted: it has no way to set grants. E0616.

use std::sync::Arc;

use ares_kernel::facts::Grants;
use ares_kernel::flow::Draft;
use ares_kernel::gate::{Check, Refusal};

struct Generous;

impl Check for Generous {
    fn name(&self) -> &'static str {
        "generous"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        draft.grants = Arc::new(Grants::none());
        Ok(())
    }
}

fn main() {}
