//! Who may do what.

use ares_kernel::Caller;

use crate::operation::{Operation, Problem, ProblemKind};

/// What an operation does to a host. Every operation stands here, without a wildcard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// It looks, or goes through the gate.
    Light,
    /// It changes what is registered, granted, configured, permitted or running.
    Heavy,
    /// It is about the stored secrets, of which others are not even told the names.
    Private,
}

pub(super) fn weight(operation: &Operation) -> Weight {
    match operation {
        Operation::Invoke(_)
        | Operation::Explain { .. }
        | Operation::Mode { mode: None }
        | Operation::LockoutStatus
        | Operation::List { .. }
        | Operation::Info { .. }
        | Operation::Capabilities { .. }
        | Operation::Status { .. }
        | Operation::Health { .. }
        | Operation::Events { .. }
        | Operation::Invocations { .. }
        | Operation::ConfigGet { .. }
        | Operation::GrantsShow { .. }
        | Operation::Versions { .. }
        | Operation::Verify
        | Operation::Lock
        | Operation::Analyze
        | Operation::Doctor => Weight::Light,
        Operation::Policy { wish } if !wish.changes() => Weight::Light,
        Operation::Policy { .. } => Weight::Heavy,
        Operation::Budget { wish } if !wish.changes() => Weight::Light,
        Operation::Budget { .. } => Weight::Heavy,
        Operation::Tasks { wish } if !wish.changes() => Weight::Light,
        Operation::Tasks { .. } => Weight::Heavy,
        Operation::Patterns { wish } if !wish.changes() => Weight::Light,
        Operation::Patterns { .. } => Weight::Heavy,
        Operation::Oversight { .. } => Weight::Heavy,
        Operation::Register { .. }
        | Operation::Unregister { .. }
        | Operation::Enable { .. }
        | Operation::Start { .. }
        | Operation::Stop { .. }
        | Operation::ConfigSet { .. }
        | Operation::ConfigUnset { .. }
        | Operation::GrantsAllow { .. }
        | Operation::GrantsRevoke { .. }
        | Operation::Feedback { .. }
        | Operation::Tested { .. }
        | Operation::Mode { mode: Some(_) }
        | Operation::LockoutOn { .. }
        | Operation::LockoutAcknowledge { .. }
        | Operation::LockoutOff { .. }
        | Operation::Approvals { .. }
        | Operation::Approval { .. }
        | Operation::Approve { .. }
        | Operation::Deny { .. }
        | Operation::Activate { .. } => Weight::Heavy,
        // They tell paths, and putting one back changes files of the machine.
        Operation::Snapshots { .. } => Weight::Heavy,
        Operation::SecretsList
        | Operation::SecretSet { .. }
        | Operation::SecretRotate { .. }
        | Operation::SecretRemove { .. } => Weight::Private,
    }
}

/// People may do everything, agents what is light, plugins nothing: a plugin's way is the gate.
pub(super) fn permitted(caller: &Caller, operation: &Operation) -> Result<(), Problem> {
    match (caller, weight(operation)) {
        (Caller::Human(_), _) | (Caller::Agent(_), Weight::Light) => Ok(()),
        (Caller::Agent(_), Weight::Heavy) => {
            let why = format!(
                "{caller} may call capabilities and look, not change what is registered, granted, configured, permitted or running; a person can, on the command line"
            );
            Err(Problem::new(ProblemKind::Denied, "not-a-person", why))
        }
        (Caller::Agent(_), Weight::Private) => {
            let why =
                format!("{caller} has nothing to do with stored secrets; a person has, on the command line");
            Err(Problem::new(ProblemKind::Denied, "not-a-person", why))
        }
        (Caller::Plugin(_), _) => {
            let why = "a plugin reaches others through `ares:host/call` alone";
            Err(Problem::new(ProblemKind::Denied, "unauthenticated", why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budgets::BudgetWish;
    use crate::operation::Hidden;
    use crate::oversight::OversightWish;
    use crate::patterns::PatternWish;
    use crate::rules::RuleWish;
    use crate::snapshots::SnapshotWish;
    use crate::tasks::TaskWish;

    #[test]
    fn agents_look_and_people_change() {
        let agent = Caller::Agent("claude".to_owned());
        let human = Caller::Human("operator".to_owned());
        let plugin = Caller::Plugin("notes".parse().unwrap());
        let (name, invocation) = ("x".to_owned(), None);
        let told = PatternWish::Used { name, technology: false, good: true, invocation };
        let look = Operation::List { kind: None, category: None, tag: None };
        for change in [
            Operation::GrantsAllow { plugin: "notes".to_owned(), grants: std::collections::BTreeMap::new() },
            Operation::ConfigSet { plugin: "notes".to_owned(), key: "a".to_owned(), value: "1".to_owned() },
            Operation::Stop { plugin: "notes".to_owned() },
            Operation::Policy { wish: RuleWish::Remove { id: "quiet".to_owned() } },
            Operation::Policy { wish: RuleWish::Set { text: String::new(), reason: None, from: None } },
            Operation::Patterns { wish: PatternWish::Promote { id: "x".to_owned() } },
            Operation::Patterns { wish: told },
            Operation::Budget { wish: BudgetWish::Remove { name: "x".to_owned() } },
            Operation::Tasks { wish: TaskWish::Resume { name: "x".to_owned() } },
            Operation::Snapshots { wish: SnapshotWish::List { all: false } },
            Operation::Snapshots { wish: SnapshotWish::Restore { id: String::new(), dry_run: true } },
            Operation::Oversight { wish: OversightWish::Overrides { limit: 1 } },
            Operation::Oversight {
                wish: OversightWish::RequestOverride { id: String::new(), reason: "x".to_owned() },
            },
            Operation::Approve { id: String::new(), note: None, standing: None, is_final: true },
            Operation::SecretsList,
            Operation::SecretSet { name: "A".to_owned(), value: Hidden::new("12345678".to_owned()) },
            Operation::SecretRotate { name: "A".to_owned(), value: Hidden::new("12345678".to_owned()) },
            Operation::SecretRemove { name: "A".to_owned() },
        ] {
            assert_eq!(permitted(&agent, &change).unwrap_err().kind, ProblemKind::Denied);
            assert!(permitted(&human, &change).is_ok());
        }
        let patterns = Operation::Patterns { wish: PatternWish::Matrix };
        assert!(permitted(&agent, &patterns).is_ok() && permitted(&plugin, &patterns).is_err());
        let rules = Operation::Policy { wish: RuleWish::List };
        assert!(permitted(&agent, &rules).is_ok() && permitted(&plugin, &rules).is_err());
        assert!(permitted(&agent, &look).is_ok() && permitted(&human, &look).is_ok());
        assert!(permitted(&plugin, &look).is_err());
    }
}
