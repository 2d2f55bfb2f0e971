//! `CallState`: what the store of a running guest holds, the permit first of all.

use std::sync::Arc;
use std::time::Instant;

use ares_kernel::ports::{Clock, KvStore, Outbox, Secrets};
use ares_kernel::{Event, KvWrite, Usage};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use crate::authority::Authority;
use crate::captured::Captured;
use crate::clocks::Fineness;
use crate::imports::events::Pending;
use crate::imports::files::{Files, Ledgers};
use crate::imports::http::Http;
use crate::imports::kv::Overlay;
use crate::imports::wasi;
use crate::limits::{HANDLES_MAX, Limiter, Meter};
use crate::log::{CallLog, Level, Logs, Source};
use crate::network::Network;
use crate::rehearsal::{RehearsalOptions, Rehearsing};

/// What the stores of one engine share.
pub(crate) struct Surroundings {
    pub(crate) kv: Arc<dyn KvStore>,
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) secrets: Arc<dyn Secrets>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) logs: Logs,
    pub(crate) network: Arc<Network>,
    pub(crate) ledgers: Ledgers,
    pub(crate) rehearsals: RehearsalOptions,
}

/// The data of a store.
pub(crate) struct CallState {
    authority: Authority,
    deadline: Instant,
    limiter: Limiter,
    surroundings: Arc<Surroundings>,
    pub(crate) meter: Meter,
    pub(crate) log: CallLog,
    pub(crate) overlay: Overlay,
    pub(crate) pending: Pending,
    pub(crate) files: Files,
    wasi: Option<Box<Wasi>>,
    http: Option<Box<Http>>,
    fineness: Fineness,
    table: ResourceTable,
    rehearsing: Option<Box<Rehearsing>>,
}

/// The guest's surroundings by WASI, and what it writes to its standard streams.
pub(crate) struct Wasi {
    pub(crate) ctx: WasiCtx,
    pub(crate) stdout: Captured,
    pub(crate) stderr: Captured,
}

