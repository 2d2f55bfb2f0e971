//! The manifest as a whole: its root keys, and what one section means for another.

use ares_kernel::PluginName;

use super::reader::{Table, Value};
use super::{Dependency, DependencyGroup, Kind, Manifest, capability, config, dependencies};
use super::{permissions, sections, words};

/// Keys that have a meaning elsewhere or will have one. Nothing reads them here, so saying them
/// would promise what is not kept.
pub(super) const PLANNED: [&str; 16] = [
    "signature",
    "main",
    "rate",
    "max_workers",
    "events",
    "command",
    "random",
    "rehearsable",
    "examples",
    "idempotent_default",
    "retries",
    "env",
    "schedule",
    "workers",
    "publish",
    "subscribe",
];

pub(super) fn read(mut root: Table<'_>) -> Option<Manifest> {
    let id: Option<PluginName> = root.required("id").and_then(|value| value.parsed());
    let display_name = root.get("display_name").and_then(|value| short(&value));
    let version = root.required("version").and_then(|value| version(&value));
    let kind: Option<Kind> = root.required("kind").and_then(|value| value.word());
    let description = root.get("description").and_then(|value| long(&value)).unwrap_or_default();
    let author = root.get("author").and_then(|value| short(&value)).unwrap_or_default();
    let license = root.get("license").and_then(|value| short(&value)).unwrap_or_default();
    let features = root.get("features").and_then(|value| tags(&value)).unwrap_or_default();
    let metadata = root.section("metadata").map(sections::metadata).unwrap_or_default();
    let component = root.required("component").and_then(|value| value.table()).and_then(sections::component);
    let hooks = root.section("lifecycle").map(sections::hooks).unwrap_or_default();
    let behavior = root.section("behavior").map(sections::behavior).unwrap_or_default();
    let permissions = root.section("permissions").map(permissions::read).unwrap_or_default();
    let limits = root.section("limits").map(sections::limits).unwrap_or_default();
    let deadline_ms = u64::try_from(limits.deadline.as_millis()).unwrap_or(u64::MAX);
    let capabilities = capability::read_all(&mut root, &permissions, deadline_ms);
    let dependencies = root.section("dependencies").map(dependencies::read).unwrap_or_default();
    depends_on_others(&root, id.as_ref(), &dependencies);
    let retry = root.section("retry").map(sections::retry).unwrap_or_default();
    let claims = root.section("claims").map(sections::claims).unwrap_or_default();
    let (config, config_schema) =
        root.section("config").and_then(|table| config::read(table, &permissions)).unwrap_or_default();
    let health = root.section("health").map_or(sections::DEFAULT_HEALTH, sections::health);
    if kind == Some(Kind::Skeptic) && !capabilities.iter().any(|one| one.id.as_str() == "review") {
        root.wrong("a skeptic is asked through its capability `review`, and there is none of that name");
    }
    root.finish(&PLANNED);
    let id = id?;
    Some(Manifest {
        display_name: display_name.unwrap_or_else(|| titled(&id)),
        id,
        version: version?,
        kind: kind?,
        description,
        author,
        license,
        features,
        metadata,
        component: component?,
        hooks,
        behavior,
        capabilities,
        dependencies,
        permissions,
        limits,
        retry,
        claims,
        config,
        config_schema,
        health,
    })
}

fn version(value: &Value<'_>) -> Option<semver::Version> {
    let text = value.text()?;
    match semver::Version::parse(text) {
        Ok(version) if text.len() <= words::SHORT_MAX => Some(version),
        Ok(_) => {
            value.wrong(format_args!("longer than {} bytes", words::SHORT_MAX));
            None
        }
        Err(error) => {
            let shown = ares_kernel::text::quoted(text, 60);
            value.wrong(format_args!("{shown} is not a semantic version such as `1.2.0`: {error}"));
            None
        }
    }
}

/// `security-scanner` as `Security scanner`.
fn titled(id: &PluginName) -> String {
    let words = id.as_str().replace('-', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

fn depends_on_others(root: &Table<'_>, id: Option<&PluginName>, dependencies: &[Dependency]) {
    let itself = |dependency: &&Dependency| {
        dependency.group == DependencyGroup::Modules && id.is_some_and(|id| id.as_str() == dependency.name)
    };
    if let Some(itself) = dependencies.iter().find(itself) {
        root.wrong(format_args!(
            "[dependencies.modules] `{}`: a plugin cannot depend on itself",
            itself.name
        ));
    }
}

/// One line for people.
pub(super) fn short(value: &Value<'_>) -> Option<String> {
    shown(value, words::SHORT_MAX, false)
}

/// Some paragraphs for people.
pub(super) fn long(value: &Value<'_>) -> Option<String> {
    shown(value, words::LONG_MAX, true)
}

fn shown(value: &Value<'_>, most: usize, lines: bool) -> Option<String> {
    let text = value.text()?.trim();
    match words::check(text, most, lines) {
        Ok(()) => Some(text.to_owned()),
        Err(error) => {
            value.wrong(error);
            None
        }
    }
}

/// Short words, at most 32.
pub(super) fn tags(value: &Value<'_>) -> Option<Vec<String>> {
    value.list(32, short)
}
