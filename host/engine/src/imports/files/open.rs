//! `open-at`, but for regular files and folders only: opening a named pipe or a device can wait for
//! ever and would hold a thread of the host for as long.

use ares_kernel::text::quoted;
use futures::FutureExt as _;
use wasmtime::StoreContextMut;
use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::WasiFilesystemView as _;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorType, ErrorCode, HostDescriptor as _, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{FsError, FsResult};

use super::Doing;
use super::cost::Cost;
use crate::state::CallState;

type Arguments = (Resource<Descriptor>, PathFlags, String, OpenFlags, DescriptorFlags);

pub(super) fn open_at(
    mut store: StoreContextMut<'_, CallState>,
    arguments: Arguments,
) -> Doing<'_, Resource<Descriptor>> {
    async move {
        let path = arguments.2.clone();
        let opened = open(&mut store, arguments).await;
        if opened.as_ref().is_err_and(super::is_denial) {
            // Before it is cut: what is left of a value by a cut could not be found any more.
            let path = quoted(&store.data().secrets().scrub(&path), 200);
            store.data_mut().deny(&format!("open: {path} is not granted"));
        }
        opened
    }
    .boxed()
}

async fn open(
    store: &mut StoreContextMut<'_, CallState>,
    arguments: Arguments,
) -> FsResult<Resource<Descriptor>> {
    let (folder, follow, path, how, flags) = arguments;
    let place = store.data().files.place(&folder);
    let mut files = store.data_mut().filesystem();
    let there = files.stat_at(Resource::new_borrow(folder.rep()), follow, path.clone()).await;
    if let Ok(there) = &there {
        match there.type_ {
            DescriptorType::RegularFile | DescriptorType::Directory | DescriptorType::SymbolicLink => {}
            _ => return Err(FsError::from(ErrorCode::NotPermitted)),
        }
    }
    let makes = there.is_err() && how.contains(OpenFlags::CREATE);
    let admitted = match &place {
        Some(place) if makes => Some(place.admit(&Cost::FILE).await?),
        _ => None,
    };
    let opened = files.open_at(folder, follow, path, how, flags).await;
    if let (Some(place), Ok(handle)) = (&place, &opened) {
        if how.contains(OpenFlags::TRUNCATE) {
            place.ledger.cut();
        }
        if let Descriptor::File(file) = files.table.get(handle)? {
            place.ledger.opened(&file.file);
        }
    }
    if let (Some(place), Err(_), true) = (&place, &opened, admitted.is_some()) {
        place.refund(&Cost::FILE);
    }
    drop(admitted);
    let opened = opened?;
    store.data_mut().files.opened(&opened, place);
    Ok(opened)
}
