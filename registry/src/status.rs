//! The table `status`: what each plugin is doing, how it fares, and since when.

use ares_kernel::PluginName;
use ares_kernel::ports::Health;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use serde_json::json;
use uuid::Uuid;

use crate::error::RegistryError;
use crate::events::{self, Entry};
use crate::modules;
use crate::registry::Registry;
use crate::rows::{self, int};
use crate::views::{State, StatusChange, StatusView};
use crate::writer::Abort;

impl State {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Error => "error",
            Self::Crashed => "crashed",
        }
    }

    /// The type of the event that tells of it.
    fn event(self) -> &'static str {
        match self {
            Self::Running => "started",
            Self::Unknown | Self::Stopped | Self::Starting | Self::Error | Self::Crashed => self.as_str(),
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl Registry {
    /// A plugin goes into another state. `started_at` moves when it is running, `stopped_at` when
    /// it is stopped or crashed, and the count of restarts only when `restarted` says so. The event
    /// is `starting`, `started`, `stopped`, `error` or `crashed`.
    ///
    /// # Errors
    /// When the plugin is not registered, the state is [`State::Unknown`], or the registry cannot
    /// be written.
    pub fn update_status(&self, plugin: &PluginName, change: StatusChange) -> Result<(), RegistryError> {
        if change.state == State::Unknown {
            let message = "`unknown` is what a plugin is that was never started; it cannot become so";
            return Err(RegistryError::Invalid(message.to_owned()));
        }
        let (plugin, at, owner) = (plugin.clone(), self.now(), self.owner.id);
        self.change("writing the status", move |connection| {
            let module = modules::id(connection, &plugin)?;
            write(connection, module, owner, &change, at)?;
            let mut data = json!({ "state": change.state });
            if let Some(object) = data.as_object_mut() {
                object.extend(change.error.map(|error| ("error".to_owned(), error.into())));
                object.extend(change.restarted.then(|| ("restart".to_owned(), true.into())));
            }
            let (subject, kind) = (Some(plugin.as_str()), change.state.event());
            Ok(events::insert(
                connection,
                &Entry { module: Some(module), subject, actor: None, kind, data, at },
            )?)
        })
    }

    /// What a plugin said of its health. The event `health_check` tells of the first answer and of
    /// each that differs from the one before, so that a healthy plugin does not fill the log.
    ///
    /// # Errors
    /// When the plugin is not registered or was never started, or the registry cannot be written.
    pub fn record_health(
        &self,
        plugin: &PluginName,
        health: Health,
        detail: &str,
    ) -> Result<(), RegistryError> {
        self.report_health(plugin, Some(health));
        let (plugin, detail, at) = (plugin.clone(), detail.to_owned(), self.now());
        self.change("writing a plugin's health", move |connection| {
            let module = modules::id(connection, &plugin)?;
            let word = rows::word_of(&health);
            let before: Option<Option<String>> = connection
                .prepare_cached("SELECT health_status FROM status WHERE module_id = ?1")?
                .query_row([module], |row| row.get(0))
                .optional()?;
            let Some(before) = before else {
                let message = format!("`{plugin}` was never started, so it has no health; start it first");
                return Err(Abort::Registry(RegistryError::Invalid(message)));
            };
            connection
                .prepare_cached(
                    "UPDATE status SET health_status = ?2, last_health_check = ?3 WHERE module_id = ?1",
                )?
                .execute((module, &word, int(at)))?;
            if before.as_ref() != Some(&word) {
                let data = json!({ "health": word, "was": before, "detail": detail });
                let subject = Some(plugin.as_str());
                let kind = "health_check";
                events::insert(
                    connection,
                    &Entry { module: Some(module), subject, actor: None, kind, data, at },
                )?;
            }
            Ok(())
        })
    }

    /// The status of every plugin, by name.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn statuses(&self) -> Result<Vec<StatusView>, RegistryError> {
        self.read_statuses(None)
    }

    /// The status of one plugin; `unknown` when it was never started.
    ///
    /// # Errors
    /// When the plugin is not registered or the registry cannot be read.
    pub fn status(&self, plugin: &PluginName) -> Result<StatusView, RegistryError> {
        let found = self.read_statuses(Some(plugin))?.pop();
        found.ok_or_else(|| RegistryError::NoSuchPlugin { name: plugin.clone() })
    }

    fn read_statuses(&self, plugin: Option<&PluginName>) -> Result<Vec<StatusView>, RegistryError> {
        self.readers.read("reading the status", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT m.name, m.display_name, m.version, m.enabled, s.state, s.process_id, s.started_at,
                    s.stopped_at, s.last_health_check, s.health_status, s.error_message,
                    coalesce(s.restart_count, 0)
                 FROM modules m LEFT JOIN status s ON s.module_id = m.id
                 WHERE ?1 IS NULL OR m.name = ?1 ORDER BY m.name",
            )?;
            select.query_map([plugin.map(PluginName::as_str)], view)?.collect()
        })
    }
}

fn write(
    connection: &Connection,
    module: i64,
    owner: Uuid,
    change: &StatusChange,
    at: u64,
) -> rusqlite::Result<()> {
    let lives = matches!(change.state, State::Starting | State::Running);
    let mut upsert = connection.prepare_cached(
        "INSERT INTO status (module_id, state, process_id, owner, started_at, stopped_at, error_message, restart_count)
         VALUES (:module, :state, :process, :owner, :started, :stopped, :error, :restarts)
         ON CONFLICT (module_id) DO UPDATE SET state = :state, process_id = :process, owner = :owner,
            started_at = coalesce(:started, started_at), stopped_at = coalesce(:stopped, stopped_at),
            error_message = :error, restart_count = restart_count + :restarts",
    )?;
    upsert.execute(named_params! {
        ":module": module, ":state": change.state.as_str(),
        ":process": lives.then(std::process::id), ":owner": lives.then(|| *owner.as_bytes()),
        ":started": (change.state == State::Running).then(|| int(at)),
        ":stopped": matches!(change.state, State::Stopped | State::Crashed).then(|| int(at)),
        ":error": change.error, ":restarts": i64::from(change.restarted),
    })?;
    Ok(())
}

/// Stops what ran in a process that is gone. Answers how many plugins that were.
pub(crate) fn orphaned(connection: &Connection, owner: Uuid, now: u64) -> rusqlite::Result<usize> {
    connection
        .prepare_cached(
            "UPDATE status SET state = 'stopped', process_id = NULL, owner = NULL, stopped_at = ?2,
                error_message = 'the host it ran in ended without stopping it'
             WHERE owner = ?1",
        )?
        .execute((owner.as_bytes(), int(now)))
}

/// The state in a column of `status`, where no row means `unknown`.
pub(crate) fn state(row: &Row<'_>, column: &str) -> rusqlite::Result<State> {
    let found: Option<String> = row.get(column)?;
    if found.is_none() { Ok(State::Unknown) } else { rows::word(row, column) }
}

fn view(row: &Row<'_>) -> rusqlite::Result<StatusView> {
    Ok(StatusView {
        plugin: rows::parsed(row, "name")?,
        display_name: row.get("display_name")?,
        version: rows::parsed(row, "version")?,
        enabled: row.get("enabled")?,
        state: state(row, "state")?,
        process_id: row.get("process_id")?,
        started_at_ms: rows::count_or_none(row, "started_at")?,
        stopped_at_ms: rows::count_or_none(row, "stopped_at")?,
        last_health_check_ms: rows::count_or_none(row, "last_health_check")?,
        health_status: row.get("health_status")?,
        error_message: row.get("error_message")?,
        restart_count: rows::count(row, 11)?,
    })
}
