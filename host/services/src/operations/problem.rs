//! From errors to problems: kind, stable code, one message with its causes.

use ares_kernel::ports::LoadError;
use ares_registry::RegistryError;
use ares_registry::bundle::BundleError;

use crate::lifecycle::StartError;
use crate::operation::{Problem, ProblemKind};
use crate::records::RecordsError;

impl Problem {
    /// A problem in these words.
    #[must_use]
    pub fn new(kind: ProblemKind, code: &str, message: impl Into<String>) -> Self {
        Self { kind, code: code.to_owned(), message: message.into() }
    }

    /// A problem in the words of an error and its causes.
    #[must_use]
    pub fn of(kind: ProblemKind, code: &str, error: &dyn std::error::Error) -> Self {
        Self::new(kind, code, chain(error))
    }

    /// The caller's own words were wrong.
    pub(crate) fn invalid(code: &str, error: impl std::fmt::Display) -> Self {
        Self::new(ProblemKind::Invalid, code, error.to_string())
    }

    /// A task of ours was lost.
    pub(crate) fn internal() -> Self {
        Self::new(ProblemKind::Failed, "internal", "the host failed at this request; see its log")
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        use ProblemKind as Kind;
        use RegistryError as E;
        let (kind, code) = match &error {
            E::NoSuchPlugin { .. } => (Kind::NotFound, "not-registered"),
            E::NoSuchVersion { .. } => (Kind::NotFound, "no-version"),
            E::NoSuchOverride { .. } => (Kind::NotFound, "no-override"),
            E::NotGranted { .. } => (Kind::NotFound, "not-granted"),
            E::SameVersion(_) => (Kind::Invalid, "same-version"),
            E::DuplicateCapability { .. } => (Kind::Invalid, "duplicate-capability"),
            E::OverMaximum { .. } => (Kind::Invalid, "over-maximum"),
            E::Schema { .. } => (Kind::Invalid, "bad-schema"),
            E::NotAsked { .. } => (Kind::Invalid, "not-asked"),
            E::FolderNeeded { .. } => (Kind::Invalid, "folder-needed"),
            E::PlaceNotTaken { .. } => (Kind::Invalid, "place-not-taken"),
            E::OriginNeeded { .. } => (Kind::Invalid, "origin-needed"),
            E::OriginNotAsked { .. } => (Kind::Denied, "origin-not-asked"),
            E::FolderRefused { .. } => (Kind::Denied, "folder-refused"),
            E::SecretExists { .. } => (Kind::Invalid, "secret-exists"),
            E::NoSuchSecret { .. } => (Kind::NotFound, "no-secret"),
            E::SecretsKey { .. } => (Kind::Failed, "secrets-key"),
            E::NoSuchPattern { .. } => (Kind::NotFound, "no-pattern"),
            E::NoSuchTask { .. } => (Kind::NotFound, "no-task"),
            E::NoSuchBudget { .. } => (Kind::NotFound, "no-budget"),
            E::NoSuchInvocation { .. } => (Kind::NotFound, "no-such-invocation"),
            E::NoSuchSnapshot { .. } => (Kind::NotFound, "no-snapshot"),
            E::NoSuchApproval { .. } => (Kind::NotFound, "no-approval"),
            E::ApprovalClosed { .. } => (Kind::Invalid, "approval-closed"),
            E::NotStopped { .. } => (Kind::NotFound, "not-stopped"),
            E::NothingOverrides { .. } => (Kind::Denied, "catastrophic"),
            E::NotOverridable { .. } => (Kind::Invalid, "not-overridable"),
            E::FinalNeeded { .. } => (Kind::Denied, "final-needed"),
            E::Config { .. } => (Kind::Invalid, "bad-config"),
            E::Invalid(_) => (Kind::Invalid, "invalid"),
            E::NotADatabase { .. } | E::Foreign { .. } => (Kind::Failed, "not-a-registry"),
            E::Corrupt { .. } => (Kind::Failed, "corrupt"),
            E::Newer { .. } => (Kind::Failed, "newer"),
            E::Unwritable { .. } => (Kind::Failed, "unwritable"),
            E::Busy { .. } => (Kind::Failed, "busy"),
            E::Full { .. } => (Kind::Failed, "full"),
            _ => (Kind::Failed, "registry"),
        };
        Self::of(kind, code, &error)
    }
}

impl From<BundleError> for Problem {
    fn from(error: BundleError) -> Self {
        use BundleError as E;
        use ProblemKind as Kind;
        let (kind, code) = match &error {
            E::NoFolder(_) => (Kind::MissingFile, "no-folder"),
            E::NoManifest(_) => (Kind::MissingFile, "no-manifest"),
            E::NoComponent(_) => (Kind::MissingFile, "no-component"),
            E::Manifest(_) | E::NotText(_) => (Kind::Invalid, "bad-manifest"),
            E::NotAFolder(_) => (Kind::Invalid, "not-a-folder"),
            E::NotAFile(_) => (Kind::Invalid, "not-a-file"),
            E::TooLarge { .. } => (Kind::Invalid, "too-large"),
            E::Outside(_) => (Kind::Denied, "outside"),
            E::OtherHash { .. } => (Kind::Integrity, "other-hash"),
            E::OtherHost { .. } => (Kind::Dependency, "other-host"),
            E::Io(..) => (Kind::Failed, "io"),
        };
        Self::of(kind, code, &error)
    }
}

impl From<&LoadError> for Problem {
    fn from(error: &LoadError) -> Self {
        use LoadError as E;
        use ProblemKind as Kind;
        let (kind, code) = match error {
            E::Missing(_) => (Kind::MissingFile, "no-component"),
            E::Changed { .. } => (Kind::Integrity, "changed"),
            E::NotAComponent { .. } => (Kind::Invalid, "not-a-component"),
            E::CompileLimit { .. } => (Kind::Invalid, "compile-limit"),
            E::Exceeds { .. } => (Kind::Invalid, "exceeds"),
            E::Unfit { .. } => (Kind::Invalid, "other-world"),
            E::Undescribed { .. } => (Kind::Guest, "undescribed"),
            E::Io { .. } => (Kind::Failed, "io"),
        };
        Self::of(kind, code, error)
    }
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        match &error {
            StartError::Dependency(_) => Self::of(ProblemKind::Dependency, "dependency", &error),
            StartError::Config(_) => Self::of(ProblemKind::Invalid, "misconfigured", &error),
            StartError::Load(load) => Self::from(&**load),
            StartError::Schema { .. } => Self::of(ProblemKind::Invalid, "bad-schema", &error),
            StartError::Setup(_) => Self::of(ProblemKind::Guest, "setup", &error),
            StartError::Records(_) => Self::of(ProblemKind::Failed, "registry", &error),
            StartError::Internal => Self::of(ProblemKind::Failed, "internal", &error),
        }
    }
}

impl From<RecordsError> for Problem {
    fn from(error: RecordsError) -> Self {
        Self::of(ProblemKind::Failed, "registry", &error)
    }
}
