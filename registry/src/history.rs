//! The table `history`: what came of earlier calls, for the gate. In memory it is fed as calls end; the
//! table follows with the journal.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use ares_kernel::facts::{Came, Track, Use, kept_uses};
use ares_kernel::{Blake3, Caller, CapabilityId, InvocationId, PluginName};
use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::error::RegistryError;
use crate::events::{self, Entry};
use crate::objections;
use crate::registry::Registry;
use crate::rows::int;
use crate::writer::Abort;

/// How uses are packed: one byte for this, then postcard.
const PACKING: u8 = 1;

/// Whose record it is.
type Key = (Blake3, CapabilityId);

/// The records of all capabilities this process has loaded. A record stays the same one however often
/// the catalog is read again.
#[derive(Default)]
pub(crate) struct Tracks(Mutex<HashMap<Key, Arc<Track>>>);

impl Tracks {
    /// The record, with what was stored of it when this process first asked.
    pub(crate) fn of(&self, blake3: Blake3, capability: &CapabilityId, stored: &Stored) -> Arc<Track> {
        let mut tracks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (blake3, capability.clone());
        let new = || Arc::new(Track::of(stored.0.get(&key).cloned().unwrap_or_default()));
        Arc::clone(tracks.entry(key.clone()).or_insert_with(new))
    }

    /// The record, if this process has loaded it.
    pub(crate) fn known(&self, blake3: Blake3, capability: &CapabilityId) -> Option<Arc<Track>> {
        let tracks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tracks.get(&(blake3, capability.clone())).cloned()
    }
}

/// What is stored of some modules' versions.
pub(crate) struct Stored(HashMap<Key, Vec<Use>>);

impl Stored {
    /// Of all versions of these modules, a JSON array of their numbers.
    pub(crate) fn of(connection: &Connection, modules: &str) -> rusqlite::Result<Self> {
        let mut select = connection.prepare_cached(
            "SELECT h.blake3, h.capability, h.uses FROM history h WHERE h.blake3 IN (
                 SELECT blake3 FROM module_versions WHERE module_id IN (SELECT value FROM json_each(?1)))",
        )?;
        let mut rows = select.query([modules])?;
        let mut stored = HashMap::new();
        while let Some(row) = rows.next()? {
            let capability: CapabilityId = crate::rows::parsed(row, 1)?;
            let uses = unpacked(row.get_ref(2)?.as_blob()?)?;
            stored.insert((crate::rows::blake3(row, 0)?, capability), uses);
        }
        Ok(Self(stored))
    }
}

/// Uses on their way into the table: many of one capability are one row.
#[derive(Default)]
pub(crate) struct Gathered(HashMap<([u8; 32], String), Vec<Use>>);

impl Gathered {
    /// One more.
    pub(crate) fn add(&mut self, blake3: &[u8; 32], capability: &str, used: Use) {
        self.0.entry((*blake3, capability.to_owned())).or_default().push(used);
    }

    /// Writes them down.
    pub(crate) fn keep(self, connection: &Connection, now: u64) -> rusqlite::Result<()> {
        for ((blake3, capability), new) in self.0 {
            append(connection, (&blake3, &capability), new, now)?;
        }
        Ok(())
    }
}

/// Writes one use down.
pub(crate) fn keep(
    connection: &Connection,
    (blake3, capability): (&[u8; 32], &str),
    used: Use,
) -> rusqlite::Result<()> {
    append(connection, (blake3, capability), vec![used], used.at_ms)
}

fn append(connection: &Connection, key: (&[u8; 32], &str), new: Vec<Use>, now: u64) -> rusqlite::Result<()> {
    let mut uses = stored(connection, key)?;
    uses.extend(new);
    write(connection, key, &uses, now)
}

fn stored(connection: &Connection, key: (&[u8; 32], &str)) -> rusqlite::Result<Vec<Use>> {
    let mut select =
        connection.prepare_cached("SELECT uses FROM history WHERE blake3 = ?1 AND capability = ?2")?;
    let found = select.query_row(key, |row| unpacked(row.get_ref(0)?.as_blob()?)).optional()?;
    Ok(found.unwrap_or_default())
}

