//! `mandates`: the four mandates, the five catastrophic categories, and what they stopped.

use ares_services::operation::Operation;
use ares_services::oversight::OversightWish;
use clap::Subcommand;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, table};

/// Of fewer calls a share says nothing: one more or less would move it by five or more in a hundred.
const CALLS_MIN: u64 = 20;

/// Show the mandates, the calls that they and other rules stopped, and how often
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host mandates list\n  ares-host mandates log --plugin notes\n  ares-host mandates score notes\n  ares-host mandates overrides"
)]
pub(crate) struct Mandates {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The four mandates and the five categories that nothing overrides, with what they stopped in 30 days
    List,
    /// The latest calls that a rule held or refused, oldest first, and what became of them
    Log {
        /// Only of this plugin
        #[arg(long)]
        plugin: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// What was approved against a mandate or a rule that forbids: who, when, which rule and why
    Overrides {
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// How often a plugin's calls of the last 30 days were stopped, for each 100 of them
    Score {
        /// The plugin
        plugin: String,
    },
}

impl Mandates {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let (wish, show): (_, fn(&Value) -> String) = match self.action {
            Action::List => (OversightWish::Mandates, list),
            Action::Log { plugin, limit } => (OversightWish::Log { plugin, limit }, log),
            Action::Overrides { limit } => (OversightWish::Overrides { limit }, overrides),
            Action::Score { plugin } => (OversightWish::Score { plugin }, score),
        };
        let answer = context.operate(Operation::Oversight { wish }).await?;
        context.screen.show(&answer, show)?;
        Ok(ExitStatus::Done)
    }
}

fn list(answer: &Value) -> String {
    let columns = [
        ("ID", "id"),
        ("WHAT", "sentence"),
        ("DOES", "does"),
        ("OVERRIDABLE", "overridable"),
        ("STOPPED", "stopped"),
    ];
    table::records(answer, &columns, "there are no mandates")
}

fn log(answer: &Value) -> String {
    let columns = [
        ("TIME", "at_ms"),
        ("ID", "id"),
        ("CALLER", "caller"),
        ("CAPABILITY", "capability"),
        ("PLUGIN", "plugin"),
        ("RULE", "rule"),
        ("BECAME", "became"),
    ];
    table::records(answer, &columns, "no rule stopped a call")
}

fn overrides(answer: &Value) -> String {
    let columns = [
        ("TIME", "decided_at_ms"),
        ("ID", "id"),
        ("BY", "decided_by"),
        ("RULE", "overrides"),
        ("CAPABILITY", "capability"),
        ("PLUGIN", "plugin"),
        ("FORBIDDEN", "forbidden"),
        ("EARLIER", "earlier"),
        ("FINAL", "final"),
        ("ASKED FOR", "requested_for"),
        ("WHY", "note"),
    ];
    table::records(answer, &columns, "nothing was overridden")
}

fn score(answer: &Value) -> String {
    let text = |at: &str| field::text(answer, at);
    let calls = field::number(answer, "calls");
    let of = field::count(calls, "call");
    let head = format!("{of} of {} in {} days", text("plugin"), text("days"));
    let sum = format!(
        "{} x {} catastrophic + {} x {} forbidden + {} x {} asked about and not approved = {}",
        text("/weights/catastrophic"),
        text("catastrophic"),
        text("/weights/forbidden"),
        text("forbidden"),
        text("/weights/not_approved"),
        text("not_approved"),
        text("violations")
    );
    match field::at(answer, "per_100_calls") {
        Value::Null => format!("{head}: nothing to count by\n{sum}\n"),
        _ if calls < CALLS_MIN => {
            format!("{head}: too few calls to say how many for each 100 ({CALLS_MIN} or more)\n{sum}\n")
        }
        per => {
            // To two places in the answer; no place is shown that says nothing.
            let per = field::plain(per);
            format!("{head}\n{sum}\n{} for each 100 calls\n", per.strip_suffix(".0").unwrap_or(&per))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_score_of_few_calls_is_none() {
        let of = |calls: u64, per: Value| {
            score(&json!({ "plugin": "notes", "days": 30, "calls": calls, "catastrophic": 0, "forbidden": 2,
                "not_approved": 6, "violations": 12, "per_100_calls": per,
                "weights": { "catastrophic": 10, "forbidden": 3, "not_approved": 1 } }))
        };
        assert!(of(120, json!(10.0)).ends_with("= 12\n10 for each 100 calls\n"), "{}", of(120, json!(10.0)));
        assert!(of(90, json!(13.33)).ends_with("\n13.33 for each 100 calls\n"));
        let few = of(1, json!(1200.0));
        assert!(few.starts_with("1 call of notes in 30 days: too few") && !few.contains("1200"), "{few}");
        assert!(of(0, Value::Null).contains("nothing to count by"));
    }
}
