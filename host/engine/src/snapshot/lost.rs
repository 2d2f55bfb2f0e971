//! What is in no copy and was moved: nothing may delete it, for there is nothing to bring it back from. It goes back
//! under its own name where that is free, and else is told as not brought back.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString, OsStr};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, RenameFlags, openat, renameat_with, statat};
use rustix::io::Errno;

use super::list::List;
use super::remove::fresh_name;
use super::told::{At, Told, below};
use crate::rehearsal::copy::DEPTH_MAX;
use crate::rehearsal::node::{FOLDER, Identity, names};

/// What is not where it was.
pub(super) struct Lost<'a> {
    act: bool,
    list: &'a List,
    roots: Vec<&'a OwnedFd>,
    things: Vec<Thing<'a>>,
    /// Places in `things` by device and inode.
    by_number: BTreeMap<((u32, u32), u64), Vec<usize>>,
}

struct Thing<'a> {
    /// Where it was.
    home: At<'a>,
    which: Identity,
    /// Where it was seen, or where it was put since. Its other names may go then.
    found: Option<(usize, PathBuf)>,
}

/// What became of an entry that may be a lost thing.
pub(super) enum Met {
    /// It is none, or there is another name for it: it may go.
    Other,
    /// It was taken away, or would be: nothing is there any more.
    Away,
    /// It stays where it is.
    Stays,
}

/// Whether a thing can go back.
enum Home {
    Free(OwnedFd, CString),
    /// What is there, or is not, is put back first.
    Later,
    Taken,
}

impl<'a> Lost<'a> {
    /// Looks what of all that was left out is not where it was. `roots` are the folders of the list.
    pub(super) fn of(list: &'a List, roots: Vec<&'a OwnedFd>, act: bool) -> Self {
        let mut lost = Self { act, list, roots, things: Vec::new(), by_number: BTreeMap::new() };
        for (number, listed) in list.folders.iter().enumerate() {
            for (path, which) in &listed.left_out {
                let Some(which) = *which else { continue };
                let home = (number, path.as_path());
                if !lost.is_at(home, &which) {
                    lost.by_number.entry(which.number()).or_default().push(lost.things.len());
                    lost.things.push(Thing { home, which, found: None });
                }
            }
        }
        lost
    }

    /// Whether there is any.
    pub(super) fn is_empty(&self) -> bool {
        self.things.is_empty()
    }

    /// Takes an entry away where it is a lost thing; where it is no copied thing's place, and its own name is not
    /// free, it stays.
    pub(super) fn meet(&mut self, (folder, name): (&OwnedFd, &CStr), at: At<'_>, needed: bool) -> Met {
        let Ok(Some(number)) = self.lost(folder, name, Some(at)) else { return Met::Other };
        self.see(number, (at.0, at.1.to_owned()));
        match self.home(number) {
            Home::Taken if !needed => Met::Stays,
            _ if !self.act => Met::Away,
            Home::Free(home, own) if moved((folder, name), (&home, &own)).is_ok() => Met::Away,
            // In its own folder: a folder that may not be written does not change the one it is in.
            _ => match fresh_name().and_then(|aside| moved((folder, name), (folder, &aside)).map(|()| aside))
            {
                Ok(aside) => {
                    let parent = at.1.parent().unwrap_or(Path::new(""));
                    self.see(number, (at.0, below(parent, &aside)));
                    Met::Away
                }
                Err(_) => Met::Stays,
            },
        }
    }

    /// Takes an entry out of a folder that is to go, at this place of this name, where it is a lost thing.
    ///
    /// # Errors
    /// When it is one and cannot be taken out.
    pub(super) fn spare(&mut self, folder: &OwnedFd, name: &CStr, at: At<'_>) -> Result<bool, Errno> {
        let Some(number) = self.lost(folder, name, None)? else { return Ok(false) };
        self.see(number, (at.0, at.1.to_owned()));
        if let Home::Free(home, own) = self.home(number)
            && moved((folder, name), (&home, &own)).is_ok()
        {
            return Ok(true);
        }
        let root = self.roots.get(at.0).ok_or(Errno::NOENT)?;
        let aside = fresh_name()?;
        moved((folder, name), (root, &aside))?;
        self.see(number, (at.0, below(Path::new(""), &aside)));
        Ok(true)
    }

    /// Looks for lost things in a folder that would go; deeper than folders are copied, it does not look.
    pub(super) fn look(&mut self, parent: &OwnedFd, name: &CStr, at: At<'_>) {
        if !self.is_empty() {
            self.look_in(parent, name, (at, 1));
        }
    }

