//! `wasi:filesystem` where it opens or changes something: only regular files and folders are
//! opened, what is added is counted before it is done, no links are made, and listings are read in portions. These functions stand
//! in the place of the library's and then ask the library, which keeps every path inside its folder.

mod change;
mod cost;
mod directories;
mod ledger;
mod listing;
mod measure;
mod meter;
mod open;
mod place;
mod stream;
mod write;

use ares_kernel::facts::FileLimit;
use futures::future::BoxFuture;
use wasmtime::component::{ComponentNamedList, Lift, Linker, LinkerInstance, Lower, Resource};
use wasmtime::{AsContextMut as _, StoreContextMut};
use wasmtime_wasi::filesystem::WasiFilesystemView as _;
use wasmtime_wasi::p2::bindings::filesystem::types::{ErrorCode, Host as _};
use wasmtime_wasi::p2::{FsError, FsResult};

use crate::state::CallState;

pub(crate) use directories::{Files, guest_path};
pub(crate) use ledger::Ledgers;

/// A limit on files was met: what a stream fails with.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the limit `{}` is met; remove files or raise it in plugin.toml", .0.as_str())]
struct Met(FileLimit);

/// A function in the place of the library's, at work.
type Doing<'a, A> = BoxFuture<'a, FsResult<A>>;

/// Puts these functions in the place of the library's. The engine's tests of files fail when a name
/// or the version no longer fits.
pub(super) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    directories::link(&mut linker.instance("wasi:filesystem/preopens@0.2.12")?)?;
    let types = &mut linker.instance("wasi:filesystem/types@0.2.12")?;
    replace(types, "[method]descriptor.open-at", open::open_at)?;
    replace(types, "[method]descriptor.write", write::write)?;
    replace(types, "[method]descriptor.set-size", write::set_size)?;
    replace(types, "[method]descriptor.write-via-stream", write::write_via_stream)?;
    replace(types, "[method]descriptor.append-via-stream", write::append_via_stream)?;
    replace(types, "[method]descriptor.create-directory-at", change::create_directory_at)?;
    replace(types, "[method]descriptor.rename-at", change::rename_at)?;
    replace(types, "[method]descriptor.unlink-file-at", change::unlink_file_at)?;
    replace(types, "[method]descriptor.remove-directory-at", change::remove_directory_at)?;
    replace(types, "[method]descriptor.link-at", change::link_at)?;
    replace(types, "[method]descriptor.symlink-at", change::symlink_at)?;
    listing::link(types)?;
    types.func_wrap("filesystem-error-code", error_code)?;
    linker.allow_shadowing(false);
    Ok(())
}

fn replace<P, A>(
    types: &mut LinkerInstance<'_, CallState>,
    name: &str,
    with: for<'a> fn(StoreContextMut<'a, CallState>, P) -> Doing<'a, A>,
) -> wasmtime::Result<()>
where
    P: ComponentNamedList + Lift + Send + 'static,
    A: Send + 'static,
    (Result<A, ErrorCode>,): ComponentNamedList + Lower + 'static,
{
    let what = name.rsplit('.').next().unwrap_or(name).to_owned();
    types.func_wrap_async(name, move |mut store: StoreContextMut<'_, CallState>, parameters: P| {
        let what = what.clone();
        Box::new(async move {
            let done = with(store.as_context_mut(), parameters).await;
            // `open-at` tells of its own with the path.
            if what != "open-at" && done.as_ref().is_err_and(is_denial) {
                store.data_mut().deny(&format!("{what}: it is not granted"));
            }
            let answer = match done {
                Ok(answer) => Ok(answer),
                Err(error) => Err(error.downcast()?),
            };
            Ok((answer,))
        })
    })
}

/// Whether a guest tried what it was not granted.
fn is_denial(error: &FsError) -> bool {
    let code = error.downcast_ref();
    matches!(code, Some(ErrorCode::NotPermitted | ErrorCode::Access | ErrorCode::ReadOnly))
}

/// What a stream failed with, as a code: the library's own does not know our limits.
fn error_code(
    mut store: StoreContextMut<'_, CallState>,
    (error,): (Resource<wasmtime::Error>,),
) -> wasmtime::Result<(Option<ErrorCode>,)> {
    let mut files = store.data_mut().filesystem();
    if files.table.get(&error)?.is::<Met>() {
        return Ok((Some(ErrorCode::Quota),));
    }
    Ok((files.filesystem_error_code(error)?,))
}
