//! How much one call may use. A plugin asks in `[limits]`; the host's maxima are the ceiling.

use std::time::Duration;

use super::Quota;

/// The limits of one call. Every one is a key of `[limits]`, and every one is enforced: memory, tables,
/// fuel, time, files, host calls, log and writes by the engine, the sizes by gate and verifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Linear memories of one call together, in bytes.
    pub memory_bytes: u64,
    /// Elements of all tables of one call together.
    pub table_elements: u64,
    /// Fuel, about one unit per WebAssembly instruction.
    pub fuel: u64,
    /// Wall-clock time from the moment the guest may start.
    pub deadline: Duration,
    /// JSON text of the input, in bytes.
    pub input_bytes: u64,
    /// JSON text of the output, in bytes.
    pub output_bytes: u64,
    /// Calls into the host's own imports (`ares:host/*`).
    pub host_calls: u64,
    /// Lines kept in the plugin's log; the rest is counted and dropped.
    pub log_lines: u64,
    /// What one call may write into its store, in bytes of keys and values.
    pub kv_bytes: u64,
    /// Requests one call may send.
    pub http_requests: u64,
    /// What all requests of a call may hold together, in bytes: addresses, headers and bodies.
    pub http_sent_bytes: u64,
    /// What all answers to them may hold together, in bytes: headers and bodies, these unpacked.
    pub http_received_bytes: u64,
    /// Calls of the plugin that run at one time; as many as the host has room for where there is no
    /// number. Further ones wait for their turn.
    pub concurrency: Option<u32>,
    /// What one call may write into files, in bytes: what is written or what files grow by,
    /// whichever is more.
    pub file_bytes: u64,
    /// Files one call may make.
    pub files: u64,
    /// Folders one call may make.
    pub folders: u64,
    /// What its store may hold in all, in bytes of keys and values.
    pub kv_total_bytes: u64,
    /// How many keys its store may hold.
    pub kv_keys: u64,
    /// Calls of the plugin in a minute; any number where there is none.
    pub per_minute: Option<u32>,
    /// Calls of the plugin in an hour; any number where there is none.
    pub per_hour: Option<u32>,
}

impl Default for Limits {
    /// What a plugin gets that asks for nothing. 100 MB of memory is what the module manifests of
    /// the field take as their default; the rest keeps a single call far from starving others.
    fn default() -> Self {
        Self {
            memory_bytes: 100 << 20,
            table_elements: 10_000,
            fuel: 10_000_000_000,
            deadline: Duration::from_secs(30),
            input_bytes: 1 << 20,
            output_bytes: 1 << 20,
            host_calls: 100_000,
            log_lines: 1000,
            kv_bytes: 1 << 20,
            http_requests: 32,
            http_sent_bytes: 1 << 20,
            http_received_bytes: 10 << 20,
            concurrency: None,
            file_bytes: 64 << 20,
            files: 1000,
            folders: 100,
            kv_total_bytes: 64 << 20,
            kv_keys: 100_000,
            per_minute: None,
            per_hour: None,
        }
    }
}

/// The most any plugin may ask for, from the host's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maxima {
    /// See [`Limits::memory_bytes`]. The engine's memory pool is laid out for it.
    pub memory_bytes: u64,
    /// See [`Limits::fuel`].
    pub fuel: u64,
    /// See [`Limits::deadline`].
    pub deadline: Duration,
    /// See [`Limits::output_bytes`].
    pub output_bytes: u64,
    /// See [`Limits::http_requests`].
    pub http_requests: u64,
    /// See [`Limits::http_sent_bytes`].
    pub http_sent_bytes: u64,
    /// See [`Limits::http_received_bytes`].
    pub http_received_bytes: u64,
    /// See [`Limits::input_bytes`].
    pub input_bytes: u64,
    /// See [`Limits::table_elements`].
    pub table_elements: u64,
    /// See [`Limits::host_calls`].
    pub host_calls: u64,
    /// See [`Limits::log_lines`].
    pub log_lines: u64,
    /// See [`Limits::kv_bytes`].
    pub kv_bytes: u64,
    /// See [`Limits::file_bytes`].
    pub file_bytes: u64,
    /// See [`Limits::files`].
    pub files: u64,
    /// See [`Limits::folders`].
    pub folders: u64,
    /// What one writable folder may hold.
    pub folder: Quota,
    /// See [`Limits::kv_total_bytes`].
    pub kv_total_bytes: u64,
}

