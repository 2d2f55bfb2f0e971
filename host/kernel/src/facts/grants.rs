//! What a plugin may reach. A set that can only be built whole and then narrowed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Effect, NetRule, Origin, Quota, SecretGrant};
use crate::name::{CapabilityId, FolderName, NetName, Topic};
use crate::secret::SecretName;

/// Whether a folder may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Files may be listed and read.
    Read,
    /// Files may be made, changed and removed too.
    Write,
}

/// One folder of the machine, by the name the guest knows it under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The guest finds it at `/<name>`.
    pub name: FolderName,
    /// Where it is on this machine: absolute, links resolved.
    pub host: PathBuf,
    /// Whether it may be changed.
    pub access: Access,
    /// How much it may hold before nothing more can be added.
    pub quota: Quota,
}

/// Where an operator lets a scope lead to, for those that lead somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder of this machine.
    Folder(PathBuf),
    /// Hosts.
    Origins(BTreeSet<Origin>),
}

/// One thing a capability needs or a plugin asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// A store of its own: `kv`.
    Kv,
    /// Clocks finer than a millisecond: `clock`.
    Clock,
    /// Another capability: `call:<capability>`.
    Call(CapabilityId),
    /// A folder: `fs:<name>`.
    Folder(FolderName),
    /// A part of the network: `net:<name>`.
    Net(NetName),
    /// Telling everyone who listens: `publish:<topic>`.
    Publish(Topic),
    /// Being called with what others tell: `subscribe:<topic>`.
    Subscribe(Topic),
    /// A stored secret: `secret:<NAME>`.
    Secret(SecretName),
}

impl Scope {
    /// What it lets a plugin do, in words for the person who grants it.
    #[must_use]
    pub fn meaning(&self, access: Option<Access>) -> String {
        match (self, access) {
            (Self::Kv, _) => "keep values in a store of its own".to_owned(),
            (Self::Clock, _) => "tell the time finer than to the millisecond".to_owned(),
            (Self::Call(capability), _) => format!("call the capability `{capability}`"),
            (Self::Folder(_), Some(Access::Write)) => {
                "read, make, change and remove files in a folder you choose".to_owned()
            }
            (Self::Folder(_), _) => "read the files in a folder you choose".to_owned(),
            (Self::Net(_), _) => "send requests to hosts you choose".to_owned(),
            (Self::Publish(topic), _) => {
                format!("publish events about `{topic}`, which call every plugin that subscribes to them")
            }
            (Self::Subscribe(topic), _) => {
                format!("be called with every event about `{topic}`, whichever plugin publishes it")
            }
            (Self::Secret(name), _) => {
                format!("have the secret `{name}` filled into its requests, without ever seeing it")
            }
        }
    }
}

/// The text is not a scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is not a scope: write `kv`, `clock`, `call:<capability>`, `fs:<folder>`, `net:<name>`, `publish:<topic>`, `subscribe:<topic>` or `secret:<NAME>`"
)]
pub struct ScopeError(String);

impl FromStr for Scope {
    type Err = ScopeError;
    fn from_str(text: &str) -> Result<Self, ScopeError> {
        let error = || ScopeError(crate::text::quoted(text, 100));
        match text.split_once(':') {
            None if text == "kv" => Ok(Self::Kv),
            None if text == "clock" => Ok(Self::Clock),
            Some(("call", capability)) => capability.parse().map(Self::Call).map_err(|_| error()),
            Some(("fs", folder)) => folder.parse().map(Self::Folder).map_err(|_| error()),
            Some(("net", name)) => name.parse().map(Self::Net).map_err(|_| error()),
            Some(("publish", topic)) => topic.parse().map(Self::Publish).map_err(|_| error()),
            Some(("subscribe", topic)) => topic.parse().map(Self::Subscribe).map_err(|_| error()),
            Some(("secret", name)) => name.parse().map(Self::Secret).map_err(|_| error()),
            _ => Err(error()),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kv => f.write_str("kv"),
            Self::Clock => f.write_str("clock"),
            Self::Call(capability) => write!(f, "call:{capability}"),
            Self::Folder(name) => write!(f, "fs:{name}"),
            Self::Net(name) => write!(f, "net:{name}"),
            Self::Publish(topic) => write!(f, "publish:{topic}"),
            Self::Subscribe(topic) => write!(f, "subscribe:{topic}"),
            Self::Secret(name) => write!(f, "secret:{name}"),
        }
    }
}

/// Everything granted, by value: an import that was not given a grant has nothing to reach for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    kv: bool,
    clock: bool,
    call: BTreeSet<CapabilityId>,
    folders: Vec<Folder>,
    net: Vec<NetRule>,
    publish: BTreeSet<Topic>,
    subscribe: BTreeMap<Topic, CapabilityId>,
    secrets: Vec<SecretGrant>,
}

