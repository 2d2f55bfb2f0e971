//! How much memory the machine has left, from what the kernel tells in its files.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ares_kernel::facts::{Extent, Spot};
use ares_kernel::ports::Machine;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::extent;

/// How old an answer may be: reading the files takes about as long as a call.
const FRESH: Duration = Duration::from_millis(250);
/// How long a look at a place may take before the call goes on without it.
const EXTENT_LONGEST: Duration = Duration::from_secs(1);

/// The machine this process runs on, or the part of it that its control group may use.
#[derive(Debug)]
pub struct ThisMachine {
    meminfo: PathBuf,
    group: Option<PathBuf>,
    last: Mutex<Option<(Instant, Option<u64>)>>,
}

impl Default for ThisMachine {
    fn default() -> Self {
        let mounted = Path::new("/sys/fs/cgroup");
        Self {
            meminfo: PathBuf::from("/proc/meminfo"),
            group: fs_err::read_to_string("/proc/self/cgroup").ok().and_then(|text| group(mounted, &text)),
            last: Mutex::default(),
        }
    }
}

impl Machine for ThisMachine {
    fn memory_available(&self) -> Option<u64> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match *last {
            Some((at, answer)) if at.elapsed() < FRESH => answer,
            _ => {
                let answer = self.read();
                *last = Some((Instant::now(), answer));
                answer
            }
        }
    }

    fn there(&self, places: Vec<Spot>) -> BoxFuture<'_, Vec<Option<bool>>> {
        async move {
            let unknown = vec![None; places.len()];
            let looked = tokio::task::spawn_blocking(move || extent::there(&places));
            let looked = tokio::time::timeout(EXTENT_LONGEST, looked).await;
            looked.ok().and_then(Result::ok).unwrap_or(unknown)
        }
        .boxed()
    }

    fn extent(&self, places: Vec<Spot>) -> BoxFuture<'_, Option<Extent>> {
        async move {
            // A disk that does not answer keeps its thread and nobody else.
            let counted = tokio::task::spawn_blocking(move || extent::extent(&places));
            tokio::time::timeout(EXTENT_LONGEST, counted).await.ok()?.ok()
        }
        .boxed()
    }
}

impl ThisMachine {
    fn read(&self) -> Option<u64> {
        let machine = fs_err::read_to_string(&self.meminfo).ok().and_then(|text| available(&text));
        let group = self.group.as_deref().and_then(left_in);
        machine.into_iter().chain(group).min()
    }
}

/// `MemAvailable` of proc_meminfo(5), in bytes.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

/// The folder of this process's group in the one hierarchy of version 2 (cgroups(7)); in version 1 there is
/// none.
fn group(mounted: &Path, text: &str) -> Option<PathBuf> {
    let path = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(mounted.join(path))
}

/// What the tightest of the groups above leaves; nothing where none has a limit.
fn left_in(group: &Path) -> Option<u64> {
    let number = |folder: &Path, name: &str| -> Option<u64> {
        fs_err::read_to_string(folder.join(name)).ok()?.trim().parse().ok()
    };
    let left = |folder: &Path| {
        let most = number(folder, "memory.max")?;
        Some(most.saturating_sub(number(folder, "memory.current")?))
    };
    group.ancestors().filter_map(left).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_read_in_bytes() {
        let text = "MemTotal:       16000000 kB\nMemFree:          1 kB\nMemAvailable:       2048 kB\n";
        assert_eq!(available(text), Some(2048 << 10));
        assert_eq!(available("MemTotal: 1 kB\n"), None);
        assert_eq!(available("MemAvailable: much\n"), None);
    }

    #[test]
    fn the_tightest_group_counts_and_one_without_a_limit_does_not() {
        let root = tempfile::tempdir().unwrap();
        let inner = group(root.path(), "1:cpu:/x\n0::/outer/inner\n").unwrap();
        fs_err::create_dir_all(&inner).unwrap();
        let write = |folder: &Path, most: &str, now: &str| {
            fs_err::write(folder.join("memory.max"), most).unwrap();
            fs_err::write(folder.join("memory.current"), now).unwrap();
        };
        write(&inner, "max\n", "900\n");
        assert_eq!(left_in(&inner), None);
        write(&root.path().join("outer"), "1000\n", "900\n");
        assert_eq!(left_in(&inner), Some(100));
        write(&inner, "10\n", "20\n");
        assert_eq!(left_in(&inner), Some(0));
        assert_eq!(group(root.path(), "4:memory:/x\n"), None);
    }

    #[test]
    fn this_machine_has_some() {
        assert!(ThisMachine::default().memory_available().is_some_and(|bytes| bytes > 0));
    }
}
