//! The commands: one file each, one line each in [`Command`].

mod activate;
mod analyze;
mod approvals;
mod budget;
mod capabilities;
mod completions;
mod config;
mod context;
mod discover;
mod doctor;
mod enable;
mod events;
mod explain;
mod feedback;
mod grants;
mod health;
mod info;
mod init;
mod input;
mod invocations;
mod invoke;
mod knowledge;
mod list;
mod lock;
mod lockout;
mod mandates;
mod manifest;
mod mcp;
mod mode;
mod patterns;
mod plugin;
mod policy;
mod register;
mod registry;
mod rehearse;
mod run;
mod scan;
mod secrets;
mod self_test;
mod skeptics;
mod snapshots;
mod start;
mod status;
mod stop;
mod tasks;
mod typed;
mod unregister;
mod verify;
mod versions;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::Environment;
use crate::exit::{self, ExitStatus};
use crate::failure::Failure;
use crate::render::{self, Screen};

pub(crate) use context::Context;

/// The place where an AI agent's tools live: each tool a sandboxed WebAssembly component, each call
/// judged before it runs, verified after, and recorded.
///
/// Commands talk to the host that runs on the state directory; where none runs, they do the same
/// work in this process.
#[derive(Debug, Parser)]
#[command(name = "ares-host", version, after_help = exit::HELP, max_term_width = 100)]
#[command(propagate_version = false, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The state directory [env: ARES_STATE; default: ares-host in the XDG state directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,
    /// The configuration file [default: ares.toml in the state directory]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Set a key of ares.toml for this process, for instance limits.fuel=5000000
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// Every command there is.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::Init),
    Run(run::Run),
    Register(register::Register),
    Unregister(unregister::Unregister),
    Enable(enable::Enable),
    Disable(enable::Disable),
    List(list::List),
    Info(info::Info),
    Capabilities(capabilities::Capabilities),
    #[command(alias = "start-module")]
    Start(start::Start),
    #[command(alias = "stop-module")]
    Stop(stop::Stop),
    Status(status::Status),
    Health(health::Health),
    Invoke(invoke::Invoke),
    Rehearse(rehearse::Rehearse),
    Explain(explain::Explain),
    Feedback(feedback::Feedback),
    Approvals(approvals::Approvals),
    Mode(mode::Mode),
    Lockout(lockout::Lockout),
    Events(events::Events),
    Invocations(invocations::Invocations),
    Config(config::Config),
    Grants(grants::Grants),
    Policy(policy::Policy),
    Budget(budget::Budget),
    Tasks(tasks::Tasks),
    Mandates(mandates::Mandates),
    Skeptics(skeptics::Skeptics),
    Secrets(secrets::Secrets),
    Snapshots(snapshots::Snapshots),
    Patterns(patterns::Patterns),
    Knowledge(knowledge::Knowledge),
    Versions(versions::Versions),
    Activate(activate::Activate),
    Verify(verify::Verify),
    Scan(scan::Scan),
    Lock(lock::Lock),
    Registry(registry::Registry),
    Doctor(doctor::Doctor),
    Analyze(analyze::Analyze),
    SelfTest(self_test::SelfTest),
    Discover(discover::Discover),
    Plugin(plugin::Plugin),
    Manifest(manifest::Manifest),
    Mcp(mcp::Mcp),
    Completions(completions::Completions),
}

impl Command {
    /// Long-lived commands serve many at once; all others do one thing and are gone.
    fn serves_many(&self) -> bool {
        matches!(self, Self::Run(_) | Self::Mcp(_)) || matches!(self, Self::Start(start) if start.is_run())
    }

