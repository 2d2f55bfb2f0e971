//! `register`: takes a plugin in.

use std::path::{Path, PathBuf};

use ares_registry::bundle::MANIFEST_NAME;
use ares_registry::manifest::Manifest;
use ares_services::operation::Operation;
use serde_json::Value;

use super::{Context, grants};
use crate::exit::ExitStatus;
use crate::failure::Failure;
use crate::render::progress::Progress;
use crate::render::{field, judged, table};
use crate::{grants_file, text_file};

/// Register the plugin in a folder
///
/// Reads its plugin.toml, checks the component against it without running it, compiles it, asks it
/// once for its capabilities in a sandbox without any grant, and pins all of it in one record.
/// Nothing is granted but what --grant or --grants says or, at a terminal, what you answer.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ares-host register ./target/guests/notes --grant all
  ares-host register ./scanner --grant fs:target=/srv/code
  ares-host register ./web-fetch --grant net:pages=https://example.org
  ares-host register ./notes --grants grants.toml
  ares-host register ./notes --replace")]
pub(crate) struct Register {
    /// The folder with plugin.toml and the component
    folder: PathBuf,
    /// Grant a scope it asks for: kv, clock, call:CAPABILITY, fs:NAME=FOLDER, net:NAME=ORIGIN,…, secret:NAME, publish:TOPIC, subscribe:TOPIC, or `all` for everything that needs no choice
    #[arg(long = "grant", value_name = "SCOPE[=PLACE]")]
    grants: Vec<String>,
    /// Grant what this file says of the plugin, as `grants apply` does
    #[arg(long = "grants", value_name = "FILE")]
    file: Option<PathBuf>,
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
        let mut grants = grants::parse(&scopes)?;
        if let Some(file) = &self.file {
            let mut of_file = grants_file::read(file)?;
            // A manifest that cannot be read is told of by the registration.
            grants.extend(id_of(&folder).and_then(|id| of_file.remove(&id)).unwrap_or_default());
        }
        let (grant_all, replace) = (!all.is_empty(), self.replace);
        let asks = grants.is_empty() && !grant_all && self.file.is_none();
        let progress =
            Progress::start(context.screen.progress, format!("checking and compiling {}", folder.display()));
        let answer = context.operate(Operation::Register { folder, grants, grant_all, replace }).await;
        drop(progress);
        let answer = answer?;
        context.screen.show(&answer, render)?;
        if asks {
            ask(context, &answer).await?;
        }
        Ok(ExitStatus::Done)
    }
}

fn id_of(folder: &Path) -> Option<String> {
    let path = folder.join(MANIFEST_NAME);
    let manifest = Manifest::parse(&text_file::read(&path).ok()?, &path).ok()?;
    Some(manifest.id.to_string())
}

/// Asks the person at the terminal for each scope that is missing.
async fn ask(context: &Context, answer: &Value) -> Result<(), Failure> {
    let plugin = field::at(answer, "plugin").as_str().unwrap_or_default().to_owned();
    for missing in missing(answer) {
        let (scope, meaning) = (field::text(missing, "scope"), to(missing));
        let granted = if let Some(what) = choice(missing) {
            let question = format!("{what} for {scope}, to {meaning} (empty: none)?");
            context
                .screen
                .ask(&question)
                .filter(|place| !place.is_empty())
                .map(|place| format!("{scope}={place}"))
        } else {
            let yes = context.screen.ask(&format!("Let {plugin} {meaning} ({scope})? [y/N]"));
            yes.filter(|yes| ["y", "yes"].contains(&yes.to_lowercase().as_str())).map(|_| scope)
        };
        if let Some(granted) = granted {
            let grants = grants::parse(&[granted])?;
            context.operate(Operation::GrantsAllow { plugin: plugin.clone(), grants }).await?;
        }
    }
    Ok(())
}

