//! From a component's file to something that can be called.

use std::path::Path;
use std::sync::Arc;

use ares_kernel::Blake3;
use ares_kernel::facts::Limits;
use ares_kernel::ports::LoadError;
use ares_kernel::text::{FOREIGN_TEXT_MAX, escaped};
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::artifact::{Artifacts, Genuine};
use crate::compile::{self, CompileError};
use crate::config::{MEMORIES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX};
use crate::options::Compiler;
use crate::singleton::Singletons;
use crate::source;
use crate::state::CallState;
use crate::world::Prepared;

/// A page of linear memory.
const PAGE_BYTES: u64 = 64 << 10;

/// A component that is ready to be called.
pub(crate) struct Loaded {
    pub(crate) prepared: Prepared,
    /// Instances that are kept, for plugins that ask for it.
    pub(crate) singletons: Singletons,
}

/// Makes components ready.
pub(crate) struct Loader {
    engine: Engine,
    linker: Linker<CallState>,
    artifacts: Artifacts,
    compiler: Compiler,
    /// One compilation at a time: it takes a whole core and up to gigabytes.
    compiling: tokio::sync::Mutex<()>,
}

impl Loader {
    pub(crate) fn new(engine: &Engine, artifacts: Artifacts, compiler: Compiler) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(engine);
        crate::imports::link(&mut linker)?;
        Ok(Self {
            engine: engine.clone(),
            linker,
            artifacts,
            compiler,
            compiling: tokio::sync::Mutex::new(()),
        })
    }

    /// Loads a component, compiling it where there is no sound artifact.
    pub(crate) async fn load(
        self: &Arc<Self>,
        path: &Path,
        blake3: &Blake3,
        limits: &Limits,
    ) -> Result<Loaded, LoadError> {
        let (file, hash) = (path.to_owned(), *blake3);
        let bytes = self.blocking(path, move || source::read(&file, &hash)).await?;
        let found = self.find(path, blake3).await?;
        let component = match found {
            Some(component) => component,
            None => self.compile(path, blake3, bytes).await?,
        };
        check_needs(&component, path, limits)?;
        let prepared = Prepared::new(&self.engine, &self.linker, &component)
            .map_err(|error| LoadError::Unfit { path: path.to_owned(), why: words(&error) })?;
        Ok(Loaded { prepared, singletons: Singletons::default() })
    }

    /// The component of a sound artifact.
    async fn find(self: &Arc<Self>, path: &Path, blake3: &Blake3) -> Result<Option<Component>, LoadError> {
        let (loader, hash) = (Arc::clone(self), *blake3);
        let find =
            move || Ok(loader.artifacts.find(&hash).and_then(|genuine| loader.revive(&hash, &genuine)));
        self.blocking(path, find).await
    }

    /// The component of a genuine artifact; one that Wasmtime refuses all the same is removed.
    fn revive(&self, blake3: &Blake3, genuine: &Genuine) -> Option<Component> {
        let revived = genuine.load(&self.engine);
        revived
            .inspect_err(|error| {
                tracing::warn!(component = %blake3, error = %words(error), "a compiled component is made again");
                self.artifacts.remove(blake3);
            })
            .ok()
    }

    async fn compile(
        self: &Arc<Self>,
        path: &Path,
        blake3: &Blake3,
        bytes: Vec<u8>,
    ) -> Result<Component, LoadError> {
        let _one = self.compiling.lock().await;
        // Whoever waited here may find that the work was done meanwhile.
        if let Some(component) = self.find(path, blake3).await? {
            return Ok(component);
        }
        tracing::info!(path = %path.display(), "compiling");
        let compiled = compile::compile(&self.compiler, self.artifacts.folder(), bytes).await;
        let code = compiled.map_err(|error| match error {
            CompileError::Invalid(why) => LoadError::NotAComponent { path: path.to_owned(), why },
            CompileError::Limit(limit) => LoadError::CompileLimit { path: path.to_owned(), limit },
            CompileError::Failed(source) => {
                LoadError::Io { what: format!("compiling {}", path.display()), source: source.into() }
            }
        })?;
        let (loader, hash, file) = (Arc::clone(self), *blake3, path.to_owned());
        self.blocking(path, move || {
            let genuine = loader.artifacts.keep(&hash, code);
            genuine.load(&loader.engine).map_err(|error| {
                loader.artifacts.remove(&hash);
                LoadError::Exceeds {
                    path: file,
                    what: format!("more than this engine has room for: {}", words(&error)),
                }
            })
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        path: &Path,
        work: impl FnOnce() -> Result<T, LoadError> + Send + 'static,
    ) -> Result<T, LoadError> {
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
            Err(LoadError::Io { what: format!("loading {}", path.display()), source: error.into() })
        })
    }
}

/// Wasmtime's words, which may hold a component's own.
fn words(error: &wasmtime::Error) -> String {
    escaped(&format!("{error:#}"), FOREIGN_TEXT_MAX)
}

/// Whether what a component needs before its first instruction is within the limits.
fn check_needs(component: &Component, path: &Path, limits: &Limits) -> Result<(), LoadError> {
    let exceeds = |what: String| Err(LoadError::Exceeds { path: path.to_owned(), what });
    let Some(needs) = component.resources_required() else {
        return exceeds("modules from outside, which this host does not give".to_owned());
    };
    if needs.num_memories > MEMORIES_MAX {
        return exceeds(format!("{} memories; a component may have {MEMORIES_MAX}", needs.num_memories));
    }
    if needs.num_tables > TABLES_MAX {
        return exceeds(format!("{} tables; a component may have {TABLES_MAX}", needs.num_tables));
    }
    let memory = needs.max_initial_memory_size.unwrap_or(0).saturating_mul(PAGE_BYTES);
    if memory > limits.memory_bytes {
        let (needed, most) = (memory >> 10, limits.memory_bytes >> 10);
        return exceeds(format!("{needed} KiB of memory to begin with; its limit is {most} KiB"));
    }
    let elements = needs.max_initial_table_size.unwrap_or(0);
    let most = limits.table_elements.min(TABLE_ELEMENTS_MAX as u64);
    if elements > most {
        return exceeds(format!("a table of {elements} elements to begin with; its limit is {most}"));
    }
    Ok(())
}
