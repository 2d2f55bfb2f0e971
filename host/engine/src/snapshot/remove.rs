//! Removes what was not there when a snapshot was taken, however deep it is.

use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;

use ares_kernel::InvocationId;
use rustix::fs::{AtFlags, Mode, RenameFlags, openat, renameat_with, unlinkat};
use rustix::io::Errno;

use crate::rehearsal::node::{FOLDER, names};

/// A name nobody else has, in a folder that is put back.
pub(super) fn fresh_name() -> Result<CString, Errno> {
    CString::new(format!(".{}.ares", InvocationId::new())).map_err(|_| Errno::INVAL)
}

/// Removes an entry of a folder and all that is in it. No link is followed, and no more than two handles
/// are held: folders in it are moved up first. That it is gone already is as good. Whatever is in a folder is first
/// shown to `spare`, which answers whether it took it out.
///
/// # Errors
/// When something cannot be removed or spared: it stays, in its folder.
pub(super) fn remove(
    parent: &OwnedFd,
    name: &CStr,
    mut spare: impl FnMut(&OwnedFd, &CStr) -> Result<bool, Errno>,
) -> Result<(), Errno> {
    match unlinkat(parent, name, AtFlags::empty()) {
        // A folder is the one or the other, by the system.
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(Errno::NOENT) => return Ok(()),
        done => return done,
    }
    let mut folders = vec![name.to_owned()];
    while let Some(name) = folders.pop() {
        let folder = openat(parent, &name, FOLDER, Mode::empty())?;
        for entry in names(&folder).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))? {
            if spare(&folder, &entry)? {
                continue;
            }
            match unlinkat(&folder, &entry, AtFlags::empty()) {
                Err(Errno::ISDIR | Errno::PERM) => {
                    let up = fresh_name()?;
                    renameat_with(&folder, &entry, parent, &up, RenameFlags::NOREPLACE)?;
                    folders.push(up);
                }
                Err(Errno::NOENT) => {}
                done => done?,
            }
        }
        unlinkat(parent, &name, AtFlags::REMOVEDIR)?;
    }
    Ok(())
}
