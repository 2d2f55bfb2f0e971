//! Which folder each of a guest's handles is in: every handle comes from `get-directories` or is
//! opened from one that did.

use std::collections::HashMap;
use std::sync::Arc;

use ares_kernel::Usage;
use ares_kernel::facts::{Access, Folder, Limits, Quota};
use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Resource};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::filesystem::preopens::Host as _;

use super::ledger::{Ledger, Ledgers};
use super::meter::FileMeter;
use super::place::Place;
use crate::state::CallState;

/// What a store knows of its guest's files.
#[derive(Default)]
pub(crate) struct Files {
    meter: Arc<FileMeter>,
    writable: Vec<Writable>,
    /// By the number of the handle. One that was given back stays until its number is used again,
    /// which is when the next handle takes its place here too.
    places: HashMap<u32, Option<Arc<Place>>>,
}

/// A folder that may be changed.
struct Writable {
    guest: String,
    quota: Quota,
    ledger: Arc<Ledger>,
}

impl Files {
    /// Begins a call.
    pub(crate) fn begin(&self, limits: &Limits) {
        self.meter.begin(limits);
    }

    /// Takes in the folders the guest was given.
    pub(crate) fn granted(&mut self, folders: &[Folder], ledgers: &Ledgers) {
        let writable = folders.iter().filter(|folder| folder.access == Access::Write);
        self.writable = writable
            .map(|folder| Writable {
                guest: guest_path(folder),
                quota: folder.quota,
                ledger: ledgers.of(&folder.host, &folder.quota),
            })
            .collect();
    }

    /// What the call used of files.
    pub(crate) fn usage(&self) -> Usage {
        self.meter.usage()
    }

    /// The folder this handle is in, where it may be changed.
    pub(super) fn place<T>(&self, handle: &Resource<T>) -> Option<Arc<Place>> {
        self.places.get(&handle.rep()).cloned().flatten()
    }

    /// Takes in a new handle.
    pub(super) fn opened(&mut self, handle: &Resource<Descriptor>, place: Option<Arc<Place>>) {
        self.places.insert(handle.rep(), place);
    }
}

/// Where the guest finds a folder.
pub(crate) fn guest_path(folder: &Folder) -> String {
    format!("/{}", folder.name)
}

pub(super) fn link(preopens: &mut LinkerInstance<'_, CallState>) -> wasmtime::Result<()> {
    preopens.func_wrap("get-directories", |mut store: StoreContextMut<'_, CallState>, (): ()| {
        let mut files = store.data_mut().filesystem();
        let directories = files.get_directories()?;
        let mut found = Vec::with_capacity(directories.len());
        for (handle, name) in &directories {
            if let Descriptor::Dir(folder) = files.table.get(handle)? {
                found.push((Resource::new_borrow(handle.rep()), name.clone(), Arc::clone(&folder.dir)));
            }
        }
        let files = &mut store.data_mut().files;
        for (handle, name, root) in found {
            let writable = files.writable.iter().find(|writable| writable.guest == name);
            let place = writable.map(|Writable { quota, ledger, .. }| {
                let (quota, ledger, meter) = (*quota, Arc::clone(ledger), Arc::clone(&files.meter));
                Arc::new(Place { root, quota, ledger, meter })
            });
            files.opened(&handle, place);
        }
        Ok((directories,))
    })
}
