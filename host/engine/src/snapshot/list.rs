//! What a snapshot holds, written beside its copies when they are whole.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, fstat, open};
use serde::{Deserialize, Serialize};

use crate::rehearsal::copy::Copied;
use crate::rehearsal::node::{FOLDER, Identity, LeftOut, Node, Nodes};

const NAME: &str = "list";
/// The form of the list; another is not read.
const FORM: u32 = 2;

/// The list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct List {
    pub(super) folders: Vec<Listed>,
}

/// One folder in it; its copy has its place in the list as its name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// The name of its grant.
    pub(super) name: String,
    /// Where it is.
    pub(super) host: PathBuf,
    /// Which folder it is: device and inode.
    pub(super) identity: (u64, u64),
    pub(super) nodes: Nodes,
    /// What was there and is not in the copy.
    pub(super) left_out: LeftOut,
}

/// The same on disk, where paths are bytes.
#[derive(Serialize, Deserialize)]
struct Written {
    form: u32,
    folders: Vec<WrittenFolder>,
}

#[derive(Serialize, Deserialize)]
struct WrittenFolder {
    name: String,
    host: Vec<u8>,
    identity: (u64, u64),
    nodes: Vec<(Vec<u8>, Node)>,
    left_out: Vec<(Vec<u8>, Option<Identity>)>,
}

fn bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}

fn path(bytes: Vec<u8>) -> PathBuf {
    OsString::from_vec(bytes).into()
}

impl List {
    /// Of what was copied.
    ///
    /// # Errors
    /// When a folder is not there any more.
    pub(super) fn of(copied: &[Copied]) -> io::Result<Self> {
        let listed = |copied: &Copied| {
            Ok(Listed {
                name: copied.name.as_str().to_owned(),
                host: copied.original.clone(),
                identity: identity(&open(&copied.original, FOLDER, Mode::empty())?)?,
                nodes: copied.nodes.clone(),
                left_out: copied.left_out.clone(),
            })
        };
        Ok(Self { folders: copied.iter().map(listed).collect::<io::Result<_>>()? })
    }

    /// Writes it, whole or not at all, and answers how many bytes it is long.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(self, place: &Path) -> io::Result<u64> {
        let folder = |listed: Listed| WrittenFolder {
            name: listed.name,
            host: bytes(&listed.host),
            identity: listed.identity,
            nodes: listed.nodes.into_iter().map(|(path, node)| (bytes(&path), node)).collect(),
            left_out: listed.left_out.iter().map(|(path, which)| (bytes(path), *which)).collect(),
        };
        let written = Written { form: FORM, folders: self.folders.into_iter().map(folder).collect() };
        let text = postcard::to_stdvec(&written).map_err(io::Error::other)?;
        let mut file = tempfile::NamedTempFile::new_in(place)?;
        file.write_all(&text)?;
        file.persist(place.join(NAME)).map_err(|error| error.error)?;
        Ok(text.len() as u64)
    }

    /// Reads it.
    ///
    /// # Errors
    /// Not found where it is not there, invalid data where it is another form or none.
    pub(super) fn read(place: &Path) -> io::Result<Self> {
        let text = fs_err::read(place.join(NAME))?;
        let invalid = |error: postcard::Error| io::Error::new(io::ErrorKind::InvalidData, error);
        let Written { form, folders } = postcard::from_bytes(&text).map_err(invalid)?;
        if form != FORM {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let folder = |written: WrittenFolder| Listed {
            name: written.name,
            host: path(written.host),
            identity: written.identity,
            nodes: written.nodes.into_iter().map(|(bytes, node)| (path(bytes), node)).collect(),
            left_out: written.left_out.into_iter().map(|(bytes, which)| (path(bytes), which)).collect(),
        };
        Ok(Self { folders: folders.into_iter().map(folder).collect() })
    }

    /// Whether there is one.
    pub(super) fn is_there(place: &Path) -> bool {
        place.join(NAME).is_file()
    }

    /// Removes it.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub(super) fn forget(place: &Path) -> io::Result<()> {
        match fs_err::remove_file(place.join(NAME)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Which folder this is: device and inode.
///
/// # Errors
/// When it cannot be known.
pub(super) fn identity(folder: &std::os::fd::OwnedFd) -> io::Result<(u64, u64)> {
    let stat = fstat(folder)?;
    Ok((stat.st_dev, stat.st_ino))
}
