//! `Executed`: what the guest said, not yet looked at.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures::FutureExt;

use super::postcheck::{Expected, expected};
use super::{Admitted, Lineage};
use crate::facts::{Capability, Limits, Plugin};
use crate::gate::Verdict;
use crate::ledger::Ledger;
use crate::ports::{Begun, Engine, Opening};
use crate::rehearsal::Stage;
use crate::report::{FaultKind, Report};
use crate::snapshot::{self, Snapshot};

/// A finished call. Its report can only be given to the verifier.
#[must_use = "an executed call must be verified and recorded"]
#[derive(Debug)]
pub struct Executed {
    pub(super) opening: Opening,
    pub(super) verdict: Verdict,
    pub(super) plugin: Arc<Plugin>,
    pub(super) capability: Arc<Capability>,
    pub(super) limits: Limits,
    pub(super) begun: bool,
    /// See [`super::Draft`]; nothing where the guest was not started.
    pub(super) context: Option<(u32, u32)>,
    pub(super) lineage: Option<Lineage>,
    pub(super) report: Report,
    pub(super) stage: Option<Stage>,
    /// What must be so if its guest says that it went well.
    pub(super) expected: Vec<Expected>,
    pub(super) snapshot: Option<Snapshot>,
}

impl Admitted {
    /// Spends the permit. A call that may change something is recorded on disk before the guest
    /// starts; when that fails, the guest does not start. A panic of the engine is a fault of this
    /// call and of no other.
    pub async fn run(self, engine: &dyn Engine, ledger: &Ledger) -> Executed {
        let Self { opening, verdict, mut permit, context, approval, warned, stage } = self;
        let plugin = Arc::clone(permit.plugin());
        let capability = Arc::clone(permit.capability());
        let limits = permit.limits().clone();
        let (effect, lineage) = (permit.effect(), permit.lineage());
        let payer = permit.first_caller().clone();
        let expected = expected(&permit);
        // A rehearsal costs what its call does: its answer is as good.
        let most = capability.cost.map(|cost| cost.most(&limits));
        let begun = if effect.changes() || approval.is_some() || most.is_some() {
            let charge = most.map(|most| (most, &payer));
            let begun = Begun { plugin: &plugin, effect, approval, charge, warned: warned.as_ref() };
            ledger.journal.begin(&opening, begun).await.map(|()| true)
        } else {
            Ok(false)
        };
        let (begun, context, snapshot, report) = match begun {
            Err(error) => {
                let gone = error.approval_gone().map(ToString::to_string);
                let fault = match gone.or_else(|| error.over_budget().map(ToString::to_string)) {
                    Some(why) => Report::fault(FaultKind::NotStarted, &why),
                    None => Report::fault(FaultKind::Internal, &error.to_string()),
                };
                (false, None, None, fault)
            }
            Ok(begun) => {
                let waits = Instant::now();
                if effect.changes() && stage.is_none() && !permit.grants().folders().is_empty() {
                    ledger.snapshots.clear(permit.grants().folders()).await;
                }
                let taken = snapshot::take(&*ledger.snapshots, &permit, verdict.snapshot.as_ref()).await;
                // How long that took is no doing of the guest: its own time begins now.
                permit.postpone(waits.elapsed());
                match (taken, snapshot::too_late(&permit)) {
                    // No guest ran, so its record has nothing to learn from it.
                    (Err(fault), _) => (begun, None, None, Report::of(fault)),
                    (Ok(snapshot), Some(fault)) => (begun, None, snapshot, Report::of(fault)),
                    (Ok(snapshot), None) => {
                        let report = AssertUnwindSafe(engine.call(permit)).catch_unwind().await;
                        let broken =
                            || Report::fault(FaultKind::Internal, "the engine failed; see the host's log");
                        (begun, Some(context), snapshot, report.unwrap_or_else(|_| broken()))
                    }
                }
            }
        };
        Executed {
            opening,
            verdict,
            plugin,
            capability,
            limits,
            begun,
            context,
            lineage,
            report,
            stage,
            snapshot,
            expected,
        }
    }
}
