//! Takes connections and ends them when told to.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ares_services::operation::{Operate, Problem, ProblemKind};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::connection::{self, Shared, problem};
use super::frame::Reply;
use super::{BUDGET_BYTES, CONNECTIONS_MAX};

/// How long the server waits after the system refused it a connection, for instance for want of
/// file descriptors.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until `shutdown` is ready; then takes no further request, lets those that run end, sends
/// their replies and returns. Whoever will not wait that long drops the future: connections are
/// cut, and requests that run still come to their end.
pub async fn serve(listener: UnixListener, operate: Arc<dyn Operate>, shutdown: impl Future<Output = ()>) {
    let (closing, closed) = watch::channel(false);
    let shared = Arc::new(Shared { operate, budget: Arc::new(Semaphore::new(BUDGET_BYTES)), closed });
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let own = rustix::process::geteuid().as_raw();
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "the control socket could not take a connection");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        if let Err(why) = same_user(&stream, own) {
            tracing::warn!(%why, "a connection to the control socket was turned away");
            turn_away(&stream, problem(ProblemKind::Denied, "other-user", why));
            continue;
        }
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            let why = format!("{CONNECTIONS_MAX} clients are connected already; try again later");
            turn_away(&stream, problem(ProblemKind::Failed, "too-many-connections", why));
            continue;
        };
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            connection::run(stream, shared).await;
            drop(place);
        });
    }
    drop(listener);
    closing.send_replace(true);
    while connections.join_next().await.is_some() {}
}

/// The system's word on who is at the other end: this user or root.
fn same_user(stream: &UnixStream, own: u32) -> Result<(), String> {
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == own || peer.uid() == 0 => Ok(()),
        Ok(peer) => Err(format!("this host serves user {own} alone, not user {}", peer.uid())),
        Err(error) => Err(format!("the system does not say who connects: {error}")),
    }
}

/// Says why, if that can be said without waiting, and closes.
fn turn_away(stream: &UnixStream, problem: Problem) {
    let frame = connection::encode(&Reply::new(None, Err(problem)));
    match stream.try_write(&frame) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        Err(error) => tracing::debug!(%error, "a client left before it was told why"),
    }
}