    async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Init(command) => command.run(context),
            Self::Run(command) => command.run(context).await,
            Self::Register(command) => command.run(context).await,
            Self::Unregister(command) => command.run(context).await,
            Self::Enable(command) => command.run(context).await,
            Self::Disable(command) => command.run(context).await,
            Self::List(command) => command.run(context).await,
            Self::Info(command) => command.run(context).await,
            Self::Capabilities(command) => command.run(context).await,
            Self::Start(command) => command.run(context).await,
            Self::Stop(command) => command.run(context).await,
            Self::Status(command) => command.run(context).await,
            Self::Health(command) => command.run(context).await,
            Self::Invoke(command) => command.run(context).await,
            Self::Rehearse(command) => command.run(context).await,
            Self::Explain(command) => command.run(context).await,
            Self::Feedback(command) => command.run(context).await,
            Self::Approvals(command) => command.run(context).await,
            Self::Mode(command) => command.run(context).await,
            Self::Lockout(command) => command.run(context).await,
            Self::Events(command) => command.run(context).await,
            Self::Invocations(command) => command.run(context).await,
            Self::Config(command) => command.run(context).await,
            Self::Grants(command) => command.run(context).await,
            Self::Mandates(command) => command.run(context).await,
            Self::Skeptics(command) => command.run(context).await,
            Self::Policy(command) => command.run(context).await,
            Self::Budget(command) => command.run(context).await,
            Self::Tasks(command) => command.run(context).await,
            Self::Secrets(command) => command.run(context).await,
            Self::Snapshots(command) => command.run(context).await,
            Self::Patterns(command) => command.run(context).await,
            Self::Knowledge(command) => command.run(context),
            Self::Versions(command) => command.run(context).await,
            Self::Activate(command) => command.run(context).await,
            Self::Verify(command) => command.run(context).await,
            Self::Scan(command) => command.run(context),
            Self::Lock(command) => command.run(context).await,
            Self::Registry(command) => command.run(context),
            Self::Doctor(command) => command.run(context).await,
            Self::Analyze(command) => command.run(context).await,
            Self::SelfTest(command) => command.run(context).await,
            Self::Discover(command) => command.run(context).await,
            Self::Plugin(command) => command.run(context),
            Self::Manifest(command) => command.run(context),
            Self::Mcp(command) => command.run(context).await,
            Self::Completions(command) => command.run(context),
        }
    }
}

/// Parses a command line, does what it says and shows what came of it.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitStatus {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return misused(&error, arguments.iter().any(|argument| argument == "--json")),
    };
    let environment = Environment::read();
    let screen = Screen::new(cli.global.json, environment.no_color);
    let many = cli.command.serves_many();
    let context = Context::new(screen, environment, cli.global);
    let ended = runtime(many).and_then(|runtime| {
        let ended = runtime.block_on(cli.command.run(&context));
        // A blocking read of standard input cannot be ended otherwise.
        runtime.shutdown_background();
        ended
    });
    ended.unwrap_or_else(|failure| {
        if context.screen.json {
            // The exit code says that it failed, whether or not this can be written.
            let _ = context.screen.print(&render::field::pretty(&failure.to_json()));
        }
        context.screen.note(&render::problem::render(&failure));
        failure.exit
    })
}

/// Says what is wrong with a command line; `--help` and `--version` are errors to clap, too.
fn misused(error: &clap::Error, json: bool) -> ExitStatus {
    // There is nowhere to complain when this cannot be written; the exit code says that it failed.
    let _ = error.print();
    if !error.use_stderr() {
        return ExitStatus::Done;
    }
    if json {
        let text = error.to_string();
        // Up to the usage: that is what was meant, in all its lines.
        let said = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
        let said: Vec<&str> = said.filter(|line| !line.is_empty()).collect();
        let message = said.join(" ");
        let failure = Failure::input("usage", message.trim_start_matches("error: "));
        let _ = Screen::new(true, true).print(&render::field::pretty(&failure.to_json()));
    }
    ExitStatus::BadInput
}

fn runtime(many: bool) -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = if many {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    builder.enable_all().build().map_err(|error| Failure::io("starting the runtime", &error))
}

#[cfg(test)]
mod tests;
