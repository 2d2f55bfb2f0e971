//! What one registration writes: the whole pinned record of one version, in one transaction.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ares_kernel::facts::{Cost, Effect, Place, Postcheck, Scope, Sequencing, Target};
use ares_kernel::{Blake3, CapabilityId};

use crate::manifest::Manifest;

/// One capability as it is pinned: the manifest's word, completed by what the component described.
#[derive(Debug, Clone, PartialEq)]
pub struct CapabilityRecord {
    /// Its name.
    pub id: CapabilityId,
    /// What it does.
    pub description: String,
    /// JSON Schema of the input, canonical text (keys sorted, no spaces).
    pub input_schema: String,
    /// JSON Schema of the output, canonical text.
    pub output_schema: String,
    /// The strongest effect a call may have.
    pub effect: Effect,
    /// Can it be undone?
    pub reversible: bool,
    /// The capability that undoes it.
    pub undo: Option<CapabilityId>,
    /// Twice is as good as once.
    pub idempotent: bool,
    /// What a call needs.
    pub needs: Vec<Scope>,
    /// Which arguments name paths.
    pub targets: Vec<Target>,
    /// Its own deadline.
    pub timeout_ms: Option<u64>,
    /// What the author says against it.
    pub trade_offs: Vec<String>,
    /// The interface it implements, for finding others like it.
    pub implements: Option<String>,
    /// Its place within a task.
    pub sequencing: Option<Sequencing>,
    /// What a call costs.
    pub cost: Option<Cost>,
    /// What must be so after a call.
    pub postcheck: Option<Postcheck>,
}

/// Everything a registration pins.
#[derive(Debug, Clone, PartialEq)]
pub struct Registration {
    /// The manifest, parsed.
    pub manifest: Manifest,
    /// Its text, byte for byte.
    pub manifest_text: String,
    /// The folder it was registered from: absolute, links resolved.
    pub source: PathBuf,
    /// Hash of the component's bytes.
    pub blake3: Blake3,
    /// Their number.
    pub size: u64,
    /// The compatibility track of `ares:host` the component was built for, for instance `0.1`.
    pub wit_track: String,
    /// What it can do.
    pub capabilities: Vec<CapabilityRecord>,
    /// Accept other bytes or another manifest under a version that is registered already.
    pub replace: bool,
    /// What the operator grants along with it: scope → the folder's place for `fs:` scopes.
    pub grants: BTreeMap<Scope, Option<Place>>,
}
