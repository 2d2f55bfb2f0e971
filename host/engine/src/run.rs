//! One run of a guest: from an authority and some work to what came of it.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use ares_kernel::ports::{Described, Health, Hook};
use ares_kernel::rehearsal::Tried;
use ares_kernel::{Ended, Event, Failure, Fault, FaultKind, KvWrite, LimitHit, Permit, Usage};
use tokio::sync::Semaphore;
use tokio::time::timeout_at;
use wasmtime::{Engine, Store, UpdateDeadline};

use crate::authority::Authority;
use crate::fault::{self, Stage, Stop};
use crate::limits::{HANDLES_MAX, handover};
use crate::load::Loaded;
use crate::singleton::{Kept, Seat};
use crate::state::{CallState, Surroundings};
use crate::turns::Turns;
use crate::world::Instance;

/// What a guest is asked to do.
pub(crate) trait Work: Send + Sync {
    /// What it answers.
    type Answer: Send;

    /// Asks it.
    fn ask(
        &self,
        instance: &Instance,
        store: &mut Store<CallState>,
    ) -> impl Future<Output = wasmtime::Result<Result<Self::Answer, Failure>>> + Send;
}

/// `capability.invoke`
pub(crate) struct Invoke(pub(crate) Arc<Permit>);

/// A hook.
pub(crate) struct Perform(pub(crate) Hook);

/// `capability.describe`
pub(crate) struct Describe;

impl Work for Invoke {
    type Answer = String;
    async fn ask(
        &self,
        instance: &Instance,
        store: &mut Store<CallState>,
    ) -> wasmtime::Result<Result<String, Failure>> {
        instance.invoke(store, &self.0).await
    }
}

impl Work for Perform {
    type Answer = (Health, String);
    async fn ask(
        &self,
        instance: &Instance,
        store: &mut Store<CallState>,
    ) -> wasmtime::Result<Result<(Health, String), Failure>> {
        instance.hook(store, &self.0).await
    }
}

impl Work for Describe {
    type Answer = Vec<Described>;
    async fn ask(
        &self,
        instance: &Instance,
        store: &mut Store<CallState>,
    ) -> wasmtime::Result<Result<Vec<Described>, Failure>> {
        instance.describe(store).await.map(Ok)
    }
}

/// One run: in whose name, what, and when it was asked for.
pub(crate) struct Job<W> {
    pub(crate) authority: Authority,
    pub(crate) work: W,
    pub(crate) started: Instant,
}

/// What came of a run.
pub(crate) struct Ran<A> {
    pub(crate) result: Result<A, Ended>,
    pub(crate) usage: Usage,
    pub(crate) writes: Vec<KvWrite>,
    pub(crate) events: Vec<Event>,
    /// What a rehearsed guest did.
    pub(crate) tried: Tried,
}

impl<A> Ran<A> {
    /// A run that did not begin.
    pub(crate) fn not_begun(fault: Fault, started: Instant) -> Self {
        let usage = Usage { wall_us: micros(started), ..Usage::default() };
        Self {
            result: Err(Ended::Fault(fault)),
            usage,
            writes: Vec::new(),
            events: Vec::new(),
            tried: Tried::default(),
        }
    }
}

impl<A> Ran<A> {
    /// Says of a time that was over before any of the guest's code ran that it was so.
    fn if_entered(mut self, entered: bool) -> Self {
        if let Err(Ended::Fault(fault)) = &mut self.result {
            fault.never_began |= fault.kind == FaultKind::Deadline && !entered;
        }
        self
    }

    /// With what a rehearsal found out. Where it could not, there is no answer: nobody could say what
    /// it would have done.
    fn rehearsed(self, tried: Result<Tried, Fault>) -> Self {
        match tried {
            Ok(tried) => Self { tried, ..self },
            Err(fault) => Self { result: Err(Ended::Fault(fault)), ..self },
        }
    }
}

