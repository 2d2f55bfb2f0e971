//! Tables for people.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde_json::Value;

use super::field;

/// One column: its heading and where its value stands in each record.
pub(crate) type Column = (&'static str, &'static str);

/// The records as a table, or `empty` when there are none.
#[must_use]
pub(crate) fn records(records: &Value, columns: &[Column], empty: &str) -> String {
    let rows = records.as_array().map(Vec::as_slice).unwrap_or_default();
    if rows.is_empty() {
        return empty.to_owned();
    }
    let cells = rows.iter().map(|row| columns.iter().map(|(_, at)| cell(row, at)).collect());
    lines(columns.iter().map(|(heading, _)| (*heading).to_owned()).collect(), cells)
}

/// Rows of text under headings.
#[must_use]
pub(crate) fn lines(headings: Vec<String>, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(headings);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn cell(row: &Value, at: &str) -> String {
    match at.strip_suffix("_ms").and_then(|_| row.get(at)).and_then(Value::as_u64) {
        Some(at_ms) if at == "at_ms" || at == "started_ms" || at.ends_with("_at_ms") => field::time(at_ms),
        _ => field::text(row, at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_of_plugins() {
        let list = json!([
            {"name": "notes", "version": "0.1.0", "state": "running"},
            {"name": "security-scanner", "version": "1.10.0", "state": "stopped"},
        ]);
        let shown = records(
            &list,
            &[("NAME", "name"), ("VERSION", "version"), ("STATE", "state"), ("NOTE", "none")],
            "",
        );
        insta::assert_snapshot!(shown, @r"
        NAME              VERSION  STATE    NOTE
        notes             0.1.0    running  -
        security-scanner  1.10.0   stopped  -
        ");
        assert_eq!(records(&json!([]), &[("NAME", "name")], "nothing"), "nothing");
    }
}
