//! A person's yes to one held request, as the registry keeps it.

use serde::{Deserialize, Serialize};

use crate::name::{Blake3, CapabilityId, InvocationId, PluginName};
use crate::request::Caller;

/// What an approval is bound to: the exact request that was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// For what.
    pub capability: CapabilityId,
    /// From whom.
    pub plugin: PluginName,
    /// The component that would run.
    pub blake3: Blake3,
    /// Hash of the arguments in their canonical form: sorted names, no spaces.
    pub arguments: Blake3,
    /// The operator's rules of then.
    pub revision: u64,
    /// Who asked.
    pub caller: Caller,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalState {
    /// Nobody has said anything.
    Pending,
    /// Yes.
    Approved,
    /// No.
    Denied,
    /// A call was made with it.
    Used,
}

/// An approval, under the id of the invocation that was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The held invocation.
    pub id: InvocationId,
    /// What it is for.
    pub binding: Binding,
    /// What became of it.
    pub state: ApprovalState,
    /// When it ends, in milliseconds since the Unix epoch.
    pub expires_ms: u64,
    /// The rule that forbids it and that it overrides, if it is more than a yes to what was asked.
    pub overrides: Option<String>,
}

impl Approval {
    /// Whether it lifts this request at this time.
    ///
    /// # Errors
    /// A code and a sentence for what does not fit.
    pub fn fits(&self, binding: &Binding, now_ms: u64) -> Result<(), (&'static str, String)> {
        let id = self.id;
        match self.state {
            ApprovalState::Approved => {}
            ApprovalState::Pending => {
                let text = format!(
                    "nobody has approved {id} yet; an operator can: `ares-host approvals approve {id}`"
                );
                return Err(("not-approved", text));
            }
            ApprovalState::Denied => return Err(("denied", format!("{id} was denied"))),
            ApprovalState::Used => {
                return Err(("approval-used", format!("the approval {id} was used; each is for one call")));
            }
        }
        if self.expires_ms <= now_ms {
            let text = format!("the approval {id} has expired; ask again without it");
            return Err(("approval-expired", text));
        }
        let pairs = [
            ("the capability", self.binding.capability == binding.capability),
            ("the plugin", self.binding.plugin == binding.plugin),
            ("the plugin's component", self.binding.blake3 == binding.blake3),
            ("the arguments", self.binding.arguments == binding.arguments),
            ("the operator's rules", self.binding.revision == binding.revision),
            ("the caller", self.binding.caller == binding.caller),
        ];
        match pairs.iter().find(|(_, same)| !same) {
            None => Ok(()),
            Some((what, _)) => {
                let text = format!(
                    "the approval {id} is for another call: {what} changed since; ask again without it"
                );
                Err(("approval-for-another", text))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding() -> Binding {
        Binding {
            capability: "put".parse().unwrap(),
            plugin: "notes".parse().unwrap(),
            blake3: Blake3::of(b"component"),
            arguments: Blake3::of(b"{}"),
            revision: 3,
            caller: Caller::Agent("a".into()),
        }
    }

    #[test]
    fn it_fits_the_very_request_it_was_given_for_and_nothing_else() {
        let approval = Approval {
            id: InvocationId::new(),
            binding: binding(),
            state: ApprovalState::Approved,
            expires_ms: 100,
            overrides: None,
        };
        assert_eq!(approval.fits(&binding(), 99), Ok(()));
        assert_eq!(approval.fits(&binding(), 100).unwrap_err().0, "approval-expired");
        let others = [
            Binding { capability: "get".parse().unwrap(), ..binding() },
            Binding { plugin: "other".parse().unwrap(), ..binding() },
            Binding { blake3: Blake3::of(b"x"), ..binding() },
            Binding { arguments: Blake3::of(b"{\"a\":1}"), ..binding() },
            Binding { revision: 4, ..binding() },
            Binding { caller: Caller::Human("a".into()), ..binding() },
        ];
        for other in others {
            assert_eq!(approval.fits(&other, 1).unwrap_err().0, "approval-for-another", "{other:?}");
        }
        for (state, code) in [
            (ApprovalState::Pending, "not-approved"),
            (ApprovalState::Denied, "denied"),
            (ApprovalState::Used, "approval-used"),
        ] {
            let approval = Approval { state, ..approval.clone() };
            assert_eq!(approval.fits(&binding(), 1).unwrap_err().0, code);
        }
    }
}
