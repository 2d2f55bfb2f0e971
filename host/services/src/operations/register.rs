//! Taking a plugin in and out. In: read, inspect, copy, compile and ask, join, one transaction.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ares_kernel::facts::{Place, Scope};
use ares_kernel::ports::{Component, LoadError};
use ares_kernel::{Blake3, Caller};
use ares_registry::bundle::Bundle;
use ares_registry::inspect::{Inspection, inspect};
use ares_registry::manifest::literals;
use ares_registry::merge::merge;
use ares_registry::{Registered, Registration};
use serde_json::json;

use super::{Answer, Operations, Places, blocking, chain, copies, grants, io, json as to_json, name};
use crate::operation::{Problem, ProblemKind};

/// What is to be registered, and how.
pub(super) struct Wish {
    pub(super) folder: PathBuf,
    pub(super) grants: Places,
    pub(super) grant_all: bool,
    pub(super) replace: bool,
}

/// What is known of it before anything of it runs.
struct Found {
    bundle: Arc<Bundle>,
    inspection: Inspection,
    grants: BTreeMap<Scope, Option<Place>>,
}

impl Operations {
    pub(super) async fn register(&self, caller: Caller, wish: Wish) -> Answer {
        let grants = grants::parse(&wish.grants)?;
        let folder = wish.folder.clone();
        let (bundle, inspection) = blocking(move || read(&folder)).await??;
        let found = Found { bundle: Arc::new(bundle), inspection, grants };
        let (plugin, blake3) = (found.bundle.manifest.id.clone(), found.bundle.blake3);
        let _alone = self.alone().await?;
        let fresh = self.copy(&found.bundle).await?;
        let registered = self.pin(caller, &wish, found).await;
        if registered.is_err() && fresh {
            self.forget_copies(&[blake3]).await;
        }
        let answer = registered?;
        self.0.integrity.forget(&plugin);
        Ok(answer)
    }

    /// The host's own copy of the component. Answers whether it is new.
    async fn copy(&self, bundle: &Arc<Bundle>) -> Result<bool, Problem> {
        let (state, bundle) = (self.0.state.clone(), Arc::clone(bundle));
        let kept = blocking(move || copies::keep(&state, &bundle.blake3, &bundle.component)).await?;
        kept.map_err(|error| io("copying the component into the state directory", &error))
    }

