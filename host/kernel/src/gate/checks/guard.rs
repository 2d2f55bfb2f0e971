//! Is there anything in the arguments that no honest request holds?

use ares_guard::{Group, Place, Severity};
use serde_json::Value;

use crate::facts::{Scope, Target};
use crate::flow::Draft;
use crate::gate::{Check, Evidence, Kind, Refusal};
use crate::text::quoted;

/// Refuses arguments in which the guard finds what no honest text holds, and notes what it only
/// wonders at. What names a file or a host is held stricter than running text: a tool that looks for
/// harm is given harmful text on purpose.
pub(super) struct Guard;

/// What findings in the call's metadata stand under, in place of an argument's name.
const METADATA: &str = "(metadata)";
/// Findings of a severity below this are not worth a word.
const WORTH_A_WORD: Severity = Severity::Medium;

impl Check for Guard {
    fn name(&self) -> &'static str {
        "guard"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let found = {
            let targets = &draft.route()?.capability.targets;
            let mut found = Vec::new();
            if let Some(Value::Object(arguments)) = draft.arguments() {
                for (name, value) in arguments {
                    look(value, (name, place(targets, name)), &mut found)?;
                }
            }
            if let Some(metadata) =
                draft.request().metadata.as_deref().and_then(|text| crate::json::parse(text).ok())
            {
                look(&metadata, (METADATA, Place::Text), &mut found)?;
            }
            found
        };
        for (argument, finding) in found {
            draft.guard(&argument, finding);
        }
        Ok(())
    }
}

fn place(targets: &[Target], name: &str) -> Place {
    match targets.iter().find(|target| target.argument == name).map(|target| &target.within) {
        Some(Scope::Net(_)) => Place::Host,
        Some(_) => Place::Path,
        None => Place::Text,
    }
}

type Found = Vec<(String, ares_guard::Finding)>;

fn look(value: &Value, (name, place): (&str, Place), found: &mut Found) -> Result<(), Refusal> {
    match value {
        Value::String(text) => inspect(text, (name, place), found),
        Value::Array(values) => values.iter().try_for_each(|value| look(value, (name, place), found)),
        Value::Object(object) => object.iter().try_for_each(|(key, value)| {
            inspect(key, (name, Place::Text), found)?;
            look(value, (name, place), found)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn inspect(text: &str, (name, place): (&str, Place), found: &mut Found) -> Result<(), Refusal> {
    for finding in ares_guard::inspect(text, place) {
        // Whether a path leaves its folder was judged by the check before, and by what it means.
        if place == Place::Path && finding.group == Group::Traversal {
            continue;
        }
        if finding.denies(place) {
            let message = format!(
                "argument {} holds {} at byte {} (rule `{}`): {}",
                quoted(name, 64),
                quoted(&finding.excerpt, 120),
                finding.offset,
                finding.rule,
                finding.remediation()
            );
            return Err(Refusal { check: "guard", code: "guard", kind: Kind::Forbidden, message });
        }
        if finding.severity >= WORTH_A_WORD {
            found.push((name.to_owned(), finding));
        }
    }
    Ok(())
}

/// Where a rule of the guard can be looked up.
pub(crate) fn row(finding: &ares_guard::Finding) -> Evidence {
    Evidence::row("guard", finding.rule)
}
