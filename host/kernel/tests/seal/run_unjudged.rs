//! A request that was not judged has nothing to run. E0599.

use ares_kernel::Ledger;
use ares_kernel::flow::Received;
use ares_kernel::ports::Engine;

async fn skip_the_gate(received: Received, engine: &dyn Engine, ledger: &Ledger) {
    let _ = received.run(engine, ledger).await;
}

fn main() {}
