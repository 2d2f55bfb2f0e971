//! An answer nobody looked at cannot be recorded as an outcome. E0277.

use ares_kernel::Ledger;
use ares_kernel::flow::Executed;

async fn skip_the_verifier(ledger: &Ledger, executed: Executed) {
    let _ = ledger.close(executed).await;
}

fn main() {}
