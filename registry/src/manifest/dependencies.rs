//! `[dependencies]`: what a plugin needs beside itself.

use ares_kernel::PluginName;
use ares_kernel::text::quoted;

use super::reader::{Table, Value};
use super::root::{PLANNED, short};
use super::sections::flag;
use super::{Dependency, DependencyGroup, words};

/// The most entries of one group.
const ENTRIES_MAX: usize = 200;

pub(super) fn read(mut table: Table<'_>) -> Vec<Dependency> {
    let mut all = Vec::new();
    for (group, key) in [
        (DependencyGroup::Modules, "modules"),
        (DependencyGroup::System, "system"),
        (DependencyGroup::Python, "python"),
    ] {
        if let Some(entries) = table.section(key) {
            for (name, value) in entries.all().take(ENTRIES_MAX) {
                all.extend(named(group, name, &value));
            }
            if entries.all().count() > ENTRIES_MAX {
                entries.wrong(format_args!("[dependencies.{key}] has more than {ENTRIES_MAX} entries"));
            }
        }
    }
    let apis = table.get("apis").and_then(|value| value.items(ENTRIES_MAX)).unwrap_or_default();
    all.extend(apis.iter().filter_map(|value| value.table().and_then(api)));
    if let Some(value) = table.get("host") {
        all.extend(named(DependencyGroup::Host, "ares-host", &value));
    }
    table.finish(&PLANNED);
    all
}

/// `name = "requirement"` or `name = { version = "requirement", optional = true }`.
fn named(group: DependencyGroup, name: &str, value: &Value<'_>) -> Option<Dependency> {
    let mut optional = false;
    let version = if value.is_table() {
        let mut table = value.table()?;
        let version = table.get("version");
        optional = flag(&mut table, "optional", false);
        table.finish(&PLANNED);
        version
    } else {
        Some(value.clone())
    };
    let requirement = match &version {
        None => "*".to_owned(),
        Some(value) => requirement(group, value)?,
    };
    let good_name = match group {
        DependencyGroup::Modules => name.parse::<PluginName>().map(drop).map_err(|error| error.to_string()),
        _ => words::check(name, words::SHORT_MAX, false).map_err(|error| error.to_string()),
    };
    if let Err(error) = good_name {
        value.wrong(error);
        return None;
    }
    Some(Dependency { group, name: name.to_owned(), requirement, optional, endpoint: None, auth: None })
}

fn requirement(group: DependencyGroup, value: &Value<'_>) -> Option<String> {
    let text = short(value)?;
    if matches!(group, DependencyGroup::Modules | DependencyGroup::Host)
        && let Err(error) = semver::VersionReq::parse(&text)
    {
        let shown = quoted(&text, 60);
        value.wrong(format_args!(
            "{shown} is not a version requirement such as `>=1.2`, `~1.2` or `*`: {error}"
        ));
        return None;
    }
    Some(text)
}

fn api(mut table: Table<'_>) -> Option<Dependency> {
    let name = table.required("name").and_then(|value| short(&value));
    let endpoint = table.get("endpoint").and_then(|value| short(&value));
    let auth = table.get("auth").and_then(|value| short(&value));
    let requirement = table.get("version").map_or(Some("*".to_owned()), |value| short(&value));
    let optional = flag(&mut table, "optional", false);
    table.finish(&PLANNED);
    let (name, requirement) = (name?, requirement?);
    Some(Dependency { group: DependencyGroup::Apis, name, requirement, optional, endpoint, auth })
}
