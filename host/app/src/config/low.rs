//! What was written: every key of `ares.toml` with its default, and where each value came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use ares_kernel::text::quoted;
use ares_policy::{Roles, RolesError};
use ares_registry::{FileLayer, NoTable};
use toml::de::{DeTable, DeValue};

use super::environment::{Environment, KEY_PREFIX};
use crate::text_file;

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number within these bounds.
    Whole(u64, u64),
    /// A text that this takes, and what that is; empty for none.
    Text(fn(&str) -> bool, &'static str),
}

/// One key: all there is to know about it.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name with its table, for instance `limits.fuel`.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Its default, as TOML.
    pub default: &'static str,
    /// What it is for.
    pub doc: &'static str,
}

/// A value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Written {
    /// One of the key's words.
    Word(&'static str),
    /// A number.
    Whole(u64),
    /// A text.
    Text(String),
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "\"{word}\""),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// Where a value came from. A later one of these wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// Nobody said anything.
    Default,
    /// `ares.toml`, with the line.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
    /// `--set`.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "file {}:{line}", path.display()),
            Self::Environment(variable) => write!(f, "env {variable}"),
            Self::Flag => f.write_str("flag --set"),
        }
    }
}

/// Why a configuration is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("reading the configuration failed")]
    Read(#[source] std::io::Error),
    /// Not TOML.
    #[error("{place}: {reason}")]
    Syntax {
        /// File and line.
        place: String,
        /// What the parser says.
        reason: String,
    },
    /// No such key.
    #[error("{place}: there is no key {key}{near}")]
    Unknown {
        /// Where it was written.
        place: String,
        /// What was written.
        key: String,
        /// The nearest key, in words.
        near: String,
    },
    /// A key does not take this value.
    #[error("{place}: `{key}` takes {takes}, not {value}")]
    Value {
        /// Where it was written.
        place: String,
        /// The key.
        key: &'static str,
        /// What it takes.
        takes: String,
        /// What was written.
        value: String,
    },
    /// An entry of `[plugins]` is no table.
    #[error(transparent)]
    Plugins(#[from] NoTable),
    /// An entry of `[roles]` is no role.
    #[error(transparent)]
    Roles(#[from] RolesError),
    /// `--set` without `=`.
    #[error("--set {0} is not KEY=VALUE")]
    Flag(String),
}

/// A value before it is judged.
enum Raw {
    Word(String),
    Whole(u64),
    Other(String),
}

/// Every key's value and origin, and what the file says of plugins and roles.
#[derive(Debug, Clone, Default)]
pub(crate) struct Low {
    keys: BTreeMap<&'static str, (Written, Origin)>,
    plugins: FileLayer,
    roles: Roles,
}

impl Low {
    /// Reads the file (where there is one), then the environment, then the flags.
    ///
    /// # Errors
    /// The first thing wrong, with its place.
    pub(crate) fn read(
        file: Option<&Path>,
        environment: &Environment,
        flags: &[String],
    ) -> Result<Self, ConfigError> {
        let mut low = Self::default();
        if let Some(path) = file {
            low.file(path, &text_file::read(path).map_err(ConfigError::Read)?)?;
        }
        for (variable, text) in &environment.keys {
            let wanted = variable.trim_start_matches(KEY_PREFIX);
            let key = KEYS.iter().find(|key| variable_part(key.name) == wanted);
            let key = key.ok_or_else(|| {
                let near = near(wanted, |key| variable_part(key.name));
                let near = near.map(|key| format!("{KEY_PREFIX}{}", variable_part(key.name)));
                unknown("the environment", variable, near)
            })?;
            let written = key.judge(from_text(text), || format!("the environment, {variable}"))?;
            low.keys.insert(key.name, (written, Origin::Environment(variable.clone())));
        }
        for flag in flags {
            let (name, text) = flag.split_once('=').ok_or_else(|| ConfigError::Flag(quoted(flag, 100)))?;
            let key = find(name, "--set")?;
            let written = key.judge(from_text(text), || "--set".to_owned())?;
            low.keys.insert(key.name, (written, Origin::Flag));
        }
        Ok(low)
    }

    fn file(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let place = |at: usize| format!("{}:{}", path.display(), line(text, at));
        let document = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
            place: place(error.span().map_or(0, |span| span.start)),
            reason: ares_kernel::text::escaped(error.message(), 300),
        })?;
        for (name, value) in document.get_ref() {
            let (table, at) = (name.get_ref().as_ref(), name.span().start);
            let Some(entries) = value.get_ref().as_table() else {
                if let Some(key) = ["plugins", "roles"].into_iter().find(|key| *key == table) {
                    let (takes, value) = (format!("tables, `[{key}.NAME]`"), value.get_ref().type_str());
                    let (place, value) = (place(at), format!("this {value}"));
                    return Err(ConfigError::Value { place, key, takes, value });
                }
                // A key outside of any table: all keys stand in one.
                find(table, &place(at))?;
                continue;
            };
            if table == "plugins" {
                self.plugins = FileLayer::read(entries, place)?;
                continue;
            }
            if table == "roles" {
                self.roles = Roles::read(entries, place)?;
                continue;
            }
            for (name, value) in entries {
                let place = place(name.span().start);
                let key = find(&format!("{table}.{}", name.get_ref()), &place)?;
                let written = key.judge(from_toml(value.get_ref()), || place.clone())?;
                let origin = Origin::File(path.to_owned(), line(text, name.span().start));
                self.keys.insert(key.name, (written, origin));
            }
            let known = KEYS.iter().any(|key| key.name.split('.').next() == Some(table));
            if !known {
                find(table, &place(at))?;
            }
        }
        Ok(())
    }

    /// The value of a key and where it came from.
    #[must_use]
    pub(crate) fn get(&self, key: &Key) -> (Written, Origin) {
        self.keys.get(key.name).cloned().unwrap_or_else(|| (key.initial(), Origin::Default))
    }

    /// What the file says of plugins.
    #[must_use]
    pub(crate) fn plugins(&self) -> &FileLayer {
        &self.plugins
    }

    /// What the file says of roles.
    #[must_use]
    pub(crate) fn roles(&self) -> &Roles {
        &self.roles
    }

    pub(super) fn whole(&self, key: &Key) -> u64 {
        match self.get(key).0 {
            Written::Whole(number) => number,
            Written::Word(_) | Written::Text(_) => 0,
        }
    }

    pub(super) fn word(&self, key: &Key) -> &'static str {
        match self.get(key).0 {
            Written::Word(word) => word,
            Written::Whole(_) | Written::Text(_) => "",
        }
    }

    /// A text that is not empty.
    pub(super) fn text(&self, key: &Key) -> Option<String> {
        match self.get(key).0 {
            Written::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

impl Key {
    fn initial(&self) -> Written {
        match self.kind {
            Kind::Word(words) => {
                let word = self.default.trim_matches('"');
                Written::Word(words.iter().find(|known| **known == word).copied().unwrap_or_default())
            }
            Kind::Whole(least, _) => Written::Whole(self.default.parse().unwrap_or(least)),
            Kind::Text(..) => Written::Text(self.default.trim_matches('"').to_owned()),
        }
    }

    fn judge(&self, raw: Raw, place: impl Fn() -> String) -> Result<Written, ConfigError> {
        let value = match (self.kind, raw) {
            (Kind::Word(words), Raw::Word(text)) => match words.iter().find(|word| **word == text) {
                Some(word) => return Ok(Written::Word(word)),
                None => quoted(&text, 100),
            },
            (Kind::Whole(least, most), Raw::Whole(number)) => {
                if (least..=most).contains(&number) {
                    return Ok(Written::Whole(number));
                }
                number.to_string()
            }
            (Kind::Text(takes, _), Raw::Word(text)) => {
                if text.is_empty() || takes(&text) {
                    return Ok(Written::Text(text));
                }
                quoted(&text, 100)
            }
            (_, Raw::Word(text)) => quoted(&text, 100),
            (_, Raw::Whole(number)) => number.to_string(),
            (_, Raw::Other(what)) => what,
        };
        Err(ConfigError::Value { place: place(), key: self.name, takes: self.kind.to_string(), value })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(words) => write!(f, "one of \"{}\"", words.join("\", \"")),
            Self::Whole(least, most) => write!(f, "a whole number from {least} to {most}"),
            Self::Text(_, what) => f.write_str(what),
        }
    }
}

/// The commented `ares.toml` that `init` writes: every key with its default, switched off.
#[must_use]
pub(crate) fn template() -> String {
    let mut text = "# ares-host. Every key with its default; take the `#` away to change one.\n\
         # The environment (ARES_HOST_LIMITS_FUEL=…) and --set limits.fuel=… go before this file.\n\
         # `ares-host config effective` shows what holds and why.\n\
         # A table [plugins.NAME] holds values for that plugin, over those of its manifest; what\n\
         # `ares-host config set` has set goes before them.\n\
         # A table [roles.NAME] with `callers`, a list such as [\"agent:mcp:*\"], makes a role that rules\n\
         # can name.\n"
        .to_owned();
    let mut last = "";
    for key in KEYS {
        let (table, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if table != last {
            text.push_str(&format!("\n[{table}]\n"));
            last = table;
        }
        text.push_str(&format!("# {} Takes {}.\n# {name} = {}\n", key.doc, key.kind, key.default));
    }
    text
}

fn find(name: &str, place: &str) -> Result<&'static Key, ConfigError> {
    let found = KEYS.iter().find(|key| key.name == name);
    found.ok_or_else(|| {
        unknown(place, name, near(name, |key| key.name.to_owned()).map(|key| key.name.to_owned()))
    })
}

fn unknown(place: &str, key: &str, near: Option<String>) -> ConfigError {
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    ConfigError::Unknown { place: place.to_owned(), key: quoted(key, 100), near }
}

/// The key whose name is most like the one written, where one is alike at all.
fn near(name: &str, spelled: impl Fn(&Key) -> String) -> Option<&'static Key> {
    let likeness = |key: &'static Key| {
        let spelled = spelled(key);
        let last = spelled.rsplit(['.', '_']).next().unwrap_or(&spelled);
        strsim::jaro_winkler(name, &spelled).max(strsim::jaro_winkler(name, last))
    };
    let best = KEYS.iter().map(|key| (likeness(key), key)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(likeness, _)| *likeness > 0.7).map(|(_, key)| key)
}

