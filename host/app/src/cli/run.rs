//! `run`: the host in the foreground.

use std::io::Write;

use ares_services::Started;
use tokio::signal::unix::{SignalKind, signal};

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::host::Serving;
use crate::render::field;

/// Run the host in the foreground
///
/// Starts every enabled plugin that wants to start with the host, watches their health, and serves
/// the other commands over a socket in the state directory. SIGTERM or SIGINT lets running calls
/// finish (as long as `run.drain_s` says), stops the plugins and ends with 0; a second signal ends
/// it at once.
#[derive(Debug, Default, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host run\n  ares-host run --set log.level=info --set run.drain_s=5"
)]
pub(crate) struct Run {}

impl Run {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let (state, settings) = (context.state()?, context.settings()?);
        crate::log::start(settings.log, context.screen.color);
        let io = |error| Failure::io("listening for signals", &error);
        let mut terminate = signal(SignalKind::terminate()).map_err(io)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(io)?;
        say(&format!("ares-host {}", env!("CARGO_PKG_VERSION")));
        let mut count = 0_u64;
        let running = Serving::begin(&state, &settings, |started| {
            count += u64::from(started.error.is_none());
            say(&started_line(&started));
        })
        .await?;
        say("health monitoring active");
        say(&format!("{} running", field::count(count, "plugin")));
        let socket = state.socket().display().to_string();
        say(&format!("listening on {}", field::plain(&socket.into())));
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        say(&format!("stopping; running calls have {} s to finish", settings.drain.as_secs()));
        let left = tokio::select! {
            left = running.stop() => left,
            _ = terminate.recv() => return Ok(at_once()),
            _ = interrupt.recv() => return Ok(at_once()),
        };
        if left.events > 0 {
            say(&format!("deliveries of events that wait for the next start: {}", left.events));
        }
        match left.calls {
            0 => say("stopped"),
            calls => say(&format!("stopped; {calls} calls did not finish in time")),
        }
        Ok(ExitStatus::Done)
    }
}

/// The second signal: whoever sends it does not want to wait. The journal's open rows are closed as
/// lost by the next host.
fn at_once() -> ExitStatus {
    say("stopped at once");
    ExitStatus::Failed
}

fn started_line(started: &Started) -> String {
    let name = field::plain(&started.display_name.as_str().into());
    match &started.error {
        None => format!("started {name}"),
        Some(error) => format!("could not start {name}: {}", field::plain(&error.as_str().into())),
    }
}

/// What a person who watches wants to see. A host goes on when nobody reads it.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
