//! What can be wrong with a component.

/// Why bytes are not a component this host takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// WebAssembly in its text form.
    #[error(
        "this is WebAssembly text; build a binary component, for instance with `cargo build --target wasm32-wasip2`"
    )]
    Text,
    /// A module without the component around it.
    #[error(
        "this is a core WebAssembly module, not a component; build it for wasm32-wasip2 or wrap it with `wasm-tools component new`"
    )]
    CoreModule,
    /// Machine code.
    #[error(
        "this is precompiled machine code (ELF), which is never taken from outside; give the component it was compiled from"
    )]
    Precompiled,
    /// It begins well and ends too early.
    #[error("the component ends in the middle, after {0} bytes; copy or build it again")]
    Truncated(usize),
    /// Something else altogether.
    #[error("this is not WebAssembly: it begins with {0}")]
    NotWasm(String),
    /// WebAssembly of a version or layer nobody knows.
    #[error("this is WebAssembly of an unknown version ({0})")]
    UnknownVersion(String),
    /// A component, but not a valid one, or one that uses what this host leaves out.
    #[error("the component is not valid at byte {offset}: {why}")]
    Invalid {
        /// Where.
        offset: usize,
        /// What is wrong, escaped.
        why: String,
    },
    /// Over the size cap.
    #[error("the file has {found} bytes; the most is {most}")]
    TooLarge {
        /// How many.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// Over a cap on what is inside.
    #[error("the component has more than {most} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        most: u64,
    },
    /// A component of this host's world that lacks some of its exports.
    #[error(
        "the component does not export {0}, which every plugin has; build it against the world `ares:host/plugin`"
    )]
    MissingExports(String),
    /// A component of another world.
    #[error("this is a component of another world: it exports {0}, and nothing of `ares:host`")]
    OtherWorld(String),
    /// Built for another version of the interfaces.
    #[error("the component was built for `ares:host` {found}; this host speaks {supported}")]
    OtherTrack {
        /// The component's.
        found: String,
        /// The host's.
        supported: &'static str,
    },
    /// Wants something no manifest can ask for.
    #[error("the component imports {import}, {why}")]
    RefusedImport {
        /// The import, escaped and quoted.
        import: String,
        /// Why not, and what to do.
        why: &'static str,
    },
}

/// A component wants more than its manifest asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the component imports `{import}`, but the manifest does not ask for it; write {fix} under [permissions], or build the component without it"
)]
pub struct ExceedsManifest {
    /// The import.
    pub import: String,
    /// What to write.
    pub fix: &'static str,
}