impl Grants {
    /// Nothing at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Exactly these, no network and no secret.
    #[must_use]
    pub fn new(kv: bool, call: BTreeSet<CapabilityId>, folders: Vec<Folder>) -> Self {
        Self { kv, call, folders, ..Self::default() }
    }

    /// The same with this much of the network.
    #[must_use]
    pub fn with_net(self, net: Vec<NetRule>) -> Self {
        Self { net, ..self }
    }

    /// The same with these topics: those it may publish, and those it is called with, each with the
    /// capability that is called.
    #[must_use]
    pub fn with_topics(self, publish: BTreeSet<Topic>, subscribe: BTreeMap<Topic, CapabilityId>) -> Self {
        Self { publish, subscribe, ..self }
    }

    /// The same, with fine clocks or without.
    #[must_use]
    pub fn with_clock(self, clock: bool) -> Self {
        Self { clock, ..self }
    }

    /// The same with these secrets.
    #[must_use]
    pub fn with_secrets(self, secrets: Vec<SecretGrant>) -> Self {
        Self { secrets, ..self }
    }

    /// Whether the scope is granted.
    #[must_use]
    pub fn covers(&self, scope: &Scope) -> bool {
        match scope {
            Scope::Kv => self.kv,
            Scope::Clock => self.clock,
            Scope::Call(capability) => self.call.contains(capability),
            Scope::Folder(name) => self.folder(name).is_some(),
            Scope::Net(name) => self.net_rule(name).is_some(),
            Scope::Publish(topic) => self.publish.contains(topic),
            Scope::Subscribe(topic) => self.subscribe.contains_key(topic),
            Scope::Secret(name) => self.secret(name).is_some(),
        }
    }

    /// Whether the plugin has a store.
    #[must_use]
    pub fn kv(&self) -> bool {
        self.kv
    }

    /// Whether its clocks are finer than a millisecond.
    #[must_use]
    pub fn clock(&self) -> bool {
        self.clock
    }

    /// The capabilities it may call.
    #[must_use]
    pub fn call(&self) -> &BTreeSet<CapabilityId> {
        &self.call
    }

    /// The topics it may publish.
    #[must_use]
    pub fn publish(&self) -> &BTreeSet<Topic> {
        &self.publish
    }

    /// The topics it is called with, each with the capability that is called.
    #[must_use]
    pub fn subscribe(&self) -> &BTreeMap<Topic, CapabilityId> {
        &self.subscribe
    }

    /// The folders it may reach.
    #[must_use]
    pub fn folders(&self) -> &[Folder] {
        &self.folders
    }

    /// The folder of this name.
    #[must_use]
    pub fn folder(&self, name: &FolderName) -> Option<&Folder> {
        self.folders.iter().find(|folder| &folder.name == name)
    }

    /// The folder at this place on the machine.
    #[must_use]
    pub fn folder_at(&self, host: &Path) -> Option<&Folder> {
        self.folders.iter().find(|folder| folder.host == host)
    }

    /// The parts of the network it may reach.
    #[must_use]
    pub fn net(&self) -> &[NetRule] {
        &self.net
    }

    /// The part of this name.
    #[must_use]
    pub fn net_rule(&self, name: &NetName) -> Option<&NetRule> {
        self.net.iter().find(|rule| &rule.name == name)
    }

    /// The secrets it may spend.
    #[must_use]
    pub fn secrets(&self) -> &[SecretGrant] {
        &self.secrets
    }

    /// The secret of this name.
    #[must_use]
    pub fn secret(&self, name: &SecretName) -> Option<&SecretGrant> {
        self.secrets.iter().find(|secret| &secret.name == name)
    }

    /// What is left when only `needs` may be used, for a call of this class: a pure call keeps
    /// nothing, a read call keeps folders for reading only and publishes nothing, and none weaker
    /// than `network` keeps the network or a secret. No call keeps what its plugin subscribes to: that
    /// is used by the host, not by the guest.
    #[must_use]
    pub fn narrowed(&self, needs: &[Scope], effect: Effect) -> Self {
        if effect == Effect::Pure {
            return Self::none();
        }
        let needed = |scope: Scope| needs.contains(&scope);
        let reaches = effect >= Effect::Network;
        let net = self.net.iter().filter(|rule| reaches && needed(Scope::Net(rule.name.clone())));
        let secrets =
            self.secrets.iter().filter(|secret| reaches && needed(Scope::Secret(secret.name.clone())));
        let folders = self.folders.iter().filter(|folder| needed(Scope::Folder(folder.name.clone())));
        Self {
            kv: self.kv && needed(Scope::Kv),
            clock: self.clock && needed(Scope::Clock),
            call: self.call.iter().filter(|id| needed(Scope::Call((*id).clone()))).cloned().collect(),
            folders: folders
                .map(|folder| Folder {
                    access: if effect.changes() { folder.access } else { Access::Read },
                    ..folder.clone()
                })
                .collect(),
            net: net.cloned().collect(),
            publish: if effect.changes() { self.published(needs) } else { BTreeSet::new() },
            subscribe: BTreeMap::new(),
            secrets: secrets.cloned().collect(),
        }
    }

