//! `open-at` of `wasi:filesystem`, but for regular files and folders only: opening a named pipe
//! or a device can wait for ever and would hold a thread of the host for as long.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::filesystem::WasiFilesystemView as _;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorType, ErrorCode, HostDescriptor as _, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{FsError, FsResult};

use crate::state::CallState;

type Arguments = (Resource<Descriptor>, PathFlags, String, OpenFlags, DescriptorFlags);
type Answer = Result<Resource<Descriptor>, ErrorCode>;

/// Puts this `open-at` in the place of the library's. The engine's test with a named pipe fails
/// when the name or the version no longer fits.
pub(super) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut types = linker.instance("wasi:filesystem/types@0.2.12")?;
    types.func_wrap_async(
        "[method]descriptor.open-at",
        |store: StoreContextMut<'_, CallState>, arguments: Arguments| {
            Box::new(async move {
                let answer: Answer = match open(store, arguments).await {
                    Ok(descriptor) => Ok(descriptor),
                    Err(error) => Err(error.downcast()?),
                };
                Ok((answer,))
            })
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

async fn open(
    mut store: StoreContextMut<'_, CallState>,
    arguments: Arguments,
) -> FsResult<Resource<Descriptor>> {
    let (folder, follow, path, how, flags) = arguments;
    let mut files = store.data_mut().filesystem();
    let there = files.stat_at(Resource::new_borrow(folder.rep()), follow, path.clone()).await;
    if let Ok(there) = there {
        match there.type_ {
            DescriptorType::RegularFile | DescriptorType::Directory | DescriptorType::SymbolicLink => {}
            _ => return Err(FsError::from(ErrorCode::NotPermitted)),
        }
    }
    files.open_at(folder, follow, path, how, flags).await
}