fn micros(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// How a guest ended that gave neither answer nor failure.
enum Broken {
    Error(Stage, wasmtime::Error),
    TimeOver,
}

type Outcome<A> = Result<Result<A, Failure>, Broken>;

/// Runs guests.
pub(crate) struct Runner {
    engine: Engine,
    surroundings: Arc<Surroundings>,
    /// Room for calls from outside. A nested call has room of its own in the pool: if it had to
    /// wait for a place, callers could wait for each other for ever.
    calls: Semaphore,
    singletons: Arc<Semaphore>,
    turns: Turns,
    pool: crate::options::Pool,
}

impl Runner {
    pub(crate) fn new(engine: &Engine, surroundings: Surroundings, pool: crate::options::Pool) -> Self {
        Self {
            engine: engine.clone(),
            surroundings: Arc::new(surroundings),
            calls: Semaphore::new(pool.calls as usize),
            singletons: Arc::new(Semaphore::new(pool.singletons as usize)),
            turns: Turns::default(),
            pool,
        }
    }

    /// Runs a guest once, in an instance of its own or in the one that is kept.
    pub(crate) async fn run<W: Work>(&self, loaded: &Loaded, job: Job<W>) -> Ran<W::Answer> {
        let authority = &job.authority;
        // Before a place: whoever waits for a slow plugin keeps no place from the calls of others.
        let _turn = match self.turns.take(authority).await {
            Ok(turn) => turn,
            Err(fault) => return Ran::not_begun(fault, job.started),
        };
        // An instance that is kept would remember a rehearsal.
        let singleton = authority.plugin().filter(|plugin| plugin.singleton && !authority.is_rehearsal());
        match singleton.map(|plugin| loaded.singletons.seat(&plugin.name, &authority.folders())) {
            None => self.run_fresh(loaded, job).await,
            Some(seat) => self.run_kept(loaded, job, seat).await,
        }
    }

    async fn run_fresh<W: Work>(&self, loaded: &Loaded, job: Job<W>) -> Ran<W::Answer> {
        let Job { authority, work, started } = job;
        let deadline = authority.deadline();
        // Declared before the store, so that the place is free only when the store is gone.
        let place = match self.calls.try_acquire() {
            _ if authority.nested() => None,
            Ok(place) => Some(place),
            Err(_) => match timeout_at(deadline.into(), self.calls.acquire()).await {
                Ok(place) => place.ok(),
                Err(_) => return Ran::not_begun(no_place(self.pool.calls), started),
            },
        };
        let mut store = self.store(authority);
        let mut entered = false;
        let done = timeout_at(deadline.into(), async {
            let begun = begin(loaded, &mut store, &mut entered).await;
            let instance = begun.map_err(|error| Broken::Error(Stage::Starting, error))?;
            work.ask(&instance, &mut store).await.map_err(|error| Broken::Error(Stage::Running, error))
        });
        let outcome = done.await.unwrap_or(Err(Broken::TimeOver));
        let ran = finish(&mut store, outcome, started).if_entered(entered);
        let rehearsed = store.data_mut().end_rehearsal();
        drop((store, place));
        match rehearsed {
            None => ran,
            // Its guest is gone, so what it left in the copies is all there is.
            Some((rehearsing, denied)) => ran.rehearsed(rehearsing.conclude(denied).await),
        }
    }

    async fn run_kept<W: Work>(&self, loaded: &Loaded, job: Job<W>, seat: Seat) -> Ran<W::Answer> {
        let Job { authority, work, started } = job;
        let deadline = authority.deadline();
        let Ok(mut seat) = timeout_at(deadline.into(), seat.lock()).await else {
            return Ran::not_begun(no_turn(), started);
        };
        // Taken out: whatever goes wrong from here on, also being dropped, leaves the seat empty.
        // The place comes first, so that also here it is free only when the store is gone.
        let (place, mut store, kept) = match seat.take() {
            Some(Kept { instance, mut store, place }) => {
                store.data_mut().begin(authority);
                self.arm(&mut store);
                (place, store, Some(instance))
            }
            None => match Arc::clone(&self.singletons).try_acquire_owned() {
                Ok(place) => (place, self.store(authority), None),
                Err(_) => return Ran::not_begun(no_seat(self.pool.singletons), started),
            },
        };
        let mut alive = None;
        let mut entered = kept.is_some();
        let done = timeout_at(deadline.into(), async {
            let instance = match kept {
                Some(instance) => instance,
                None => begin(loaded, &mut store, &mut entered)
                    .await
                    .map_err(|error| Broken::Error(Stage::Starting, error))?,
            };
            let answer = work.ask(&instance, &mut store).await;
            let answer = answer.map_err(|error| Broken::Error(Stage::Running, error))?;
            alive = Some(instance);
            Ok(answer)
        });
        let outcome = done.await.unwrap_or(Err(Broken::TimeOver));
        let ran = finish(&mut store, outcome, started).if_entered(entered);
        if let Some(instance) = alive {
            *seat = Some(Kept { instance, store, place });
        }
        ran
    }

    fn store(&self, authority: Authority) -> Store<CallState> {
        let mut store = Store::new(&self.engine, CallState::new(authority, Arc::clone(&self.surroundings)));
        store.limiter(|state| state.limiter_mut());
        store.set_max_component_handles(HANDLES_MAX);
        store.epoch_deadline_callback(|store| {
            if Instant::now() >= store.data().deadline() {
                return Err(Stop::Deadline.into());
            }
            // Tokio's own yield lets its timers run even where all workers are busy with guests.
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        self.arm(&mut store);
        store
    }

    /// Sets what every call begins with anew.
    fn arm(&self, store: &mut Store<CallState>) {
        let (fuel, handover) = {
            let limits = store.data().authority().limits();
            (limits.fuel, handover(limits))
        };
        // Fails only where fuel is turned off, and then the guest has none and cannot start.
        if let Err(error) = store.set_fuel(fuel) {
            tracing::error!(%error, "fuel cannot be set");
        }
        store.set_hostcall_fuel(handover);
        store.set_epoch_deadline(1);
    }
}

/// Sets a guest up. `entered` says whether any of its code may have run.
async fn begin(
    loaded: &Loaded,
    store: &mut Store<CallState>,
    entered: &mut bool,
) -> wasmtime::Result<Instance> {
    store.data_mut().open_folders().await?;
    *entered = true;
    loaded.prepared.instantiate(store).await
}

/// Its time was over before there was a place for it.
fn no_place(places: u32) -> Fault {
    let message = "its time was over before there was a place for it; the host is busy";
    Fault::over(FaultKind::Busy, message, LimitHit::of_host("engine.calls", places.into()))
}

/// Its time was over before the one instance was free.
fn no_turn() -> Fault {
    let message = "its time was over before it was its turn: a plugin with `singleton` takes one call after the \
        other; try again later";
    Fault::new(FaultKind::Busy, message)
}

fn no_seat(seats: u32) -> Fault {
    let message = "no room is left for another plugin with `singleton`; stop one";
    Fault::over(FaultKind::NotStarted, message, LimitHit::of_host("engine.singletons", seats.into()))
}

fn finish<A>(store: &mut Store<CallState>, outcome: Outcome<A>, started: Instant) -> Ran<A> {
    let left = store.get_fuel().unwrap_or(0);
    let state = store.data_mut();
    state.hang_up();
    let last_words = state.take_streams();
    let result = match outcome {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(failure)) => Err(Ended::Failed(failure)),
        Err(Broken::TimeOver) => Err(Ended::Fault(fault::deadline(state.authority()))),
        Err(Broken::Error(stage, error)) => Err(Ended::Fault(fault::of(&error, stage, state, &last_words))),
    };
    let (writes, events) =
        if result.is_ok() { (state.take_writes(), state.take_events()) } else { Default::default() };
    let fuel = state.authority().limits().fuel.saturating_sub(left);
    let usage = Usage { fuel, wall_us: micros(started), ..state.usage() };
    Ran { result, usage, writes, events, tried: Tried::default() }
}
