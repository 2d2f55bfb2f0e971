//! Compiling, in a child process under limits: a component can be built to need hours and
//! hundreds of gigabytes, and running out of memory inside the compiler cannot be caught.

pub(crate) mod child;

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use ares_kernel::text::{FOREIGN_TEXT_MAX, escaped};
use rustix::process::Signal;
use tokio::io::AsyncReadExt as _;
use wasmtime::{Engine, Precompiled};

use crate::artifact::ARTIFACT_BYTES_MAX;
use crate::options::Compiler;

/// How long one compilation may take by the clock on the wall. Also ends a child that was stopped.
const WALL_MAX: Duration = Duration::from_secs(120);
/// What is read of the child's words.
const WORDS_MAX: u64 = 16 << 10;

/// Why there is no compiled component.
#[derive(Debug)]
pub(crate) enum CompileError {
    /// The bytes are no component this engine takes; the compiler's words, escaped.
    Invalid(String),
    /// A limit ended it.
    Limit(String),
    /// The machine or the compiler failed.
    Failed(std::io::Error),
}

impl From<std::io::Error> for CompileError {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Compiles a component. The child gets the bytes in an unlinked file as its standard input and
/// leaves the code in the same file: nothing has a name, so nothing can stay behind.
pub(crate) async fn compile(
    compiler: &Compiler,
    folder: &Path,
    bytes: Vec<u8>,
) -> Result<Vec<u8>, CompileError> {
    let folder = folder.to_owned();
    let (mut ours, theirs) = blocking(move || {
        let mut file = tempfile::tempfile_in(folder)?;
        file.write_all(&bytes)?;
        file.seek(SeekFrom::Start(0))?;
        let theirs = file.try_clone()?;
        Ok((file, theirs))
    })
    .await?;
    let (status, words) = run(compiler, theirs).await?;
    judge(status, &words)?;
    blocking(move || {
        ours.seek(SeekFrom::Start(0))?;
        let mut code = Vec::new();
        ours.take(ARTIFACT_BYTES_MAX).read_to_end(&mut code)?;
        match Engine::detect_precompiled(&code) {
            Some(Precompiled::Component) => Ok(code),
            _ => Err(std::io::Error::other("the compiling process left no compiled component")),
        }
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, CompileError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?;
    Ok(done?)
}

/// Runs the child to its end; dropping the future kills it.
async fn run(compiler: &Compiler, stdin: File) -> Result<(ExitStatus, String), CompileError> {
    let mut child = tokio::process::Command::new(&compiler.program)
        .args(&compiler.args)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(stdin))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stderr = child.stderr.take();
    let ended = tokio::time::timeout(WALL_MAX, async {
        let mut words = Vec::new();
        if let Some(stderr) = stderr {
            stderr.take(WORDS_MAX).read_to_end(&mut words).await?;
        }
        let status = child.wait().await?;
        std::io::Result::Ok((status, String::from_utf8_lossy(&words).into_owned()))
    });
    match ended.await {
        Ok(ended) => Ok(ended?),
        Err(_) => {
            child.kill().await?;
            Err(CompileError::Limit(format!("it took more than {} s", WALL_MAX.as_secs())))
        }
    }
}

/// What the child's end means.
fn judge(status: ExitStatus, words: &str) -> Result<(), CompileError> {
    let limit = |text: String| Err(CompileError::Limit(text));
    let words = escaped(words.trim(), FOREIGN_TEXT_MAX);
    match (status.code(), status.signal().and_then(Signal::from_named_raw)) {
        (Some(0), _) => Ok(()),
        (Some(child::INVALID), _) => Err(CompileError::Invalid(words)),
        (_, Some(Signal::XCPU)) => {
            limit(format!("it took more than {} s of processor time", child::CPU_SECONDS))
        }
        (_, Some(Signal::XFSZ)) => limit(format!("its code has more than {} MiB", ARTIFACT_BYTES_MAX >> 20)),
        (_, Some(Signal::ABORT)) if words.contains("memory allocation of") => {
            limit(format!("it took more than the {} GiB of memory it may have", child::MEMORY_BYTES >> 30))
        }
        (_, Some(Signal::SEGV | Signal::BUS)) => {
            limit("it is nested too deep for the compiler's stack".to_owned())
        }
        (_, Some(Signal::KILL)) => limit("the compiling process was killed".to_owned()),
        _ => Err(CompileError::Failed(std::io::Error::other(format!(
            "the compiling process ended with {status}: {words}"
        )))),
    }
}

#[cfg(test)]
mod tests;