fn write(connection: &Connection, key: (&[u8; 32], &str), uses: &[Use], now: u64) -> rusqlite::Result<()> {
    let last = kept_uses(uses);
    let mut insert = connection.prepare_cached(
        "INSERT INTO history (blake3, capability, uses, updated_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (blake3, capability) DO UPDATE SET uses = excluded.uses, updated_at = excluded.updated_at",
    )?;
    insert.execute((key.0, key.1, packed(&last)?, int(now)))?;
    Ok(())
}

/// The calls a dead process left running: what they did is unknown.
pub(crate) fn lost(connection: &Connection, owner: Uuid, now: u64) -> rusqlite::Result<()> {
    let mut select = connection.prepare_cached(
        "SELECT id, blake3, capability, input_blake3 FROM invocations
         WHERE owner = ?1 AND status = 'running' AND blake3 IS NOT NULL AND rehearsal IS NOT 1",
    )?;
    let found = select.query_map([owner.as_bytes()], |row| {
        let (id, input) = (InvocationId::from_bytes(row.get(0)?), crate::rows::blake3(row, 3)?);
        let used = Use {
            at_ms: now,
            came: Came::Unknown,
            context: 0,
            input: input.first_four(),
            id: id.last_four(),
            shape: 0,
            fault: None,
            wall_us: 0,
            fuel: 0,
        };
        Ok((row.get::<_, [u8; 32]>(1)?, row.get::<_, String>(2)?, used))
    })?;
    let mut gathered = Gathered::default();
    for found in found {
        let (blake3, capability, used) = found?;
        gathered.add(&blake3, &capability, used);
    }
    gathered.keep(connection, now)
}

/// What came of a person's word that an answer was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CalledWrong {
    /// The call.
    pub id: InvocationId,
    /// Its capability.
    pub capability: String,
    /// Who answered.
    pub plugin: String,
    /// Whether it is still among the calls that count.
    pub counted: bool,
}

impl Registry {
    /// Says of a good answer that it was wrong: it counts as a failure from now on.
    ///
    /// # Errors
    /// When there is no such call, it gave no good answer, was a rehearsal or was called wrong already, and when
    /// the registry cannot be written.
    pub fn called_wrong(
        &self,
        id: InvocationId,
        note: Option<String>,
        actor: &Caller,
    ) -> Result<CalledWrong, RegistryError> {
        let call = self.invocation(id)?.ok_or(RegistryError::NoSuchInvocation { id })?;
        if call.rehearsal {
            let why = format!("{id} is a rehearsal, which counts as no use; say it of a call that was made");
            return Err(RegistryError::Invalid(why));
        }
        let (plugin, blake3, ended) = match (call.plugin, call.blake3, call.ended_ms) {
            (Some(plugin), Some(blake3), Some(ended)) if call.status == "ok" => (plugin, blake3, ended),
            _ => {
                let why = format!("{id} gave no good answer (it is `{}`), so none was wrong", call.status);
                return Err(RegistryError::Invalid(why));
            }
        };
        let (mark, now, actor) = ((id.last_four(), ended), self.now(), actor.to_string());
        let (name, subject) = (call.capability.clone(), plugin.clone());
        let counted = self.change("calling an answer wrong", move |connection| {
            if called_before(connection, id)? {
                let why = format!("{id} was called wrong already");
                return Err(Abort::Registry(RegistryError::Invalid(why)));
            }
            let counted = wrong(connection, (blake3.as_bytes(), &name), mark, now)?;
            objections::wrong(connection, id)?;
            let data = json!({ "invocation": id, "capability": name, "note": note, "counted": counted });
            let entry = Entry {
                module: None,
                subject: Some(&subject),
                actor: Some(actor),
                kind: "called_wrong",
                data,
                at: now,
            };
            events::insert(connection, &entry)?;
            Ok(counted)
        })?;
        if let Some(track) = call.capability.parse().ok().and_then(|id| self.memory.tracks.known(blake3, &id))
        {
            track.wrong(mark.0, mark.1);
        }
        Ok(CalledWrong { id, capability: call.capability, plugin, counted })
    }
}

