//! The thread that writes the log files, so that no call ever waits for a disk.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use ares_kernel::PluginName;

use super::{FILE_BYTES_MAX, file_of};

/// Pieces of text, most of them a line, that may wait for the disk; further ones are lost and
/// counted.
const WAITING_MAX: usize = 4096;

/// The way to the log files. Dropping it writes what still waits.
pub(crate) struct Logs {
    sender: Option<SyncSender<(PluginName, Vec<u8>)>>,
    thread: Option<JoinHandle<()>>,
    lost: AtomicU64,
}

impl Logs {
    /// Log files in this folder, or none.
    pub(crate) fn open(folder: Option<&Path>) -> std::io::Result<Self> {
        let Some(folder) = folder else {
            return Ok(Self { sender: None, thread: None, lost: AtomicU64::new(0) });
        };
        fs_err::create_dir_all(folder)?;
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let mut writer = Writer { folder: folder.to_owned(), files: HashMap::new() };
        let thread =
            std::thread::Builder::new().name("ares-logs".to_owned()).spawn(move || writer.run(&receiver))?;
        Ok(Self { sender: Some(sender), thread: Some(thread), lost: AtomicU64::new(0) })
    }

    /// Hands whole lines over. When too much waits already, they are lost, and once something gets
    /// through again a warning says so.
    pub(super) fn write(&self, plugin: &PluginName, text: Vec<u8>) {
        let Some(sender) = &self.sender else { return };
        if sender.try_send((plugin.clone(), text)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if self.lost.load(Ordering::Relaxed) > 0 {
            let lost = self.lost.swap(0, Ordering::Relaxed);
            tracing::warn!(lost, "writes to the logs of plugins were lost because the disk was too slow");
        }
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("the thread that writes plugins' logs panicked");
        }
    }
}

struct Writer {
    folder: PathBuf,
    files: HashMap<PluginName, LogFile>,
}

struct LogFile {
    file: fs_err::File,
    bytes: u64,
}

impl Writer {
    fn run(&mut self, waiting: &Receiver<(PluginName, Vec<u8>)>) {
        let mut failing = false;
        while let Ok(first) = waiting.recv() {
            let mut texts: HashMap<PluginName, Vec<u8>> = HashMap::new();
            for (plugin, text) in std::iter::once(first).chain(waiting.try_iter().take(WAITING_MAX)) {
                texts.entry(plugin).or_default().extend(text);
            }
            for (plugin, text) in texts {
                if let Err(error) = self.append(&plugin, &text) {
                    self.files.remove(&plugin);
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(%plugin, %error, "a plugin's log cannot be written");
                    }
                } else {
                    failing = false;
                }
            }
        }
    }

    fn append(&mut self, plugin: &PluginName, text: &[u8]) -> std::io::Result<()> {
        let path = file_of(&self.folder, plugin);
        let full = |log: &LogFile| log.bytes + text.len() as u64 > FILE_BYTES_MAX && log.bytes > 0;
        if self.files.get(plugin).is_some_and(full) {
            self.files.remove(plugin);
            fs_err::rename(&path, path.with_extension("log.1"))?;
        }
        let log = match self.files.remove(plugin) {
            Some(log) => log,
            None => LogFile::open(&path)?,
        };
        let log = self.files.entry(plugin.clone()).or_insert(log);
        log.file.write_all(text)?;
        log.bytes += text.len() as u64;
        Ok(())
    }
}

impl LogFile {
    fn open(path: &Path) -> std::io::Result<Self> {
        let file = fs_err::OpenOptions::new().create(true).append(true).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { file, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn lines_are_there_when_the_logs_are_closed() {
        let dir = tempfile::tempdir().unwrap();
        let logs = Logs::open(Some(dir.path())).unwrap();
        let plugin: PluginName = "notes".parse().unwrap();
        logs.write(&plugin, b"one\n".to_vec());
        logs.write(&plugin, b"two\n".to_vec());
        drop(logs);
        let text = fs_err::read_to_string(dir.path().join("notes.log")).unwrap();
        assert_eq!(text, "one\ntwo\n");
    }

    #[test]
    fn a_full_file_is_kept_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer { folder: dir.path().to_owned(), files: HashMap::new() };
        let plugin: PluginName = "notes".parse().unwrap();
        let most = usize::try_from(FILE_BYTES_MAX).unwrap();
        for fill in [b'a', b'b', b'c'] {
            writer.append(&plugin, &vec![fill; most]).unwrap();
        }
        let read = |name: &str| fs_err::read(dir.path().join(name)).unwrap();
        assert_eq!((read("notes.log")[0], read("notes.log.1")[0]), (b'c', b'b'));
        assert_eq!(fs_err::read_dir(dir.path()).unwrap().count(), 2);
    }
}
