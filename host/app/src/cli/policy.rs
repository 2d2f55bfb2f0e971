//! `policy`: the operator's rules.

use std::path::PathBuf;

use ares_services::operation::Operation;
use ares_services::rules::RuleWish;
use clap::Subcommand;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, table};
use crate::text_file;

/// See, try and change the rules that say which calls run, which ask a person, and which never run
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host policy list\n  ares-host policy test write --caller agent:claude\n  ares-host policy test scan_folder --arguments \"{}\"\n  ares-host policy test write --rules policy.cedar\n  ares-host policy allow notes/put_note --for 'agent:mcp:*' --until 2027-01-01T00:00:00Z\n  ares-host policy deny net:api --reason \"not before the audit\"\n  ares-host policy rm deny-net-api\n  ares-host policy set policy.cedar\n  ares-host policy history 3"
)]
pub(crate) struct Policy {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Every rule: yours, then the shipped ones
    List {
        /// Each as it was written
        #[arg(long)]
        full: bool,
    },
    /// Put a file of rules in the place of yours
    Set {
        /// Rules in Cedar
        file: PathBuf,
        /// Why, for the history
        #[arg(long)]
        reason: Option<String>,
    },
    /// Write a rule that permits without asking; it lifts nothing that is forbidden
    Allow {
        /// A capability, PLUGIN/CAPABILITY, PLUGIN/*, an effect class such as write, or a scope such as net:api or net:*
        pattern: String,
        /// Only for these callers: KIND:NAME with * for any text, or role:NAME
        #[arg(long = "for", value_name = "CALLER")]
        callers: Option<String>,
        /// When it ends, for instance 2027-01-01T00:00:00Z
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// Why, for the rule and the history
        #[arg(long)]
        reason: Option<String>,
    },
    /// Write a rule that forbids
    Deny {
        /// A capability, PLUGIN/CAPABILITY, PLUGIN/*, an effect class such as write, or a scope such as net:api or net:*
        pattern: String,
        /// Only for these callers: KIND:NAME with * for any text, or role:NAME
        #[arg(long = "for", value_name = "CALLER")]
        callers: Option<String>,
        /// Why, for the rule and the history
        #[arg(long)]
        reason: Option<String>,
    },
    /// Take one of your rules out
    Rm {
        /// Its id, as `policy list` shows it
        id: String,
    },
    /// Say what the rules make of a call, and which rule decides; nothing is called
    Test {
        /// A capability, PLUGIN/CAPABILITY, an effect class or a scope
        subject: String,
        /// Who would call, KIND:NAME [default: you]
        #[arg(long)]
        caller: Option<String>,
        /// Who would stand at the beginning of the chain of calls [default: the caller]
        #[arg(long)]
        origin: Option<String>,
        /// What the arguments would be about: {"hosts":[],"paths":[],"blast":0,"findings":[]}
        #[arg(long, value_name = "JSON")]
        arguments: Option<String>,
        /// Try the rules in this file in the place of yours
        #[arg(long, value_name = "FILE")]
        rules: Option<PathBuf>,
    },
    /// What rules there were, by whom and why; with a number that file as it was
    History {
        /// The number
        revision: Option<u64>,
    },
}

impl Policy {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let (wish, show): (_, fn(&Value) -> String) = match self.action {
            Action::List { full: false } => (RuleWish::List, list),
            Action::List { full: true } => (RuleWish::List, full),
            Action::Set { file, reason } => {
                let text =
                    text_file::read(&file).map_err(|error| Failure::io("reading the rules", &error))?;
                let from = Some(file.display().to_string());
                (RuleWish::Set { text, reason, from }, set)
            }
            Action::Allow { pattern, callers, until, reason } => {
                (RuleWish::Allow { pattern, callers, only: None, until, reason }, rule)
            }
            Action::Deny { pattern, callers, reason } => (RuleWish::Deny { pattern, callers, reason }, rule),
            Action::Rm { id } => (RuleWish::Remove { id }, removed),
            Action::Test { subject, caller, origin, arguments, rules } => {
                let from = rules.as_deref().map(|file| file.display().to_string());
                let rules = rules.as_deref().map(text_file::read).transpose();
                let rules = rules.map_err(|error| Failure::io("reading the rules", &error))?;
                (RuleWish::Test { subject, caller, origin, arguments, rules, from }, tried)
            }
            Action::History { revision: None } => (RuleWish::History { revision: None }, history),
            Action::History { revision } => (RuleWish::History { revision }, |answer| raw(answer, "text")),
        };
        let answer = context.operate(Operation::Policy { wish }).await?;
        context.screen.show(&answer, show)?;
        Ok(ExitStatus::Done)
    }
}

