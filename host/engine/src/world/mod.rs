//! The tracks of the WIT world this host can run, and a component prepared for one of them.

pub(crate) mod v0_1;

use ares_kernel::ports::{Described, Health, Hook};
use ares_kernel::{Failure, Permit};
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Engine, Store};

use crate::state::CallState;

/// One compatibility track: within it, components built for an older version go on running.
struct World {
    /// The track: `0.y` below 1, else the major version.
    track: &'static str,
    prepare: fn(InstancePre<CallState>) -> wasmtime::Result<Prepared>,
}

/// All tracks.
const WORLDS: &[World] =
    &[World { track: v0_1::TRACK, prepare: |pre| v0_1::PluginPre::new(pre).map(Prepared::V0_1) }];

/// Every plugin exports this interface; its version tells the track.
const HEART: &str = "ares:host/capability@";

/// A component with its imports linked and its exports found.
pub(crate) enum Prepared {
    V0_1(v0_1::PluginPre<CallState>),
}

/// A live instance of one.
pub(crate) enum Instance {
    V0_1(v0_1::Plugin),
}

/// Links the shared types of every track.
pub(crate) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    v0_1::link(linker)
}

impl Prepared {
    /// Prepares a component for the track it was built for.
    ///
    /// # Errors
    /// When it is of no track, imports something this host does not have or lacks an export.
    pub(crate) fn new(
        engine: &Engine,
        linker: &Linker<CallState>,
        component: &Component,
    ) -> wasmtime::Result<Self> {
        let kind = component.component_type();
        let version = kind.exports(engine).find_map(|(name, _)| name.strip_prefix(HEART));
        let Some(version) = version else {
            wasmtime::bail!("it does not export `{HEART}…`");
        };
        let Some(world) = WORLDS.iter().find(|world| track(version) == world.track) else {
            let known: Vec<&str> = WORLDS.iter().map(|world| world.track).collect();
            wasmtime::bail!(
                "it was built for version {version} of `ares:host`; this host runs {}",
                known.join(", ")
            );
        };
        (world.prepare)(linker.instantiate_pre(component)?)
    }

    /// A fresh instance.
    pub(crate) async fn instantiate(&self, store: &mut Store<CallState>) -> wasmtime::Result<Instance> {
        match self {
            Self::V0_1(pre) => pre.instantiate_async(store).await.map(Instance::V0_1),
        }
    }
}

impl Instance {
    /// `capability.invoke`, with the permit's input and context.
    pub(crate) async fn invoke(
        &self,
        store: &mut Store<CallState>,
        permit: &Permit,
    ) -> wasmtime::Result<Result<String, Failure>> {
        match self {
            Self::V0_1(plugin) => v0_1::invoke(plugin, store, permit).await,
        }
    }

    /// `capability.describe`.
    pub(crate) async fn describe(&self, store: &mut Store<CallState>) -> wasmtime::Result<Vec<Described>> {
        match self {
            Self::V0_1(plugin) => v0_1::describe(plugin, store).await,
        }
    }

    /// The function behind a hook.
    pub(crate) async fn hook(
        &self,
        store: &mut Store<CallState>,
        hook: &Hook,
    ) -> wasmtime::Result<Result<(Health, String), Failure>> {
        match self {
            Self::V0_1(plugin) => v0_1::hook(plugin, store, hook).await,
        }
    }
}

/// The compatibility track of a version.
fn track(version: &str) -> &str {
    let mut dots = version.match_indices('.').map(|(at, _)| at);
    let end = if version.starts_with("0.") { dots.nth(1) } else { dots.next() };
    end.and_then(|end| version.get(..end)).unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_is_what_may_not_change() {
        assert_eq!(
            ["0.1.0", "0.1.7", "0.2.0", "1.4.2", "2.0.0-rc.1"].map(track),
            ["0.1", "0.1", "0.2", "1", "2"]
        );
        assert_eq!(track("nonsense"), "nonsense");
    }
}
