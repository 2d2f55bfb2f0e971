//! A host in this process: for one command or an embedding program, or for everyone who connects.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ares_api::socket;
use ares_kernel::Caller;
use ares_kernel::ports::Invoke;
use ares_services::operation::{Call, Operate, Operation};
use ares_services::state::{Lock, State};
use ares_services::{Left, Mode, Started};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use crate::config::{Environment, Low, Settings};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::{user, wire};

/// How long a command or an embedding program that closes waits for calls it started.
const CLOSING: Duration = Duration::from_secs(10);

/// A host in this process. It shares its state directory with other commands, but not with a
/// running `ares-host run`: that one is reached through its socket.
pub struct Host {
    inner: ares_services::Host,
    caller: Caller,
}

impl Host {
    /// Opens a host on a state directory, which is made when missing, with the `ares.toml` that
    /// lies there. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// When the directory, its configuration or its database cannot be used, or another host runs.
    pub async fn open(state: impl AsRef<Path>) -> Result<Self, Failure> {
        let state = std::path::absolute(state.as_ref())
            .map_err(|error| Failure::io("finding the state directory", &error))?;
        let state = State::prepare(&state).map_err(|error| Failure::from(&error))?;
        let file = Some(state.root().join("ares.toml")).filter(|file| file.exists());
        let low = Low::read(file.as_deref(), &Environment::default(), &[])
            .map_err(|error| Failure::from(&error))?;
        Self::for_command(&state, &Settings::from_low(&low))
    }

    /// A host for one command.
    pub(crate) fn for_command(state: &State, settings: &Settings) -> Result<Self, Failure> {
        let lock = Lock::command(state).map_err(|error| Failure::from(&error))?;
        Ok(Self { inner: wire::host(lock, settings, Mode::Command)?, caller: user::caller() })
    }

    /// Invokes a capability with a JSON input, as the person this process belongs to. Answers the
    /// outcome: `status` says whether there is a `value` or an `error`.
    ///
    /// # Errors
    /// When the request cannot become an invocation at all, for instance for a bad name.
    pub async fn invoke(&self, capability: &str, input: &Value) -> Result<Value, Failure> {
        let (capability, input) = (capability.to_owned(), input.to_string());
        let invoke = Operation::Invoke(Call { capability, input, ..Call::default() });
        Ok(self.operate().operate(self.caller.clone(), invoke).await?)
    }

    /// The way in for a program that makes its own requests and reads outcomes as values.
    #[must_use]
    pub fn requests(&self) -> Arc<dyn Invoke> {
        self.inner.invoke()
    }

    /// The person this process belongs to, in whose name [`Host::invoke`] calls.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Everything else a host can be asked.
    #[must_use]
    pub fn operate(&self) -> Arc<dyn Operate> {
        self.inner.operate()
    }

    /// Lets running calls finish, delivers the events they published as far as that can be done in
    /// ten seconds, stops what was started and closes the database.
    pub async fn close(self) {
        self.close_within(CLOSING).await;
    }

    /// The same, for as long as running calls may take.
    pub(crate) async fn close_within(self, patience: Duration) -> Left {
        self.inner.stop(patience).await
    }

    /// The same as [`Host::close`]; answers what is left.
    pub(crate) async fn close_and_tell(self) -> Left {
        self.close_within(CLOSING).await
    }
}

/// A host that serves everyone who connects to its socket.
pub(crate) struct Serving {
    inner: ares_services::Host,
    door: tokio::task::JoinHandle<()>,
    shut: oneshot::Sender<()>,
    drain: Duration,
}

impl Serving {
    /// Takes the state directory, opens the socket, starts the plugins that start with the host and
    /// the loops that watch over them.
    pub(crate) async fn begin(
        state: &State,
        settings: &Settings,
        told: impl FnMut(Started),
    ) -> Result<Self, Failure> {
        let waiting = state.clone();
        // It waits for commands that are at work.
        let lock = tokio::task::spawn_blocking(move || Lock::host(&waiting)).await;
        let lock = lock.map_err(|error| Failure::chain(ExitStatus::Failed, "lock", &error))?;
        let inner = wire::host(lock.map_err(|error| Failure::from(&error))?, settings, Mode::Serving)?;
        let listener = socket::bind(inner.lock())
            .map_err(|error| Failure::chain(ExitStatus::Failed, "socket", &error))?;
        let (shut, shutdown) = oneshot::channel::<()>();
        let door = tokio::spawn(socket::serve(listener, inner.operate(), async {
            // A dropped sender means the same.
            let _ = shutdown.await;
        }));
        inner.start(told).await;
        Ok(Self { inner, door, shut, drain: settings.drain })
    }

    /// Takes no more requests, lets running calls finish as long as it may take, stops the plugins
    /// and closes. Answers what was not waited for.
    pub(crate) async fn stop(mut self) -> Left {
        let deadline = Instant::now() + self.drain;
        // Nobody is left to hear it only when the door is closed already.
        let _ = self.shut.send(());
        if timeout(self.drain, &mut self.door).await.is_err() {
            self.door.abort();
        }
        if let Err(error) = fs_err::remove_file(self.inner.lock().state().socket()) {
            tracing::warn!(%error, "the socket is left behind");
        }
        self.inner.stop(deadline.saturating_duration_since(Instant::now())).await
    }
}
