//! `wasi:http`: requests to granted origins, over the host's own client. The library's client would
//! connect anywhere, wait as long as the guest likes and hand over whatever comes.

mod body;
mod clean;
mod door;
mod errors;
mod exchange;
mod headers;
mod metered;
mod rehearse;
mod spend;
mod traffic;

use std::sync::Arc;

use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi_http::p2::add_only_http_to_linker_async;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView};

use crate::authority::Authority;
use crate::rehearsal::Notes;
use crate::state::{CallState, Surroundings};
use ares_kernel::Usage;
use door::{Asker, Door};
use traffic::Traffic;

/// What one map of headers may take, in bytes of memory.
const FIELDS_BYTES_MAX: usize = 32 << 10;

/// A call's way to other machines, made when its guest first asks for one.
pub(crate) struct Http {
    ctx: WasiHttpCtx,
    door: Door,
}

impl Http {
    fn new((authority, notes): (&Authority, Option<&Arc<Notes>>), surroundings: &Arc<Surroundings>) -> Self {
        let asker = match authority {
            Authority::Call(permit) => Some(Arc::new(Asker {
                plugin: permit.plugin().name.clone(),
                invocation: permit.id(),
                grants: Arc::clone(permit.grants()),
                hidden: permit.plugin().grants.secrets().iter().map(|secret| secret.name.clone()).collect(),
            })),
            Authority::Hook { .. } | Authority::Unknown { .. } => None,
        };
        let mut ctx = WasiHttpCtx::new();
        ctx.set_field_size_limit(FIELDS_BYTES_MAX);
        let traffic = Arc::new(Traffic::new(authority.limits()));
        let (surroundings, notes) = (Arc::clone(surroundings), notes.map(Arc::clone));
        Self { ctx, door: Door { asker, surroundings, traffic, notes } }
    }

    /// The call is over.
    pub(crate) fn end(&self) {
        self.door.traffic.end();
    }

    /// What was sent and received.
    pub(crate) fn usage(&self, usage: &mut Usage) {
        let traffic = &self.door.traffic;
        usage.denied = usage.denied.saturating_add(traffic.denied());
        usage.http_requests = traffic.requests().so_far();
        // Of a rehearsal nothing left, whatever was counted against its limit.
        usage.http_sent_bytes = if self.door.notes.is_some() { 0 } else { traffic.sent().so_far() };
        usage.http_received_bytes = traffic.received().so_far();
    }

    /// The library's view of it.
    pub(crate) fn view<'a>(
        http: &'a mut Option<Box<Self>>,
        whose: (&Authority, Option<&Arc<Notes>>),
        surroundings: &Arc<Surroundings>,
        table: &'a mut ResourceTable,
    ) -> WasiHttpCtxView<'a> {
        let Self { ctx, door } = &mut **http.get_or_insert_with(|| Box::new(Self::new(whose, surroundings)));
        WasiHttpCtxView { hooks: door, table, ctx }
    }
}

/// Links it.
pub(super) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    add_only_http_to_linker_async(linker)?;
    errors::link(linker)
}
