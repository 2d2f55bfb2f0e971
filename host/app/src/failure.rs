//! Why a command was not done, as a person and as a program are told.

use std::io;

use ares_services::operation::{Problem, ProblemKind};
use serde_json::{Value, json};

use crate::exit::ExitStatus;

/// One failure. It says what was being done, names the thing and says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What the process ends with.
    pub exit: ExitStatus,
    /// Stable, kebab-case.
    pub code: String,
    /// One or more sentences.
    pub message: String,
    /// What to try.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    #[must_use]
    pub fn new(exit: ExitStatus, code: &str, message: impl Into<String>) -> Self {
        Self { exit, code: code.to_owned(), message: message.into(), hint: None }
    }

    /// Bad input.
    #[must_use]
    pub fn input(code: &str, message: impl Into<String>) -> Self {
        Self::new(ExitStatus::BadInput, code, message)
    }

    /// Something this machine could not do; a missing file has its own exit code,
    /// and so has one that holds something else than it should.
    #[must_use]
    pub fn io(what: &str, error: &io::Error) -> Self {
        let (exit, code) = match error.kind() {
            io::ErrorKind::NotFound => (ExitStatus::MissingFile, "missing-file"),
            io::ErrorKind::PermissionDenied => (ExitStatus::Denied, "permission-denied"),
            io::ErrorKind::InvalidData => (ExitStatus::BadInput, "bad-data"),
            _ => (ExitStatus::Failed, "io"),
        };
        Self::new(exit, code, format!("{what}: {error}"))
    }

    /// An error with all its causes in one line.
    #[must_use]
    pub fn chain(exit: ExitStatus, code: &str, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        Self::new(exit, code, message)
    }

    /// The same with something to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The shape of a failure under `--json`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message, "exit": self.exit.code()});
        if let (Some(hint), Some(object)) = (&self.hint, error.as_object_mut()) {
            object.insert("hint".to_owned(), hint.as_str().into());
        }
        json!({ "error": error })
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let hint = match problem.kind {
            ProblemKind::NotFound => Some("`ares-host list` and `ares-host capabilities` show what there is"),
            ProblemKind::Integrity => Some("`ares-host verify` names every file that differs"),
            ProblemKind::Disabled => Some("`ares-host status` shows what is enabled"),
            ProblemKind::Dependency => Some("`ares-host info PLUGIN --deps` lists what it depends on"),
            ProblemKind::Invalid
            | ProblemKind::MissingFile
            | ProblemKind::Denied
            | ProblemKind::Guest
            | ProblemKind::Timeout
            | ProblemKind::Failed => None,
        };
        // Where the message names a command already, another one only distracts.
        let hint = hint.filter(|_| !problem.message.contains("`ares-host "));
        let exit = ExitStatus::of_problem(problem.kind);
        Self { exit, code: problem.code, message: problem.message, hint: hint.map(str::to_owned) }
    }
}
