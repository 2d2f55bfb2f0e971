//! A request cannot claim a call it comes from. E0616.

use ares_kernel::Request;
use ares_kernel::flow::Parent;

fn claim(mut request: Request, parent: Parent) -> Request {
    request.parent = Some(parent);
    request
}

fn main() {}
