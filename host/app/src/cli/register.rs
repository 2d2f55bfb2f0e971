//! `register`: takes a plugin in.

use ares_services::operation::Operation;
use serde_json::Value;

use super::{Context, grants};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::field;
use crate::render::progress::Progress;

/// Register the plugin in a folder
///
/// Reads its plugin.toml, checks the component against it without running it, compiles it, asks it
/// once for its capabilities in a sandbox without any grant, and pins all of it in one record.
/// Nothing is granted but what --grant says.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ares-host register ./target/guests/notes --grant all
  ares-host register ./scanner --grant fs:target=/srv/code
  ares-host register ./notes --replace")]
pub(crate) struct Register {
    /// The folder with plugin.toml and the component
    folder: std::path::PathBuf,
    /// Grant a scope it asks for: kv, call:CAPABILITY, fs:NAME=FOLDER, or `all` for everything that needs no folder
    #[arg(long = "grant", value_name = "SCOPE[=FOLDER]")]
    grants: Vec<String>,
    /// Accept other bytes or another manifest under a version that is registered already
    #[arg(long)]
    replace: bool,
}

impl Register {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let folder = std::path::absolute(&self.folder)
            .map_err(|error| Failure::io(&format!("finding {}", self.folder.display()), &error))?;
        let (all, scopes): (Vec<String>, Vec<String>) =
            self.grants.into_iter().partition(|grant| grant == "all");
        let grants = grants::parse(&scopes)?;
        let (grant_all, replace) = (!all.is_empty(), self.replace);
        let progress =
            Progress::start(context.screen.progress, format!("checking and compiling {}", folder.display()));
        let answer = context.operate(Operation::Register { folder, grants, grant_all, replace }).await;
        drop(progress);
        let answer = answer?;
        context.screen.show(&answer, render)?;
        Ok(ExitStatus::Done)
    }
}

fn render(answer: &Value) -> String {
    let text = |at| field::text(answer, at);
    let mut out = format!("registered {} {}\n", text("plugin"), text("version"));
    if answer.get("id").is_some() {
        out.push_str(&format!("  id            {}\n", text("id")));
    }
    out.push_str(&format!("  blake3        {}\n", text("blake3")));
    out.push_str(&format!("  capabilities  {}\n", names(answer.get("capabilities"))));
    let granted = names(answer.get("granted"));
    out.push_str(&format!("  granted       {granted}\n"));
    let asked = answer.get("asked").and_then(Value::as_array).into_iter().flatten();
    let given: Vec<&Value> = answer.get("granted").and_then(Value::as_array).into_iter().flatten().collect();
    let missing: Vec<String> = asked.filter(|scope| !given.contains(scope)).map(name).collect();
    if !missing.is_empty() {
        out.push_str(&format!("  not granted   {}\n", missing.join(", ")));
        out.push_str(&format!(
            "Grant what it needs with `ares-host grants allow {} {}`.\n",
            text("plugin"),
            missing.iter().map(|scope| with_place(scope)).collect::<Vec<_>>().join(" ")
        ));
    }
    out
}

fn names(list: Option<&Value>) -> String {
    let names: Vec<String> = list.and_then(Value::as_array).into_iter().flatten().map(name).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}

/// A text, or the name of a record.
fn name(entry: &Value) -> String {
    let inner = ["capability", "name", "scope"].into_iter().find_map(|key| entry.get(key));
    field::plain(inner.unwrap_or(entry))
}

/// The scope as `grants allow` takes it: a folder needs its place.
fn with_place(scope: &str) -> String {
    if scope.starts_with("fs:") { format!("{scope}=FOLDER") } else { scope.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_not_granted_is_named() {
        let answer = json!({"plugin": "notes", "version": "0.1.0", "blake3": "ab", "capabilities": ["put_note", "get_note"],
            "asked": ["kv", "fs:target"], "granted": ["kv"]});
        insta::assert_snapshot!(render(&answer), @r"
        registered notes 0.1.0
          blake3        ab
          capabilities  put_note, get_note
          granted       kv
          not granted   fs:target
        Grant what it needs with `ares-host grants allow notes fs:target=FOLDER`.
        ");
    }
}
