//! The tables `budgets`, `budget_spans` and `reservations`: reserved before a call runs, settled in the
//! transaction that closes it, so that whatever runs side by side, nobody spends more than there is.

mod charge;
mod payer;
mod span;

use ares_kernel::facts::Money;
use ares_kernel::text::quoted;
use ares_kernel::{Caller, CapabilityId, PluginName};
use rusqlite::{Connection, Row, named_params};
use serde::Serialize;
use serde_json::json;

pub(crate) use self::charge::{Charge, lost, reserve, settle};
use self::charge::{Fitting, standing};
pub use self::payer::{Payer, PayerError};
pub use self::span::Span;
use crate::error::RegistryError;
use crate::events::tell;
use crate::registry::Registry;
use crate::rows::{self, int, word_of};
use crate::writer::Abort;

/// A budget as the operator sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetSet {
    /// Its name: one to 64 letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Whose calls: of whoever made the first call of the chain.
    pub caller: Option<Payer>,
    /// Calls of this plugin's capabilities.
    pub plugin: Option<PluginName>,
    /// Calls of this capability.
    pub capability: Option<CapabilityId>,
    /// Calls under this task.
    pub task: Option<String>,
    /// The most that may be spent in a span.
    pub most: Money,
    /// When it begins anew.
    pub span: Span,
}

/// A budget and what is left of it, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetView {
    /// Its name.
    pub name: String,
    /// Whose calls; all where nobody is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// Calls of this plugin alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// Calls of this capability alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capability: Option<String>,
    /// Calls under this task alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The most that may be spent in a span.
    pub most: Money,
    /// When it begins anew.
    pub span: Span,
    /// What was spent in this span.
    pub spent: Money,
    /// What running calls have reserved.
    pub reserved: Money,
    /// What is left.
    pub left: Money,
    /// How many calls were charged to it in this span.
    pub calls: u64,
    /// When it was set, in milliseconds since the Unix epoch.
    pub made_at_ms: u64,
    /// By whom.
    pub made_by: String,
}

/// How many budgets there may be: each costly call asks all of them.
const BUDGETS_MAX: u32 = 100;
/// The longest name, in bytes.
const NAME_MAX: usize = 64;

impl Registry {
    /// All budgets, by name.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn budgets(&self) -> Result<Vec<BudgetView>, RegistryError> {
        let now = self.now();
        self.readers.read("reading the budgets", |connection| {
            let mut select = connection.prepare_cached("SELECT * FROM budgets ORDER BY name")?;
            let mut found = select.query(())?;
            let mut views = Vec::new();
            while let Some(row) = found.next()? {
                views.push(view(connection, row, now)?);
            }
            Ok(views)
        })
    }

    /// Sets a budget. What was spent stays spent, as long as the span is the same.
    ///
    /// # Errors
    /// When its name is none, there are too many, or the registry cannot be written.
    pub fn set_budget(&self, set: BudgetSet, actor: &Caller) -> Result<BudgetView, RegistryError> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if set.name.is_empty() || set.name.len() > NAME_MAX || !set.name.bytes().all(legal) {
            let name = quoted(&set.name, 80);
            let message = format!("{name} is no name of a budget: 1 to 64 letters, digits, `-`, `_` and `.`");
            return Err(RegistryError::Invalid(message));
        }
        let (now, actor) = (self.now(), actor.to_string());
        self.change("setting a budget", move |connection| {
            let (kind, caller) = match &set.caller {
                Some(payer) => (Some(payer.kind.as_str()), payer.name.as_deref()),
                None => (None, None),
            };
            connection.execute(
                "INSERT INTO budgets (name, caller_kind, caller, plugin, capability, task, most, span, made_at, made_by)
                 VALUES (:name, :kind, :caller, :plugin, :capability, :task, :most, :span, :at, :by)
                 ON CONFLICT (name) DO UPDATE SET caller_kind = :kind, caller = :caller, plugin = :plugin,
                    capability = :capability, task = :task, most = :most, span = :span, made_at = :at, made_by = :by",
                named_params! {
                    ":name": set.name, ":kind": kind, ":caller": caller,
                    ":plugin": set.plugin.as_ref().map(PluginName::as_str),
                    ":capability": set.capability.as_ref().map(CapabilityId::as_str), ":task": set.task,
                    ":most": int(set.most.millionths()), ":span": word_of(&set.span), ":at": int(now), ":by": actor,
                },
            )?;
            let many: u32 = connection.query_row("SELECT count(*) FROM budgets", (), |row| row.get(0))?;
            if many > BUDGETS_MAX {
                let message = format!("there are {BUDGETS_MAX} budgets, and no more may be; remove one first");
                return Err(Abort::Registry(RegistryError::Invalid(message)));
            }
            let data = json!({
                "budget": set.name, "most": set.most, "span": set.span,
                "caller": set.caller.as_ref().map(ToString::to_string), "plugin": set.plugin,
                "capability": set.capability, "task": set.task,
            });
            tell(connection, "budget_set", data, (actor, now))?;
            let mut select = connection.prepare_cached("SELECT * FROM budgets WHERE name = ?1")?;
            let mut found = select.query([&set.name])?;
            let row = found.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            Ok(view(connection, row, now)?)
        })
    }

    /// Removes a budget, with what was spent of it. Calls it covered are asked about again.
    ///
    /// # Errors
    /// When there is none of this name, and when the registry cannot be written.
    pub fn remove_budget(&self, name: &str, actor: &Caller) -> Result<(), RegistryError> {
        let (now, actor, name) = (self.now(), actor.to_string(), name.to_owned());
        self.change("removing a budget", move |connection| {
            if connection.execute("DELETE FROM budgets WHERE name = ?1", [&name])? == 0 {
                return Err(Abort::Registry(RegistryError::NoSuchBudget { name: quoted(&name, 80) }));
            }
            tell(connection, "budget_removed", json!({ "budget": name }), (actor, now))?;
            Ok(())
        })
    }
}

fn view(connection: &Connection, row: &Row<'_>, now: u64) -> rusqlite::Result<BudgetView> {
    let (Fitting { budget, .. }, calls) = standing(connection, row, now)?;
    let kind: Option<String> = row.get("caller_kind")?;
    let name: Option<String> = row.get("caller")?;
    Ok(BudgetView {
        caller: kind.map(|kind| Payer { kind, name }.to_string()),
        plugin: row.get("plugin")?,
        capability: row.get("capability")?,
        task: row.get("task")?,
        span: rows::word(row, "span")?,
        left: budget.left(),
        calls,
        made_at_ms: rows::count(row, "made_at")?,
        made_by: row.get("made_by")?,
        name: budget.name,
        most: budget.most,
        spent: budget.spent,
        reserved: budget.reserved,
    })
}