    fn published(&self, needs: &[Scope]) -> BTreeSet<Topic> {
        let needed =
            |topic: &&Topic| needs.iter().any(|scope| matches!(scope, Scope::Publish(t) if t == *topic));
        self.publish.iter().filter(needed).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back() {
        for text in [
            "kv",
            "clock",
            "call:scan_folder",
            "fs:target",
            "net:api",
            "publish:scan.finished",
            "subscribe:scan.finished",
            "secret:GITHUB_TOKEN",
        ] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "kv:",
            "fs:",
            "fs:../x",
            "call:*",
            "net:",
            "net:https://x.org",
            "publish:*",
            "publish:scan.*",
            "subscribe:",
            "secret:",
            "secret:token",
        ] {
            assert!(bad.parse::<Scope>().is_err(), "{bad}");
        }
    }

    #[test]
    fn narrowing_never_adds() {
        let folder = |access| Folder {
            name: "target".parse().unwrap(),
            host: "/srv".into(),
            access,
            quota: Quota::default(),
        };
        let all = Grants::new(true, BTreeSet::from(["scan".parse().unwrap()]), vec![folder(Access::Write)]);
        assert_eq!(
            all.narrowed(&[Scope::Kv, Scope::Folder("target".parse().unwrap())], Effect::Pure),
            Grants::none()
        );
        let read = all.narrowed(&[Scope::Folder("target".parse().unwrap())], Effect::Read);
        assert_eq!(read, Grants::new(false, BTreeSet::new(), vec![folder(Access::Read)]));
        let write = all.narrowed(&[Scope::Folder("target".parse().unwrap())], Effect::Write);
        assert_eq!(write.folders(), [folder(Access::Write)]);
        assert!(!Grants::none().narrowed(&[Scope::Kv], Effect::Write).kv());
        let clock = all.with_clock(true);
        assert!(clock.narrowed(&[Scope::Clock], Effect::Read).clock());
        assert!(!clock.narrowed(&[Scope::Clock], Effect::Pure).clock());
        assert!(!clock.narrowed(&[Scope::Kv], Effect::Write).clock());
    }

    #[test]
    fn only_what_changes_something_publishes_and_no_call_keeps_a_subscription() {
        let topic = |text: &str| text.parse::<Topic>().unwrap();
        let all = Grants::none().with_topics(
            BTreeSet::from([topic("scan.finished"), topic("scan.begun")]),
            BTreeMap::from([(topic("note.kept"), "on_note".parse().unwrap())]),
        );
        assert!(all.covers(&Scope::Subscribe(topic("note.kept"))));
        assert!(!all.covers(&Scope::Publish(topic("note.kept"))));
        let needs = [Scope::Publish(topic("scan.finished")), Scope::Subscribe(topic("note.kept"))];
        assert_eq!(all.narrowed(&needs, Effect::Read), Grants::none());
        for effect in [Effect::Write, Effect::Network, Effect::Message, Effect::Destructive] {
            let kept = all.narrowed(&needs, effect);
            assert_eq!(kept.publish(), &BTreeSet::from([topic("scan.finished")]), "{effect}");
            assert!(kept.subscribe().is_empty());
        }
    }

    #[test]
    fn only_calls_that_reach_the_network_and_need_it_keep_a_secret() {
        let grant =
            |name: &str| SecretGrant { name: name.parse().unwrap(), net: vec!["api".parse().unwrap()] };
        let all = Grants::none().with_secrets(vec![grant("API_KEY"), grant("OTHER")]);
        let needs = [Scope::Secret("API_KEY".parse().unwrap())];
        for effect in Effect::ALL {
            let kept = all.narrowed(&needs, effect);
            let expected = if effect >= Effect::Network { vec![grant("API_KEY")] } else { Vec::new() };
            assert_eq!(kept.secrets(), expected, "{effect}");
        }
        assert!(all.narrowed(&[Scope::Kv], Effect::Network).secrets().is_empty());
        assert!(all.covers(&needs[0]) && !Grants::none().covers(&needs[0]));
    }
}
