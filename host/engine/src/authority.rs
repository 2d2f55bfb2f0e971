//! In whose name a guest runs: the identity every import asks, by value and never a global.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use ares_kernel::facts::{Folder, Grants, Limits, Plugin};
use ares_kernel::{InvocationId, Permit};
use serde_json::{Map, Value};

/// The right under which a store runs its guest.
pub(crate) enum Authority {
    /// One call. Its permit says everything.
    Call(Arc<Permit>),
    /// A hook of a plugin's life: the plugin's grants, but no way to other capabilities.
    Hook {
        /// The plugin.
        plugin: Arc<Plugin>,
        /// Whether it may change anything.
        changes: bool,
        /// When it must be over.
        deadline: Instant,
    },
    /// A component nobody knows yet, asked what it can do: no grant at all.
    Unknown {
        /// What it may use.
        limits: Limits,
        /// When it must be over.
        deadline: Instant,
    },
}

static NOTHING: LazyLock<Grants> = LazyLock::new(Grants::none);
static NO_VALUES: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);

impl Authority {
    /// The plugin, if it is one already.
    pub(crate) fn plugin(&self) -> Option<&Arc<Plugin>> {
        match self {
            Self::Call(permit) => Some(permit.plugin()),
            Self::Hook { plugin, .. } => Some(plugin),
            Self::Unknown { .. } => None,
        }
    }

    /// The invocation.
    pub(crate) fn invocation(&self) -> Option<InvocationId> {
        match self {
            Self::Call(permit) => Some(permit.id()),
            Self::Hook { .. } | Self::Unknown { .. } => None,
        }
    }

    /// What may be reached.
    pub(crate) fn grants(&self) -> &Grants {
        match self {
            Self::Call(permit) => permit.grants(),
            Self::Hook { plugin, .. } => &plugin.grants,
            Self::Unknown { .. } => &NOTHING,
        }
    }

    /// Whether anything may be changed.
    pub(crate) fn changes(&self) -> bool {
        match self {
            Self::Call(permit) => permit.effect().changes(),
            Self::Hook { changes, .. } => *changes,
            Self::Unknown { .. } => false,
        }
    }

    /// Whether nothing of it may last.
    pub(crate) fn is_rehearsal(&self) -> bool {
        matches!(self, Self::Call(permit) if permit.is_rehearsal())
    }

    /// The folders, each with the access it has under this authority.
    pub(crate) fn folders(&self) -> Vec<Folder> {
        let changes = self.changes();
        let narrow = |folder: &Folder| Folder {
            access: if changes { folder.access } else { ares_kernel::facts::Access::Read },
            ..folder.clone()
        };
        self.grants().folders().iter().map(narrow).collect()
    }

    /// What may be used.
    pub(crate) fn limits(&self) -> &Limits {
        match self {
            Self::Call(permit) => permit.limits(),
            Self::Hook { plugin, .. } => &plugin.limits,
            Self::Unknown { limits, .. } => limits,
        }
    }

    /// When it must be over.
    pub(crate) fn deadline(&self) -> Instant {
        match self {
            Self::Call(permit) => permit.deadline(),
            Self::Hook { deadline, .. } | Self::Unknown { deadline, .. } => *deadline,
        }
    }

    /// The plugin's configuration.
    pub(crate) fn config(&self) -> &Map<String, Value> {
        self.plugin().map_or(&NO_VALUES, |plugin| &plugin.config)
    }

    /// Whether another guest waits for this one.
    pub(crate) fn nested(&self) -> bool {
        matches!(self, Self::Call(permit) if permit.awaited())
    }

    /// What it is, for messages.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Call(permit) => permit.capability().id.as_str(),
            Self::Hook { plugin, .. } => plugin.name.as_str(),
            Self::Unknown { .. } => "a plugin that is being registered",
        }
    }
}
