//! What can be asked of budgets.

use ares_registry::{BudgetSet, Span};
use serde::{Deserialize, Serialize};

use crate::operation::Problem;

/// One thing to do with budgets. All answers are JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum BudgetWish {
    /// All, by name. Answers an array of `{name, caller, plugin, capability, task, most, span, spent,
    /// reserved, left, calls, made_at_ms, made_by}`: amounts as decimal text.
    List,
    /// Make one or change it. Answers it, with a `note` where nobody provides what it is for now.
    Set {
        /// Its name.
        name: String,
        /// Whose calls: `agent:claude`, or `agent:*`.
        caller: Option<String>,
        /// Calls of this plugin.
        plugin: Option<String>,
        /// Calls of this capability.
        capability: Option<String>,
        /// Calls under this task.
        task: Option<String>,
        /// The most that may be spent in a span, as decimal text.
        most: String,
        /// When it begins anew.
        span: Span,
    },
    /// Take one out. Answers `{removed}`.
    Remove {
        /// Its name.
        name: String,
    },
}

impl BudgetWish {
    /// Whether it changes what is recorded.
    #[must_use]
    pub fn changes(&self) -> bool {
        match self {
            Self::List => false,
            Self::Set { .. } | Self::Remove { .. } => true,
        }
    }
}

/// What was asked, with every word of it read.
pub(crate) fn read(wish: BudgetWish) -> Result<Read, Problem> {
    Ok(match wish {
        BudgetWish::List => Read::List,
        BudgetWish::Remove { name } => Read::Remove(name),
        BudgetWish::Set { name, caller, plugin, capability, task, most, span } => Read::Set(BudgetSet {
            name,
            caller: parsed("bad-caller", caller)?,
            plugin: parsed("bad-name", plugin)?,
            capability: parsed("bad-name", capability)?,
            task,
            most: most.parse().map_err(|error| Problem::invalid("bad-amount", error))?,
            span,
        }),
    })
}

/// See [`BudgetWish`].
pub(crate) enum Read {
    List,
    Set(BudgetSet),
    Remove(String),
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    code: &str,
    text: Option<String>,
) -> Result<Option<T>, Problem> {
    text.map(|text| text.parse().map_err(|error| Problem::invalid(code, error))).transpose()
}
