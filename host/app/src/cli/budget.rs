//! `budget`: what calls may cost.

use ares_registry::Span;
use ares_services::budgets::BudgetWish;
use ares_services::operation::Operation;
use clap::builder::PossibleValuesParser;
use clap::{Subcommand, builder::TypedValueParser as _};

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::table::{self, Column};
use crate::render::{field, record};

/// Say what calls may cost, and see what they did
///
/// A capability says in its manifest what a call costs. Before it runs, the most it can come to is reserved in every
/// budget it fits; after, what it came to is counted. Where too little is left, it is refused (over-budget,
/// exit code 9). What costs something and fits no budget waits for a person.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host budget set agents --caller 'agent:*' --most 5 --per day\n  ares-host budget set search --capability web_search --most 0.50 --per hour\n  ares-host budget set trip --task trip-to-oslo --most 20\n  ares-host budget list\n  ares-host budget rm search\n\nAmounts are in your own unit, with at most six digits behind the point. A budget begins anew with the hour, day or month in UTC."
)]
pub(crate) struct Budget {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// All budgets and what is left of each
    List,
    /// Make one or change it; what was spent stays spent
    Set {
        /// Its name
        name: String,
        /// The most that may be spent, for instance 2.50
        #[arg(long, value_name = "AMOUNT")]
        most: String,
        /// When it begins anew
        #[arg(long, value_name = "SPAN", default_value = "ever", value_parser = spans())]
        per: Span,
        /// For calls of these alone, through other plugins too: agent:claude, or agent:* for all agents
        #[arg(long, value_name = "KIND:NAME")]
        caller: Option<String>,
        /// For calls of this plugin alone
        #[arg(long, value_name = "PLUGIN")]
        plugin: Option<String>,
        /// For calls of this capability alone
        #[arg(long, value_name = "CAPABILITY")]
        capability: Option<String>,
        /// For calls under this task alone
        #[arg(long, value_name = "TASK")]
        task: Option<String>,
    },
    /// Take one out, with what was spent of it
    Rm {
        /// Its name
        name: String,
    },
}

fn spans() -> impl clap::builder::TypedValueParser<Value = Span> {
    let words = PossibleValuesParser::new(["hour", "day", "month", "ever"]);
    words.map(|word| match word.as_str() {
        "hour" => Span::Hour,
        "day" => Span::Day,
        "month" => Span::Month,
        _ => Span::Ever,
    })
}

const COLUMNS: [Column; 8] = [
    ("NAME", "name"),
    ("MOST", "most"),
    ("PER", "span"),
    ("SPENT", "spent"),
    ("RESERVED", "reserved"),
    ("LEFT", "left"),
    ("CALLS", "calls"),
    ("FOR", "for"),
];

impl Budget {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let wish = match self.action {
            Action::List => BudgetWish::List,
            Action::Set { name, most, per, caller, plugin, capability, task } => {
                BudgetWish::Set { name, caller, plugin, capability, task, most, span: per }
            }
            Action::Rm { name } => BudgetWish::Remove { name },
        };
        let answer = context.operate(Operation::Budget { wish }).await?;
        context.screen.show(&answer, |answer| {
            if answer.is_array() {
                let rows = answer.as_array().into_iter().flatten().map(with_scope).collect();
                return table::records(
                    &rows,
                    &COLUMNS,
                    "no budgets: what costs something waits for a person",
                );
            }
            record::render(answer)
        })?;
        Ok(ExitStatus::Done)
    }
}

/// The row, with whom and what it is for in one field.
fn with_scope(row: &serde_json::Value) -> serde_json::Value {
    let named = ["caller", "plugin", "capability", "task"].into_iter().filter(|key| row.get(key).is_some());
    let named: Vec<String> = named.map(|key| format!("{key} {}", field::text(row, key))).collect();
    let scope = if named.is_empty() { "every call".to_owned() } else { named.join(", ") };
    let mut row = row.clone();
    if let Some(row) = row.as_object_mut() {
        row.insert("for".to_owned(), scope.into());
    }
    row
}
