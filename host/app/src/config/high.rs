//! What was meant: settings of the types the parts take, each made from one key.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ares_engine::Pool;
use ares_kernel::facts::{Maxima, Quota};
use ares_kernel::gate::{Breaker, Patience, Weights};
use ares_kernel::snapshot::When;
use ares_policy::Roles;
use ares_registry::{FileLayer, SnapshotsHold};
use ares_services::patterns::PatternSettings;

use super::low::{self, Low};

/// Which log lines are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogLevel(pub &'static str);

/// The gate, as far as it is the operator's to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gate {
    /// What weighs how much.
    pub weights: Weights,
    /// Whether a person is asked before the first use of what may change something.
    pub ask_untried: bool,
    /// When calls that break again and again are not made for a while.
    pub breaker: Breaker,
    /// How much the guard may warn of before a person looks.
    pub patience: Patience,
    /// How long a person's yes holds.
    pub approval: Duration,
    /// How much memory of the machine stays free, in bytes.
    pub headroom: u64,
    /// Whether the simpler of several providers is taken.
    pub prefer_simpler: bool,
    /// When a snapshot is taken of what a call may change.
    pub snapshots: When,
}

/// How much a snapshot may hold, and how long it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SnapshotBounds {
    /// The most bytes of one.
    pub bytes: u64,
    /// The most files, folders and links of one.
    pub entries: u64,
    /// How long.
    pub keep: Duration,
    /// The most of all together.
    pub all: SnapshotsHold,
}

/// Everything a host is built from, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Whether every reply waits for the disk.
    pub sync_every_reply: bool,
    /// The most a plugin may ask for.
    pub maxima: Maxima,
    /// What of the gate is the operator's to choose.
    pub gate: Gate,
    /// How much may run at one time.
    pub pool: Pool,
    /// The most bytes and entries one rehearsed call may have copied.
    pub rehearsal: (u64, u64),
    /// How much a snapshot may hold, and how long it is kept.
    pub snapshots: SnapshotBounds,
    /// How long a stopping host waits for running calls.
    pub drain: Duration,
    /// Who is asked for the addresses of hosts.
    pub nameserver: Option<SocketAddr>,
    /// Certificate authorities beside the public ones.
    pub ca_file: Option<PathBuf>,
    /// What the file says of plugins.
    pub plugins: FileLayer,
    /// The operator's rules, where they are not in the state directory.
    pub policy_file: Option<PathBuf>,
    /// Roles of callers.
    pub roles: Roles,
    /// Which patterns are recommended.
    pub patterns: PatternSettings,
    /// What is logged.
    pub log: LogLevel,
    /// The file all this was written in, where there is one.
    pub file: Option<PathBuf>,
}

impl Settings {
    /// The settings that were written down.
    #[must_use]
    pub(crate) fn from_low(low: &Low) -> Self {
        Self {
            sync_every_reply: low.word(&low::SYNC) == "every-reply",
            maxima: Maxima {
                memory_bytes: low.whole(&low::MEMORY_MB) << 20,
                fuel: low.whole(&low::FUEL),
                deadline: Duration::from_millis(low.whole(&low::DEADLINE_MS)),
                output_bytes: low.whole(&low::OUTPUT_BYTES),
                http_requests: low.whole(&low::HTTP_REQUESTS),
                http_sent_bytes: low.whole(&low::HTTP_SENT_BYTES),
                http_received_bytes: low.whole(&low::HTTP_RECEIVED_BYTES),
                input_bytes: low.whole(&low::INPUT_BYTES),
                table_elements: low.whole(&low::TABLE_ELEMENTS),
                host_calls: low.whole(&low::HOST_CALLS),
                log_lines: low.whole(&low::LOG_LINES),
                kv_bytes: low.whole(&low::KV_BYTES),
                file_bytes: low.whole(&low::FILE_BYTES),
                files: low.whole(&low::FILES),
                folders: low.whole(&low::FOLDERS),
                folder: Quota { bytes: low.whole(&low::QUOTA_MB) << 20, entries: low.whole(&low::ENTRIES) },
                kv_total_bytes: low.whole(&low::KV_TOTAL_BYTES),
            },
            gate: gate(low),
            // Judged when it was read.
            nameserver: low.text(&low::NAMESERVER).and_then(|text| text.parse().ok()),
            ca_file: low.text(&low::CA_FILE).map(PathBuf::from),
            pool: Pool {
                calls: small(low.whole(&low::CALLS)),
                singletons: small(low.whole(&low::SINGLETONS)),
            },
            rehearsal: (low.whole(&low::REHEARSAL_MB) << 20, low.whole(&low::REHEARSAL_ENTRIES)),
            snapshots: SnapshotBounds {
                bytes: low.whole(&low::SNAPSHOT_MB) << 20,
                entries: low.whole(&low::SNAPSHOT_ENTRIES),
                keep: Duration::from_secs(low.whole(&low::SNAPSHOT_KEEP_S)),
                all: SnapshotsHold {
                    bytes: low.whole(&low::SNAPSHOTS_MB) << 20,
                    objects: low.whole(&low::SNAPSHOTS_ENTRIES),
                },
            },
            drain: Duration::from_secs(low.whole(&low::DRAIN_S)),
            plugins: low.plugins().clone(),
            policy_file: low.text(&low::POLICY_FILE).map(PathBuf::from),
            roles: low.roles().clone(),
            patterns: PatternSettings {
                tier_1_only: low.word(&low::TIER_1_ONLY) == "yes",
                min_confidence: u16::try_from(low.whole(&low::MIN_CONFIDENCE)).unwrap_or(u16::MAX),
            },
            log: LogLevel(low.word(&low::LOG_LEVEL)),
            file: None,
        }
    }
}

