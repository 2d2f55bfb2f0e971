//! `read-directory`, a few entries at a time: the library reads all names of a folder into the
//! host's memory, and a guest that lists a large folder many times could fill that.

use std::collections::VecDeque;
use std::fs::File;
use std::io;

use futures::FutureExt as _;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat};
use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Resource, ResourceType};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::filesystem::types::{DescriptorType, DirectoryEntry, ErrorCode};
use wasmtime_wasi::p2::{FsError, FsResult};

use super::{Doing, replace};
use crate::state::CallState;

/// Entries read at one time.
const PORTION: usize = 64;

type Store<'a> = StoreContextMut<'a, CallState>;

/// A folder that is being listed. It takes a portion of memory, however large the folder is.
pub(super) struct Listing {
    ahead: VecDeque<Result<DirectoryEntry, ErrorCode>>,
    rest: Option<Dir>,
}

/// Puts this resource and the two functions that know it in the place of the library's.
pub(super) fn link(types: &mut LinkerInstance<'_, CallState>) -> wasmtime::Result<()> {
    let kind = ResourceType::host::<Listing>();
    types.resource("directory-entry-stream", kind, |mut store, handle| {
        store.data_mut().filesystem().table.delete(Resource::<Listing>::new_own(handle))?;
        Ok(())
    })?;
    replace(types, "[method]descriptor.read-directory", read_directory)?;
    replace(types, "[method]directory-entry-stream.read-directory-entry", read_directory_entry)
}

fn read_directory(mut store: Store<'_>, (folder,): (Resource<Descriptor>,)) -> Doing<'_, Resource<Listing>> {
    async move {
        let files = store.data_mut().filesystem();
        let Descriptor::Dir(folder) = files.table.get(&folder)? else {
            return Err(ErrorCode::NotDirectory.into());
        };
        let folder = folder.dir.clone();
        let rest = blocking(move || open(&folder)).await??;
        Ok(files.table.push(Listing { ahead: VecDeque::new(), rest: Some(rest) })?)
    }
    .boxed()
}

fn read_directory_entry(
    mut store: Store<'_>,
    (listing,): (Resource<Listing>,),
) -> Doing<'_, Option<DirectoryEntry>> {
    async move {
        let files = store.data_mut().filesystem();
        let listing = files.table.get_mut(&listing)?;
        if listing.ahead.is_empty()
            && let Some(rest) = listing.rest.take()
        {
            (listing.ahead, listing.rest) = blocking(move || portion(rest)).await?;
        }
        Ok(listing.ahead.pop_front().transpose()?)
    }
    .boxed()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> FsResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(FsError::trap)
}

/// A handle of its own: the place in a folder belongs to the handle.
fn open(folder: &File) -> io::Result<Dir> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(Dir::new(openat(folder, ".", flags, Mode::empty())?)?)
}

/// The next entries, and the folder if there may be more.
fn portion(mut folder: Dir) -> (VecDeque<Result<DirectoryEntry, ErrorCode>>, Option<Dir>) {
    let mut entries = VecDeque::with_capacity(PORTION);
    while entries.len() < PORTION {
        match folder.read() {
            None => return (entries, None),
            Some(Err(error)) => {
                entries.push_back(Err(io::Error::from(error).into()));
                return (entries, None);
            }
            Some(Ok(entry)) if [c".", c".."].contains(&entry.file_name()) => {}
            Some(Ok(entry)) => {
                let type_ = match entry.file_type() {
                    FileType::Unknown => type_of(&folder, entry.file_name()),
                    known => known,
                };
                let name = entry.file_name().to_str().map(ToOwned::to_owned);
                let entry = name.map(|name| DirectoryEntry { type_: described(type_), name });
                entries.push_back(entry.map_err(|_| ErrorCode::IllegalByteSequence));
            }
        }
    }
    (entries, Some(folder))
}

/// For file systems that do not say it with the name.
fn type_of(folder: &Dir, name: &std::ffi::CStr) -> FileType {
    let stat = folder.fd().and_then(|folder| statat(folder, name, AtFlags::SYMLINK_NOFOLLOW));
    stat.map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode))
}

fn described(kind: FileType) -> DescriptorType {
    match kind {
        FileType::RegularFile => DescriptorType::RegularFile,
        FileType::Directory => DescriptorType::Directory,
        FileType::Symlink => DescriptorType::SymbolicLink,
        FileType::Fifo => DescriptorType::Fifo,
        FileType::Socket => DescriptorType::Socket,
        FileType::CharacterDevice => DescriptorType::CharacterDevice,
        FileType::BlockDevice => DescriptorType::BlockDevice,
        FileType::Unknown => DescriptorType::Unknown,
    }
}
