//! `grants`: what a plugin may reach.

use std::path::{Path, PathBuf};

use ares_services::operation::Operation;
use clap::Subcommand;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::grants_file::{self, Places};
use crate::render::{field, judged, table};

/// Show, give and take back what a plugin may reach
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host grants show notes\n  ares-host grants allow notes kv\n  ares-host grants allow security-scanner fs:target=./src\n  ares-host grants allow web-fetch net:pages=https://example.org,https://*.example.org\n  ares-host grants apply grants.toml\n  ares-host grants revoke notes kv"
)]
pub(crate) struct Grants {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// What a plugin asks for and what it was granted
    Show {
        /// The plugin
        plugin: String,
    },
    /// Grant scopes: kv, clock, call:CAPABILITY, fs:NAME=FOLDER, net:NAME=ORIGIN,…, secret:NAME, publish:TOPIC, subscribe:TOPIC
    Allow {
        /// The plugin
        plugin: String,
        /// What to grant
        #[arg(required = true, value_name = "SCOPE[=PLACE]")]
        scopes: Vec<String>,
    },
    /// Grant what a file says, to every plugin it names; nothing is taken back
    Apply {
        /// A TOML file with one line a plugin: notes = ["kv", "fs:target=FOLDER"]
        file: PathBuf,
    },
    /// Take grants back
    Revoke {
        /// The plugin
        plugin: String,
        /// What to take back
        #[arg(required = true, value_name = "SCOPE")]
        scopes: Vec<String>,
    },
}

impl Grants {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let operation = match self.action {
            Action::Show { plugin } => Operation::GrantsShow { plugin },
            Action::Allow { plugin, scopes } => Operation::GrantsAllow { plugin, grants: parse(&scopes)? },
            Action::Apply { file } => return apply(context, &file).await,
            Action::Revoke { plugin, scopes } => Operation::GrantsRevoke { plugin, scopes },
        };
        let answer = context.operate(operation).await?;
        context.screen.show(&answer, render)?;
        Ok(ExitStatus::Done)
    }
}

/// Scopes of the command line: folders are relative to the working directory.
pub(super) fn parse(scopes: &[String]) -> Result<Places, Failure> {
    let here =
        std::env::current_dir().map_err(|error| Failure::io("finding the working directory", &error))?;
    grants_file::places(scopes, &here)
}

/// One plugin after the other; the first that cannot be granted something ends it.
async fn apply(context: &Context, file: &Path) -> Result<ExitStatus, Failure> {
    let mut answers = Vec::new();
    for (plugin, grants) in grants_file::read(file)? {
        let granting = context.operate(Operation::GrantsAllow { plugin: plugin.clone(), grants }).await;
        let named = |mut failure: Failure| {
            failure.message = format!("{}, plugin `{plugin}`: {}", file.display(), failure.message);
            failure
        };
        answers.push(granting.map_err(named)?);
    }
    context.screen.show(&Value::Array(answers), |answers| {
        let each = answers.as_array().into_iter().flatten();
        each.map(|answer| format!("{}\n{}", field::text(answer, "plugin"), render(answer))).collect()
    })?;
    Ok(ExitStatus::Done)
}

/// A grant with where it leads and how: a folder and its access, or origins and methods.
fn row(grant: &Value) -> Value {
    let mut row = grant.clone();
    let first = |keys: [&str; 2]| {
        keys.into_iter().map(|key| field::at(grant, key)).find(|value| !value.is_null()).cloned()
    };
    if let Some(row) = row.as_object_mut() {
        row.insert("access".to_owned(), first(["granted_access", "methods"]).unwrap_or_default());
        row.insert("place".to_owned(), first(["folder", "origins"]).unwrap_or_default());
    }
    row
}

fn render(answer: &Value) -> String {
    let columns = [
        ("SCOPE", "scope"),
        ("ASKED", "asked"),
        ("GRANTED", "granted"),
        ("ACCESS", "access"),
        ("PLACE", "place"),
        ("LETS IT", "meaning"),
    ];
    let grants: Value =
        answer.get("grants").and_then(Value::as_array).into_iter().flatten().map(row).collect();
    let plugin = field::text(answer, "plugin");
    let grants = table::records(&grants, &columns, &format!("{plugin} asks for nothing and has nothing"));
    format!("{}\n{}", grants.trim_end(), judged::text(answer))
}
