//! What an event takes along of the call that published it cannot be changed. E0451.

use ares_kernel::Lineage;

fn shorten(lineage: Lineage) -> Lineage {
    Lineage { generation: 0, ..lineage }
}

fn main() {}
