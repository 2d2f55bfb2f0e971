//! What comes in at a door: who asks for which capability with which input.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::flow::Parent;
use crate::name::{CapabilityId, InvocationId, PluginName};
use crate::ports::Secrets;
use crate::progress::Sink;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "kebab-case")]
pub enum Caller {
    /// A person, by the operating system's name for them.
    Human(String),
    /// A program acting for someone, for instance an MCP client, by the name it gave.
    Agent(String),
    /// Another plugin. Only a running call of that plugin can make such a request pass the gate.
    Plugin(PluginName),
}

impl Caller {
    /// `human`, `agent` or `plugin`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Human(_) => "human",
            Self::Agent(_) => "agent",
            Self::Plugin(_) => "plugin",
        }
    }

    /// The name within its kind.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Human(name) | Self::Agent(name) => name,
            Self::Plugin(name) => name.as_str(),
        }
    }

    /// The same, with stored values hidden in a name somebody gave themselves.
    #[must_use]
    pub fn without(mut self, secrets: &dyn Secrets) -> Self {
        if let Self::Human(name) | Self::Agent(name) = &mut self
            && let Cow::Owned(clean) = secrets.scrub(name)
        {
            *name = clean;
        }
        self
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind(), crate::text::escaped(self.name(), 80))
    }
}

/// One request. Nothing in it is trusted but the caller, whom the door has established.
#[derive(Debug, Clone)]
pub struct Request {
    /// The id of the invocation this request becomes.
    pub id: InvocationId,
    /// Who asks.
    pub caller: Caller,
    /// For what.
    pub capability: CapabilityId,
    /// From which plugin, where the caller insists on one.
    pub provider: Option<PluginName>,
    /// JSON text, not yet parsed.
    pub input: String,
    /// A shorter deadline than the plugin's own.
    pub deadline: Option<Duration>,
    /// The task the caller counts this under: free text of at most 128 bytes.
    pub task: Option<String>,
    /// JSON object for the guest's context, not yet parsed.
    pub metadata: Option<String>,
    /// The approval it is made with.
    pub approval: Option<InvocationId>,
    /// Whether to look as closely as the gate can.
    pub thorough: bool,
    /// Whether it is a review itself, which nobody reviews.
    pub(crate) reviewed_by_nobody: bool,
    /// Whether it is only a rehearsal: it runs, and nothing of it lasts.
    pub rehearse: bool,
    /// Whether a snapshot is to be taken of what it may change, whatever the host does of itself.
    pub snapshot: bool,
    /// Who hears how far the call has come.
    pub progress: Option<Sink>,
    /// The running call this one was made from.
    pub(crate) parent: Option<Parent>,
}

impl Request {
    /// The same, with stored values hidden in the names of its task and its caller. Rules, limits and
    /// approvals know the caller by the name that is left.
    #[must_use]
    pub(crate) fn without(mut self, secrets: &dyn Secrets) -> Self {
        self.caller = self.caller.without(secrets);
        if let Some(task) = &self.task {
            self.task = Some(secrets.scrub(task).into_owned());
        }
        self
    }

    /// Who made the first call of the chain: who asks where nothing is above.
    #[must_use]
    pub fn first_caller(&self) -> &Caller {
        self.parent.as_ref().map_or(&self.caller, Parent::first_caller)
    }

    /// A request with a fresh id and nothing beyond the necessary.
    #[must_use]
    pub fn new(caller: Caller, capability: CapabilityId, input: impl Into<String>) -> Self {
        Self {
            id: InvocationId::new(),
            caller,
            capability,
            provider: None,
            input: input.into(),
            deadline: None,
            task: None,
            metadata: None,
            approval: None,
            thorough: false,
            reviewed_by_nobody: false,
            rehearse: false,
            snapshot: false,
            progress: None,
            parent: None,
        }
    }
}
