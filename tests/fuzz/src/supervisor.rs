//! Each target in a process of its own: one that dies is a finding, and the others go on.

#![expect(clippy::disallowed_methods, reason = "a target that ends its process must not end this one")]

use std::process::{Command, ExitStatus};

use anyhow::Context as _;

use crate::arguments::Plan;
use crate::finding;
use crate::targets::Target;

/// Runs every target for its share of the time. Answers whether nothing was found.
pub(crate) fn all(plan: &Plan) -> anyhow::Result<bool> {
    fs_err::create_dir_all(finding::folder())?;
    println!("seed {}; the same seed gives the same inputs", plan.seed);
    let mut clean = true;
    for target in &plan.targets {
        clean &= one(target, plan)?;
    }
    Ok(clean)
}

fn one(target: &Target, plan: &Plan) -> anyhow::Result<bool> {
    let mut child = Command::new("/proc/self/exe");
    child.arg("--inside").arg(target.name);
    child.args(["--seed", &plan.seed.to_string(), "--inputs", &plan.inputs.to_string()]);
    child.args(["--seconds", &plan.share().as_secs().max(1).to_string()]);
    let mut child = child.spawn().with_context(|| format!("starting `{}`", target.name))?;
    let (process, status) = (child.id(), child.wait()?);
    match status.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ if finding::running(process).exists() => {
            finding::keep(process, target.name, &death(status))?;
            Ok(false)
        }
        _ => anyhow::bail!("`{}` ended with {status} before its first input", target.name),
    }
}

fn death(status: ExitStatus) -> String {
    format!("the process died of it ({status}); what it said last stands above")
}