fn render(answer: &Value) -> String {
    let text = |at| field::text(answer, at);
    let mut out = format!("registered {} {}\n", text("plugin"), text("version"));
    if answer.get("id").is_some() {
        out.push_str(&format!("  id            {}\n", text("id")));
    }
    out.push_str(&format!("  blake3        {}\n", text("blake3")));
    out.push_str(&format!("  capabilities  {}\n", names(answer.get("capabilities"))));
    out.push_str(&judged::text(answer));
    let new: Vec<&Value> = answer.get("new_asks").and_then(Value::as_array).into_iter().flatten().collect();
    let rows: Vec<Vec<String>> =
        asks(answer).map(|ask| row(ask, new.contains(&field::at(ask, "scope")))).collect();
    if !rows.is_empty() {
        out.push_str(&table::lines(["ASKS FOR", "TO", "GRANTED"].map(str::to_owned).into(), rows));
    }
    let missing: Vec<String> = missing(answer).map(with_place).collect();
    if !missing.is_empty() {
        out.push_str(&format!(
            "Grant what it needs with `ares-host grants allow {} {}`.\n",
            text("plugin"),
            missing.join(" ")
        ));
    }
    out
}

fn asks(answer: &Value) -> impl Iterator<Item = &Value> {
    answer.get("asks").and_then(Value::as_array).into_iter().flatten()
}

/// What is asked for and not granted, or not in full.
fn missing(answer: &Value) -> impl Iterator<Item = &Value> {
    let missing = answer.get("missing").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    asks(answer).filter(move |ask| missing.contains(field::at(ask, "scope")))
}

fn row(ask: &Value, new: bool) -> Vec<String> {
    let granted = match (field::at(ask, "granted").as_bool(), field::at(ask, "folder")) {
        (Some(true), Value::Null) => match field::at(ask, "origins") {
            Value::Null => "yes".to_owned(),
            origins => names(Some(origins)),
        },
        (Some(true), folder) => {
            format!("{}, to {}", field::plain(folder), field::text(ask, "granted_access"))
        }
        _ => "no".to_owned(),
    };
    let new = if new { " (new)" } else { "" };
    vec![format!("{}{new}", field::text(ask, "scope")), to(ask), granted]
}

/// What a scope lets the plugin do, and what for in its author's words.
fn to(ask: &Value) -> String {
    let meaning = field::text(ask, "meaning");
    match field::at(ask, "reason") {
        Value::Null => meaning,
        reason => format!("{meaning} (it says: {})", field::plain(reason)),
    }
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

/// What the operator has to choose: a folder, or hosts where the manifest names none.
fn choice(ask: &Value) -> Option<&'static str> {
    match field::at(ask, "scope").as_str()?.split_once(':')?.0 {
        "fs" => Some("Folder"),
        "net" if field::at(ask, "asked_origins").is_null() => Some("Hosts (https://HOST,…)"),
        _ => None,
    }
}

/// The scope as `grants allow` takes it.
fn with_place(ask: &Value) -> String {
    let scope = field::text(ask, "scope");
    match choice(ask) {
        Some("Folder") => format!("{scope}=FOLDER"),
        Some(_) => format!("{scope}=https://HOST"),
        None => scope,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_not_granted_is_named() {
        let ask = |scope, meaning, granted, folder: Value| json!({"scope": scope, "meaning": meaning, "granted": granted, "folder": folder, "granted_access": "read"});
        let answer = json!({"plugin": "notes", "version": "0.2.0", "blake3": "ab", "capabilities": ["put_note", "get_note"],
        "missing": ["fs:out"], "new_asks": ["fs:out"], "asks": [
            ask("kv", "keep values", true, Value::Null),
            ask("fs:in", "read files", true, json!("/srv")),
            ask("fs:out", "change files", false, Value::Null),
        ]});
        insta::assert_snapshot!(render(&answer), @r"
        registered notes 0.2.0
          blake3        ab
          capabilities  put_note, get_note
        ASKS FOR      TO            GRANTED
        kv            keep values   yes
        fs:in         read files    /srv, to read
        fs:out (new)  change files  no
        Grant what it needs with `ares-host grants allow notes fs:out=FOLDER`.
        ");
    }
}
