//! A permit cannot be written down: its fields are private. E0451.

use ares_kernel::Permit;

fn forge(request: ares_kernel::Request, honest: Permit) -> Permit {
    Permit { request, ..honest }
}

fn main() {}
