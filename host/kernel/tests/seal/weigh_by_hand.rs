//! Nobody but the gate says that a request passed its checks. E0616.

use ares_kernel::flow::Weighed;

fn free(weighed: Weighed, other: Weighed) -> Weighed {
    Weighed { draft: other.draft, ..weighed }
}

fn main() {}
