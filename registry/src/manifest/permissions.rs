//! `[permissions]`: what a plugin asks the operator for.

use std::collections::BTreeSet;

use ares_kernel::NetName;
use ares_kernel::facts::{Access, NetAsk, Origin, Quota};

use super::reader::{Table, Value};
use super::root::{PLANNED, short};
use super::sections::{flag, whole};
use super::{FolderRequest, NetRequest, Permissions, SecretRequest, topics};

/// The most capabilities, folders or topics one plugin may ask for.
pub(super) const REQUESTS_MAX: usize = 64;
/// The largest quota a manifest can write: one exbibyte.
const MEBIBYTES_MAX: u64 = 1 << 40;

pub(super) fn read(mut table: Table<'_>) -> Permissions {
    let kv = flag(&mut table, "kv", false);
    let clock = flag(&mut table, "clock", false);
    let call =
        table.get("call").and_then(|value| value.list(REQUESTS_MAX, Value::parsed)).unwrap_or_default();
    let folders = table.get("fs").and_then(|value| folders(&value)).unwrap_or_default();
    let net = table.get("net").and_then(|value| parts(&value)).unwrap_or_default();
    let events = table.section("events").map(topics::read).unwrap_or_default();
    let secrets = table.get("secrets").and_then(|value| secrets(&value, &net)).unwrap_or_default();
    table.finish(&PLANNED);
    Permissions { kv, clock, call: call.into_iter().collect(), folders, net, events, secrets }
}

fn parts(value: &Value<'_>) -> Option<Vec<NetRequest>> {
    let items = value.items(REQUESTS_MAX)?;
    let mut seen = BTreeSet::new();
    let parts: Option<Vec<NetRequest>> = items.iter().map(|item| item.table().and_then(part)).collect();
    for part in parts.iter().flatten() {
        if !seen.insert(part.name.clone()) {
            value.wrong(format_args!("the network `{}` stands here twice", part.name));
        }
    }
    parts
}

fn part(mut table: Table<'_>) -> Option<NetRequest> {
    let name = table.required("name").and_then(|value| value.parsed());
    let origins = table.get("origins").map(|value| {
        let origins = value.list(REQUESTS_MAX, of_the_internet)?;
        if origins.is_empty() {
            value.wrong("names no host; leave it out where the operator shall choose");
        }
        Some(origins.into_iter().collect())
    });
    let methods = table.required("methods").and_then(|value| {
        let methods = value.list(REQUESTS_MAX, Value::parsed)?;
        if methods.is_empty() {
            value.wrong("names no method; write for instance [\"GET\"]");
        }
        Some(methods.into_iter().collect())
    });
    let reason = table.get("reason").and_then(|value| short(&value));
    table.finish(&PLANNED);
    let origins = match origins {
        None => None,
        Some(origins) => Some(origins?),
    };
    Some(NetRequest { name: name?, ask: NetAsk { origins, methods: methods? }, reason })
}

/// A plugin does not know the machine it will run on, so it cannot ask for addresses of its network.
fn of_the_internet(value: &Value<'_>) -> Option<Origin> {
    let origin: Origin = value.parsed()?;
    if origin.is_special() {
        value.wrong("leads to this machine or its network; only an operator can name such a host, so leave `origins` out");
    }
    Some(origin)
}

fn folders(value: &Value<'_>) -> Option<Vec<FolderRequest>> {
    let items = value.items(REQUESTS_MAX)?;
    let mut seen = BTreeSet::new();
    let folders: Option<Vec<FolderRequest>> =
        items.iter().map(|item| item.table().and_then(folder)).collect();
    for folder in folders.iter().flatten() {
        if !seen.insert(folder.name.clone()) {
            value.wrong(format_args!("the folder `{}` stands here twice", folder.name));
        }
    }
    folders
}

fn folder(mut table: Table<'_>) -> Option<FolderRequest> {
    let name = table.required("name").and_then(|value| value.parsed());
    let access = table.required("access").and_then(|value| value.word());
    let reason = table.get("reason").and_then(|value| short(&value));
    let usual = Quota::default();
    let quota = Quota {
        bytes: whole(&mut table, "quota_mb", 1, MEBIBYTES_MAX, usual.bytes >> 20) << 20,
        entries: whole(&mut table, "entries", 1, u64::from(u32::MAX), usual.entries),
    };
    for value in ["quota_mb", "entries"].into_iter().filter_map(|key| table.get(key)) {
        if access == Some(Access::Read) {
            value.wrong("has no meaning for a folder that is only read");
        }
    }
    table.finish(&PLANNED);
    Some(FolderRequest { name: name?, access: access?, reason, quota })
}

fn secrets(value: &Value<'_>, parts: &[NetRequest]) -> Option<Vec<SecretRequest>> {
    let items = value.items(REQUESTS_MAX)?;
    let mut seen = BTreeSet::new();
    let secrets: Option<Vec<SecretRequest>> =
        items.iter().map(|item| item.table().and_then(|table| secret(table, parts))).collect();
    for secret in secrets.iter().flatten() {
        if !seen.insert(secret.name.clone()) {
            value.wrong(format_args!("the secret `{}` stands here twice", secret.name));
        }
    }
    secrets
}

fn secret(mut table: Table<'_>, parts: &[NetRequest]) -> Option<SecretRequest> {
    let name = table.required("name").and_then(|value| value.parsed());
    let net = table.required("net").and_then(|value| {
        let net: BTreeSet<NetName> = value.list(REQUESTS_MAX, Value::parsed)?.into_iter().collect();
        if net.is_empty() {
            value.wrong("a secret that may be sent nowhere is of no use; name a [[permissions.net]]");
        }
        for unknown in net.iter().filter(|name| !parts.iter().any(|part| &part.name == *name)) {
            value.wrong(format_args!("no [[permissions.net]] is called `{unknown}`"));
        }
        Some(net.into_iter().collect())
    });
    let reason = table.get("reason").and_then(|value| short(&value));
    table.finish(&PLANNED);
    Some(SecretRequest { name: name?, net: net?, reason })
}