    async fn pin(&self, caller: Caller, wish: &Wish, found: Found) -> Answer {
        let Found { bundle, inspection, mut grants } = found;
        let manifest = &bundle.manifest;
        let component = Component { path: self.0.state.component(&bundle.blake3), blake3: bundle.blake3 };
        let described = self.0.runtime.describe(&component).await;
        let described = described.map_err(|error| self.in_the_source(&bundle, &error))?;
        let capabilities = merge(manifest, described).map_err(|error| {
            let path = bundle.folder.join(ares_registry::bundle::MANIFEST_NAME);
            let why = format!("{}: {}", path.display(), chain(&error));
            Problem::new(ProblemKind::Invalid, "bad-manifest", why)
        })?;
        if wish.grant_all {
            let without_place = |scope: &Scope| match scope {
                Scope::Folder(_) => false,
                Scope::Net(name) => {
                    manifest.permissions.net(name).is_some_and(|net| net.ask.origins.is_some())
                }
                Scope::Kv
                | Scope::Clock
                | Scope::Call(_)
                | Scope::Publish(_)
                | Scope::Subscribe(_)
                | Scope::Secret(_) => true,
            };
            for scope in manifest.scopes().into_iter().filter(without_place) {
                grants.entry(scope).or_insert(None);
            }
        }
        let registration = Registration {
            manifest: manifest.clone(),
            manifest_text: bundle.manifest_text.clone(),
            source: bundle.folder.clone(),
            blake3: bundle.blake3,
            size: bundle.component.len() as u64,
            wit_track: inspection.wit_track,
            capabilities,
            replace: wish.replace,
            grants,
        };
        let registered = self.0.book.with(move |registry| registry.register(registration, &caller)).await?;
        let asks: Vec<_> =
            self.grants_of(&registered.plugin).await?.into_iter().filter(|grant| grant.asked).collect();
        let missing: Vec<_> = asks.iter().filter(|ask| !ask.in_full()).map(|ask| &ask.scope).collect();
        let mut answer = to_json(&registered)?;
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("missing".to_owned(), json!(missing));
            answer.insert("asks".to_owned(), json!(asks));
            answer.insert("judged".to_owned(), self.judged(&registered)?);
        }
        Ok(answer)
    }

    /// How its capabilities stand, looked at closely where it asks for what no version of it asked for before.
    fn judged(&self, registered: &Registered) -> Answer {
        let first = registered.was.is_none() && !registered.unchanged;
        let new = if first { &registered.asked } else { &registered.new_asks };
        let closely = format!("it asks for what no version of it asked for before: {}", new.join(", "));
        let closely = if new.is_empty() { Err("it asks for nothing new") } else { Ok(closely) };
        self.standing(&registered.plugin, closely)
    }

    /// The same problem, told of the file the person knows instead of the host's copy.
    fn in_the_source(&self, bundle: &Bundle, error: &LoadError) -> Problem {
        let copy = self.0.state.component(&bundle.blake3);
        let source = bundle.folder.join(&bundle.manifest.component.path);
        let mut problem = Problem::from(error);
        problem.message = problem.message.replace(&shown(&copy), &shown(&source));
        problem
    }

    pub(super) async fn unregister(&self, caller: Caller, plugin: &str) -> Answer {
        let plugin = name(plugin)?;
        let _alone = self.alone().await?;
        let asked = plugin.clone();
        let versions = self.0.book.with(move |registry| registry.versions(&asked)).await?;
        self.0.life.stop(&plugin).await?;
        let asked = plugin.clone();
        let gone = self.0.book.with(move |registry| registry.unregister(&asked, &caller)).await?;
        // A call that was admitted before may have started it once more.
        self.0.life.stop(&plugin).await?;
        self.0.integrity.forget(&plugin);
        let hashes: Vec<_> = versions.iter().map(|version| version.blake3).collect();
        self.forget_copies(&hashes).await;
        Ok(json!({ "plugin": plugin, "versions": gone }))
    }

    /// Removes copies no registered version is made of any more. One that cannot be removed is only
    /// a waste of space: `doctor` names it.
    async fn forget_copies(&self, hashes: &[Blake3]) {
        let used = match self.used().await {
            Ok(used) => used,
            Err(problem) => return tracing::warn!(%problem, "unused copies of components are left"),
        };
        for blake3 in hashes.iter().filter(|blake3| !used.contains(blake3)) {
            self.0.runtime.unload(blake3);
            if let Err(error) = copies::remove(&self.0.state, blake3) {
                tracing::warn!(%error, "an unused copy of a component is left");
            }
        }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Everything that can be known of a plugin's folder without running anything.
fn read(folder: &Path) -> Result<(Bundle, Inspection), Problem> {
    let bundle = Bundle::open(folder)?;
    literals::check(&bundle.manifest_text, &bundle.folder.join(ares_registry::bundle::MANIFEST_NAME))
        .map_err(|error| Problem::of(ProblemKind::Invalid, "literal-secret", &error))?;
    let path = bundle.folder.join(&bundle.manifest.component.path);
    let about = |error: &dyn std::error::Error| {
        Problem::new(ProblemKind::Invalid, "bad-component", format!("{}: {}", path.display(), chain(error)))
    };
    let inspection = inspect(&bundle.component).map_err(|error| about(&error))?;
    inspection.check(&bundle.manifest.permissions).map_err(|error| Problem {
        code: "exceeds-manifest".to_owned(),
        kind: ProblemKind::Denied,
        ..about(&error)
    })?;
    Ok((bundle, inspection))
}
