//! Times as rules write them: RFC 3339.

use chrono::{DateTime, SecondsFormat};

/// Milliseconds since the Unix epoch; nothing for what is no such time, or before 1970.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    u64::try_from(time.timestamp_millis()).ok()
}

/// The time as it stands in a rule, in UTC, to the second where it is whole.
pub(crate) fn write(at_ms: u64) -> String {
    let time = i64::try_from(at_ms).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_back() {
        assert_eq!(parse("2026-12-31T00:00:00Z"), Some(1_798_675_200_000));
        assert_eq!(parse("2026-12-31T02:00:00+02:00"), Some(1_798_675_200_000));
        assert_eq!(write(1_798_675_200_000), "2026-12-31T00:00:00Z");
        for bad in ["2026-12-31", "tomorrow", "", "2026-13-01T00:00:00Z", "1969-01-01T00:00:00Z"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
