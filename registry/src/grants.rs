//! The table `grants`: what the operator lets each plugin reach.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ares_kernel::facts::{Access, Method, NetAsk, Origin, Place, Scope};
use ares_kernel::{Caller, NetName, PluginName};
use rusqlite::{Connection, Row};
use serde_json::json;

use crate::error::RegistryError;
use crate::events::{self, Entry, actor};
use crate::modules;
use crate::options::Options;
use crate::pinned::{Ask, Pinned};
use crate::register::utf8;
use crate::registry::Registry;
use crate::rows::{self, int};
use crate::views::GrantView;
use crate::writer::Abort;

/// One grant, found to be possible.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    scope: String,
    folder: Option<String>,
    access: Option<Access>,
    net: Option<(BTreeSet<Origin>, BTreeSet<Method>)>,
    /// For secrets: the parts of the network into which it may be spent.
    spend: Option<Vec<NetName>>,
}

/// Checks grants against what the plugin asks for, and folders against the machine: absolute, links
/// resolved, neither in nor around the state directory, and to be changed not around the host's own files.
pub(crate) fn prepared(
    plugin: &PluginName,
    pinned: &Pinned,
    grants: &BTreeMap<Scope, Option<Place>>,
    options: &Options,
) -> Result<Vec<Grant>, RegistryError> {
    let one = |(scope, place): (&Scope, &Option<Place>)| {
        let text = scope.to_string();
        let Some(ask) = pinned.ask(&text) else {
            let asked: Vec<&str> = pinned.asks.iter().map(|ask| ask.scope.as_str()).collect();
            let asked = if asked.is_empty() { "nothing".to_owned() } else { asked.join(", ") };
            return Err(RegistryError::NotAsked { plugin: plugin.clone(), scope: text, asked });
        };
        let mut grant = Grant { scope: text, folder: None, access: None, net: None, spend: None };
        match (scope, place) {
            (Scope::Folder(_), Some(Place::Folder(place))) => {
                let changes = ask.access == Some(Access::Write);
                grant.folder = Some(utf8(&place_of(&grant.scope, place, changes, options)?)?.to_owned());
                grant.access = ask.access;
            }
            (Scope::Folder(_), _) => return Err(RegistryError::FolderNeeded { scope: grant.scope }),
            (Scope::Net(_), None | Some(Place::Origins(_))) => {
                grant.net = Some(origins_of(&grant.scope, ask.net.as_ref(), place.as_ref())?);
            }
            (Scope::Secret(_), None) => grant.spend = Some(ask.spend.clone()),
            (_, None) => {}
            (_, Some(_)) => return Err(RegistryError::PlaceNotTaken { scope: grant.scope }),
        }
        Ok(grant)
    };
    grants.iter().map(one).collect()
}

/// The origins that were named, each within the manifest's, or all of the manifest's.
fn origins_of(
    scope: &str,
    ask: Option<&NetAsk>,
    place: Option<&Place>,
) -> Result<(BTreeSet<Origin>, BTreeSet<Method>), RegistryError> {
    let needed = || RegistryError::OriginNeeded { scope: scope.to_owned() };
    let ask = ask.ok_or_else(needed)?;
    let Some(Place::Origins(origins)) = place else {
        return ask.origins.clone().map(|all| (all, ask.methods.clone())).ok_or_else(needed);
    };
    match origins.iter().find(|origin| !ask.allows(origin)) {
        None if origins.is_empty() => Err(needed()),
        None => Ok((origins.clone(), ask.methods.clone())),
        Some(origin) => {
            let asked = ask.origins.iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Err(RegistryError::OriginNotAsked { scope: scope.to_owned(), origin: origin.clone(), asked })
        }
    }
}

fn place_of(scope: &str, folder: &Path, changes: bool, options: &Options) -> Result<PathBuf, RegistryError> {
    let refused = |why: String| RegistryError::FolderRefused {
        scope: scope.to_owned(),
        folder: folder.to_owned(),
        why,
    };
    let place = fs_err::canonicalize(folder).map_err(|error| refused(error.to_string()))?;
    if !place.is_dir() {
        return Err(refused("it is not a folder".to_owned()));
    }
    // What stands there is the kernel's view of processes and devices, this host's among them.
    if let Some(of_system) =
        ["/proc", "/sys", "/dev"].into_iter().find(|of_system| place.starts_with(of_system))
    {
        return Err(refused(format!("it lies in {of_system}, which holds no files of anybody")));
    }
    let state = fs_err::canonicalize(&options.state).map_err(|error| refused(error.to_string()))?;
    if place.starts_with(&state) {
        return Err(refused(format!("it lies in the host's own state directory {}", state.display())));
    }
    if state.starts_with(&place) {
        return Err(refused(format!("the host's own state directory {} lies in it", state.display())));
    }
    // A file that is not there cannot be changed.
    let mut own = options.own_files.iter().filter_map(|file| fs_err::canonicalize(file).ok());
    if let Some(file) = own.find(|file| changes && file.starts_with(&place)) {
        let why =
            format!("the host's own file {} lies in it, and the plugin could change it", file.display());
        return Err(refused(why));
    }
    Ok(place)
}