fn gate(low: &Low) -> Gate {
    let part = |key| u16::try_from(low.whole(key)).unwrap_or(u16::MAX);
    Gate {
        weights: Weights {
            base: part(&low::BASE),
            tier_1: part(&low::TIER_1),
            tier_2: part(&low::TIER_2),
            anti: part(&low::ANTI),
            explained: part(&low::EXPLAINED),
            warning: part(&low::WARNING),
            capped_from: part(&low::CAPPED_FROM),
            cap: part(&low::CAP),
            high: part(&low::HIGH),
            medium: part(&low::MEDIUM),
        },
        ask_untried: low.word(&low::UNTRIED) == "ask",
        breaker: Breaker {
            faults: small(low.whole(&low::BREAKER_FAULTS)),
            cool: Duration::from_secs(low.whole(&low::BREAKER_S)),
        },
        patience: Patience {
            same: small(low.whole(&low::WARNINGS_SAME)),
            within_s: small(low.whole(&low::WARNINGS_S)),
            one_call: small(low.whole(&low::WARNINGS_ONE_CALL)),
        },
        approval: Duration::from_secs(low.whole(&low::APPROVAL_S)),
        prefer_simpler: low.word(&low::PREFER_SIMPLER) == "yes",
        headroom: low.whole(&low::HEADROOM_MB) << 20,
        snapshots: match low.word(&low::SNAPSHOTS) {
            "always" => When::Always,
            "never" => When::Never,
            _ => When::Medium,
        },
    }
}

/// Room for one call from outside, the calls it makes, and the singletons they reach: laying out
/// the room for many takes longer than a call.
const ONE_CALL: Pool = Pool { calls: 1, singletons: 8 };

impl Settings {
    /// The same for a state directory that is thrown away: nobody is asked for anything there.
    pub(crate) fn for_trial(&self) -> Self {
        let weights = Weights { base: 9000, ..Weights::default() };
        let breaker = Breaker { faults: u32::MAX, ..self.gate.breaker };
        let patience = Patience { same: u32::MAX, one_call: u32::MAX, ..self.gate.patience };
        let gate =
            Gate { weights, ask_untried: false, breaker, patience, snapshots: When::Never, ..self.gate };
        Self { gate, policy_file: None, ..self.clone() }
    }

    /// Files of the host outside of its state directory.
    pub(crate) fn own_files(&self) -> impl Iterator<Item = PathBuf> {
        self.file.iter().chain(&self.policy_file).cloned()
    }

    /// The same for a process that makes one call and ends.
    pub(crate) fn for_one_call(&self) -> Self {
        Self { pool: ONE_CALL, ..self.clone() }
    }
}

/// The key's own bounds keep it far below the most.
fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Environment;
    use crate::config::low::{KEYS, Kind};

    fn settings(flags: &[String]) -> Settings {
        Settings::from_low(&Low::read(None, &Environment::default(), flags).unwrap())
    }

    #[test]
    fn the_defaults_are_those_of_kernel_and_engine() {
        assert_eq!(settings(&[]).pool, Pool::default());
        assert_eq!(settings(&[]).maxima, Maxima::default());
        assert_eq!(settings(&[]).patterns, PatternSettings::default());
    }

    #[test]
    fn no_key_is_accepted_and_not_used() {
        for key in KEYS {
            let other = match key.kind {
                Kind::Word(words) => {
                    words.iter().find(|word| !key.default.contains(*word)).unwrap().to_string()
                }
                Kind::Whole(least, _) => (least + 1).to_string(),
                Kind::Text(takes, _) => {
                    ["127.0.0.1:53", "/x"].into_iter().find(|text| takes(text)).unwrap().to_owned()
                }
            };
            let changed = settings(&[format!("{}={other}", key.name)]);
            assert_ne!(changed, settings(&[]), "nothing reads {}", key.name);
        }
    }
}
