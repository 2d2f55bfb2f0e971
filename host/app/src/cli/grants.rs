//! `grants`: what a plugin may reach.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ares_services::operation::Operation;
use clap::Subcommand;
use serde_json::Value;

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, table};

/// Show, give and take back what a plugin may reach
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host grants show notes\n  ares-host grants allow notes kv\n  ares-host grants allow security-scanner fs:target=./src\n  ares-host grants revoke notes kv"
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
    /// Grant scopes: kv, call:CAPABILITY, fs:NAME=FOLDER
    Allow {
        /// The plugin
        plugin: String,
        /// What to grant
        #[arg(required = true, value_name = "SCOPE[=FOLDER]")]
        scopes: Vec<String>,
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
        let answer = context
            .operate(match self.action {
                Action::Show { plugin } => Operation::GrantsShow { plugin },
                Action::Allow { plugin, scopes } => {
                    Operation::GrantsAllow { plugin, grants: parse(&scopes)? }
                }
                Action::Revoke { plugin, scopes } => Operation::GrantsRevoke { plugin, scopes },
            })
            .await?;
        context.screen.show(&answer, |answer| {
            let columns = [
                ("SCOPE", "scope"),
                ("ASKED", "asked"),
                ("GRANTED", "granted"),
                ("ACCESS", "granted_access"),
                ("FOLDER", "folder"),
            ];
            let grants = answer.get("grants").unwrap_or(&Value::Null);
            let plugin = field::text(answer, "plugin");
            table::records(grants, &columns, &format!("{plugin} asks for nothing and has nothing"))
        })?;
        Ok(ExitStatus::Done)
    }
}

/// `SCOPE` or `SCOPE=FOLDER`; folders become absolute, so that the host finds them from where it
/// runs.
pub(super) fn parse(scopes: &[String]) -> Result<BTreeMap<String, Option<PathBuf>>, Failure> {
    let mut grants = BTreeMap::new();
    for text in scopes {
        let (scope, place) = match text.split_once('=') {
            None => (text.as_str(), None),
            Some((scope, place)) => {
                let place = std::path::absolute(place)
                    .map_err(|error| Failure::io(&format!("finding the folder of {text}"), &error))?;
                (scope, Some(place))
            }
        };
        if grants.insert(scope.to_owned(), place).is_some() {
            return Err(Failure::input(
                "twice",
                format!("`{}` is granted twice", field::plain(&scope.into())),
            ));
        }
    }
    Ok(grants)
}
