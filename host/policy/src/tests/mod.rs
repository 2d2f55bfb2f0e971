//! The rules as a whole: shipped ones, an operator's file in a temporary folder, a clock that is set.

mod differences;
mod files;
mod memory;
mod precedence;
mod shipped;
mod writing;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ares_kernel::Caller;
use ares_kernel::facts::{Effect, Scope};
use ares_kernel::ports::{Clock, Ruling, Stance};
use ares_registry::Registry;

use crate::error::PolicyError;
use crate::facts::{Asked, Said};
use crate::roles::Roles;
use crate::rules::{Options, Rules};

/// 2026-01-01T00:00:00Z.
const NOW: u64 = 1_767_225_600_000;

/// A clock that is set.
struct Hands(AtomicU64);

impl Clock for Hands {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A state directory with rules on it.
struct Place {
    folder: tempfile::TempDir,
    clock: Arc<Hands>,
    roles: Roles,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, clock: Arc::new(Hands(AtomicU64::new(NOW))), roles: Roles::default() }
    }

    /// With this file of the operator's.
    fn with(text: &str) -> Self {
        let place = Self::new();
        place.write(text);
        place
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("policy.cedar")
    }

    /// Writes the file by hand; another length or time tells it from the one before.
    fn write(&self, text: &str) {
        fs_err::write(self.file(), text).unwrap();
    }

    fn read(&self) -> String {
        fs_err::read_to_string(self.file()).unwrap()
    }

    fn options(&self) -> Options {
        let root = self.folder.path();
        let registry_options = ares_registry::Options::new(root, self.clock.clone());
        Options {
            file: self.file(),
            named: false,
            roles: self.roles.clone(),
            registry: Arc::new(Registry::open(&root.join("registry.db"), registry_options).unwrap()),
            clock: self.clock.clone(),
        }
    }

    fn open(&self) -> Rules {
        Rules::open(self.options()).unwrap()
    }
}

fn agent() -> Caller {
    Caller::Agent("mcp:claude".to_owned())
}

fn person() -> Caller {
    Caller::Human("alice".to_owned())
}

/// A call, as rules see it.
struct Call {
    caller: Caller,
    origin: Caller,
    capability: &'static str,
    effect: Effect,
    needs: Vec<Scope>,
    arguments: Option<(u8, Vec<&'static str>, Vec<&'static str>)>,
}

/// An agent calls `notes/NAME`; nothing is known of the arguments.
fn call(capability: &'static str, effect: Effect) -> Call {
    Call { caller: agent(), origin: agent(), capability, effect, needs: Vec::new(), arguments: None }
}

impl Call {
    fn by(self, caller: Caller) -> Self {
        Self { origin: caller.clone(), caller, ..self }
    }

    fn through(self, plugin: &str) -> Self {
        Self { caller: Caller::Plugin(plugin.parse().unwrap()), ..self }
    }

    fn needing(self, scope: &str) -> Self {
        Self { needs: vec![scope.parse().unwrap()], ..self }
    }

    /// With arguments of this blast and these findings.
    fn saying(self, blast: u8, findings: &[&'static str]) -> Self {
        Self { arguments: Some((blast, findings.to_vec(), Vec::new())), ..self }
    }

    fn ruling(&self, rules: &Rules) -> Ruling {
        self.asked(|asked| rules.decide(asked).ruling)
    }

    /// The same where a person overrides this rule.
    fn overridden(&self, rules: &Rules, rule: &str) -> Ruling {
        let decide =
            |set: &crate::set::RuleSet| self.asked(|asked| set.decide_overridden(asked, Some(rule)).ruling);
        rules.with_set(decide).unwrap()
    }

    fn asked(&self, decide: impl FnOnce(&Asked<'_>) -> Ruling) -> Ruling {
        let said = self.arguments.as_ref().map(|(blast, findings, hosts)| Said {
            hosts: hosts.clone(),
            paths: Vec::new(),
            blast: *blast,
            findings: findings.clone(),
        });
        let asked = Asked {
            caller: &self.caller,
            origin: &self.origin,
            plugin: "notes",
            version: "1.0.0".to_owned(),
            blake3: String::new(),
            capability: self.capability,
            effect: self.effect,
            needs: &self.needs,
            arguments: said,
        };
        decide(&asked)
    }

    fn stance(&self, rules: &Rules) -> Stance {
        self.ruling(rules).stance
    }

    /// Stance and rule.
    fn decided(&self, rules: &Rules) -> (Stance, String) {
        let ruling = self.ruling(rules);
        (ruling.stance, ruling.rule.unwrap_or_default().into_owned())
    }
}

/// Why this is not taken as an operator's file.
fn wrong(text: &str) -> String {
    let rules = Place::new().open();
    let error: PolicyError = rules.judge(text).err().unwrap_or_else(|| panic!("taken: {text}"));
    error.chain()
}
