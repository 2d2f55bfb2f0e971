//! The table `tasks`: what was planned, and what is paused because it went another way.

use std::collections::{BTreeMap, BTreeSet};

use ares_kernel::facts::Task;
use ares_kernel::text::{escaped, quoted};
use ares_kernel::{Caller, CapabilityId};
use rusqlite::{Connection, Row};
use serde::Serialize;
use serde_json::json;

use crate::error::RegistryError;
use crate::events::{self, Entry};
use crate::registry::Registry;
use crate::rows::{self, int, json_of};
use crate::writer::Abort;

/// How many tasks may be planned at one time: they are all in memory.
const TASKS_MAX: u32 = 1000;
/// The longest name, in bytes: that of a request's `task`.
const NAME_MAX: usize = 128;
/// The most capabilities of one plan.
const CAPABILITIES_MAX: usize = 200;
/// The most that is kept of a reason, in bytes.
const REASON_MAX: usize = 500;

/// A task as somebody plans it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskPlan {
    /// Its name.
    pub name: String,
    /// What may be called for it.
    pub capabilities: BTreeSet<CapabilityId>,
    /// How long it should take, in milliseconds.
    pub estimate_ms: Option<u64>,
}

/// A planned task, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskView {
    /// Its name.
    pub name: String,
    /// `running` or `paused`.
    pub state: &'static str,
    /// Why it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
    /// What may be called for it.
    pub capabilities: BTreeSet<CapabilityId>,
    /// How long it should take, in milliseconds.
    pub estimate_ms: Option<u64>,
    /// Since it was planned or resumed, in milliseconds since the Unix epoch.
    pub since_at_ms: u64,
    /// When it was planned.
    pub planned_at_ms: u64,
    /// By whom.
    pub planned_by: String,
}

fn task(row: &Row<'_>) -> rusqlite::Result<Task> {
    Ok(Task {
        name: row.get("name")?,
        capabilities: rows::json_or_none(row, "capabilities")?.unwrap_or_default(),
        estimate_ms: rows::count_or_none(row, "estimate_ms")?,
        since_ms: rows::count(row, "since")?,
        paused: row.get("paused")?,
    })
}

fn view(row: &Row<'_>) -> rusqlite::Result<TaskView> {
    let Task { name, capabilities, estimate_ms, since_ms, paused } = task(row)?;
    Ok(TaskView {
        name,
        state: if paused.is_some() { "paused" } else { "running" },
        paused,
        capabilities,
        estimate_ms,
        since_at_ms: since_ms,
        planned_at_ms: rows::count(row, "planned_at")?,
        planned_by: row.get("planned_by")?,
    })
}

/// All of them, for the snapshot.
pub(crate) fn read(connection: &Connection) -> rusqlite::Result<BTreeMap<String, Task>> {
    let mut select = connection.prepare_cached("SELECT * FROM tasks")?;
    let found = select.query_map((), task)?;
    found.map(|task| task.map(|task| (task.name.clone(), task))).collect()
}

/// Pauses a task, in the transaction of the record of the call that was not in its plan.
pub(crate) fn pause(connection: &Connection, name: &str, why: &str, now: u64) -> rusqlite::Result<()> {
    let why = escaped(why, REASON_MAX);
    let mut update =
        connection.prepare_cached("UPDATE tasks SET paused = ?2 WHERE name = ?1 AND paused IS NULL")?;
    if update.execute((name, &why))? == 0 {
        return Ok(());
    }
    connection.execute("UPDATE instance SET revision = revision + 1", ())?;
    let data = json!({ "task": escaped(name, NAME_MAX), "why": why });
    events::insert(connection, &Entry::host("task_paused", data, now))
}

