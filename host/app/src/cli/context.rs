//! What every command works with: the screen, the state directory, the host behind it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ares_api::socket::Remote;
use ares_kernel::Caller;
use ares_services::operation::{Operate, Operation};
use ares_services::progress;
use ares_services::state::State;
use serde_json::Value;

use super::Global;
use crate::config::{Environment, Low, Settings};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::host::Host;
use crate::render::Screen;
use crate::render::progress::Drawn;
use crate::user;

/// How long a command waits for a host that is starting or stopping.
const HANDOVER: Duration = Duration::from_secs(10);

/// What every command works with.
pub(crate) struct Context {
    pub(crate) screen: Screen,
    environment: Environment,
    global: Global,
}

/// A host to talk to: one that runs, or one in this process for one command.
pub(crate) struct Session {
    caller: Caller,
    reached: Reached,
}

enum Reached {
    Remote(Arc<Remote>),
    Here(Host),
}

impl Context {
    pub(super) fn new(screen: Screen, environment: Environment, global: Global) -> Self {
        Self { screen, environment, global }
    }

    /// The state directory: absolute; it need not exist.
    pub(crate) fn root(&self) -> Result<PathBuf, Failure> {
        let named = self.global.state.clone().or_else(|| self.environment.state_directory());
        let root = named.ok_or_else(|| {
            Failure::input(
                "no-state-directory",
                "there is no state directory: neither HOME nor XDG_STATE_HOME is set",
            )
            .hint("name one with --state or ARES_STATE")
        })?;
        std::path::absolute(&root)
            .map_err(|error| Failure::io(&format!("finding the state directory {}", root.display()), &error))
    }

    /// The state directory, made when missing.
    pub(crate) fn state(&self) -> Result<State, Failure> {
        State::prepare(&self.root()?).map_err(|error| Failure::from(&error))
    }

    /// The configuration as it was written.
    pub(crate) fn low(&self) -> Result<Low, Failure> {
        let file = self.file()?;
        Low::read(file.as_deref(), &self.environment, &self.global.set).map_err(|error| Failure::from(&error))
    }

    fn file(&self) -> Result<Option<PathBuf>, Failure> {
        Ok(match &self.global.config {
            Some(file) => Some(file.clone()),
            None => Some(self.root()?.join("ares.toml")).filter(|file| file.exists()),
        })
    }

    /// The configuration as it was meant.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        Ok(Settings { file: self.file()?, ..Settings::from_low(&self.low()?) })
    }

    /// The host that runs on the state directory, or the same in this process for one call.
    pub(crate) async fn session(&self) -> Result<Session, Failure> {
        self.reach(&self.settings()?.for_one_call()).await
    }

    /// The host that runs on the state directory, or the same in this process for as many calls at
    /// a time as the configuration says.
    pub(crate) async fn long_session(&self) -> Result<Session, Failure> {
        self.reach(&self.settings()?).await
    }

    async fn reach(&self, settings: &Settings) -> Result<Session, Failure> {
        let state = self.state()?;
        let (begun, socket) = (Instant::now(), state.socket());
        loop {
            match Remote::connect(&socket).await {
                Ok(remote) => return Ok(Session::new(Reached::Remote(Arc::new(remote)))),
                Err(error) if nobody_listens(&error) => {}
                Err(error) => {
                    return Err(Failure::io(&format!("reaching the host at {}", socket.display()), &error));
                }
            }
            match Host::for_command(&state, settings) {
                Ok(host) => return Ok(Session::new(Reached::Here(host))),
                // A host is about to listen, or has just stopped listening.
                Err(failure) if failure.code == "locked" && begun.elapsed() < HANDOVER => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Does one thing.
    pub(crate) async fn operate(&self, operation: Operation) -> Result<Value, Failure> {
        let session = self.session().await?;
        let answer = session.operate(operation).await;
        session.end().await;
        answer
    }
}

/// A path that is too long for a socket is one no host can listen at.
fn nobody_listens(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, InvalidInput, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused | InvalidInput)
}

impl Session {
    fn new(reached: Reached) -> Self {
        Self { caller: user::caller(), reached }
    }

    /// Does one thing in the name of the person who runs this process.
    pub(crate) async fn operate(&self, operation: Operation) -> Result<Value, Failure> {
        let answer = match &self.reached {
            Reached::Remote(remote) => remote.operate(self.caller.clone(), operation).await,
            Reached::Here(host) => host.operate().operate(self.caller.clone(), operation).await,
        };
        answer.map_err(Failure::from)
    }

    /// The same, drawing how far a call has come where somebody can see it.
    pub(crate) async fn operate_drawn(
        &self,
        screen: &Screen,
        operation: Operation,
    ) -> Result<Value, Failure> {
        if !screen.progress {
            return self.operate(operation).await;
        }
        let (sink, updates) = progress::channel();
        let (drawn, operations) = (Drawn::default(), self.operations());
        let work = operations.operate_heard(self.caller.clone(), operation, sink);
        let draw = |update| {
            drawn.draw(&update);
            std::future::ready(())
        };
        progress::listening(work, updates, draw).await.map_err(Failure::from)
    }

    /// Whoever carries operations out.
    pub(crate) fn operations(&self) -> Arc<dyn Operate> {
        match &self.reached {
            Reached::Remote(remote) => Arc::clone(remote) as Arc<dyn Operate>,
            Reached::Here(host) => host.operate(),
        }
    }

    /// Whether what is started here ends with this command.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.reached, Reached::Here(_))
    }

    /// Leaves nothing running in this process. Answers how many deliveries of its own events are
    /// left to the next host.
    pub(crate) async fn end(self) -> u64 {
        match self.reached {
            Reached::Here(host) => host.close_and_tell().await.events,
            Reached::Remote(_) => 0,
        }
    }

    /// The same, for as long as running calls may take.
    pub(crate) async fn end_within(self, patience: Duration) {
        if let Reached::Here(host) = self.reached {
            host.close_within(patience).await;
        }
    }
}

impl From<&ares_services::state::StateError> for Failure {
    fn from(error: &ares_services::state::StateError) -> Self {
        use ares_services::state::StateError;
        let (exit, code) = match error {
            StateError::Relative(_) | StateError::NotADirectory(_) | StateError::Shared(_) => {
                (ExitStatus::BadInput, "bad-state-directory")
            }
            StateError::Foreign { .. } | StateError::Unwritable { .. } => {
                (ExitStatus::Denied, "state-unwritable")
            }
            StateError::Locked { .. } => (ExitStatus::Unavailable, "locked"),
        };
        Self::chain(exit, code, error)
    }
}

impl From<&crate::config::low::ConfigError> for Failure {
    fn from(error: &crate::config::low::ConfigError) -> Self {
        use crate::config::low::ConfigError;
        match error {
            ConfigError::Read(source) => Self::io("reading the configuration", source),
            ConfigError::Syntax { .. }
            | ConfigError::Unknown { .. }
            | ConfigError::Value { .. }
            | ConfigError::Plugins(_)
            | ConfigError::Roles(_)
            | ConfigError::Flag(_) => Self::chain(ExitStatus::BadInput, "bad-configuration", error)
                .hint("`ares-host config effective` lists every key and what it takes"),
        }
    }
}
