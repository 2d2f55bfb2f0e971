//! When a budget begins anew.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::rows::int;

/// After how long a budget begins anew. Spans begin where the calendar's do, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Span {
    /// With each hour.
    Hour,
    /// With each day.
    Day,
    /// With each month.
    Month,
    /// Never.
    Ever,
}

impl Span {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Month, Self::Ever];

    /// When the span that holds this moment began, in milliseconds since the Unix epoch.
    pub(super) fn start(self, connection: &Connection, at_ms: u64) -> rusqlite::Result<i64> {
        const HOUR_MS: u64 = 60 * 60 * 1000;
        const DAY_MS: u64 = 24 * HOUR_MS;
        match self {
            Self::Hour => Ok(int(at_ms - at_ms % HOUR_MS)),
            Self::Day => Ok(int(at_ms - at_ms % DAY_MS)),
            Self::Month => {
                let mut select = connection
                    .prepare_cached("SELECT unixepoch(?1 / 1000, 'unixepoch', 'start of month') * 1000")?;
                select.query_row([int(at_ms)], |row| row.get(0))
            }
            Self::Ever => Ok(0),
        }
    }
}
