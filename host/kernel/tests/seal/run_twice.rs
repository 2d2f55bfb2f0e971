//! A permit is spent by the one call it was made for. E0382.

use ares_kernel::Ledger;
use ares_kernel::flow::Admitted;
use ares_kernel::ports::Engine;

async fn twice(admitted: Admitted, engine: &dyn Engine, ledger: &Ledger) {
    let _first = admitted.run(engine, ledger).await;
    let _second = admitted.run(engine, ledger).await;
}

fn main() {}
