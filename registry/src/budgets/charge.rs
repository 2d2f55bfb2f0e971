//! What a call costs, from its opening record to its closing one: reserved, settled, or lost with its host.

use ares_kernel::facts::{Budget, Money, OverBudget};
use ares_kernel::{Caller, CapabilityId, PluginName};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};
use uuid::Uuid;

use super::Span;
use crate::error::RegistryError;
use crate::registry::Registry;
use crate::rows::{self, int, word_of};
use crate::writer::Abort;

/// What a call is known by when it is charged.
#[derive(Debug, Clone)]
pub(crate) struct Charge {
    pub(crate) kind: &'static str,
    pub(crate) caller: String,
    pub(crate) plugin: String,
    pub(crate) capability: String,
    pub(crate) task: Option<String>,
}

impl Charge {
    /// Of a call, for whoever made the first one of its chain.
    pub(crate) fn of(
        payer: &Caller,
        (plugin, capability): (&PluginName, &CapabilityId),
        task: Option<&str>,
    ) -> Self {
        Self {
            kind: payer.kind(),
            caller: payer.name().to_owned(),
            plugin: plugin.as_str().to_owned(),
            capability: capability.as_str().to_owned(),
            task: task.map(str::to_owned),
        }
    }
}

/// A budget a call fits, and the span it would be charged in.
pub(super) struct Fitting {
    id: i64,
    start: i64,
    pub(super) budget: Budget,
}

fn fits(connection: &Connection, charge: &Charge, at_ms: u64) -> rusqlite::Result<Vec<Fitting>> {
    let mut select = connection.prepare_cached(
        "SELECT * FROM budgets WHERE (caller_kind IS NULL OR caller_kind = :kind) AND (caller IS NULL OR caller = :caller)
            AND (plugin IS NULL OR plugin = :plugin) AND (capability IS NULL OR capability = :capability)
            AND (task IS NULL OR task = :task) ORDER BY name",
    )?;
    let mut found = select.query(named_params! {
        ":kind": charge.kind, ":caller": charge.caller, ":plugin": charge.plugin,
        ":capability": charge.capability, ":task": charge.task,
    })?;
    let mut fitting = Vec::new();
    while let Some(row) = found.next()? {
        fitting.push(standing(connection, row, at_ms)?.0);
    }
    Ok(fitting)
}

/// A budget's row with what its span holds at this time, and how many calls that were.
pub(super) fn standing(
    connection: &Connection,
    row: &Row<'_>,
    at_ms: u64,
) -> rusqlite::Result<(Fitting, u64)> {
    let id: i64 = row.get("id")?;
    let span: Span = rows::word(row, "span")?;
    let start = span.start(connection, at_ms)?;
    let mut select = connection
        .prepare_cached("SELECT spent, calls FROM budget_spans WHERE budget = ?1 AND start = ?2")?;
    let spent = select
        .query_row((id, start), |row| Ok((rows::count(row, 0)?, rows::count(row, 1)?)))
        .optional()?
        .unwrap_or((0, 0));
    // Sums of a column that holds no negatives; TOTAL would answer a float.
    let mut select = connection.prepare_cached(
        "SELECT coalesce(sum(amount), 0) FROM reservations WHERE budget = ?1 AND start = ?2",
    )?;
    let reserved = select.query_row((id, start), |row| rows::count(row, 0))?;
    let budget = Budget {
        name: row.get("name")?,
        most: Money::of_millionths(rows::count(row, "most")?),
        spent: Money::of_millionths(spent.0),
        reserved: Money::of_millionths(reserved),
        span: word_of(&span),
    };
    Ok((Fitting { id, start, budget }, spent.1))
}

/// Reserves the most a call may cost in every budget it fits, in the transaction of its opening record.
pub(crate) fn reserve(
    connection: &Connection,
    (id, at_ms): (&[u8; 16], u64),
    charge: &Charge,
    cost: Money,
) -> Result<(), Abort> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO reservations (invocation, budget, start, amount) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for Fitting { id: row, start, budget } in fits(connection, charge, at_ms)? {
        if budget.left() < cost {
            return Err(Abort::Registry(RegistryError::OverBudget(OverBudget { cost, budget })));
        }
        insert.execute(params![id, row, start, int(cost.millionths())])?;
    }
    Ok(())
}

/// Puts what a call came to in the place of what it reserved, in the transaction of its closing record. Never more than
/// was reserved: the host bounds what a call can use by what its cost was reckoned from.
pub(crate) fn settle(connection: &Connection, id: &[u8; 16], cost: Money) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO budget_spans (budget, start, spent, calls)
         SELECT budget, start, min(amount, ?2), 1 FROM reservations WHERE invocation = ?1
         ON CONFLICT (budget, start) DO UPDATE SET spent = spent + excluded.spent, calls = calls + 1",
    )?;
    insert.execute(params![id, int(cost.millionths())])?;
    let mut delete = connection.prepare_cached("DELETE FROM reservations WHERE invocation = ?1")?;
    delete.execute([id])?;
    Ok(())
}

/// Counts as spent what the open calls of a process that died had reserved, and writes it into their rows. Before
/// those are closed.
pub(crate) fn lost(connection: &Connection, owner: Uuid) -> rusqlite::Result<()> {
    const OPEN: &str = "SELECT id FROM invocations WHERE owner = ?1 AND status = 'running'";
    let mut spend = connection.prepare_cached(&format!(
        "INSERT INTO budget_spans (budget, start, spent, calls)
         SELECT budget, start, sum(amount), count(*) FROM reservations WHERE invocation IN ({OPEN}) GROUP BY budget, start
         ON CONFLICT (budget, start) DO UPDATE SET spent = spent + excluded.spent, calls = calls + excluded.calls"
    ))?;
    spend.execute([owner.as_bytes()])?;
    let mut tell = connection.prepare_cached(
        "UPDATE invocations SET cost = (SELECT max(amount) FROM reservations WHERE invocation = invocations.id)
         WHERE owner = ?1 AND status = 'running'",
    )?;
    tell.execute([owner.as_bytes()])?;
    let mut delete =
        connection.prepare_cached(&format!("DELETE FROM reservations WHERE invocation IN ({OPEN})"))?;
    delete.execute([owner.as_bytes()])?;
    Ok(())
}

impl Registry {
    /// The budgets a call would be charged to, without waiting on this thread.
    pub(crate) async fn budgets_for(&self, charge: Charge) -> Result<Vec<Budget>, RegistryError> {
        let now = self.now();
        let read = self.threads.read("reading the budgets", move |connection| {
            Ok(fits(connection, &charge, now)?.into_iter().map(|fitting| fitting.budget).collect())
        });
        read.await
    }
}
