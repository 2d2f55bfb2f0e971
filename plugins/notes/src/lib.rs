//! Keeps short texts under names, in the store that survives a restart.
use ares_sdk::{Failure, OrFail, kv};

#[cfg(test)]
mod tests;

const PREFIX: &str = "note/";
const DEFAULT_LIMIT: u32 = 100;

/// A note to keep.
#[ares_sdk::data]
pub struct Note {
    /// The name it is kept under.
    #[schemars(length(min = 1, max = 200))]
    name: String,
    /// The text.
    #[schemars(length(max = 65536))]
    text: String,
}

/// What a note said before.
#[ares_sdk::data]
pub struct Before {
    /// The text it held until now, or nothing when there was no such note. Putting it back (or
    /// deleting the note) undoes this call.
    previous: Option<String>,
}

/// Which note.
#[ares_sdk::data]
pub struct Which {
    /// The name of the note.
    #[schemars(length(min = 1, max = 200))]
    name: String,
}

/// Which notes to list.
#[ares_sdk::data]
pub struct Listing {
    /// Only names that begin with this.
    #[serde(default)]
    prefix: String,
    /// Only names after this one, for the next page.
    after: Option<String>,
    /// At most so many names, 100 unless said otherwise.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
}

/// Names of notes.
#[ares_sdk::data]
pub struct Names {
    /// The names, in byte order.
    names: Vec<String>,
    /// Whether there may be more after the last one.
    more: bool,
}

/// Keeps a text under a name and answers what the name held before.
#[ares_sdk::capability(effect = "write")]
pub fn put_note(input: Note) -> Result<Before, Failure> {
    let key = key(&input.name)?;
    let previous = kv::get_json(&key)?;
    kv::set_json(&key, &input.text)?;
    Ok(Before { previous })
}

/// Answers the text kept under a name.
#[ares_sdk::capability(effect = "read")]
pub fn get_note(input: Which) -> Result<Note, Failure> {
    let text = kv::get_json(&key(&input.name)?)?.or_fail("not-found", missing(&input.name))?;
    Ok(Note { name: input.name, text })
}

/// Lists the names of the notes, in byte order.
#[ares_sdk::capability(effect = "read")]
pub fn list_notes(input: Listing) -> Result<Names, Failure> {
    let limit = input.limit.unwrap_or(DEFAULT_LIMIT);
    let after = input.after.map(|name| format!("{PREFIX}{name}"));
    let keys = kv::keys(&format!("{PREFIX}{}", input.prefix), after.as_deref(), limit)?;
    let more = u32::try_from(keys.len()).is_ok_and(|count| count == limit);
    let names = keys.iter().filter_map(|key| key.strip_prefix(PREFIX)).map(str::to_owned).collect();
    Ok(Names { names, more })
}

/// Deletes a note and answers the text it held.
#[ares_sdk::capability(effect = "write")]
pub fn delete_note(input: Which) -> Result<Before, Failure> {
    let key = key(&input.name)?;
    let previous: String = kv::get_json(&key)?.or_fail("not-found", missing(&input.name))?;
    kv::delete(&key)?;
    Ok(Before { previous: Some(previous) })
}

ares_sdk::plugin!(put_note, get_note, list_notes, delete_note);

/// The key of a note. A name of 200 characters may have more bytes than a key may.
fn key(name: &str) -> Result<String, Failure> {
    if name.is_empty() || name.len() > 200 || name.chars().any(char::is_control) {
        return Err(Failure::new("bad-name", "a name has 1 to 200 bytes and no control characters"));
    }
    Ok(format!("{PREFIX}{name}"))
}

fn missing(name: &str) -> String {
    format!("there is no note `{name}`; `list_notes` tells the names")
}
