//! How the host and its plugins stand.

use ares_registry::{State, StatusView};
use serde_json::{Value, json};

use super::{Answer, Operations, json as to_json, name};

impl Operations {
    pub(super) async fn status(&self, plugin: Option<&str>) -> Answer {
        let plugin = plugin.map(name).transpose()?;
        let rows = self.0.book.with(move |registry| match &plugin {
            Some(plugin) => registry.status(plugin).map(|row| vec![row]),
            None => registry.statuses(),
        });
        let rows = rows.await?;
        let count = |wanted: &[State]| rows.iter().filter(|row| wanted.contains(&row.state)).count();
        Ok(json!({
            "host": {
                "version": env!("CARGO_PKG_VERSION"),
                "process_id": std::process::id(),
                "serving": self.0.serving,
                "state": self.0.state.root(),
            },
            "total": rows.len(),
            "running": count(&[State::Running, State::Starting]),
            "stopped": count(&[State::Stopped, State::Unknown]),
            "error": count(&[State::Error, State::Crashed]),
            "modules": rows.iter().map(module).collect::<Result<Vec<_>, _>>()?,
        }))
    }
}

/// The row with its two longest names in short.
fn module(row: &StatusView) -> Answer {
    let mut module = to_json(row)?;
    if let Some(module) = module.as_object_mut() {
        module.insert("name".to_owned(), row.plugin.as_str().into());
        module.insert("health".to_owned(), row.health_status.clone().map_or(Value::Null, Value::from));
    }
    Ok(module)
}
