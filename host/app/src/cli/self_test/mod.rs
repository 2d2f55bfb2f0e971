//! `self-test`: does this program work on this machine?

mod case;
mod matching;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ares_kernel::Caller;
use ares_services::operation::{Call, Operation};
use ares_services::state::State;
use serde_json::{Value, json};

use self::case::Passed;
use super::Context;
use crate::config::Settings;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::host::Host;
use crate::render::progress::Progress;
use crate::render::{field, table};
use crate::user;

/// Try this program on this machine, in a state directory of its own that is removed afterwards
///
/// Makes a state directory and a database, has a call refused and finds it in the journal. Plugin
/// folders named here are registered there, with all they ask for granted (folders they ask for are
/// fresh ones), and their cases/*.json are run. Ends with 1 when anything is not as it should be.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host self-test\n  ares-host self-test target/guests/notes target/guests/sentiment-analysis\n  ares-host self-test . --with ../security-scanner\n  ares-host self-test target/guests/notes --record"
)]
pub(crate) struct SelfTest {
    /// Plugin folders whose cases to run; a case may use all of them
    plugins: Vec<PathBuf>,
    /// A plugin folder the cases need, whose own cases are not run
    #[arg(long = "with", value_name = "FOLDER")]
    with: Vec<PathBuf>,
    /// Where all pass, keep that as evidence for the gate, for plugins that are registered with this very component
    #[arg(long, requires = "plugins")]
    record: bool,
}

/// A host on a state directory that goes when this goes.
struct Trial {
    folder: tempfile::TempDir,
    host: Host,
    caller: Caller,
}

impl SelfTest {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let settings = context.settings()?.for_one_call().for_trial();
        let mut rows = vec![
            row("host", "state directory, database and doctor", sound(&settings).await),
            row("host", "a refused call is in the journal", refusal(&settings).await),
        ];
        let mut evidence: BTreeMap<Passed, u32> = BTreeMap::new();
        let all: Vec<PathBuf> = self.with.iter().chain(&self.plugins).cloned().collect();
        for plugin in &self.plugins {
            let folder = std::path::absolute(plugin)
                .map_err(|error| Failure::io(&format!("finding {}", plugin.display()), &error))?;
            let name = folder.file_name().unwrap_or(plugin.as_os_str()).to_string_lossy();
            for case in case::files(plugin)? {
                let title = case.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let _progress = Progress::start(context.screen.progress, format!("{name}: {title}"));
                let ran = case::run(&settings, &all, &case).await;
                if let Ok(Some(passed)) = &ran {
                    *evidence.entry(passed.clone()).or_default() += 1;
                }
                rows.push(row(&name, &title, ran.map(drop)));
            }
        }
        let failed = rows.iter().any(|row| *field::at(row, "ok") != true);
        let recorded = match self.record && !failed {
            true => record(context, evidence).await?,
            false => json!([]),
        };
        let answer = json!({"ok": !failed, "tests": rows, "recorded": recorded});
        context.screen.show(&answer, |answer| {
            let columns = [("SUBJECT", "subject"), ("TEST", "test"), ("OK", "ok"), ("WHY", "why")];
            let tests = table::records(field::at(answer, "tests"), &columns, "");
            let recorded = field::at(answer, "recorded").as_array().map(Vec::as_slice).unwrap_or_default();
            let told =
                recorded.iter().map(|one| format!("recorded for the gate: {}\n", field::text(one, "plugin")));
            format!("{tests}{}", told.collect::<String>())
        })?;
        Ok(if failed { ExitStatus::Failed } else { ExitStatus::Done })
    }
}

/// Keeps what passed as evidence, one plugin after the other.
async fn record(context: &Context, evidence: BTreeMap<Passed, u32>) -> Result<Value, Failure> {
    let mut plugins: BTreeMap<(String, String), BTreeMap<String, u32>> = BTreeMap::new();
    for (Passed { plugin, blake3, capability }, passed) in evidence {
        plugins.entry((plugin, blake3)).or_default().insert(capability, passed);
    }
    let mut recorded = Vec::new();
    for ((plugin, blake3), passed) in plugins {
        recorded.push(context.operate(Operation::Tested { plugin, blake3, passed }).await?);
    }
    Ok(recorded.into())
}

fn row(subject: &str, test: &str, result: Result<(), Failure>) -> Value {
    let why = result.as_ref().err().map(|failure| failure.message.clone());
    json!({"subject": subject, "test": test, "ok": result.is_ok(), "why": why})
}

/// What a test found wrong.
fn wrong(message: impl Into<String>) -> Failure {
    Failure::new(ExitStatus::Failed, "self-test", message)
}

impl Trial {
    async fn begin(settings: &Settings) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new()
            .prefix("ares-host-")
            .tempdir()
            .map_err(|error| Failure::io("making a temporary folder", &error))?;
        let state = State::prepare(&folder.path().join("state")).map_err(|error| Failure::from(&error))?;
        let host = Host::for_command(&state, settings)?;
        Ok(Self { folder, host, caller: user::caller() })
    }

    fn place(&self) -> &Path {
        self.folder.path()
    }

    async fn operate(&self, operation: Operation) -> Result<Value, Failure> {
        self.host.operate().operate(self.caller.clone(), operation).await.map_err(Failure::from)
    }

    async fn invoke(&self, capability: &str, input: &Value) -> Result<Value, Failure> {
        let (capability, input) = (capability.to_owned(), input.to_string());
        let call = Call { capability, input, ..Call::default() };
        let outcome = self.operate(Operation::Invoke(call.clone())).await?;
        if outcome.pointer("/error/kind").and_then(Value::as_str) != Some("held") {
            return Ok(outcome);
        }
        // Whoever runs a case wants its calls made.
        let id = field::text(&outcome, "id");
        self.operate(Operation::Approve { id: id.clone(), note: None, standing: None, is_final: false })
            .await?;
        self.operate(Operation::Invoke(Call { approval: Some(id), ..call })).await
    }

    async fn end(self) {
        self.host.close().await;
    }
}

async fn sound(settings: &Settings) -> Result<(), Failure> {
    let trial = Trial::begin(settings).await?;
    let findings = trial.operate(Operation::Doctor).await;
    trial.end().await;
    let findings = findings?;
    let mut errors = findings
        .as_array()
        .into_iter()
        .flatten()
        .filter(|finding| *field::at(finding, "severity") == "error");
    errors.next().map_or(Ok(()), |finding| Err(wrong(field::text(finding, "message"))))
}

async fn refusal(settings: &Settings) -> Result<(), Failure> {
    let trial = Trial::begin(settings).await?;
    let found = async {
        let outcome = trial.invoke("nobody-offers-this", &json!({})).await?;
        let id = field::at(&outcome, "id").as_str().map(str::to_owned);
        let list = trial.operate(Operation::Invocations { id, capability: None, limit: 1 }).await?;
        Ok::<_, Failure>((outcome, list))
    }
    .await;
    trial.end().await;
    let (outcome, list) = found?;
    if *field::at(&outcome, "status") != "refused" {
        return Err(wrong(format!(
            "a capability that is not there gave {}",
            field::text(&outcome, "status")
        )));
    }
    let kept = list.get(0).is_some_and(|kept| {
        *field::at(kept, "id") == *field::at(&outcome, "id") && *field::at(kept, "status") == "refused"
    });
    if kept { Ok(()) } else { Err(wrong("the journal does not hold the refused call")) }
}
