//! The banner of `status`: four counts, then every plugin.

use serde_json::Value;

use super::{field, table};

/// The counts and the plugins of a status.
#[must_use]
pub(crate) fn render(status: &Value) -> String {
    let rule = "=".repeat(60);
    let mut out = format!("{rule}\nares-host {} - status\n{rule}\n", env!("CARGO_PKG_VERSION"));
    for (name, at) in
        [("Total plugins", "total"), ("Running", "running"), ("Stopped", "stopped"), ("Error", "error")]
    {
        out.push_str(&format!("{:<15} {}\n", format!("{name}:"), field::number(status, at)));
    }
    let modules = status.get("modules").unwrap_or(&Value::Null);
    if modules.as_array().is_some_and(|modules| !modules.is_empty()) {
        out.push('\n');
        out.push_str(&table::records(modules, COLUMNS, ""));
    }
    out
}

const COLUMNS: &[table::Column] = &[
    ("NAME", "name"),
    ("VERSION", "version"),
    ("ENABLED", "enabled"),
    ("STATE", "state"),
    ("HEALTH", "health"),
    ("RESTARTS", "restart_count"),
    ("MESSAGE", "error_message"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_banner() {
        let status = json!({"total": 2, "running": 1, "stopped": 1, "error": 0, "modules": [
            {"name": "notes", "version": "0.1.0", "enabled": true, "state": "running", "health": "healthy", "restart_count": 0, "error_message": null},
            {"name": "report", "version": "0.1.0", "enabled": true, "state": "unknown", "health": null, "restart_count": 0, "error_message": null},
        ]});
        insta::assert_snapshot!(render(&status), @r"
        ============================================================
        ares-host 0.1.0 - status
        ============================================================
        Total plugins:  2
        Running:        1
        Stopped:        1
        Error:          0

        NAME    VERSION  ENABLED  STATE    HEALTH   RESTARTS  MESSAGE
        notes   0.1.0    yes      running  healthy  0         -
        report  0.1.0    yes      unknown  -        0         -
        ");
    }
}
