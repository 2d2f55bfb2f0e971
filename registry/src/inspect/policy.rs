//! What a component of the world `plugin` has to offer and may want.

use ares_kernel::text::quoted;

use super::bytes::Surface;
use super::{InspectError, Inspection, Need};

/// The track of `ares:host` this host speaks.
const TRACK: &str = "0.1";
/// What the world `plugin` exports.
const EXPORTS: [&str; 4] = ["capability", "health", "config", "lifecycle"];

/// Interfaces that need no permission: what every Rust program links (files are there only when a
/// folder was granted) and what `ares:host` always gives.
const BASELINE: [&str; 10] = [
    "wasi:cli/*",
    "wasi:io/*",
    "wasi:clocks/*",
    "wasi:random/*",
    "wasi:filesystem/types",
    "wasi:filesystem/preopens",
    "ares:host/types",
    "ares:host/log",
    "ares:host/config-values",
    "ares:host/progress",
];

/// `package/interface@version`, taken apart.
struct Interface<'a> {
    path: &'a str,
    version: Option<semver::Version>,
}

fn interface(name: &str) -> Interface<'_> {
    match name.split_once('@') {
        None => Interface { path: name, version: None },
        Some((path, version)) => Interface { path, version: semver::Version::parse(version).ok() },
    }
}

/// Versions with the same track can be linked: `0.1.7` is of track `0.1`, `2.3.4` of track `2`.
fn track(version: &semver::Version) -> String {
    match version.major {
        0 => format!("0.{}", version.minor),
        major => major.to_string(),
    }
}

pub(super) fn judge(surface: Surface) -> Result<Inspection, InspectError> {
    let own = |name: &&String| name.starts_with("ares:host/");
    for name in surface.exports.iter().chain(&surface.imports).filter(own) {
        let found = interface(name).version.as_ref().map(track);
        if found.as_deref() != Some(TRACK) {
            let found = found.unwrap_or_else(|| "without a version".to_owned());
            return Err(InspectError::OtherTrack { found, supported: TRACK });
        }
    }
    if !surface.exports.iter().any(|name| own(&name)) {
        let exports: Vec<String> = surface.exports.iter().take(5).map(|name| quoted(name, 80)).collect();
        let exports = if exports.is_empty() { "nothing".to_owned() } else { exports.join(", ") };
        return Err(InspectError::OtherWorld(exports));
    }
    let exported = |name: &str| {
        surface.exports.iter().any(|export| interface(export).path.strip_prefix("ares:host/") == Some(name))
    };
    let missing: Vec<String> =
        EXPORTS.iter().filter(|name| !exported(name)).map(|name| format!("`ares:host/{name}`")).collect();
    if !missing.is_empty() {
        return Err(InspectError::MissingExports(missing.join(", ")));
    }
    for import in &surface.imports {
        if let Some(why) = refusal(import) {
            return Err(InspectError::RefusedImport { import: quoted(import, 120), why });
        }
    }
    let Surface { imports, exports, functions } = surface;
    Ok(Inspection { imports, exports, wit_track: TRACK.to_owned(), functions })
}

/// The permission an import implies.
pub(super) fn need(import: &str) -> Option<Need> {
    match interface(import).path {
        "ares:host/kv" => Some(Need::Kv),
        "ares:host/call" => Some(Need::Call),
        "wasi:http/types" | "wasi:http/outgoing-handler" => Some(Need::Net),
        "ares:host/events" => Some(Need::Events),
        "ares:host/secrets" => Some(Need::Secrets),
        _ => None,
    }
}

/// Why an import can never be given, whatever the manifest says.
fn refusal(import: &str) -> Option<&'static str> {
    let path = interface(import).path;
    let baseline = BASELINE.iter().any(|known| match known.strip_suffix('*') {
        Some(package) => path.strip_prefix(package).is_some_and(|interface| !interface.contains('/')),
        None => *known == path,
    });
    let wasi = path.starts_with("wasi:");
    if baseline || need(import).is_some() {
        let version = interface(import).version;
        let preview2 = version.is_some_and(|version| version.major == 0 && version.minor == 2);
        return (wasi && !preview2)
            .then_some("of a WASI version this host does not have; build it for wasm32-wasip2 (WASI 0.2)");
    }
    Some(if path.starts_with("wasi:sockets/") {
        "which reaches the network behind the host's back; ask for [[permissions.net]] and use `wasi:http/outgoing-handler`"
    } else if path.starts_with("wasi:http/") {
        "which takes requests from outside; a plugin is called through its capabilities"
    } else if path.starts_with("ares:host/") {
        "which the world `plugin` does not have; build it against this host's WIT"
    } else {
        "which this host does not know; a plugin may import `ares:host` and WASI's cli, io, clocks, random, filesystem and http"
    })
}
