//! Between SQLite's values and ours. A row that does not hold what it must is an error, never a
//! default.

use std::str::FromStr;

use ares_kernel::{Blake3, Caller, InvocationId};
use rusqlite::types::{FromSql, Type};
use rusqlite::{Row, RowIndex};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// A count as SQLite stores it. Counts over 2⁶³ do not occur; if one did, it is cut.
pub(crate) fn int(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(crate) fn unsound(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
}

/// A count.
pub(crate) fn count(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(unsound)
}

/// A count that may be missing.
pub(crate) fn count_or_none(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<Option<u64>> {
    row.get::<_, Option<i64>>(column)?.map(|count| u64::try_from(count).map_err(unsound)).transpose()
}

/// A text that a type parses.
pub(crate) fn parsed<T>(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    row.get_ref(column)?.as_str().map_err(unsound)?.parse().map_err(unsound)
}

/// JSON text.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str().map_err(unsound)?).map_err(unsound)
}

/// JSON text that may be missing.
pub(crate) fn json_or_none<T: DeserializeOwned>(
    row: &Row<'_>,
    column: impl RowIndex,
) -> rusqlite::Result<Option<T>> {
    let text = row.get_ref(column)?.as_str_or_null().map_err(unsound)?;
    text.map(|text| serde_json::from_str(text).map_err(unsound)).transpose()
}

/// One of the words of an enum.
pub(crate) fn word<T: DeserializeOwned>(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<T> {
    let text = row.get::<_, String>(column)?;
    serde_json::from_value(serde_json::Value::String(text)).map_err(unsound)
}

/// The word an enum writes for itself.
pub(crate) fn word_of(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}

/// JSON text of a value. The values stored here cannot fail to be JSON; if one does, the column's
/// own check refuses the empty text.
pub(crate) fn json_of(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A hash.
pub(crate) fn blake3(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<Blake3> {
    <[u8; 32]>::column_result(row.get_ref(column)?).map(Blake3::from_bytes).map_err(unsound)
}

/// A hash that may be missing.
pub(crate) fn blake3_or_none(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<Option<Blake3>> {
    row.get::<_, Option<[u8; 32]>>(column).map(|bytes| bytes.map(Blake3::from_bytes))
}

/// A UUID.
pub(crate) fn uuid(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<Uuid> {
    row.get::<_, [u8; 16]>(column).map(Uuid::from_bytes)
}

/// A UUID that may be missing.
pub(crate) fn uuid_or_none(row: &Row<'_>, column: impl RowIndex) -> rusqlite::Result<Option<Uuid>> {
    row.get::<_, Option<[u8; 16]>>(column).map(|bytes| bytes.map(Uuid::from_bytes))
}

/// An invocation's id that may be missing.
pub(crate) fn invocation_or_none(
    row: &Row<'_>,
    column: impl RowIndex,
) -> rusqlite::Result<Option<InvocationId>> {
    row.get::<_, Option<[u8; 16]>>(column).map(|bytes| bytes.map(InvocationId::from_bytes))
}

/// Who, from the columns `caller_kind` and `caller`.
pub(crate) fn caller(row: &Row<'_>) -> rusqlite::Result<Caller> {
    let name: String = row.get("caller")?;
    Ok(match row.get_ref("caller_kind")?.as_str()? {
        "human" => Caller::Human(name),
        "plugin" => Caller::Plugin(parsed(row, "caller")?),
        _ => Caller::Agent(name),
    })
}
