//! Snapshots: copies of what a call may change in folders, taken before its guest starts and put back
//! when the call does not end well.

use std::borrow::Cow;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::facts::{Access, Effect, Folder, Grants};
use crate::flow::Permit;
use crate::gate::Level;
use crate::name::InvocationId;
use crate::ports::{NotTaken, Snapshots};
use crate::report::{Fault, FaultKind, LimitHit};

/// When a snapshot is taken of what a call may change, beside where somebody asks for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// Before each call; where none can be taken the call is not made.
    Always,
    /// Where confidence is less than high; where none can be taken the call is made and says so.
    #[default]
    Medium,
    /// Before none.
    Never,
}

/// Whether what a call changes in folders can be taken back: what a verdict says before it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreseen {
    /// Whether there is to be a snapshot.
    pub planned: bool,
    /// Why, or why none is possible.
    pub why: Cow<'static, str>,
    /// What no snapshot takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond: Option<Cow<'static, str>>,
    /// Whether the call is made only with one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
}

impl Foreseen {
    /// What is foreseen of a call; nothing where nobody wants a snapshot of it. `asked`: its request
    /// does.
    #[must_use]
    pub(crate) fn of(
        (when, asked): (When, bool),
        (effect, level): (Effect, Level),
        grants: &Grants,
    ) -> Option<Self> {
        if !effect.changes() {
            return None;
        }
        let why = match (asked, when) {
            (true, _) => "it was asked for",
            (false, When::Always) => "`gate.snapshots` is \"always\"",
            (false, When::Medium) if level == Level::Medium => "confidence is medium",
            (false, When::Medium) if level < Level::Medium => "confidence is low",
            (false, When::Medium | When::Never) => return None,
        };
        let sends = effect >= Effect::Network && !grants.net().is_empty();
        let beyond = sends.then_some("what was sent to other machines stays sent");
        let planned = grants.folders().iter().any(|folder| folder.access == Access::Write);
        Some(Self {
            planned,
            why: Cow::Borrowed(if planned { why } else { "it was granted no folder it may change" }),
            beyond: beyond.map(Cow::Borrowed),
            required: planned && (asked || when == When::Always),
        })
    }
}

/// What a snapshot holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Taken {
    /// Files, folders and links.
    pub objects: u64,
    /// Bytes it takes on the disk, at most: files, folders and links, each no less than a block.
    pub bytes: u64,
    /// What is not in it and so is not put back, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// What putting a snapshot back did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PutBack {
    /// Files, folders and links that were another or gone, and are now as they were.
    pub put_back: u64,
    /// Those that were not there, and are gone now.
    pub removed: u64,
    /// Those that were as they were, and were not touched.
    pub unchanged: u64,
    /// Those that could not be brought back.
    #[serde(default, skip_serializing_if = "is_none")]
    pub failed: u64,
    /// The first of them, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
    /// The first of those that were put back or removed, each with its word before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What became of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Became {
    /// The call went well: it is kept for a while, should somebody want it back.
    Kept,
    /// The call did not go well: the folders are as they were, and the snapshot is gone.
    Restored,
    /// The call did not go well, and something could not be put back. The snapshot is kept.
    Partly,
    /// The call did not go well, and nothing was put back. The snapshot is kept.
    Withheld,
    /// There is none.
    None,
}

/// A snapshot and what became of it, as outcomes tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// What became of it.
    pub state: Became,
    /// What it holds.
    #[serde(flatten)]
    pub taken: Taken,
    /// What was put back.
    #[serde(flatten)]
    pub put_back: Option<PutBack>,
    /// Why there is none, or why nothing was put back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Requests the call had made when what it did to folders was taken back. They stay made.
    #[serde(skip_serializing_if = "is_none")]
    pub requests: u64,
}

impl Snapshot {
    fn new(state: Became, taken: Taken, why: Option<String>) -> Self {
        Self { state, taken, put_back: None, why, requests: 0 }
    }
}

