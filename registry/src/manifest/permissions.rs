//! `[permissions]`: what a plugin asks the operator for.

use std::collections::BTreeSet;

use super::reader::{Table, Value};
use super::root::{PLANNED, short};
use super::sections::flag;
use super::{FolderRequest, Permissions};

/// The most capabilities or folders one plugin may ask for.
const REQUESTS_MAX: usize = 64;

pub(super) fn read(mut table: Table<'_>) -> Permissions {
    let kv = flag(&mut table, "kv", false);
    let call =
        table.get("call").and_then(|value| value.list(REQUESTS_MAX, Value::parsed)).unwrap_or_default();
    let folders = table.get("fs").and_then(|value| folders(&value)).unwrap_or_default();
    table.finish(&PLANNED);
    Permissions { kv, call: call.into_iter().collect(), folders }
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
    table.finish(&PLANNED);
    Some(FolderRequest { name: name?, access: access?, reason })
}
