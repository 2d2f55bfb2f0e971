//! Moves the epoch on: the clock by which running guests notice that their time is over.

use std::time::Duration;

use wasmtime::Engine;

/// Time between two looks at a running guest's deadline.
const TICK: Duration = Duration::from_millis(10);

/// Starts the ticker on a thread of the operating system, since a task could starve behind the
/// very guests it must end. It holds the engine weakly and ends with it.
pub(crate) fn start(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("ares-epoch".to_owned()).spawn(move || {
        loop {
            std::thread::sleep(TICK);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    })?;
    Ok(())
}
