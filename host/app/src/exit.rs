//! The one table of exit codes: from an outcome or a problem to the number a shell sees.

use ares_kernel::FaultKind;
use ares_kernel::gate::Kind;
use ares_services::operation::ProblemKind;
use serde_json::Value;

/// How a command ended. The number is the process's exit code; `docs/cli.md` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitStatus {
    /// It was done.
    Done = 0,
    /// A check failed, a guest said no, or the machine failed.
    Failed = 1,
    /// The input is wrong.
    BadInput = 2,
    /// A file is not there.
    MissingFile = 3,
    /// No such plugin, capability, version or key.
    NotFound = 4,
    /// Disabled, suspended or not to be had now.
    Unavailable = 5,
    /// A dependency is missing.
    Dependency = 6,
    /// Not allowed.
    Denied = 7,
    /// Waits for a person.
    Approval = 8,
    /// Over a budget or a rate, or not its turn in time.
    Budget = 9,
    /// A guest broke.
    Trap = 10,
    /// It took too long.
    Timeout = 11,
    /// Not the bytes that were registered.
    Integrity = 12,
}

/// The codes with one line each, as `--help` shows them.
pub(crate) const HELP: &str = "\
Exit codes:
   0  done
   1  a check failed, a guest said no, or the machine failed
   2  bad input
   3  a file is missing
   4  not found
   5  disabled, suspended or unavailable
   6  a dependency is missing
   7  denied
   8  approval needed
   9  over a budget or a rate, or no turn in time
  10  a guest broke (trap, out of memory, out of fuel, …)
  11  time-out
  12  integrity: not the bytes that were registered";

const REFUSALS: [(Kind, ExitStatus); 8] = [
    (Kind::Invalid, ExitStatus::BadInput),
    (Kind::Unauthenticated, ExitStatus::Denied),
    (Kind::Forbidden, ExitStatus::Denied),
    (Kind::NotFound, ExitStatus::NotFound),
    (Kind::Held, ExitStatus::Approval),
    (Kind::TooMany, ExitStatus::Budget),
    (Kind::Unavailable, ExitStatus::Unavailable),
    (Kind::Integrity, ExitStatus::Integrity),
];

impl ExitStatus {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What a problem ends a command with.
    #[must_use]
    pub fn of_problem(kind: ProblemKind) -> Self {
        match kind {
            ProblemKind::Invalid => Self::BadInput,
            ProblemKind::MissingFile => Self::MissingFile,
            ProblemKind::NotFound => Self::NotFound,
            ProblemKind::Disabled => Self::Unavailable,
            ProblemKind::Dependency => Self::Dependency,
            ProblemKind::Denied => Self::Denied,
            ProblemKind::Integrity => Self::Integrity,
            ProblemKind::Guest => Self::Trap,
            ProblemKind::Timeout => Self::Timeout,
            ProblemKind::Failed => Self::Failed,
        }
    }

    /// What an outcome, as JSON, ends a command with. Anything that is no outcome has failed.
    #[must_use]
    pub fn of_outcome(outcome: &Value) -> Self {
        let error = |key| outcome.pointer(key).and_then(Value::as_str).unwrap_or_default();
        match outcome.get("status").and_then(Value::as_str) {
            Some("ok") => Self::Done,
            Some("refused") => Self::of_refusal(error("/error/kind"), error("/error/code")),
            Some("fault") => Self::of_fault(error("/error/code")),
            _ => Self::Failed,
        }
    }

    fn of_refusal(kind: &str, code: &str) -> Self {
        if code == "dependency" {
            return Self::Dependency;
        }
        let row = REFUSALS.into_iter().find(|(known, _)| known.as_str() == kind);
        row.map_or(Self::Failed, |(_, status)| status)
    }

    fn of_fault(code: &str) -> Self {
        match code {
            code if code == FaultKind::Deadline.as_str() => Self::Timeout,
            code if code == FaultKind::Busy.as_str() => Self::Budget,
            // The host's own failure is not the guest's fault.
            code if code == FaultKind::Internal.as_str() => Self::Failed,
            _ => Self::Trap,
        }
    }
}

impl From<ExitStatus> for std::process::ExitCode {
    fn from(status: ExitStatus) -> Self {
        status.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(kind: &str) -> ExitStatus {
        ExitStatus::of_outcome(&json!({"status": "refused", "error": {"kind": kind, "code": "x"}}))
    }

    fn fault(kind: FaultKind) -> ExitStatus {
        ExitStatus::of_outcome(&json!({"status": "fault", "error": {"code": kind.as_str()}}))
    }

    #[test]
    fn every_kind_of_refusal_has_its_row() {
        for (kind, status) in REFUSALS {
            // No wildcard: a new kind stops this test from compiling.
            let expected = match kind {
                Kind::Invalid => 2,
                Kind::NotFound => 4,
                Kind::Unavailable => 5,
                Kind::Unauthenticated | Kind::Forbidden => 7,
                Kind::Held => 8,
                Kind::TooMany => 9,
                Kind::Integrity => 12,
            };
            assert_eq!((refused(kind.as_str()), status.code()), (status, expected), "{kind:?}");
        }
        assert_eq!(refused("unheard-of"), ExitStatus::Failed);
    }

    #[test]
    fn outcomes_end_as_documented() {
        assert_eq!(ExitStatus::of_outcome(&json!({"status": "ok"})), ExitStatus::Done);
        assert_eq!(ExitStatus::of_outcome(&json!({"status": "failed"})), ExitStatus::Failed);
        assert_eq!(ExitStatus::of_outcome(&json!({"status": "unrecorded"})), ExitStatus::Failed);
        assert_eq!(ExitStatus::of_outcome(&json!(null)), ExitStatus::Failed);
        assert_eq!(fault(FaultKind::Deadline).code(), 11);
        assert_eq!(fault(FaultKind::Internal).code(), 1);
        assert_eq!(fault(FaultKind::Busy).code(), 9);
        for kind in [
            FaultKind::Trap,
            FaultKind::OutOfMemory,
            FaultKind::OutOfFuel,
            FaultKind::Exit,
            FaultKind::OutputInvalid,
        ] {
            assert_eq!(fault(kind).code(), 10, "{kind:?}");
        }
    }

    #[test]
    fn the_help_names_every_code() {
        for code in 0..=12 {
            assert!(HELP.lines().any(|line| line.trim_start().starts_with(&format!("{code}  "))), "{code}");
        }
    }
}
