//! What every test here needs: a state directory of its own, the binary, a running host.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take before a test gives up: generous, for busy machines.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The folder of a built guest, ready to be registered.
pub(crate) fn guest(name: &str) -> PathBuf {
    let folder = root().join("target/guests").join(name);
    assert!(folder.is_dir(), "{} is missing: run `cargo xtask guests`", folder.display());
    folder
}

/// The binary under test, built beside this one.
pub(crate) fn binary() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let path = here.parent().and_then(Path::parent).unwrap().join("ares-host");
    assert!(path.is_file(), "{} is missing: run `cargo build -p ares-host`", path.display());
    path
}

/// What one command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// The answer, which must be one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("no JSON ({e}): {self:?}"))
    }

    /// Insists on an exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

/// A state directory of its own.
pub(crate) struct Installation {
    pub(crate) folder: TempDir,
    /// The gate trusts what it does not know: for tests of everything else.
    trusting: bool,
    /// Variables of the environment beside those.
    variables: Vec<(String, String)>,
}

impl Installation {
    /// A fresh, initialised one.
    pub(crate) fn new() -> Self {
        Self::with(true)
    }

    /// A fresh one whose gate is as it comes.
    pub(crate) fn strict() -> Self {
        Self::with(false)
    }

    fn with(trusting: bool) -> Self {
        let installation = Self { folder: TempDir::new().unwrap(), trusting, variables: Vec::new() };
        installation.ares(["init"]).exits(0);
        installation
    }

    /// Sets a variable of the environment for every command from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// The state directory.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// A folder beside the state directory, made when missing.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        let place = self.folder.path().join(name);
        std::fs::create_dir_all(&place).unwrap();
        place
    }

    /// The binary with this state directory.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(binary());
        command.arg("--state").arg(self.state()).args(arguments).current_dir(self.folder.path());
        command.env_remove("ARES_STATE").env("NO_COLOR", "1").stdin(Stdio::null());
        if self.trusting {
            command
                .env("ARES_HOST_GATE_BASE", "9000")
                .env("ARES_HOST_GATE_UNTRIED", "run")
                .env("ARES_HOST_GATE_BREAKER_FAULTS", "1000")
                .env("ARES_HOST_GATE_WARNINGS_SAME", "1000")
                .env("ARES_HOST_GATE_WARNINGS_ONE_CALL", "1000");
            command.env("ARES_HOST_POLICY_FILE", root().join("tests/it/rules/free.cedar"));
        }
        command.envs(self.variables.iter().cloned());
        command
    }

    /// Runs one command to its end.
    pub(crate) fn ares<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        Ran::new(&self.command(arguments).output().unwrap())
    }

    /// Runs one command with something on its standard input.
    pub(crate) fn ares_with<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
        input: &[u8],
    ) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Ran::new(&child.wait_with_output().unwrap())
    }

    /// Registers a built guest and grants everything it asks for that needs no folder, and these.
    #[track_caller]
    pub(crate) fn register(&self, name: &str, grants: &[&str]) -> Value {
        self.register_folder(&guest(name), grants)
    }

    /// Registers a plugin folder.
    #[track_caller]
    pub(crate) fn register_folder(&self, folder: &Path, grants: &[&str]) -> Value {
        let mut arguments = vec!["register".into(), folder.as_os_str().to_owned(), "--json".into()];
        for grant in std::iter::once(&"all").chain(grants) {
            arguments.extend(["--grant".into(), (*grant).into()]);
        }
        self.ares(arguments).exits(0).json()
    }

    /// Invokes with this input and gives the outcome, whatever it is.
    #[track_caller]
    pub(crate) fn invoke(&self, capability: &str, input: &str) -> Value {
        self.ares(["invoke", capability, "--input", input, "--json"]).json()
    }

    /// Runs one command, which must succeed, at a terminal with these lines typed; gives what the
    /// terminal showed.
    #[track_caller]
    pub(crate) fn at_a_terminal<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
        typed: &str,
    ) -> String {
        let (mut master, terminal) = terminal();
        let mut command = self.command(arguments);
        let end = || Stdio::from(terminal.try_clone().unwrap());
        let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        drop((command, terminal));
        master.write_all(typed.as_bytes()).unwrap();
        let mut reader = master.try_clone().unwrap();
        let shown = std::thread::spawn(move || {
            let mut shown = Vec::new();
            // Linux ends a terminal that nobody holds any more with an error.
            let _ = reader.read_to_end(&mut shown);
            String::from_utf8_lossy(&shown).into_owned()
        });
        let begun = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if begun.elapsed() > PATIENCE {
                child.kill().unwrap();
                panic!("it waits for more answers: {}", shown.join().unwrap());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let shown = shown.join().unwrap();
        assert!(child.wait().unwrap().success(), "{shown}");
        shown
    }

    /// Starts the host in the background and waits until it answers.
    #[track_caller]
    pub(crate) fn run(&self) -> RunningHost {
        let log = std::fs::File::create(self.folder.path().join("run.log")).unwrap();
        let mut command = self.command(["run"]);
        let child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let host = RunningHost { child, log: self.folder.path().join("run.log") };
        let socket = self.state().join("host.sock");
        host.wait_for("its socket", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
        host
    }
}

/// The two ends of a terminal: a person's and a program's.
fn terminal() -> (File, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    (File::from(master), terminal)
}

/// A host in the background; ended when dropped.
pub(crate) struct RunningHost {
    pub(crate) child: Child,
    log: PathBuf,
}

impl RunningHost {
    /// Waits until something holds.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, holds: impl Fn() -> bool) {
        let start = Instant::now();
        while !holds() {
            assert!(start.elapsed() < PATIENCE, "no {what}; the host printed: {}", self.printed());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it printed so far.
    pub(crate) fn printed(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_raw(self.pid()).unwrap(), signal).unwrap();
    }

    /// Asks it to stop and waits for its exit code.
    #[track_caller]
    pub(crate) fn stop(mut self) -> i32 {
        self.signal(rustix::process::Signal::TERM);
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(start.elapsed() < PATIENCE, "it does not stop: {}", self.printed());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for RunningHost {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A small disk of its own, in memory; gone when dropped.
pub(crate) struct SmallDisk(TempDir);

impl SmallDisk {
    /// One of so many bytes. Nothing, and a line that says so, where the machine does not let this
    /// user mount anything.
    pub(crate) fn mounted(bytes: u64) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let options = std::ffi::CString::new(format!("size={bytes}")).unwrap();
        let flags = rustix::mount::MountFlags::empty();
        match rustix::mount::mount("tmpfs", folder.path(), "tmpfs", flags, options.as_c_str()) {
            Ok(()) => Some(Self(folder)),
            Err(error) => {
                println!("skipped: no disk can be mounted here ({error}), so none can be full");
                None
            }
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The folder can only be removed once nothing is mounted on it.
        let _ = rustix::mount::unmount(self.0.path(), rustix::mount::UnmountFlags::DETACH);
    }
}