impl CallState {
    /// A state for one guest, ready for its first call.
    pub(crate) fn new(authority: Authority, surroundings: Arc<Surroundings>) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
        let mut state = Self {
            deadline: authority.deadline(),
            limiter: Limiter::default(),
            meter: Meter::default(),
            log: CallLog::default(),
            overlay: Overlay::default(),
            pending: Pending::default(),
            files: Files::default(),
            wasi: None,
            http: None,
            fineness: Fineness::default(),
            table,
            rehearsing: None,
            authority,
            surroundings,
        };
        state.reset();
        state
    }

    /// Puts another call in the place of the last one. Everything that belonged to that call is
    /// forgotten; what stays is the guest itself, its open handles and its folders, which
    /// `singleton` sees to be the same.
    pub(crate) fn begin(&mut self, authority: Authority) {
        self.deadline = authority.deadline();
        self.authority = authority;
        self.reset();
    }

    fn reset(&mut self) {
        let limits = self.authority.limits();
        self.limiter.begin(limits);
        self.meter.begin(limits.host_calls);
        self.log = CallLog::new(limits.log_lines);
        self.overlay = Overlay::new(limits.kv_bytes);
        self.http = None;
        self.pending = Pending::default();
        self.fineness.set(self.authority.grants().clock());
        self.files.begin(limits);
        self.rehearsing = self.authority.is_rehearsal().then(|| Box::new(Rehearsing::new()));
    }

    /// Opens the folders of this authority for the guest, for a rehearsal copies of those it may
    /// change. Without folders there is nothing to do:
    /// the guest's surroundings are then made when it first asks for them.
    pub(crate) async fn open_folders(&mut self) -> wasmtime::Result<()> {
        let folders = self.authority.folders();
        if folders.is_empty() {
            return Ok(());
        }
        let (folders, own) = match (&mut self.rehearsing, self.authority.invocation()) {
            (Some(rehearsing), Some(id)) => {
                let staged = rehearsing.stage(folders, (&self.surroundings.rehearsals, id)).await?;
                (staged, Some(Ledgers::default()))
            }
            _ => (folders, None),
        };
        self.files.granted(&folders, own.as_ref().unwrap_or(&self.surroundings.ledgers));
        let (clock, fineness) = (Arc::clone(&self.surroundings.clock), self.fineness.clone());
        let opened = tokio::task::spawn_blocking(move || wasi::surround(&folders, clock, &fineness));
        self.wasi = Some(Box::new(opened.await??));
        Ok(())
    }

    /// In whose name the guest runs.
    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The stored secrets.
    pub(crate) fn secrets(&self) -> &dyn Secrets {
        &*self.surroundings.secrets
    }

    /// When the call must be over.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// What the guest takes.
    pub(crate) fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    /// The same, for Wasmtime.
    pub(crate) fn limiter_mut(&mut self) -> &mut Limiter {
        &mut self.limiter
    }

    /// What an import may work with, all of it at once.
    pub(crate) fn parts(&mut self) -> Parts<'_> {
        Parts {
            authority: &self.authority,
            surroundings: &self.surroundings,
            meter: &mut self.meter,
            log: &mut self.log,
            overlay: &mut self.overlay,
            pending: &mut self.pending,
            table: &mut self.table,
        }
    }

    /// Notes that the guest tried what it was not granted.
    pub(crate) fn deny(&mut self, what: &str) {
        self.log.deny(&self.surroundings, &self.authority, what);
    }

    /// Writes what the guest said on its standard streams into its log and gives back what came
    /// on the error stream.
    pub(crate) fn take_streams(&mut self) -> String {
        let Some(wasi) = &self.wasi else { return String::new() };
        let secrets = &*self.surroundings.secrets;
        let (out, out_dropped) = wasi.stdout.take(secrets);
        let (err, err_dropped) = wasi.stderr.take(secrets);
        for (text, dropped, kind) in [
            (&out, out_dropped, (Source::Stdout, Level::Info)),
            (&err, err_dropped, (Source::Stderr, Level::Warn)),
        ] {
            let rest = (dropped > 0).then(|| format!("({dropped} more bytes were not kept)"));
            self.log.write(&self.surroundings, &self.authority, kind, text.lines().chain(rest.as_deref()));
        }
        err
    }

    /// Ends what the call still sends and receives: a guest that is kept may hold on to it.
    pub(crate) fn hang_up(&mut self) {
        if let Some(http) = &self.http {
            http.end();
        }
    }

    /// What the call used, but for fuel and time, which the store and the clock know.
    pub(crate) fn usage(&self) -> Usage {
        let mut usage = Usage {
            peak_memory_bytes: self.limiter.peak_memory(),
            host_calls: self.meter.calls(),
            log_lines_dropped: self.log.dropped(),
            denied: self.log.denied(),
            ..self.files.usage()
        };
        if let Some(http) = &self.http {
            http.usage(&mut usage);
        }
        usage
    }

    /// The changes the call wants kept.
    pub(crate) fn take_writes(&mut self) -> Vec<KvWrite> {
        self.overlay.take()
    }

    /// What a rehearsal has noted so far, and what it tried without a grant; once.
    pub(crate) fn end_rehearsal(&mut self) -> Option<(Box<Rehearsing>, Vec<String>)> {
        self.rehearsing.take().map(|rehearsing| (rehearsing, self.log.take_denials()))
    }

    /// The events the call wants published.
    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        self.pending.take()
    }
}

/// The parts of a state that imports build their views from.
pub(crate) struct Parts<'a> {
    pub(crate) authority: &'a Authority,
    pub(crate) surroundings: &'a Surroundings,
    pub(crate) meter: &'a mut Meter,
    pub(crate) log: &'a mut CallLog,
    pub(crate) overlay: &'a mut Overlay,
    pub(crate) pending: &'a mut Pending,
    pub(crate) table: &'a mut ResourceTable,
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let bare = || Box::new(wasi::bare(Arc::clone(&self.surroundings.clock), &self.fineness));
        let wasi = self.wasi.get_or_insert_with(bare);
        WasiCtxView { ctx: &mut wasi.ctx, table: &mut self.table }
    }
}

impl WasiHttpView for CallState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let notes = self.rehearsing.as_ref().map(|rehearsing| rehearsing.notes());
        Http::view(&mut self.http, (&self.authority, notes), &self.surroundings, &mut self.table)
    }
}
