//! Does every argument that names a place stay inside what was granted for it?

use std::path::{Component, Path};

use serde_json::Value;

use crate::facts::{Grants, Origin, Scope, Target};
use crate::flow::Draft;
use crate::gate::{Check, Kind, Refusal};
use crate::name::NetName;
use crate::text::quoted;

/// Refuses paths that leave their folder by their spelling, and addresses no granted rule allows.
/// Links that leave a folder are stopped where the file is opened; where a name leads to is looked
/// at where the connection is made.
pub(super) struct Targets;

impl Check for Targets {
    fn name(&self) -> &'static str {
        "targets"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let targets = &draft.route()?.capability.targets;
        let Some(arguments) = draft.arguments() else { return Ok(()) };
        let inside = |target: &Target, value: &Value| match value {
            Value::String(text) => inside(target, draft.grants(), text),
            other => Err(refusal(target, &other.to_string(), "is not a text")),
        };
        targets.iter().try_for_each(|target| match arguments.get(&target.argument) {
            None | Some(Value::Null) => Ok(()),
            Some(Value::Array(values)) => values.iter().try_for_each(|value| inside(target, value)),
            Some(value) => inside(target, value),
        })
    }
}

fn refusal(target: &Target, text: &str, why: &str) -> Refusal {
    let hint = match &target.within {
        Scope::Net(_) => format!("give an address that an origin granted as `{}` allows", target.within),
        _ => format!("give a path relative to the folder granted as `{}`", target.within),
    };
    let message = format!("argument `{}`: {} {why}; {hint}", target.argument, quoted(text, 200));
    Refusal { check: "targets", code: "out-of-scope", kind: Kind::Forbidden, message }
}

fn inside(target: &Target, grants: &Grants, text: &str) -> Result<(), Refusal> {
    match &target.within {
        Scope::Net(name) => allowed(target, grants, name, text),
        _ => inside_folder(target, text),
    }
}

fn allowed(target: &Target, grants: &Grants, name: &NetName, url: &str) -> Result<(), Refusal> {
    let origin =
        Origin::of_url(url).ok_or_else(|| refusal(target, url, "is no plain http or https address"))?;
    let rule = grants.net_rule(name).and_then(|rule| rule.origin(&origin));
    rule.map(|_| ()).ok_or_else(|| refusal(target, url, "leads to an origin that was not granted"))
}

fn inside_folder(target: &Target, path: &str) -> Result<(), Refusal> {
    if path.contains('\0') || path.contains('\\') {
        return Err(refusal(target, path, "holds a character no path here has"));
    }
    let mut depth = 0_usize;
    for part in Path::new(path).components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir => {
                depth =
                    depth.checked_sub(1).ok_or_else(|| refusal(target, path, "leaves the granted folder"))?;
            }
            Component::RootDir | Component::Prefix(_) => {
                return Err(refusal(target, path, "is outside the granted folder"));
            }
        }
    }
    Ok(())
}
