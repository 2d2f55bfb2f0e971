//! `[[capability]]`: what the manifest says about each thing the plugin can do.

use std::collections::BTreeSet;

use ares_kernel::CapabilityId;
use ares_kernel::facts::{Cost, Effect, Money, Postcheck, Schema, Scope, Sequencing, Target};

use super::reader::{Table, Value};
use super::root::{PLANNED, long, short};
use super::{Declared, Permissions};
use crate::schema_form::{canonical, expand};

/// The most capabilities of one plugin.
const CAPABILITIES_MAX: usize = 200;
/// The most scopes, targets or trade-offs of one capability.
const ENTRIES_MAX: usize = 64;

pub(super) fn read_all(root: &mut Table<'_>, permissions: &Permissions, deadline_ms: u64) -> Vec<Declared> {
    let Some(list) = root.get("capability") else { return Vec::new() };
    let mut all: Vec<Declared> = Vec::new();
    for item in list.items(CAPABILITIES_MAX).unwrap_or_default() {
        let Some(capability) = item.table().and_then(|table| read(table, permissions, deadline_ms)) else {
            continue;
        };
        if all.iter().any(|other| other.id == capability.id) {
            item.wrong(format_args!("`{}` is declared twice", capability.id));
        }
        all.push(capability);
    }
    let names: BTreeSet<&CapabilityId> = all.iter().map(|capability| &capability.id).collect();
    for capability in &all {
        if let Some(undo) = capability.undo.as_ref().filter(|undo| !names.contains(undo)) {
            list.wrong(format_args!(
                "`{}`: undo names `{undo}`, which this manifest does not declare",
                capability.id
            ));
        }
    }
    for subscription in permissions.events.subscribe.iter().filter(|one| !names.contains(&one.capability)) {
        list.wrong(format_args!(
            "[[permissions.events.subscribe]] names `{}` for `{}`, which this manifest does not declare",
            subscription.capability, subscription.topic
        ));
    }
    all
}

fn read(mut table: Table<'_>, permissions: &Permissions, deadline_ms: u64) -> Option<Declared> {
    let id = table.required("name").and_then(|value| value.parsed());
    let effect = table.required("effects").and_then(|value| value.parsed());
    let description = table.get("description").and_then(|value| long(&value));
    let input = table.get("input").and_then(|value| schema(&value));
    let output = table.get("output").and_then(|value| schema(&value));
    let undo = table.get("undo").and_then(|value| value.parsed::<CapabilityId>());
    let reversible = table.get("reversible").and_then(|value| {
        let reversible = value.flag()?;
        if undo.is_some() && !reversible {
            value.wrong("`undo` is given, so it is reversible");
        }
        Some(reversible)
    });
    let idempotent = table.get("idempotent").and_then(|value| value.flag());
    let needs = needs(&mut table, effect, permissions);
    let targets =
        table.get("targets").and_then(|value| targets(&value, permissions, &needs)).unwrap_or_default();
    let timeout_ms = table.get("timeout_ms").and_then(|value| {
        let timeout = value.whole(1..=u64::MAX)?;
        if timeout > deadline_ms {
            value
                .wrong(format_args!("{timeout} is longer than [limits] deadline_ms, which is {deadline_ms}"));
        }
        Some(timeout)
    });
    let trade_offs =
        table.get("trade_offs").and_then(|value| value.list(ENTRIES_MAX, long)).unwrap_or_default();
    let sequencing = table.section("sequencing").map(sequencing);
    let cost = table.section("cost").and_then(|section| cost(section, effect));
    let postcheck = table.get("postcheck").and_then(|value| postcheck(&value, effect, &targets));
    let implements = table.get("implements").and_then(|value| short(&value));
    table.finish(&PLANNED);
    let effect = effect?;
    Some(Declared {
        id: id?,
        description,
        input,
        output,
        effect,
        reversible: reversible.unwrap_or(undo.is_some()),
        undo,
        idempotent: idempotent.unwrap_or(effect == Effect::Pure),
        needs,
        targets,
        timeout_ms,
        trade_offs,
        implements,
        sequencing,
        cost,
        postcheck,
    })
}

/// `sequencing = { requires = ["get_note"] }`: the names may be of any plugin.
fn sequencing(mut table: Table<'_>) -> Sequencing {
    let mut names = |key| {
        let names = table.get(key).and_then(|value| value.list(ENTRIES_MAX, Value::parsed::<CapabilityId>));
        names.unwrap_or_default()
    };
    let sequencing = Sequencing {
        requires: names("requires"),
        conflicts_with: names("conflicts_with"),
        must_follow: names("must_follow"),
    };
    table.finish(&PLANNED);
    sequencing
}

