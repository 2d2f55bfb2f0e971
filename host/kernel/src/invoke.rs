//! The whole pipeline on one screen.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::event::DeliveryId;
use crate::facts::Extent;
use crate::flow::{Admitted, Outcome, Received, Refused};
use crate::gate::{Gate, Settings, spots};
use crate::ledger::Ledger;
use crate::ports::{
    Catalog, Clock, Engine, Invoke, Journal, JournalError, Machine, NoSnapshots, Policy, Secrets, Snapshots,
};
use crate::request::Request;
use crate::verify::Verifier;

/// The kernel. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Kernel(Arc<Parts>);

/// Everything a kernel needs from outside.
#[derive(Clone)]
pub struct Ports {
    /// Keeps the record.
    pub journal: Arc<dyn Journal>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Knows who offers what.
    pub catalog: Arc<dyn Catalog>,
    /// Knows the operator's rules.
    pub policy: Arc<dyn Policy>,
    /// Runs guests.
    pub engine: Arc<dyn Engine>,
    /// Knows what must not be told.
    pub secrets: Arc<dyn Secrets>,
    /// Knows how much of the machine is left.
    pub machine: Arc<dyn Machine>,
}

pub(crate) struct Parts {
    ledger: Ledger,
    pub(crate) catalog: Arc<dyn Catalog>,
    gate: Gate,
    engine: Arc<dyn Engine>,
    verifier: Verifier,
    pub(crate) secrets: Arc<dyn Secrets>,
}

impl Kernel {
    /// A kernel over these ports, with the standard gate and verifier.
    #[must_use]
    pub fn new(ports: Ports, settings: Settings) -> Self {
        Self::with_snapshots(ports, settings, Arc::new(NoSnapshots))
    }

    /// The same, with snapshots of what calls may change.
    #[must_use]
    pub fn with_snapshots(ports: Ports, settings: Settings, snapshots: Arc<dyn Snapshots>) -> Self {
        let Ports { journal, clock, catalog, policy, engine, secrets, machine } = ports;
        Self(Arc::new(Parts {
            ledger: Ledger::new(journal, clock).with_snapshots(snapshots),
            catalog,
            gate: Gate::standard(settings, policy, machine),
            engine,
            verifier: Verifier::standard(),
            secrets,
        }))
    }

    /// Compiles what the first calls would compile otherwise. Takes tens of milliseconds; worth it for
    /// whoever makes more than one call.
    pub fn warm() {
        ares_guard::prepare();
    }

    /// The only way from a request to an outcome.
    pub async fn invoke(&self, request: Request) -> Outcome {
        let (id, capability) = (request.id, request.capability.clone());
        // The names of tasks and callers go into the record as they are.
        let request = request.without(&*self.0.secrets);
        let Ok(received) = self.0.ledger.open(request) else {
            return Outcome::unrecorded(id, capability);
        };
        let admitted = match self.admit(received).await {
            Err(refused) => match refused.answered(&*self.0.catalog).await {
                Ok(received) => self.admit(received).await,
                Err(refused) => Err(refused),
            },
            admitted => admitted,
        };
        match admitted {
            Err(refused) => self.0.ledger.close(refused.scrub(&*self.0.secrets)).await,
            Ok(admitted) => {
                let executed = admitted.run(&*self.0.engine, &self.0.ledger).await;
                let executed = executed.checked(&**self.0.gate.machine(), &*self.0.secrets).await;
                let scrubbed = executed.scrub(&*self.0.secrets);
                let verified = self.0.verifier.verify(scrubbed);
                self.0.ledger.close(verified).await
            }
        }
    }

    /// Calls a subscriber with an event that waits for it. The request is made of what the journal
    /// kept of the publishing call, so it is judged as one from that call; nothing when that
    /// delivery does not wait any more.
    ///
    /// # Errors
    /// When the journal cannot say what waits.
    pub async fn deliver(&self, delivery: DeliveryId) -> Result<Option<Outcome>, JournalError> {
        let Some(posted) = self.0.ledger.journal.posted(delivery).await? else { return Ok(None) };
        let request = Request::delivering(posted).map_err(|error| JournalError(error.into()))?;
        Ok(Some(self.invoke(request).await))
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }

    async fn admit(&self, received: Received) -> Result<Admitted, Refused> {
        let resolved = received.resolve(&*self.0.catalog).await;
        let mut weighed = self.0.gate.weigh(resolved)?;
        weighed.scrub(&*self.0.secrets);
        let (spots, all) = spots(weighed.draft(), weighed.route(), weighed.arguments());
        if !spots.is_empty()
            && let Some(extent) = self.0.gate.machine().extent(spots).await
        {
            weighed.reaches(Extent { whole: extent.whole && all, ..extent });
        }
        let weighed = self.reviewed(weighed).await;
        self.0.gate.decide(weighed, Arc::new(self.clone()))
    }
}

impl Invoke for Kernel {
    fn invoke(&self, request: Request) -> BoxFuture<'static, Outcome> {
        let kernel = self.clone();
        async move { Self::invoke(&kernel, request).await }.boxed()
    }
}