/// Takes the snapshot a verdict foresaw. Nothing where it foresaw none.
///
/// # Errors
/// The fault of a call that is not made without one.
pub(crate) async fn take(
    snapshots: &dyn Snapshots,
    permit: &Permit,
    foreseen: Option<&Foreseen>,
) -> Result<Option<Snapshot>, Fault> {
    let Some(foreseen) = foreseen.filter(|foreseen| foreseen.planned) else { return Ok(None) };
    let writable = |folder: &&Folder| folder.access == Access::Write;
    let folders = permit.grants().folders().iter().filter(writable).cloned().collect();
    match snapshots.take(permit.id(), folders, permit.latest()).await {
        Ok(taken) => Ok(Some(Snapshot::new(Became::Kept, taken, None))),
        Err(error) if foreseen.required => Err(fault(&error)),
        Err(error) => Ok(Some(Snapshot::new(Became::None, Taken::default(), Some(error.message)))),
    }
}

/// The fault of a call whose caller's time was over before its guest could start: with the copying of its folders, or
/// with waiting until others were put back. It says nothing about the guest.
pub(crate) fn too_late(permit: &Permit) -> Option<Fault> {
    permit.latest().filter(|latest| *latest <= Instant::now())?;
    let given = permit.request().deadline.unwrap_or_default().as_millis();
    let limit = LimitHit::of_caller("deadline", u64::try_from(given).unwrap_or(u64::MAX));
    let message = format!("the {given} ms its caller gave it were over when its folders were ready for it");
    Some(Fault::over(FaultKind::NotStarted, &message, limit))
}

fn fault(error: &NotTaken) -> Fault {
    let message = format!("no snapshot could be taken, and it is not to run without one: {}", error.message);
    match error.limit {
        Some(limit) => Fault::over(FaultKind::NotStarted, &message, limit),
        None => Fault::new(FaultKind::NotStarted, &message),
    }
}

/// Puts back what a call that did not go well had changed.
pub(crate) async fn put_back(
    snapshots: &dyn Snapshots,
    (id, requests): (InvocationId, u64),
    snapshot: &mut Snapshot,
) {
    if snapshot.state != Became::Kept {
        return;
    }
    match snapshots.put_back(id).await {
        Ok(done) => {
            snapshot.state = if done.failed == 0 { Became::Restored } else { Became::Partly };
            snapshot.put_back = Some(done);
            snapshot.requests = requests;
        }
        Err(withheld) => {
            snapshot.state = Became::Withheld;
            snapshot.why = Some(withheld.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    use crate::facts::{NetRule, Quota};

    #[test]
    fn a_snapshot_is_foreseen_where_something_can_be_taken_back_and_sureness_is_not_high() {
        let (name, host) = ("work".parse().unwrap(), "/srv/work".into());
        let folder = Folder { name, host, access: Access::Write, quota: Quota::default() };
        let write = Grants::new(false, BTreeSet::new(), vec![folder]);
        let of = |when, asked, effect, level| Foreseen::of((when, asked), (effect, level), &write);
        let (medium, always, never) = (When::Medium, When::Always, When::Never);
        assert_eq!(of(always, true, Effect::Read, Level::Low), None);
        assert_eq!(of(medium, false, Effect::Write, Level::High), None);
        assert_eq!(of(never, false, Effect::Write, Level::Low), None);
        let planned = of(medium, false, Effect::Write, Level::Medium).unwrap();
        assert!(planned.planned && !planned.required && planned.beyond.is_none());
        assert!(of(never, true, Effect::Write, Level::High).unwrap().required);
        assert!(of(always, false, Effect::Write, Level::High).unwrap().required);
        assert_eq!(of(medium, false, Effect::Destructive, Level::Low).unwrap().beyond, None);
        let (origins, methods) = (BTreeSet::new(), BTreeSet::new());
        let rule = NetRule { name: "api".parse().unwrap(), origins, methods };
        let sends = write.clone().with_net(vec![rule]);
        let sent = Foreseen::of((medium, false), (Effect::Message, Level::Low), &sends).unwrap();
        assert!(sent.beyond.is_some(), "{sent:?}");
        let nothing = Foreseen::of((always, true), (Effect::Write, Level::Low), &Grants::none()).unwrap();
        assert!(!nothing.planned && !nothing.required, "{nothing:?}");
    }
}
