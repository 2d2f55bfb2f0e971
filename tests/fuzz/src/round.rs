//! One target in this process: inputs one after another, each in bounded time and memory.

use std::any::Any;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use arbitrary::Unstructured;

use crate::arguments::Plan;
use crate::finding::{self, Finding};
use crate::measure::Before;
use crate::targets::{Examine, Target};

/// What one input may take of the processor. Without optimisation everything is several times slower
/// than in a host that is used.
const PROCESSOR: Duration = Duration::from_secs(2);
/// What one input may take by the clock: for those that wait. A machine may be busy.
const CLOCK: Duration = Duration::from_secs(30);
/// What one input may take of memory, in bytes.
const MEMORY: u64 = 128 << 20;
/// The stack of the threads that serve requests.
const STACK: usize = 2 << 20;
/// So many random bytes stand behind an input.
const ENTROPY: usize = 16 << 10;

/// Runs a target with one input after another. Answers whether nothing was found.
pub(crate) fn run(target: &'static Target, plan: &Plan) -> anyhow::Result<bool> {
    let examine: Arc<dyn Examine> =
        Arc::from((target.open)(&finding::root()).with_context(|| format!("preparing `{}`", target.name))?);
    let (start, mut count, mut slowest) = (Instant::now(), 0_u64, Duration::ZERO);
    while count < plan.inputs && start.elapsed() < plan.time {
        let entropy = entropy(target.name, plan.seed, count);
        let input = examine.generate(&mut Unstructured::new(&entropy)).unwrap_or_default();
        note(&input)?;
        match judge(&examine, input) {
            Ok(took) => slowest = slowest.max(took),
            Err(Finding(why)) => {
                finding::keep(std::process::id(), target.name, &why)?;
                println!("  input {count} of seed {}", plan.seed);
                return Ok(false);
            }
        }
        count += 1;
    }
    fs_err::remove_file(finding::running(std::process::id()))?;
    println!(
        "{:14} {count:>8} inputs in {:>4.1} s, the slowest took {:.1} ms",
        target.name,
        start.elapsed().as_secs_f64(),
        slowest.as_secs_f64() * 1000.0
    );
    Ok(true)
}

/// One input that was kept. Answers whether it does no harm.
pub(crate) fn replay(target: &'static Target, file: &Path) -> anyhow::Result<bool> {
    let input = fs_err::read(file)?;
    let examine: Arc<dyn Examine> = Arc::from((target.open)(&finding::root())?);
    match judge(&examine, input) {
        Ok(took) => println!("no harm in {}: it took {took:?}", file.display()),
        Err(Finding(why)) => {
            println!("{}: {}", file.display(), ares_kernel::text::escaped(&why, 2000));
            return Ok(false);
        }
    }
    Ok(true)
}

/// Random bytes that follow from target, seed and number alone.
fn entropy(target: &str, seed: u64, count: u64) -> Vec<u8> {
    let mut bytes = vec![0; ENTROPY];
    let name = format!("{target} {seed} {count}");
    blake3::Hasher::new().update(name.as_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

/// Puts the input where it is found if the process dies of it.
fn note(input: &[u8]) -> anyhow::Result<()> {
    let mut file = fs_err::File::create(finding::running(std::process::id()))?;
    Ok(file.write_all(input)?)
}

/// Examines one input on a thread of its own, as the host would on one of its own.
fn judge(examine: &Arc<dyn Examine>, input: Vec<u8>) -> Result<Duration, Finding> {
    let (send, receive) = sync_channel(1);
    let examine = Arc::clone(examine);
    let before = Before::now();
    let work = move || {
        let done = catch_unwind(AssertUnwindSafe(|| examine.examine(&input)));
        // Nobody listens any more when it took too long.
        let _ = send.send(done);
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work);
    thread.map_err(|error| Finding(format!("no thread could be started: {error}")))?;
    let done = match receive.recv_timeout(CLOCK) {
        Ok(done) => done,
        Err(RecvTimeoutError::Timeout) => {
            return Err(Finding(format!("it did not end within {} s", CLOCK.as_secs())));
        }
        Err(RecvTimeoutError::Disconnected) => return Err(Finding("its thread ended".to_owned())),
    };
    let took = before.took();
    match done {
        Err(panic) => Err(Finding(format!("it panicked: {}", said(&*panic)))),
        Ok(Err(finding)) => Err(finding),
        Ok(Ok(())) if took.processor > PROCESSOR => {
            Err(Finding(format!("it took {:.1} s of the processor", took.processor.as_secs_f64())))
        }
        Ok(Ok(())) if took.memory > MEMORY => {
            Err(Finding(format!("it took {} MiB of memory", took.memory >> 20)))
        }
        Ok(Ok(())) => Ok(took.processor),
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bad(fn());

    impl Examine for Bad {
        fn generate(&self, _: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
            Ok(Vec::new())
        }

        fn examine(&self, _: &[u8]) -> Result<(), Finding> {
            self.0();
            Ok(())
        }
    }

    fn judged(bad: fn()) -> Result<Duration, Finding> {
        judge(&(Arc::new(Bad(bad)) as Arc<dyn Examine>), Vec::new())
    }

    fn spin() {
        let before = Before::now();
        while before.took().processor <= PROCESSOR {}
    }

    fn hoard() {
        let hoard = vec![1_u8; 200 << 20];
        assert!(hoard.iter().all(|byte| *byte == 1));
    }

    #[test]
    fn every_harm_is_noticed() {
        assert!(judged(|| ()).is_ok());
        let why = |bad| judged(bad).unwrap_err().0;
        assert_eq!(why(|| panic!("on purpose")), "it panicked: on purpose");
        let (spun, hoarded) = (why(spin), why(hoard));
        assert!(spun.contains("of the processor"), "{spun}");
        assert!(hoarded.contains("of memory"), "{hoarded}");
    }

    #[test]
    fn the_same_seed_gives_the_same_inputs() {
        assert_eq!(entropy("a", 1, 2), entropy("a", 1, 2));
        assert_ne!(entropy("a", 1, 2), entropy("a", 1, 3));
        assert_ne!(entropy("a", 1, 2), entropy("a", 2, 2));
    }
}