    fn look_in(&mut self, parent: &OwnedFd, name: &CStr, (at, depth): (At<'_>, usize)) {
        let inside = openat(parent, name, FOLDER, Mode::empty()).ok();
        let Some(folder) = inside.filter(|_| depth <= DEPTH_MAX) else { return };
        for entry in names(&folder).unwrap_or_default() {
            let path = below(at.1, &entry);
            match self.lost(&folder, &entry, None) {
                Ok(Some(number)) => self.see(number, (at.0, path)),
                _ => self.look_in(&folder, &entry, ((at.0, &path), depth + 1)),
            }
        }
    }

    /// Puts back what was taken away and tells what became of each.
    pub(super) fn finish(&mut self, told: &mut Told<'_>) {
        if self.act {
            for (number, thing) in self.things.iter().enumerate() {
                if let Some((folder, path)) = &thing.found
                    && let Some(Ok((from, name))) = self.roots.get(*folder).map(|root| parent(root, path))
                    && Identity::of(&from, &name).is_ok_and(|found| found.is(&thing.which))
                    && let Home::Free(home, own) = self.home(number)
                {
                    // Whether it is there is looked at below.
                    let _ = moved((&from, &name), (&home, &own));
                }
            }
        }
        for (number, thing) in self.things.iter().enumerate() {
            let foreseen = || thing.found.is_some() && !matches!(self.home(number), Home::Taken);
            if if self.act { self.is_at(thing.home, &thing.which) } else { foreseen() } {
                told.done.put_back += 1;
                told.changed("put back", thing.home);
                continue;
            }
            match &thing.found {
                Some(found) => {
                    let now = told.name((found.0, &found.1));
                    told.failed(thing.home, &format!("it is at `{now}` now, and its own name is not free"));
                }
                None if matches!(self.home(number), Home::Taken) => {
                    told.failed(
                        thing.home,
                        &"it is gone, and it was in no copy; what has its name now stays",
                    );
                }
                None => told.failed(thing.home, &"it is gone, and it was in no copy"),
            }
        }
    }

    fn see(&mut self, number: usize, at: (usize, PathBuf)) {
        if let Some(thing) = self.things.get_mut(number) {
            thing.found = Some(at);
        }
    }

    fn is_at(&self, (number, path): At<'_>, which: &Identity) -> bool {
        let found = self.roots.get(number).map(|root| {
            let (folder, name) = parent(root, path)?;
            Identity::of(&folder, &name)
        });
        matches!(found, Some(Ok(found)) if found.is(which))
    }

    /// The lost thing an entry is. Where it was seen under another name, this one is none.
    fn lost(&self, folder: &OwnedFd, name: &CStr, at: Option<At<'_>>) -> Result<Option<usize>, Errno> {
        if self.is_empty() {
            return Ok(None);
        }
        let which = match Identity::of(folder, name) {
            Err(Errno::NOENT) => return Ok(None),
            which => which?,
        };
        let left_out =
            at.and_then(|(number, path)| self.list.folders.get(number)?.left_out.get(path)?.as_ref());
        if left_out.is_some_and(|own| own.is(&which)) {
            return Ok(None);
        }
        let unseen = |at: &usize| self.things.get(*at).is_some_and(|thing| thing.found.is_none());
        let Some(first) = self.same(&which).next() else { return Ok(None) };
        if let Some(unseen) = self.same(&which).find(unseen) {
            return Ok(Some(unseen));
        }
        // What was seen is seen again where folders overlap: only another name of it may go.
        let stat = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        Ok((is_folder || stat.st_nlink < 2).then_some(first))
    }

    /// The lost things this is, by their places: several where one had several names.
    fn same<'s>(&'s self, which: &'s Identity) -> impl Iterator<Item = usize> + 's {
        let numbered = self.by_number.get(&which.number()).into_iter().flatten().copied();
        numbered.filter(|at| self.things.get(*at).is_some_and(|thing| thing.which.is(which)))
    }

    fn home(&self, number: usize) -> Home {
        let Some(thing) = self.things.get(number) else { return Home::Taken };
        let Some(root) = self.roots.get(thing.home.0) else { return Home::Taken };
        let Ok((folder, name)) = parent(root, thing.home.1) else { return Home::Later };
        match Identity::of(&folder, &name) {
            Err(Errno::NOENT) => Home::Free(folder, name),
            Ok(other) if self.same(&other).next().is_some() => Home::Later,
            _ => Home::Taken,
        }
    }
}

fn moved((from, name): (&OwnedFd, &CStr), (to, other): (&OwnedFd, &CStr)) -> Result<(), Errno> {
    renameat_with(from, name, to, other, RenameFlags::NOREPLACE)
}

/// The folder a path ends in, by single names, and the last one. No link is followed.
fn parent(root: &OwnedFd, path: &Path) -> Result<(OwnedFd, CString), Errno> {
    let single = |name: &OsStr| CString::new(name.as_bytes()).map_err(|_| Errno::INVAL);
    let mut folder = openat(root, c".", FOLDER, Mode::empty())?;
    for name in path.parent().into_iter().flat_map(Path::iter) {
        folder = openat(&folder, single(name)?.as_c_str(), FOLDER, Mode::empty())?;
    }
    Ok((folder, single(path.file_name().ok_or(Errno::INVAL)?)?))
}
