//! A request cannot claim a call it comes from, nor can what an event takes along be changed: E0616,
//! E0451.

use ares_kernel::flow::Parent;
use ares_kernel::{Lineage, Request};

fn claim(mut request: Request, parent: Parent) -> Request {
    request.parent = Some(parent);
    request
}

fn shorten(lineage: Lineage) -> Lineage {
    Lineage { generation: 0, ..lineage }
}

fn main() {}
