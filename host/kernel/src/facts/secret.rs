//! What was granted of the stored secrets: names, never values.

use crate::name::NetName;
use crate::secret::SecretName;

/// One secret a plugin may spend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretGrant {
    /// The secret.
    pub name: SecretName,
    /// The parts of the network into which it may be spent, by the names the manifest gives them.
    pub net: Vec<NetName>,
}