impl Registry {
    /// Records how many cases of a plugin passed, by capability: evidence for its active component, if that is
    /// the one that was tested. What was recorded of that before goes.
    ///
    /// # Errors
    /// When the plugin or a capability of it is not registered, or another component is active, and when the
    /// registry cannot be written.
    pub fn note_tested(
        &self,
        plugin: &PluginName,
        blake3: Blake3,
        passed: BTreeMap<CapabilityId, u32>,
        actor: &Caller,
    ) -> Result<(), RegistryError> {
        let snapshot = self.snapshot();
        let known =
            snapshot.plugin(plugin).ok_or_else(|| RegistryError::NoSuchPlugin { name: plugin.clone() })?;
        if known.blake3 != blake3 {
            let message = format!(
                "what was tested is not what is registered: `{plugin}` is {} here and was {blake3} there; register it first",
                known.blake3
            );
            return Err(RegistryError::Invalid(message));
        }
        if let Some(unknown) = passed.keys().find(|id| known.capability(id).is_none()) {
            return Err(RegistryError::Invalid(format!("`{plugin}` has no capability `{unknown}`")));
        }
        let (now, actor, subject) = (self.now(), actor.to_string(), plugin.to_string());
        let counts = passed.clone();
        self.change("recording what was tested", move |connection| {
            for (capability, passed) in &counts {
                let key = (blake3.as_bytes(), capability.as_str());
                let mut uses = stored(connection, key)?;
                uses.retain(|one| one.came != Came::Tested);
                uses.extend(Use::tested(*passed, now));
                write(connection, key, &uses, now)?;
            }
            let data = json!({ "blake3": blake3, "passed": counts });
            let entry = Entry {
                module: None,
                subject: Some(&subject),
                actor: Some(actor),
                kind: "cases_passed",
                data,
                at: now,
            };
            Ok(events::insert(connection, &entry)?)
        })?;
        for (capability, passed) in passed {
            if let Some(track) = self.memory.tracks.known(blake3, &capability) {
                track.tested(passed, now);
            }
        }
        Ok(())
    }
}

/// Whether somebody said of this call that its answer was wrong. The record alone does not tell: it holds
/// the latest uses, and an answer can be called wrong long after.
fn called_before(connection: &Connection, id: InvocationId) -> rusqlite::Result<bool> {
    let mut select = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM events WHERE event_type = 'called_wrong'
             AND event_data ->> '$.invocation' = ?1)",
    )?;
    select.query_row([id.to_string()], |row| row.get(0))
}

/// Marks a stored use as wrong. Answers whether it is still among those that count and was good.
pub(crate) fn wrong(
    connection: &Connection,
    key: (&[u8; 32], &str),
    (id, at_ms): (u32, u64),
    now: u64,
) -> rusqlite::Result<bool> {
    let mut uses = stored(connection, key)?;
    let good = |one: &&mut Use| one.id == id && one.at_ms == at_ms && one.came == Came::Ok;
    let Some(found) = uses.iter_mut().find(good) else { return Ok(false) };
    found.came = Came::Wrong;
    write(connection, key, &uses, now)?;
    Ok(true)
}

fn packed(uses: &[Use]) -> rusqlite::Result<Vec<u8>> {
    let unsound = |error: postcard::Error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    postcard::to_extend(uses, vec![PACKING]).map_err(unsound)
}

fn unpacked(blob: &[u8]) -> rusqlite::Result<Vec<Use>> {
    let unsound = |error: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Blob, error)
    };
    match blob.split_first() {
        Some((&PACKING, uses)) => postcard::from_bytes(uses).map_err(|error| unsound(Box::new(error))),
        _ => Err(unsound("a record is packed in a way this host does not know".into())),
    }
}
