//! `patterns`: ways of working that were tried, and what came of them.

use std::path::PathBuf;

use ares_registry::NewPattern;
use ares_services::operation::Operation;
use ares_services::patterns::PatternWish;
use clap::Subcommand;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, table};
use crate::text_file;

/// Look up ways of working that were tried, and tell what came of them
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host patterns list\n  ares-host patterns list --anti\n  ares-host patterns match \"sqlite persistence\"\n  ares-host patterns used database-first --good\n  ares-host patterns used sqlite --technology --good\n  ares-host patterns add paper-first --name \"On paper first\" --description \"It is drawn before it is built.\" --word paper --word sketch\n  ares-host patterns add --file pattern.toml\n  ares-host patterns suggestions\n  ares-host patterns promote paper-first"
)]
pub(crate) struct Patterns {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// All of them, the best first
    List {
        /// Only those that speak against what they match
        #[arg(long)]
        anti: bool,
    },
    /// Everything about one
    Show {
        /// Its id
        id: String,
    },
    /// Those a text is recognised by, and which of them are recommended
    Match {
        /// What is planned, in words
        #[arg(required = true)]
        text: Vec<String>,
    },
    /// What technologies were good for
    Matrix,
    /// Those that have earned a better tier than they have
    Suggestions,
    /// Give one the tier it has earned
    Promote {
        /// Its id
        id: String,
    },
    /// Write one down
    Add(Box<Add>),
    /// Take one out that somebody wrote down
    Rm {
        /// Its id
        id: String,
    },
    /// Count a use of one
    Used {
        /// Its id, or with --technology the technology's name
        name: String,
        /// It went well
        #[arg(long, required_unless_present = "bad", conflicts_with = "bad")]
        good: bool,
        /// It did not
        #[arg(long)]
        bad: bool,
        /// It is a technology, in the matrix
        #[arg(long)]
        technology: bool,
        /// The invocation that shows it; it counts once
        #[arg(long, value_name = "ID")]
        invocation: Option<String>,
    },
}

/// A pattern in options, or the file it stands in.
#[derive(Debug, clap::Args)]
struct Add {
    /// Its id: small letters, digits and -
    #[arg(required_unless_present = "file")]
    id: Option<String>,
    /// TOML with the same keys as these options: id, anti, name, description, applies_to, lifted_by, trade_offs, simpler, evidence, better
    #[arg(long, conflicts_with_all = ["id", "anti", "name", "description", "words", "unless", "trade_offs", "simpler", "evidence", "better"])]
    file: Option<PathBuf>,
    /// It is an anti-pattern, which needs --evidence and --better
    #[arg(long)]
    anti: bool,
    /// Its name for people
    #[arg(long, value_name = "TEXT", default_value = "")]
    name: String,
    /// What it is
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,
    /// A word it is recognised by; may be repeated
    #[arg(long = "word", value_name = "WORD")]
    words: Vec<String>,
    /// A word that says it is not meant; may be repeated
    #[arg(long = "unless", value_name = "WORD")]
    unless: Vec<String>,
    /// What is bad about it
    #[arg(long, value_name = "TEXT", default_value = "")]
    trade_offs: String,
    /// What simpler way was considered
    #[arg(long, value_name = "TEXT", default_value = "")]
    simpler: String,
    /// Why anyone believes it
    #[arg(long, value_name = "TEXT", default_value = "")]
    evidence: String,
    /// What to do instead
    #[arg(long, value_name = "TEXT", default_value = "")]
    better: String,
}

impl Add {
    fn pattern(self) -> Result<NewPattern, Failure> {
        let Some(file) = &self.file else {
            return Ok(NewPattern {
                id: self.id.unwrap_or_default(),
                anti: self.anti,
                name: self.name,
                description: self.description,
                applies_to: self.words,
                lifted_by: self.unless,
                trade_offs: self.trade_offs,
                simpler: self.simpler,
                evidence: self.evidence,
                better: self.better,
            });
        };
        let text = text_file::read(file).map_err(|error| Failure::io("reading the pattern", &error))?;
        toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let why = ares_kernel::text::escaped(error.message(), 300);
            Failure::input("bad-pattern", format!("{}:{line}: {why}", file.display()))
        })
    }
}

impl Patterns {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let (wish, show): (_, fn(&Value) -> String) = match self.action {
            Action::List { anti: false } => (PatternWish::List { anti: false }, list),
            Action::List { anti: true } => (PatternWish::List { anti: true }, anti),
            Action::Show { id } => (PatternWish::Show { id }, one),
            Action::Match { text } => (PatternWish::Match { text: text.join(" ") }, matched),
            Action::Matrix => (PatternWish::Matrix, matrix),
            Action::Suggestions => (PatternWish::Suggestions, suggestions),
            Action::Promote { id } => (PatternWish::Promote { id }, one),
            Action::Add(add) => (PatternWish::Add { pattern: add.pattern()? }, one),
            Action::Rm { id } => {
                (PatternWish::Remove { id }, |answer| format!("removed {}", field::text(answer, "id")))
            }
            Action::Used { name, good, bad: _, technology, invocation } => {
                (PatternWish::Used { name, technology, good, invocation }, used)
            }
        };
        let answer = context.operate(Operation::Patterns { wish }).await?;
        context.screen.show(&answer, show)?;
        Ok(ExitStatus::Done)
    }
}