fn list(answer: &Value) -> String {
    let columns = [
        ("ID", "id"),
        ("BY", "layer"),
        ("RULE", "effect"),
        ("HOLDS", "holds"),
        ("UNTIL", "until"),
        ("WHY", "reason"),
    ];
    let rules = table::records(field::at(answer, "rules"), &columns, "there are no rules");
    format!("{}{rules}", problem(answer))
}

fn full(answer: &Value) -> String {
    let rules = field::at(answer, "rules").as_array().into_iter().flatten().map(|rule| {
        let ends = if field::at(rule, "holds") == &Value::Bool(true) { "" } else { "\n// does not hold now" };
        format!("// {}{ends}\n{}\n\n", field::text(rule, "place"), raw(rule, "text"))
    });
    format!("{}{}", problem(answer), rules.collect::<String>())
}

fn problem(answer: &Value) -> String {
    let until = match field::at(answer, "refuses_all") {
        Value::Bool(true) => "everything is refused until it is put right",
        _ => "the rules before it stay in force until it is put right",
    };
    match field::at(answer, "problem") {
        Value::Null => String::new(),
        why => format!("your file is broken and not in force, {until}: {}\n\n", field::plain(why)),
    }
}

fn set(answer: &Value) -> String {
    format!("in force; number {} of the history\n\n{}", field::text(answer, "revision"), differences(answer))
}

fn rule(answer: &Value) -> String {
    let note = answer.get("note").map_or_else(String::new, |note| format!("note: {}\n", field::plain(note)));
    let (text, id) = (raw(answer, "text"), field::text(answer, "id"));
    format!("{text}\n\n{note}{}\nundo it with `ares-host policy rm {id}`", differences(answer))
}

fn removed(answer: &Value) -> String {
    format!("removed:\n\n{}\n\n{}", raw(answer, "text"), differences(answer))
}

/// What a change comes to: who may do what otherwise than before.
pub(super) fn differences(answer: &Value) -> String {
    let columns =
        [("CAPABILITY", "capability"), ("CLASS", "effect"), ("FOR", "caller"), ("WAS", "was"), ("IS", "now")];
    let none = "arguments aside, no registered capability stands otherwise for you or for an agent that no rule names";
    let table = table::records(field::at(answer, "differences"), &columns, none);
    match field::at(answer, "more").as_u64() {
        None | Some(0) => format!("{}\n", table.trim_end()),
        Some(more) => format!("{}\nand {more} more\n", table.trim_end()),
    }
}

fn tried(answer: &Value) -> String {
    let text = |name| field::text(answer, name);
    let head = format!("{} ({}): {}", text("subject"), text("effect"), text("stance"));
    match field::at(answer, "rule") {
        Value::Null => format!("{head}\n{}", text("reason")),
        _ => format!(
            "{head}\n{}: {}\n\n{}:\n{}",
            text("rule"),
            text("reason"),
            text("place"),
            raw(answer, "text")
        ),
    }
}

fn history(answer: &Value) -> String {
    let columns =
        [("NUMBER", "revision"), ("TIME", "at_ms"), ("BY", "actor"), ("WHAT", "action"), ("WHY", "reason")];
    table::records(answer, &columns, "there were no rules but the shipped ones")
}

/// A text over several lines, each escaped.
fn raw(answer: &Value, name: &str) -> String {
    let text = field::at(answer, name).as_str().unwrap_or_default();
    let lines: Vec<String> = text.lines().map(|line| ares_kernel::text::escaped(line, usize::MAX)).collect();
    lines.join("\n")
}