/// Writes grants, over earlier ones of the same scopes, with one event.
pub(crate) fn put(
    connection: &Connection,
    plugin: &PluginName,
    grants: &[Grant],
    actor: &str,
    at: u64,
) -> Result<(), Abort> {
    let module = modules::id(connection, plugin)?;
    let mut upsert = connection.prepare_cached(
        "INSERT INTO grants (module_id, scope, folder, access, granted_at, origins, methods, spend)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (module_id, scope) DO UPDATE SET folder = excluded.folder, access = excluded.access,
            granted_at = excluded.granted_at, origins = excluded.origins, methods = excluded.methods,
            spend = excluded.spend
         WHERE folder IS NOT excluded.folder OR access IS NOT excluded.access
            OR origins IS NOT excluded.origins OR methods IS NOT excluded.methods
            OR spend IS NOT excluded.spend",
    )?;
    let mut changed = Vec::new();
    for Grant { scope, folder, access, net, spend } in grants {
        let access = access.as_ref().map(rows::word_of);
        let (origins, methods) = net.as_ref().map(|(o, m)| (rows::json_of(o), rows::json_of(m))).unzip();
        let into = spend.as_ref().map(rows::json_of);
        if upsert.execute((module, scope, folder, &access, int(at), origins, methods, into))? > 0 {
            changed.push(match (net, spend) {
                (Some((origins, methods)), _) => {
                    json!({ "scope": scope, "origins": origins, "methods": methods })
                }
                (None, Some(spend)) => json!({ "scope": scope, "spend": spend }),
                (None, None) => json!({ "scope": scope, "folder": folder, "access": access }),
            });
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let (subject, actor) = (Some(plugin.as_str()), Some(actor.to_owned()));
    let (kind, data) = ("granted", json!({ "grants": changed }));
    Ok(events::insert(connection, &Entry { module: Some(module), subject, actor, kind, data, at })?)
}

/// What of a version's asks is granted.
pub(crate) fn granted_scopes(
    connection: &Connection,
    module: i64,
    pinned: &Pinned,
) -> rusqlite::Result<Vec<String>> {
    let mut select =
        connection.prepare_cached("SELECT scope FROM grants WHERE module_id = ?1 ORDER BY scope")?;
    let mut scopes: Vec<String> =
        select.query_map([module], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    scopes.retain(|scope| pinned.ask(scope).is_some());
    Ok(scopes)
}

/// What the active version's manifest asked for.
pub(crate) fn pinned(connection: &Connection, module: i64) -> rusqlite::Result<Pinned> {
    connection
        .prepare_cached("SELECT pinned FROM module_versions WHERE module_id = ?1 AND active = 1")?
        .query_row([module], |row| rows::json(row, 0))
}

impl Registry {
    /// What a plugin asks for and what it was granted: the scopes of the active version first, then
    /// grants it no longer asks for, which have no effect.
    ///
    /// # Errors
    /// When the plugin is not registered or the registry cannot be read.
    pub fn grants(&self, plugin: &PluginName) -> Result<Vec<GrantView>, RegistryError> {
        let found = self.readers.read("reading grants", |connection| {
            let Some(module) = modules::find(connection, plugin)? else { return Ok(None) };
            let mut select = connection.prepare_cached(
                "SELECT scope, folder, access, granted_at, origins, methods, spend FROM grants
                 WHERE module_id = ?1 ORDER BY scope",
            )?;
            let granted: Vec<GrantView> =
                select.query_map([module], view)?.collect::<rusqlite::Result<_>>()?;
            Ok(Some(merged(&pinned(connection, module)?, granted)))
        })?;
        found.ok_or_else(|| RegistryError::NoSuchPlugin { name: plugin.clone() })
    }

    /// Grants scopes the active version asks for. A folder is granted for what is asked now: if a
    /// later version wants to write where this one only reads, it has to be granted again.
    ///
    /// # Errors
    /// When the plugin is not registered or does not ask for a scope, a folder cannot be granted, or
    /// the registry cannot be written. Nothing is granted then.
    pub fn grants_allow(
        &self,
        plugin: &PluginName,
        grants: &BTreeMap<Scope, Option<Place>>,
        by: &Caller,
    ) -> Result<Vec<GrantView>, RegistryError> {
        let asked = self.readers.read("reading what a plugin asks for", |connection| {
            let module = modules::find(connection, plugin)?;
            module.map(|module| pinned(connection, module)).transpose()
        })?;
        let asked = asked.ok_or_else(|| RegistryError::NoSuchPlugin { name: plugin.clone() })?;
        let grants = prepared(plugin, &asked, grants, &self.options)?;
        let (name, actor, at) = (plugin.clone(), actor(by), self.now());
        self.change("granting", move |connection| put(connection, &name, &grants, &actor, at))?;
        self.grants(plugin)
    }

    /// Takes grants back.
    ///
    /// # Errors
    /// When the plugin is not registered, one of the scopes was not granted, or the registry cannot
    /// be written. Nothing is taken back then.
    pub fn grants_revoke(
        &self,
        plugin: &PluginName,
        scopes: &BTreeSet<Scope>,
        by: &Caller,
    ) -> Result<Vec<GrantView>, RegistryError> {
        let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        let (name, actor, at) = (plugin.clone(), Some(actor(by)), self.now());
        self.change("taking grants back", move |connection| {
            let module = modules::id(connection, &name)?;
            let mut delete =
                connection.prepare_cached("DELETE FROM grants WHERE module_id = ?1 AND scope = ?2")?;
            for scope in &scopes {
                if delete.execute((module, scope))? == 0 {
                    let (plugin, scope) = (name.clone(), scope.clone());
                    return Err(Abort::Registry(RegistryError::NotGranted { plugin, scope }));
                }
            }
            let (subject, data) = (Some(name.as_str()), json!({ "scopes": scopes }));
            let entry = Entry { module: Some(module), subject, actor, kind: "revoked", data, at };
            Ok(events::insert(connection, &entry)?)
        })?;
        self.grants(plugin)
    }
}

fn merged(pinned: &Pinned, mut granted: Vec<GrantView>) -> Vec<GrantView> {
    let asked = pinned.asks.iter().map(|ask| {
        let at = granted.iter().position(|view| view.scope == ask.scope);
        let mut view = at.map_or_else(|| nothing(&ask.scope), |at| granted.remove(at));
        view.asked = true;
        view.reason.clone_from(&ask.reason);
        view.asked_access = ask.access.as_ref().map(rows::word_of);
        view.asked_origins = ask.net.as_ref().and_then(|net| net.origins.clone());
        view.asked_methods = ask.net.as_ref().map(|net| net.methods.clone());
        view.asked_spend.clone_from(&ask.spend);
        view.meaning = match &ask.net {
            Some(net) => net.meaning(),
            None => meaning(&ask.scope, ask.access) + &into(&ask.spend),
        };
        view
    });
    let mut views: Vec<GrantView> = asked.collect();
    views.append(&mut granted);
    views
}

/// In words. A grant of another host's scope that this one does not know keeps its name.
fn meaning(scope: &str, access: Option<Access>) -> String {
    scope.parse::<Scope>().map_or_else(|_| scope.to_owned(), |scope| scope.meaning(access))
}

/// Where a secret goes, in words that follow its meaning.
fn into(spend: &[NetName]) -> String {
    let names: Vec<String> = spend.iter().map(|net| format!("`net:{net}`")).collect();
    if names.is_empty() { String::new() } else { format!(", through {}", names.join(", ")) }
}

/// The scopes an active version asks for beyond what the version before it asked for: new ones, and
/// folders it wants to change that were only read, further hosts and methods, secrets it wants to
/// spend elsewhere too.
pub(crate) fn new_asks(before: &Pinned, now: &Pinned) -> Vec<String> {
    let is_new = |ask: &Ask| {
        before.ask(&ask.scope).is_none_or(|before| {
            let more = |now: &NetAsk| before.net.as_ref().is_none_or(|before| !now.within(before));
            before.access < ask.access
                || ask.net.as_ref().is_some_and(more)
                || ask.spend.iter().any(|net| !before.spend.contains(net))
        })
    };
    now.asks.iter().filter(|ask| is_new(ask)).map(|ask| ask.scope.clone()).collect()
}

fn nothing(scope: &str) -> GrantView {
    GrantView {
        scope: scope.to_owned(),
        meaning: meaning(scope, None),
        reason: None,
        asked: false,
        granted: false,
        asked_access: None,
        granted_access: None,
        folder: None,
        asked_origins: None,
        asked_methods: None,
        origins: None,
        methods: None,
        granted_at_ms: None,
        asked_spend: Vec::new(),
        granted_spend: Vec::new(),
    }
}

fn view(row: &Row<'_>) -> rusqlite::Result<GrantView> {
    let scope: String = row.get(0)?;
    Ok(GrantView {
        granted: true,
        folder: row.get::<_, Option<String>>(1)?.map(PathBuf::from),
        granted_access: row.get(2)?,
        granted_at_ms: rows::count_or_none(row, 3)?,
        origins: rows::json_or_none(row, 4)?,
        methods: rows::json_or_none(row, 5)?,
        granted_spend: rows::json_or_none(row, 6)?.unwrap_or_default(),
        ..nothing(&scope)
    })
}