impl Default for Maxima {
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            fuel: 1_000_000_000_000,
            deadline: Duration::from_secs(600),
            output_bytes: 16 << 20,
            http_requests: 1000,
            http_sent_bytes: 64 << 20,
            http_received_bytes: 64 << 20,
            input_bytes: 16 << 20,
            table_elements: 40_000,
            host_calls: 10_000_000,
            log_lines: 100_000,
            kv_bytes: 16 << 20,
            file_bytes: 1 << 30,
            files: 100_000,
            folders: 10_000,
            folder: Quota { bytes: 64 << 30, entries: 1_000_000 },
            kv_total_bytes: 1 << 30,
        }
    }
}

impl Maxima {
    /// The limits as far as they are within these: for plugins that were registered before a maximum
    /// was lowered.
    #[must_use]
    pub fn bound(&self, limits: Limits) -> Limits {
        Limits {
            memory_bytes: limits.memory_bytes.min(self.memory_bytes),
            table_elements: limits.table_elements.min(self.table_elements),
            fuel: limits.fuel.min(self.fuel),
            deadline: limits.deadline.min(self.deadline),
            input_bytes: limits.input_bytes.min(self.input_bytes),
            output_bytes: limits.output_bytes.min(self.output_bytes),
            host_calls: limits.host_calls.min(self.host_calls),
            log_lines: limits.log_lines.min(self.log_lines),
            kv_bytes: limits.kv_bytes.min(self.kv_bytes),
            http_requests: limits.http_requests.min(self.http_requests),
            http_sent_bytes: limits.http_sent_bytes.min(self.http_sent_bytes),
            http_received_bytes: limits.http_received_bytes.min(self.http_received_bytes),
            concurrency: limits.concurrency,
            file_bytes: limits.file_bytes.min(self.file_bytes),
            files: limits.files.min(self.files),
            folders: limits.folders.min(self.folders),
            kv_total_bytes: limits.kv_total_bytes.min(self.kv_total_bytes),
            kv_keys: limits.kv_keys,
            per_minute: limits.per_minute,
            per_hour: limits.per_hour,
        }
    }

    /// The first limit that asks for more than there is: its manifest key, what was asked and what
    /// is allowed.
    #[must_use]
    pub fn exceeded_by(&self, limits: &Limits) -> Option<(&'static str, u64, u64)> {
        let millis = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
        [
            ("memory_mb", limits.memory_bytes >> 20, self.memory_bytes >> 20),
            ("fuel", limits.fuel, self.fuel),
            ("deadline_ms", millis(limits.deadline), millis(self.deadline)),
            ("output_bytes", limits.output_bytes, self.output_bytes),
            ("http_requests", limits.http_requests, self.http_requests),
            ("http_sent_bytes", limits.http_sent_bytes, self.http_sent_bytes),
            ("http_received_bytes", limits.http_received_bytes, self.http_received_bytes),
            ("input_bytes", limits.input_bytes, self.input_bytes),
            ("table_elements", limits.table_elements, self.table_elements),
            ("host_calls", limits.host_calls, self.host_calls),
            ("log_lines", limits.log_lines, self.log_lines),
            ("kv_bytes", limits.kv_bytes, self.kv_bytes),
            ("file_bytes", limits.file_bytes, self.file_bytes),
            ("files", limits.files, self.files),
            ("folders", limits.folders, self.folders),
            ("kv_total_bytes", limits.kv_total_bytes, self.kv_total_bytes),
        ]
        .into_iter()
        .find(|(_, asked, most)| asked > most)
    }

    /// The same for what a folder may hold.
    #[must_use]
    pub fn exceeded_by_folder(&self, quota: &Quota) -> Option<(&'static str, u64, u64)> {
        [
            ("quota_mb", quota.bytes >> 20, self.folder.bytes >> 20),
            ("entries", quota.entries, self.folder.entries),
        ]
        .into_iter()
        .find(|(_, asked, most)| asked > most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_limit_over_its_maximum_is_named() {
        assert_eq!(Maxima::default().exceeded_by(&Limits::default()), None);
        let greedy = Limits { memory_bytes: 300 << 20, ..Limits::default() };
        assert_eq!(Maxima::default().exceeded_by(&greedy), Some(("memory_mb", 300, 256)));
        assert_eq!(Maxima::default().bound(greedy).memory_bytes, 256 << 20);
        assert_eq!(Maxima::default().bound(Limits::default()), Limits::default());
        assert_eq!(Maxima::default().exceeded_by_folder(&Quota::default()), None);
        let greedy = Quota { entries: 2_000_000, ..Quota::default() };
        assert_eq!(Maxima::default().exceeded_by_folder(&greedy), Some(("entries", 2_000_000, 1_000_000)));
    }
}
