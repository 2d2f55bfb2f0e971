//! The tools there are now, and word of their changes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ares_kernel::Caller;
use ares_services::operation::{Operate, Operation, Problem, ProblemKind};
use serde_json::Value;
use tokio::sync::watch;

use super::tool::{Offer, Row};

/// How often the list is looked at for changes.
const LOOK: Duration = Duration::from_secs(1);

/// In whose name the list is looked at.
const LOOKER: &str = "mcp";

/// Tools by name.
pub(super) type Offers = BTreeMap<String, Offer>;

/// The tools of a host as last seen.
pub(super) struct Catalogue {
    pub(super) operate: Arc<dyn Operate>,
    seen: watch::Sender<Option<Arc<Offers>>>,
}

impl Catalogue {
    pub(super) fn new(operate: Arc<dyn Operate>) -> Self {
        Self { operate, seen: watch::Sender::new(None) }
    }

    /// The tools there are now.
    pub(super) async fn current(&self, caller: Caller) -> Result<Arc<Offers>, Problem> {
        let all = Operation::Capabilities { name: None, find: None, feature: None };
        let offers = Arc::new(offers(self.operate.operate(caller, all).await?)?);
        self.seen.send_if_modified(|seen| {
            let before = seen.replace(Arc::clone(&offers));
            // The first look is no change.
            before.is_some_and(|before| before != offers)
        });
        Ok(offers)
    }

    /// The tool of this name. Asks the host only for names not seen yet: whether a tool that was
    /// seen is still there is for the gate to say.
    pub(super) async fn find(&self, caller: Caller, name: &str) -> Result<Option<Offer>, Problem> {
        if let Some(offer) = self.seen(name) {
            return Ok(Some(offer));
        }
        Ok(self.current(caller).await?.get(name).cloned())
    }

    /// The tool of this name as last seen.
    pub(super) fn seen(&self, name: &str) -> Option<Offer> {
        self.seen.borrow().as_ref()?.get(name).cloned()
    }

    /// Wakes up whenever the list has become another one.
    pub(super) fn changes(&self) -> watch::Receiver<Option<Arc<Offers>>> {
        self.seen.subscribe()
    }

    /// Looks for changes for ever.
    pub(super) async fn watch(self: Arc<Self>) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            if let Err(problem) = self.current(Caller::Agent(LOOKER.to_owned())).await {
                tracing::warn!(code = %problem.code, "the list of tools cannot be read: {problem}");
            }
        }
    }
}

/// The rows as tools. Of several providers of one capability the first is the one that is asked.
fn offers(rows: Value) -> Result<Offers, Problem> {
    let rows: Vec<Row> = serde_json::from_value(rows).map_err(|error| Problem {
        kind: ProblemKind::Failed,
        code: "bad-answer".to_owned(),
        message: format!("the host listed its capabilities in an unknown way ({error}); are host and client of one version?"),
    })?;
    let mut offers = Offers::new();
    for offer in rows.into_iter().filter_map(Row::offer) {
        offers.entry(offer.tool.name.clone().into_owned()).or_insert(offer);
    }
    Ok(offers)
}
