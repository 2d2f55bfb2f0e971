//! `plugin.toml`: who a plugin is, what it can do, what it asks for.
//!
//! Every key is enforced somewhere or it is refused with its line; docs/plugins.md lists them.

use std::path::Path;

use ares_kernel::PluginName;
use ares_kernel::facts::{Claim, HealthPolicy, Hooks, Limits, Scope};
use serde_json::{Map, Value};

mod capability;
mod config;
mod dependencies;
mod error;
pub mod import;
pub mod lint;
pub mod literals;
mod permissions;
pub(crate) mod reader;
mod root;
mod sections;
#[cfg(test)]
mod tests;
mod topics;
mod types;
pub(crate) mod words;

pub use error::{ManifestError, Problem};
pub use types::{
    Behavior, Category, ComponentFile, Declared, Dependency, DependencyGroup, EventRequests, FolderRequest,
    Kind, Metadata, NetRequest, Permissions, Retry, SecretRequest, Subscription,
};
pub use words::WordsError;

/// The longest manifest, in bytes.
pub const MANIFEST_BYTES_MAX: usize = 256 * 1024;

/// A manifest without anything wrong in itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// `id`: the plugin's name.
    pub id: PluginName,
    /// Its name for people.
    pub display_name: String,
    /// Semantic version.
    pub version: semver::Version,
    /// What sort of plugin it is.
    pub kind: Kind,
    /// What it is for.
    pub description: String,
    /// Who wrote it.
    pub author: String,
    /// Its licence, an SPDX expression.
    pub license: String,
    /// Tags the plugin carries, for finding it.
    pub features: Vec<String>,
    /// `[metadata]`
    pub metadata: Metadata,
    /// `[component]`
    pub component: ComponentFile,
    /// `[lifecycle]`
    pub hooks: Hooks,
    /// `[behavior]`
    pub behavior: Behavior,
    /// `[[capability]]`, in the order of the file.
    pub capabilities: Vec<Declared>,
    /// `[dependencies]`
    pub dependencies: Vec<Dependency>,
    /// `[permissions]`
    pub permissions: Permissions,
    /// `[limits]`, completed with the defaults.
    pub limits: Limits,
    /// `[retry]`
    pub retry: Retry,
    /// `[claims]`
    pub claims: Vec<Claim>,
    /// `[config]`, completed with the schema's defaults.
    pub config: Map<String, Value>,
    /// `[config.schema]`, canonical text.
    pub config_schema: Option<String>,
    /// `[health]`
    pub health: HealthPolicy,
}

impl Manifest {
    /// Reads a manifest. `path` is only for messages.
    ///
    /// # Errors
    /// Everything wrong with it, each with its line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ManifestError> {
        if text.len() > MANIFEST_BYTES_MAX {
            let message = format!("the manifest has {} bytes; the most is {MANIFEST_BYTES_MAX}", text.len());
            return Err(ManifestError::new(path, vec![Problem { line: 1, column: 1, message }]));
        }
        reader::Document::read(text, root::read).map_err(|problems| ManifestError::new(path, problems))
    }

    /// What one call of it may use.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits.clone()
    }

    /// Every scope it asks for.
    #[must_use]
    pub fn scopes(&self) -> Vec<Scope> {
        self.permissions.scopes()
    }

    /// What it says of a capability.
    #[must_use]
    pub fn capability(&self, name: &str) -> Option<&Declared> {
        self.capabilities.iter().find(|capability| capability.id.as_str() == name)
    }

    /// The dependencies of one group.
    pub fn dependencies_on(&self, group: DependencyGroup) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().filter(move |dependency| dependency.group == group)
    }
}
