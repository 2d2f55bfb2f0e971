//! Does every path argument stay inside the folder granted for it?

use std::path::{Component, Path};

use serde_json::Value;

use crate::facts::Target;
use crate::flow::Draft;
use crate::gate::{Check, Kind, Refusal};
use crate::text::quoted;

/// Refuses paths that leave their folder by their spelling. Links that leave it are stopped where
/// the file is opened.
pub(super) struct Targets;

impl Check for Targets {
    fn name(&self) -> &'static str {
        "targets"
    }

    fn check(&self, draft: &mut Draft) -> Result<(), Refusal> {
        let targets = &draft.route()?.capability.targets;
        let Some(arguments) = draft.arguments() else { return Ok(()) };
        targets.iter().try_for_each(|target| match arguments.get(&target.argument) {
            None | Some(Value::Null) => Ok(()),
            Some(Value::String(path)) => inside(target, path),
            Some(Value::Array(paths)) => paths.iter().try_for_each(|path| match path {
                Value::String(path) => inside(target, path),
                _ => Err(refusal(target, &path.to_string(), "is not a path")),
            }),
            Some(other) => Err(refusal(target, &other.to_string(), "is not a path")),
        })
    }
}

fn refusal(target: &Target, path: &str, why: &str) -> Refusal {
    let message = format!(
        "argument `{}`: {} {why}; give a path relative to the folder granted as `fs:{}`",
        target.argument,
        quoted(path, 200),
        target.folder
    );
    Refusal { check: "targets", code: "out-of-scope", kind: Kind::Forbidden, message }
}

fn inside(target: &Target, path: &str) -> Result<(), Refusal> {
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
