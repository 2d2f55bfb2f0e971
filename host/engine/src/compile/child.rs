//! The compiling child: sets its own limits, reads a component, leaves the code.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::AsFd as _;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};
use wasmtime::Engine;

use crate::artifact::ARTIFACT_BYTES_MAX;

/// Processor time of one compilation.
pub(crate) const CPU_SECONDS: u64 = 60;
/// Address space of one compilation.
pub(crate) const MEMORY_BYTES: u64 = 4 << 30;
/// Exit code for bytes that are no component this engine takes.
pub(crate) const INVALID: i32 = 65;
/// Exit code for everything else that goes wrong.
const FAILED: i32 = 70;
/// The compiler recurses into nested types and blocks.
const STACK_BYTES: usize = 64 << 20;

enum ChildError {
    Invalid(String),
    Failed(String),
}

/// What the compiling child does: it ends the process. The host's program calls this, before it
/// does anything else, when it was started as [`crate::Compiler`] says. Standard input must be a
/// file that can be read and written: it holds the component and gets the code.
#[expect(clippy::exit, reason = "this is the end of the child")]
pub fn compile_child_main() -> ! {
    let done = limit_self().and_then(|()| {
        let compiling = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(compile_stdin);
        let joined = compiling.map_err(failed("starting a thread"))?.join();
        joined.unwrap_or_else(|_| Err(ChildError::Failed("the compiler panicked".to_owned())))
    });
    let (code, words) = match done {
        Ok(()) => (0, String::new()),
        Err(ChildError::Invalid(words)) => (INVALID, words),
        Err(ChildError::Failed(words)) => (FAILED, words),
    };
    // The exit code says enough when nobody listens.
    let _ = std::io::stderr().write_all(words.as_bytes());
    std::process::exit(code)
}

fn failed<E: std::fmt::Display>(what: &'static str) -> impl FnOnce(E) -> ChildError {
    move |error| ChildError::Failed(format!("{what} failed: {error}"))
}

/// Limits are set here and not between fork and exec, where almost nothing may safely be done.
/// Where the host itself lives under lower ones, those stay.
fn limit_self() -> Result<(), ChildError> {
    let limit = |resource, current: u64, maximum: u64| {
        let most = getrlimit(resource).maximum.unwrap_or(u64::MAX).min(maximum);
        let limit = Rlimit { current: Some(current.min(most)), maximum: Some(most) };
        setrlimit(resource, limit).map_err(failed("limiting the compiling process"))
    };
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(failed("binding the process to its parent"))?;
    limit(Resource::Core, 0, 0)?;
    limit(Resource::As, MEMORY_BYTES, MEMORY_BYTES)?;
    limit(Resource::Fsize, ARTIFACT_BYTES_MAX, ARTIFACT_BYTES_MAX)?;
    // The soft limit comes first and has a signal of its own.
    limit(Resource::Cpu, CPU_SECONDS, CPU_SECONDS + 5)
}

fn compile_stdin() -> Result<(), ChildError> {
    let stdin = std::io::stdin().as_fd().try_clone_to_owned().map_err(failed("opening standard input"))?;
    let mut file = File::from(stdin);
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed("reading the component"))?;
    let engine = Engine::new(&crate::config::compiling()).map_err(failed("setting up the compiler"))?;
    let code =
        engine.precompile_component(&bytes).map_err(|error| ChildError::Invalid(format!("{error:#}")))?;
    file.set_len(0)
        .and_then(|()| file.seek(SeekFrom::Start(0)))
        .and_then(|_| file.write_all(&code))
        .map_err(failed("writing the code"))
}