/// `postcheck = { present = ["path"] }`: targets in folders, of a capability that may change them.
fn postcheck(value: &Value<'_>, effect: Option<Effect>, targets: &[Target]) -> Option<Postcheck> {
    let mut table = value.table()?;
    let folder = |name: &Value<'_>| {
        let text = short(name)?;
        let known =
            targets.iter().any(|target| target.argument == text && matches!(target.within, Scope::Folder(_)));
        if !known {
            name.wrong(
                "what is checked afterwards is a path: name it in `targets` with the folder it must stay in",
            );
        }
        Some(text)
    };
    let mut names = |key| {
        table.get(key).and_then(|value| value.list(ENTRIES_MAX, |name| folder(name))).unwrap_or_default()
    };
    let check = Postcheck { present: names("present"), absent: names("absent") };
    table.finish(&PLANNED);
    if effect.is_some_and(|effect| !effect.changes()) {
        value.wrong("a capability that changes nothing leaves nothing to look at; its `effects` must be `write` or stronger");
    }
    (check != Postcheck::default()).then_some(check)
}

/// `cost = { call = "0.01", request = "0.002" }`: in the operator's unit.
fn cost(mut table: Table<'_>, effect: Option<Effect>) -> Option<Cost> {
    let call = table.get("call").and_then(|value| value.parsed::<Money>());
    let request = table.get("request").and_then(|value| {
        let each = value.parsed::<Money>()?;
        if effect.is_some_and(|effect| effect < Effect::Network) {
            value.wrong("a capability that reaches no network sends no requests; its `effects` must be `network` or stronger");
        }
        Some(each)
    });
    table.finish(&PLANNED);
    let cost = Cost { call: call.unwrap_or_default(), request: request.unwrap_or_default() };
    (cost != Cost::default()).then_some(cost)
}

/// What is written, or all that is asked for and fits the class; a pure capability needs nothing, and
/// one that reaches no network no secrets.
fn needs(table: &mut Table<'_>, effect: Option<Effect>, permissions: &Permissions) -> Vec<Scope> {
    let reaches = effect.is_some_and(|effect| effect >= Effect::Network);
    let Some(written) = table.get("needs") else {
        let mut all = if effect == Some(Effect::Pure) { Vec::new() } else { permissions.needable() };
        all.retain(|scope| reaches || !matches!(scope, Scope::Net(_) | Scope::Secret(_)));
        return all;
    };
    let needs = written.list(ENTRIES_MAX, Value::parsed::<Scope>).unwrap_or_default();
    if effect == Some(Effect::Pure) && !needs.is_empty() {
        written.wrong("a pure capability reaches nothing, so it needs nothing; is it `read`?");
    }
    if let Some(net) =
        needs.iter().find(|scope| !reaches && matches!(scope, Scope::Net(_) | Scope::Secret(_)))
    {
        written.wrong(format_args!(
            "`{net}` reaches another machine, so `effects` must be `network` or stronger"
        ));
    }
    let changes = effect.is_some_and(Effect::changes);
    if let Some(topic) = needs.iter().find(|scope| !changes && matches!(scope, Scope::Publish(_))) {
        written.wrong(format_args!("`{topic}` changes something, so `effects` must be `write` or stronger"));
    }
    let asked = permissions.scopes();
    for scope in needs.iter().filter(|scope| !asked.contains(scope)) {
        written.wrong(format_args!("`{scope}` is not asked for in [permissions]"));
    }
    if let Some(scope) = needs.iter().find(|scope| matches!(scope, Scope::Subscribe(_))) {
        written.wrong(format_args!(
            "`{scope}` is used by the host, which makes the call; no capability needs it"
        ));
    }
    let unique: BTreeSet<Scope> = needs.into_iter().collect();
    unique.into_iter().collect()
}

/// `targets = { argument = "fs:folder" }`
fn targets(value: &Value<'_>, permissions: &Permissions, needs: &[Scope]) -> Option<Vec<Target>> {
    let mut targets = Vec::new();
    for (argument, scope) in value.table()?.all() {
        let Some(parsed) = scope.parsed::<Scope>() else { continue };
        if !matches!(parsed, Scope::Folder(_) | Scope::Net(_)) {
            scope.wrong("a target is a folder or a part of the network: write `fs:<folder>` or `net:<name>`");
            continue;
        }
        if !permissions.scopes().contains(&parsed) {
            scope.wrong(format_args!("`{parsed}` is not asked for in [permissions]"));
        } else if !needs.contains(&parsed) {
            scope.wrong(format_args!("`{parsed}` is not among the capability's `needs`"));
        }
        targets.push(Target { argument: argument.to_owned(), within: parsed });
    }
    Some(targets)
}

/// A short form or a schema, as canonical text. It is compiled when the plugin is registered.
fn schema(value: &Value<'_>) -> Option<String> {
    let noted = |error: String| value.wrong(error);
    let full = expand(&value.json()?).map_err(|error| noted(error.to_string())).ok()?;
    let schema = Schema::parse(&canonical(&full)).map_err(|error| noted(error.to_string())).ok()?;
    Some(schema.text().to_owned())
}