impl Registry {
    /// All planned tasks, by name.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn tasks(&self) -> Result<Vec<TaskView>, RegistryError> {
        self.readers.read("reading the tasks", |connection| {
            let mut select = connection.prepare_cached("SELECT * FROM tasks ORDER BY name")?;
            select.query_map((), view)?.collect()
        })
    }

    /// Plans a task, or plans it anew.
    ///
    /// # Errors
    /// When its name or its plan is none, there are too many, or the registry cannot be written.
    pub fn plan_task(&self, plan: TaskPlan, actor: &Caller) -> Result<TaskView, RegistryError> {
        let wrong = |message: String| Err(RegistryError::Invalid(message));
        if plan.name.is_empty() || plan.name.len() > NAME_MAX || plan.name.chars().any(char::is_control) {
            return wrong(format!("{} is no name of a task: 1 to {NAME_MAX} bytes", quoted(&plan.name, 80)));
        }
        if plan.capabilities.is_empty() || plan.capabilities.len() > CAPABILITIES_MAX {
            return wrong(format!("a plan names 1 to {CAPABILITIES_MAX} capabilities"));
        }
        if plan.estimate_ms == Some(0) {
            return wrong("no task takes no time: give its minutes, or none".to_owned());
        }
        let (now, actor) = (self.now(), actor.to_string());
        self.change("planning a task", move |connection| {
            connection.execute(
                "INSERT INTO tasks (name, capabilities, estimate_ms, since, planned_at, planned_by)
                 VALUES (?1, ?2, ?3, ?4, ?4, ?5) ON CONFLICT (name) DO UPDATE SET capabilities = ?2,
                    estimate_ms = ?3, since = ?4, paused = NULL, planned_at = ?4, planned_by = ?5",
                (&plan.name, json_of(&plan.capabilities), plan.estimate_ms.map(int), int(now), &actor),
            )?;
            let many: u32 = connection.query_row("SELECT count(*) FROM tasks", (), |row| row.get(0))?;
            if many > TASKS_MAX {
                let message = format!("{TASKS_MAX} tasks are planned, and no more may be; end one first");
                return Err(Abort::Registry(RegistryError::Invalid(message)));
            }
            let data = json!({ "task": plan.name, "capabilities": plan.capabilities });
            changed(connection, "task_planned", data, (actor, now))?;
            Ok(one(connection, &plan.name)?)
        })
    }

    /// Lets a paused task go on; its time begins anew.
    ///
    /// # Errors
    /// When no such task is planned, and when the registry cannot be written.
    pub fn resume_task(&self, name: &str, actor: &Caller) -> Result<TaskView, RegistryError> {
        let (now, actor, name) = (self.now(), actor.to_string(), name.to_owned());
        self.change("resuming a task", move |connection| {
            let update = "UPDATE tasks SET paused = NULL, since = ?2 WHERE name = ?1";
            known(&name, connection.execute(update, (&name, int(now)))?)?;
            changed(connection, "task_resumed", json!({ "task": name }), (actor, now))?;
            Ok(one(connection, &name)?)
        })
    }

    /// Forgets a plan: what is called under its name is not held against one any more.
    ///
    /// # Errors
    /// When no such task is planned, and when the registry cannot be written.
    pub fn end_task(&self, name: &str, actor: &Caller) -> Result<(), RegistryError> {
        let (now, actor, name) = (self.now(), actor.to_string(), name.to_owned());
        self.change("ending a task", move |connection| {
            known(&name, connection.execute("DELETE FROM tasks WHERE name = ?1", [&name])?)?;
            Ok(changed(connection, "task_ended", json!({ "task": name }), (actor, now))?)
        })
    }
}

fn known(name: &str, rows: usize) -> Result<(), Abort> {
    if rows > 0 {
        return Ok(());
    }
    Err(Abort::Registry(RegistryError::NoSuchTask { name: quoted(name, 80) }))
}

fn one(connection: &Connection, name: &str) -> rusqlite::Result<TaskView> {
    connection.prepare_cached("SELECT * FROM tasks WHERE name = ?1")?.query_row([name], view)
}

fn changed(
    connection: &Connection,
    kind: &str,
    data: serde_json::Value,
    (actor, at): (String, u64),
) -> rusqlite::Result<()> {
    connection.execute("UPDATE instance SET revision = revision + 1", ())?;
    events::tell(connection, kind, data, (actor, at))
}