fn variable_part(name: &str) -> String {
    name.replace('.', "_").to_uppercase()
}

fn from_text(text: &str) -> Raw {
    let text = text.trim();
    match text.replace('_', "").parse() {
        Ok(number) => Raw::Whole(number),
        Err(_) => Raw::Word(text.trim_matches('"').to_owned()),
    }
}

fn from_toml(value: &DeValue<'_>) -> Raw {
    if let Some(text) = value.as_str() {
        return Raw::Word(text.to_owned());
    }
    let whole =
        value.as_integer().and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
    whole.map_or_else(|| Raw::Other(format!("this {}", value.type_str())), Raw::Whole)
}

fn line(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

fn is_nameserver(text: &str) -> bool {
    text.parse::<std::net::SocketAddr>().is_ok()
}

fn is_absolute(text: &str) -> bool {
    Path::new(text).is_absolute()
}

macro_rules! keys {
    ($($constant:ident $name:literal = $default:literal, $kind:expr, $doc:literal;)*) => {
        $(#[doc = $doc] pub(crate) const $constant: Key = Key { name: $name, kind: $kind, default: $default, doc: $doc };)*
        /// Every key there is, by table.
        pub(crate) static KEYS: &[Key] = &[$($constant),*];
    };
}

keys! {
    SYNC "journal.sync" = "\"by-effect\"", Kind::Word(&["by-effect", "every-reply"]),
        "When a reply waits for the disk: for calls that may change something, or for every call.";
    MEMORY_MB "limits.memory_mb" = "256", Kind::Whole(1, 4096),
        "The most memory a plugin may ask for, in MiB for one call.";
    FUEL "limits.fuel" = "1000000000000", Kind::Whole(1_000_000, i64::MAX as u64),
        "The most fuel (about one unit per instruction) a plugin may ask for, for one call.";
    DEADLINE_MS "limits.deadline_ms" = "600000", Kind::Whole(1, 86_400_000),
        "The longest deadline a plugin may ask for, in milliseconds.";
    OUTPUT_BYTES "limits.output_bytes" = "16777216", Kind::Whole(1024, 1 << 30),
        "The largest answer a plugin may ask for, in bytes of JSON.";
    INPUT_BYTES "limits.input_bytes" = "16777216", Kind::Whole(1024, 1 << 30),
        "The largest input a plugin may ask for, in bytes of JSON.";
    TABLE_ELEMENTS "limits.table_elements" = "40000", Kind::Whole(1, 40_000),
        "The most table elements (pointers to functions, mostly) a plugin may ask for, for one call.";
    HOST_CALLS "limits.host_calls" = "10000000", Kind::Whole(1, i64::MAX as u64),
        "The most calls into the host a plugin may ask for, for one call.";
    LOG_LINES "limits.log_lines" = "100000", Kind::Whole(0, i64::MAX as u64),
        "The most log lines a plugin may ask for, for one call.";
    KV_BYTES "limits.kv_bytes" = "16777216", Kind::Whole(1024, 1 << 30),
        "The most bytes of keys and values a plugin may ask to store in one call.";
    FILE_BYTES "limits.file_bytes" = "1073741824", Kind::Whole(0, i64::MAX as u64),
        "The most bytes a plugin may ask to write into files, for one call.";
    FILES "limits.files" = "100000", Kind::Whole(0, i64::MAX as u64),
        "The most files a plugin may ask to make, for one call.";
    FOLDERS "limits.folders" = "10000", Kind::Whole(0, i64::MAX as u64),
        "The most folders a plugin may ask to make, for one call.";
    QUOTA_MB "limits.quota_mb" = "65536", Kind::Whole(1, 1 << 40),
        "The most a plugin may ask a writable folder to hold, in MiB.";
    ENTRIES "limits.entries" = "1000000", Kind::Whole(1, u32::MAX as u64),
        "The most files and folders a plugin may ask a writable folder to hold.";
    HTTP_REQUESTS "limits.http_requests" = "1000", Kind::Whole(1, 10_000),
        "The most requests over HTTP a plugin may ask for, for one call.";
    HTTP_SENT_BYTES "limits.http_sent_bytes" = "67108864", Kind::Whole(1024, 1 << 30),
        "The most bytes a plugin may ask to send over HTTP, for one call.";
    HTTP_RECEIVED_BYTES "limits.http_received_bytes" = "67108864", Kind::Whole(1024, 1 << 30),
        "The most bytes a plugin may ask to receive over HTTP, for one call.";
    KV_TOTAL_BYTES "limits.kv_total_bytes" = "1073741824", Kind::Whole(1024, 1 << 40),
        "The most a plugin may ask to keep in its store, in bytes of keys and values.";
    BASE "gate.base" = "5000", Kind::Whole(0, 10_000),
        "Where the score of every call begins, in basis points (10000 are certainty).";
    TIER_1 "gate.tier_1" = "3000", Kind::Whole(0, 10_000),
        "Added for a proven record.";
    TIER_2 "gate.tier_2" = "1500", Kind::Whole(0, 10_000),
        "Added for a record that speaks for it.";
    ANTI "gate.anti" = "1000", Kind::Whole(0, 10_000),
        "Taken away for a record that speaks against it.";
    EXPLAINED "gate.explained" = "1000", Kind::Whole(0, 10_000),
        "Added where a manifest says plainly what is done.";
    WARNING "gate.warning" = "1000", Kind::Whole(0, 10_000),
        "Taken away for each warning.";
    CAPPED_FROM "gate.capped_from" = "3", Kind::Whole(1, 100),
        "With so many warnings, at least, the score is capped.";
    CAP "gate.cap" = "7900", Kind::Whole(0, 10_000),
        "Where the score is capped.";
    HIGH "gate.high" = "8000", Kind::Whole(1, 10_000),
        "From here on confidence is high.";
    MEDIUM "gate.medium" = "5000", Kind::Whole(1, 10_000),
        "From here on confidence is medium; below it is low, and a person is asked.";
    UNTRIED "gate.untried" = "\"ask\"", Kind::Word(&["ask", "run"]),
        "Before the first use of what may change something: ask a person, or do as the rules say.";
    BREAKER_FAULTS "gate.breaker_faults" = "3", Kind::Whole(1, 1000),
        "After so many faults of one kind with one sort of arguments, such calls are not made for a while.";
    BREAKER_S "gate.breaker_s" = "30", Kind::Whole(1, 86_400),
        "How long that is, in seconds; then one call is let through to see.";
    WARNINGS_SAME "gate.warnings_same" = "5", Kind::Whole(1, 1000),
        "A person looks at a change where the guard warned of the same thing in so many calls of one caller.";
    WARNINGS_S "gate.warnings_s" = "3600", Kind::Whole(1, 86_400),
        "Within how many seconds that is counted.";
    WARNINGS_ONE_CALL "gate.warnings_one_call" = "3", Kind::Whole(1, 1000),
        "A person looks at a change where the guard warns of so many things in one call.";
    APPROVAL_S "gate.approval_s" = "900", Kind::Whole(1, 86_400),
        "How long a person's yes to one call holds, in seconds.";
    PREFER_SIMPLER "gate.prefer_simpler" = "\"no\"", Kind::Word(&["no", "yes"]),
        "Of several providers take one that does the same with less, where the caller names none.";
    HEADROOM_MB "gate.memory_headroom_mb" = "128", Kind::Whole(0, 1 << 20),
        "How much memory of the machine stays free, in MiB: a call that could need it is refused.";
    SNAPSHOTS "gate.snapshots" = "\"medium\"", Kind::Word(&["always", "medium", "never"]),
        "When a snapshot is taken of the folders a call may change: before each, where confidence is less than high, or only where one is asked for.";
    SNAPSHOT_MB "gate.snapshot_mb" = "256", Kind::Whole(1, 1 << 20),
        "The most the writable folders of one call may hold together for a snapshot, in MiB.";
    SNAPSHOT_ENTRIES "gate.snapshot_entries" = "100000", Kind::Whole(1, u32::MAX as u64),
        "The most files, folders and links in them.";
    SNAPSHOT_KEEP_S "gate.snapshot_keep_s" = "86400", Kind::Whole(1, 31_536_000),
        "How long a snapshot is kept, in seconds.";
    SNAPSHOTS_MB "gate.snapshots_mb" = "1024", Kind::Whole(1, 1 << 24),
        "The most all snapshots may take on the disk together, in MiB; the oldest go first.";
    SNAPSHOTS_ENTRIES "gate.snapshots_entries" = "250000", Kind::Whole(1, u32::MAX as u64),
        "The most files, folders and links in all of them; the oldest go first.";
    CALLS "engine.calls" = "32", Kind::Whole(1, 4096),
        "How many calls from outside may run at one time; further ones wait for their turn.";
    SINGLETONS "engine.singletons" = "32", Kind::Whole(1, 4096),
        "How many plugins that keep one instance for all calls may be running at one time.";
    REHEARSAL_MB "rehearsal.mb" = "256", Kind::Whole(1, 1 << 20),
        "The most the writable folders of one rehearsed call may hold together to be copied, in MiB.";
    REHEARSAL_ENTRIES "rehearsal.entries" = "100000", Kind::Whole(1, u32::MAX as u64),
        "The most files, folders and links in them.";
    DRAIN_S "run.drain_s" = "30", Kind::Whole(0, 3600),
        "How long a host that was asked to stop waits for running calls, in seconds.";
    NAMESERVER "network.nameserver" = "\"\"", Kind::Text(is_nameserver, "an address with a port, for instance \"9.9.9.9:53\", or \"\" for the system's own"),
        "Who is asked for the addresses of hosts that plugins reach.";
    CA_FILE "network.ca_file" = "\"\"", Kind::Text(is_absolute, "the absolute path of a file with certificates in PEM, or \"\" for none"),
        "Certificate authorities that are trusted beside the public ones.";
    POLICY_FILE "policy.file" = "\"\"", Kind::Text(is_absolute, "the absolute path of a file, or \"\" for policy.cedar in the state directory"),
        "The operator's rules, in Cedar.";
    TIER_1_ONLY "patterns.tier_1_only" = "\"no\"", Kind::Word(&["no", "yes"]),
        "Whether only patterns of tier 1 are recommended.";
    MIN_CONFIDENCE "patterns.min_confidence" = "5000", Kind::Whole(0, 10_000),
        "Patterns that are good in less than this, at least, are not recommended, in basis points.";
    LOG_LEVEL "log.level" = "\"warn\"", Kind::Word(&["error", "warn", "info", "debug", "trace"]),
        "What goes to standard error. `run` says what it does at `info`.";
}

#[cfg(test)]
#[path = "low/tests.rs"]
mod tests;
