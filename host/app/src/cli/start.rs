//! `start`: starts a plugin; without one, the host.

use ares_services::operation::Operation;

use super::{Context, run};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::field;
use crate::render::progress::Progress;

/// Start a plugin; without an argument the same as `run`
///
/// Plugins start by themselves when they are first called. To start one checks that it is enabled
/// and that what it depends on is there, loads it and runs its setup. Where no host runs, that
/// shows whether it can start: it stops again when the command ends.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ares-host start notes\n  ares-host start")]
pub(crate) struct Start {
    /// The plugin
    plugin: Option<String>,
}

impl Start {
    /// Whether it means the host itself.
    pub(super) fn is_run(&self) -> bool {
        self.plugin.is_none()
    }

    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let Some(plugin) = self.plugin else { return run::Run::default().run(context).await };
        let progress = Progress::start(
            context.screen.progress,
            format!("starting {}", field::plain(&plugin.as_str().into())),
        );
        let session = context.session().await?;
        let (answer, passing) = (session.operate(Operation::Start { plugin }).await, session.is_passing());
        session.end().await;
        drop(progress);
        let answer = answer?;
        if passing {
            context
                .screen
                .note("note: no host runs, so it was stopped again; `ares-host run` keeps plugins running");
        }
        context.screen.show(&answer, |answer| {
            let mut lines: Vec<String> = field::at(answer, "steps")
                .as_array()
                .into_iter()
                .flatten()
                .map(|step| format!("  {}", field::plain(step)))
                .collect();
            lines.push(format!("{} is {}", field::text(answer, "plugin"), field::text(answer, "state")));
            lines.join("\n")
        })?;
        Ok(ExitStatus::Done)
    }
}
