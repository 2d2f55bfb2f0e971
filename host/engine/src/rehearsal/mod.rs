//! What a rehearsed call has in place of the world: copies of the folders it may change, and a closed
//! door where requests would leave. What it would have done is found by comparing and by noting.

pub(crate) mod compare;
pub(crate) mod copy;
pub(crate) mod node;
mod notes;
pub(crate) mod room;

use std::path::PathBuf;
use std::sync::Arc;

use ares_kernel::facts::{Access, Folder};
use ares_kernel::rehearsal::Tried;
use ares_kernel::{Fault, FaultKind, InvocationId};

pub(crate) use copy::CopyError;
use copy::{Bounds, Copied, Copier, Purpose};
pub(crate) use notes::Notes;
use room::Room;
pub(crate) use room::sweep;

/// Where rehearsals take place, and how much each may copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RehearsalOptions {
    /// The folder for copies, for this host's user alone. Made when first needed; what dead processes
    /// left there is removed when an engine starts.
    pub folder: PathBuf,
    /// The most bytes one call's folders may hold together to be copied.
    pub bytes: u64,
    /// The most files, folders and links in them.
    pub entries: u64,
}

impl RehearsalOptions {
    /// In this folder, with the usual bounds: 256 MiB in 100,000 entries.
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self { folder, bytes: 256 << 20, entries: 100_000 }
    }
}

/// What rehearsals copy folders for.
const PURPOSE: Purpose = Purpose {
    done: "rehearsed",
    noun: "rehearsal",
    left_out: "was not there",
    keys: ("rehearsal.mb", "rehearsal.entries"),
};

/// One rehearsed call.
pub(crate) struct Rehearsing {
    notes: Arc<Notes>,
    copies: Option<Copies>,
    left_out: Vec<String>,
}

/// The copies of a call's folders. The room goes, with all of them, when this does.
struct Copies {
    room: Room,
    folders: Vec<Copied>,
}

impl Rehearsing {
    pub(crate) fn new() -> Self {
        Self { notes: Arc::default(), copies: None, left_out: Vec::new() }
    }

    /// Where imports note what would have left.
    pub(crate) fn notes(&self) -> &Arc<Notes> {
        &self.notes
    }

    /// Puts copies in the place of the folders that may be changed.
    ///
    /// # Errors
    /// When they hold too much or cannot be copied.
    pub(crate) async fn stage(
        &mut self,
        mut folders: Vec<Folder>,
        (options, id): (&RehearsalOptions, InvocationId),
    ) -> Result<Vec<Folder>, CopyError> {
        if folders.iter().all(|folder| folder.access == Access::Read) {
            return Ok(folders);
        }
        self.left_out.extend(overlaps(&folders));
        let options = options.clone();
        let RehearsalOptions { bytes, entries, .. } = options;
        // The deadline of the call is around all of it.
        let bounds = Bounds { bytes, entries, until: None, purpose: &PURPOSE };
        let staged = tokio::task::spawn_blocking(move || {
            let room = Room::make(&options.folder, id)
                .map_err(CopyError::io("making room for the copies of its rehearsal"))?;
            let (mut copier, mut copied) = (Copier::new(bounds), Vec::new());
            for folder in folders.iter_mut().filter(|folder| folder.access == Access::Write) {
                match copier.copy(folder, room.path().join(copied.len().to_string())) {
                    Ok(copy) => {
                        folder.host.clone_from(&copy.copy);
                        copied.push(copy);
                    }
                    Err(error) => {
                        room.remove();
                        return Err(error);
                    }
                }
            }
            Ok((folders, Copies { room, folders: copied }, copier.skipped))
        });
        let (folders, copies, skipped) = staged.await.map_err(|_| CopyError::Broken)??;
        self.left_out.extend(skipped);
        self.copies = Some(copies);
        Ok(folders)
    }

    /// What the call would have done, once its guest is gone. The copies are removed.
    ///
    /// # Errors
    /// The fault of a rehearsal whose effects cannot be told.
    pub(crate) async fn conclude(self, denied: Vec<String>) -> Result<Tried, Fault> {
        let Self { notes, copies, mut left_out } = self;
        let (requests, mut undeclared) = notes.take();
        undeclared.extend(denied);
        let mut intents = Vec::new();
        if let Some(copies) = copies {
            let compared = tokio::task::spawn_blocking(move || {
                let compared: std::io::Result<Vec<_>> = copies.folders.iter().map(compare::compare).collect();
                copies.room.remove();
                compared
            });
            let untold = |why: &dyn std::fmt::Display| {
                Fault::new(
                    FaultKind::Internal,
                    &format!("what it would have done to files cannot be told: {why}"),
                )
            };
            for compared in compared.await.map_err(|error| untold(&error))?.map_err(|error| untold(&error))? {
                intents.extend(compared.intents);
                left_out.extend(compared.left_out);
            }
        }
        intents.extend(requests);
        Ok(Tried { intents, undeclared, left_out })
    }
}

/// Folders of which one lies in the other: what is changed in a copy is not seen there.
fn overlaps(folders: &[Folder]) -> Vec<String> {
    let mut told = Vec::new();
    for (at, one) in folders.iter().enumerate() {
        for other in folders.iter().skip(at + 1) {
            let overlap = one.host.starts_with(&other.host) || other.host.starts_with(&one.host);
            if overlap && (one.access == Access::Write || other.access == Access::Write) {
                told.push(format!(
                    "`{}` and `{}` share files on this machine; here a change in one is not seen in the other",
                    one.name, other.name
                ));
            }
        }
    }
    told
}
