//! `registry`: the database itself.

use ares_registry::{Registry as Database, SCHEMA_VERSION};
use ares_services::Mode;
use ares_services::operation::Problem;
use clap::Subcommand;
use serde_json::{Value, json};

use super::Context;
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::{field, table};
use crate::wire;

/// Look at the database: its schema, its soundness, its version
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  ares-host registry schema --indexes\n  ares-host registry check\n  ares-host registry migrate --status"
)]
pub(crate) struct Registry {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The tables as SQL
    Schema {
        /// The indexes instead
        #[arg(long)]
        indexes: bool,
    },
    /// Ask the database whether it is sound; ends with 1 when it is not
    Check,
    /// Bring the database to this program's schema, which opening it does too
    Migrate {
        /// Say which versions there are
        #[arg(long)]
        status: bool,
    },
}

impl Registry {
    pub(crate) fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let database = wire::registry(&context.state()?, &context.settings()?, Mode::Command)?;
        let result = match self.action {
            Action::Schema { indexes } => schema(context, &database, indexes),
            Action::Check => check(context, &database),
            Action::Migrate { status } => migrate(context, &database, status),
        };
        database.shutdown().map_err(Problem::from)?;
        result
    }
}

fn schema(context: &Context, database: &Database, indexes: bool) -> Result<ExitStatus, Failure> {
    let schema = database.schema().map_err(Problem::from)?;
    if indexes {
        context.screen.show(&json!(schema.indexes), |indexes| {
            table::records(indexes, &[("INDEX", "name"), ("TABLE", "table"), ("SQL", "sql")], "no indexes")
        })?;
    } else {
        let sql = schema.sql.clone();
        context.screen.show(&json!(schema), |_| sql)?;
    }
    Ok(ExitStatus::Done)
}

fn check(context: &Context, database: &Database) -> Result<ExitStatus, Failure> {
    let findings = json!(database.check().map_err(Problem::from)?);
    let sound = findings.as_array().is_some_and(Vec::is_empty);
    context.screen.show(&findings, |findings| {
        table::records(findings, &[("CHECK", "check"), ("FINDING", "message")], "the database is sound")
    })?;
    Ok(if sound { ExitStatus::Done } else { ExitStatus::Failed })
}

fn migrate(context: &Context, database: &Database, status: bool) -> Result<ExitStatus, Failure> {
    // Opening it has brought it there, or has failed.
    let answer = json!({"database": database.path(), "version": SCHEMA_VERSION, "newest": SCHEMA_VERSION});
    context.screen.show(&answer, |answer: &Value| {
        let (path, version) = (field::text(answer, "database"), field::text(answer, "version"));
        if status {
            format!("{path}: schema version {version}, newest {version}")
        } else {
            format!("{path} has schema version {version}; nothing is left to do")
        }
    })?;
    Ok(ExitStatus::Done)
}
