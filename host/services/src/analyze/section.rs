//! What one section holds: a few numbers, and rows up to a limit.

use serde_json::{Map, Value, json};

use super::ROWS_MAX;

/// One section's content.
#[derive(Debug, Default)]
pub(super) struct Section {
    summary: Map<String, Value>,
    rows: Vec<Value>,
}

impl Section {
    /// With these rows.
    pub(super) fn of(rows: Vec<Value>) -> Self {
        Self { summary: Map::new(), rows }
    }

    /// With one more number or list about all of it.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.summary.insert(name.to_owned(), value.into());
        self
    }

    /// As JSON; rows beyond the limit are counted.
    pub(super) fn shown(mut self, number: u32, name: &str, title: &str) -> Value {
        let left_out = self.rows.len().saturating_sub(ROWS_MAX);
        self.rows.truncate(ROWS_MAX);
        json!({
            "number": number, "name": name, "title": title, "summary": self.summary, "rows": self.rows,
            "rows_left_out": left_out,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_beyond_the_limit_are_counted() {
        let shown = Section::of(vec![json!(1); ROWS_MAX + 7]).with("a", 2).shown(1, "n", "t");
        assert_eq!((&shown["rows_left_out"], &shown["summary"]["a"]), (&json!(7), &json!(2)));
        assert_eq!(shown["rows"].as_array().unwrap().len(), ROWS_MAX);
    }
}
