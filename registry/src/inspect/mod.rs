//! Looks at a component's bytes without running or compiling them: is it one, does it offer the
//! world `plugin`, and what does it want from the host?

use std::collections::BTreeSet;

mod bytes;
mod error;
mod policy;
#[cfg(test)]
mod tests;

pub use bytes::{
    COMPONENT_BYTES_MAX, FUNCTIONS_MAX, MODULES_MAX, NESTED_COMPONENTS_MAX, TYPE_BYTES_MAX, TYPE_CHECKS_MAX,
};
pub use error::{ExceedsManifest, InspectError};

/// What a component imports and exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Names of everything it imports, for instance `ares:host/kv@0.1.0`, in its own order.
    pub imports: Vec<String>,
    /// Names of everything it exports.
    pub exports: Vec<String>,
    /// The compatibility track of `ares:host` it was built for, for instance `0.1`.
    pub wit_track: String,
    /// Core functions with a body, of all its modules.
    pub functions: u64,
}

/// A permission that some import makes no sense without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// `ares:host/kv`
    Kv,
    /// `ares:host/call`
    Call,
    /// `wasi:http`
    Net,
    /// `ares:host/events`
    Events,
    /// `ares:host/secrets`
    Secrets,
}

/// Inspects a component.
///
/// # Errors
/// [`InspectError`]: what it is instead of a component of this host's world. No bytes whatsoever
/// make this panic or take long.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, InspectError> {
    let surface = bytes::read(bytes)?;
    policy::judge(surface)
}

impl Inspection {
    /// The permissions its imports imply.
    #[must_use]
    pub fn needs(&self) -> BTreeSet<Need> {
        self.imports.iter().filter_map(|import| policy::need(import)).collect()
    }

    /// Checks that the component wants nothing its manifest does not ask for.
    ///
    /// # Errors
    /// The first import that is not asked for, and what to write where.
    pub fn check(&self, permissions: &crate::manifest::Permissions) -> Result<(), ExceedsManifest> {
        for import in &self.imports {
            match policy::need(import) {
                Some(Need::Kv) if !permissions.kv => {
                    return Err(ExceedsManifest { import: import.clone(), fix: "`kv = true`" });
                }
                Some(Need::Call) if permissions.call.is_empty() => {
                    return Err(ExceedsManifest {
                        import: import.clone(),
                        fix: "`call = [\"<capability>\", …]` with the capabilities it calls",
                    });
                }
                Some(Need::Net) if permissions.net.is_empty() => {
                    return Err(ExceedsManifest {
                        import: import.clone(),
                        fix: "[[permissions.net]] with `name`, `methods` and, unless the operator chooses, `origins`",
                    });
                }
                Some(Need::Events) if permissions.events.publish.is_empty() => {
                    return Err(ExceedsManifest {
                        import: import.clone(),
                        fix: "`events.publish = [\"<topic>\", …]` with the topics it publishes",
                    });
                }
                Some(Need::Secrets) if permissions.secrets.is_empty() => {
                    return Err(ExceedsManifest {
                        import: import.clone(),
                        fix: "`[[permissions.secrets]]` with the secrets it spends",
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }
}