/// The tier in its own words.
fn tier(row: &Value, at: &str) -> String {
    match field::at(row, at).as_str() {
        Some("first") => "1".to_owned(),
        Some("second") => "2".to_owned(),
        Some("third") => "3".to_owned(),
        _ => "anti".to_owned(),
    }
}

/// `15 of 15`, or that nobody counted.
fn count(row: &Value) -> String {
    match (field::at(row, "successes").as_u64(), field::at(row, "uses").as_u64()) {
        (Some(successes), Some(uses)) => format!("{successes} of {uses}"),
        _ => "not counted".to_owned(),
    }
}

/// The bounds of success in percent, where uses were counted.
fn bounds(row: &Value) -> String {
    let bound = |at| row.pointer(at).and_then(Value::as_u64);
    match (bound("/bounds/lower"), bound("/bounds/upper")) {
        (Some(lower), Some(upper)) => format!("{lower} to {upper}"),
        _ => "-".to_owned(),
    }
}

fn rows(answer: &Value) -> impl Iterator<Item = &Value> {
    answer.as_array().into_iter().flatten()
}

fn headings(headings: &[&str]) -> Vec<String> {
    headings.iter().map(ToString::to_string).collect()
}

fn list(answer: &Value) -> String {
    let row = |row: &Value| {
        vec![field::text(row, "id"), tier(row, "tier"), count(row), bounds(row), field::text(row, "name")]
    };
    table::lines(headings(&["ID", "TIER", "GOOD", "BETWEEN (BP)", "NAME"]), rows(answer).map(row))
}

fn anti(answer: &Value) -> String {
    let row =
        |row: &Value| vec![field::text(row, "id"), field::text(row, "name"), field::text(row, "better")];
    table::lines(headings(&["ID", "NAME", "BETTER"]), rows(answer).map(row))
}

fn matched(answer: &Value) -> String {
    if rows(answer).next().is_none() {
        return "no pattern has a word of it".to_owned();
    }
    let row = |row: &Value| {
        let advice = match field::at(row, "why_not") {
            Value::Null => "recommended".to_owned(),
            why => field::plain(why),
        };
        vec![field::text(row, "id"), tier(row, "tier"), count(row), field::text(row, "words"), advice]
    };
    table::lines(headings(&["ID", "TIER", "GOOD", "BY THE WORDS", "ADVICE"]), rows(answer).map(row))
}

fn matrix(answer: &Value) -> String {
    let row = |row: &Value| {
        let claimed = field::at(row, "claimed_bp").as_u64();
        let claimed = claimed.map_or_else(|| "-".to_owned(), |bp| format!("{} %", bp / 100));
        vec![field::text(row, "technology"), count(row), bounds(row), claimed, field::text(row, "note")]
    };
    table::lines(headings(&["TECHNOLOGY", "GOOD", "BETWEEN (BP)", "CLAIMED", "NOTE"]), rows(answer).map(row))
}

fn suggestions(answer: &Value) -> String {
    if rows(answer).next().is_none() {
        return "no pattern has earned a better tier than it has".to_owned();
    }
    let row = |row: &Value| {
        vec![field::text(row, "id"), tier(row, "tier"), tier(row, "earned"), count(row), bounds(row)]
    };
    let table =
        table::lines(headings(&["ID", "TIER", "EARNED", "GOOD", "BETWEEN (BP)"]), rows(answer).map(row));
    format!("{table}Give it with `ares-host patterns promote ID`.")
}

fn used(answer: &Value) -> String {
    match field::at(answer, "technology") {
        Value::Null => one(answer),
        name => format!("{}: {} good", field::plain(name), count(answer)),
    }
}

fn one(row: &Value) -> String {
    let mut out = format!("{}: {}\n", field::text(row, "id"), field::text(row, "name"));
    let standing = match tier(row, "tier").as_str() {
        "anti" => "anti-pattern".to_owned(),
        tier => format!("tier {tier}, {} of 6 points", field::number(row, "points")),
    };
    let lines = [
        ("standing", standing),
        ("good", format!("{}, between {} bp", count(row), bounds(row))),
        ("what", field::text(row, "description")),
        ("words", field::text(row, "applies_to")),
        ("unless", field::text(row, "lifted_by")),
        ("simpler", field::text(row, "simpler")),
        ("trade-offs", field::text(row, "trade_offs")),
        ("evidence", field::text(row, "evidence")),
        ("better", field::text(row, "better")),
        ("origin", field::text(row, "origin")),
    ];
    for (name, text) in lines.into_iter().filter(|(_, text)| !text.is_empty() && text != "-") {
        out.push_str(&format!("{name:<11} {text}\n"));
    }
    out
}
