//! `ares:host/progress`: how far a call has come, told to whoever made it.

use ares_kernel::ports::Secrets;
use ares_kernel::progress::Update;
use wasmtime::component::HasData;

use super::Import;
use crate::authority::Authority;
use crate::limits::Meter;
use crate::state::{CallState, Parts};
use crate::world::v0_1::progress;

pub(super) const IMPORT: Import = Import {
    name: "progress",
    link: |linker| progress::add_to_linker::<CallState, Progress>(linker, CallState::progress_view),
};

struct Progress;

/// Where the reports of this call go. Hooks have nobody who waits for them.
pub(crate) struct ProgressView<'a> {
    authority: &'a Authority,
    secrets: &'a dyn Secrets,
    meter: &'a mut Meter,
}

impl HasData for Progress {
    type Data<'a> = ProgressView<'a>;
}

impl CallState {
    fn progress_view(&mut self) -> ProgressView<'_> {
        let Parts { authority, surroundings, meter, .. } = self.parts();
        ProgressView { authority, secrets: &*surroundings.secrets, meter }
    }
}

impl progress::Host for ProgressView<'_> {
    fn report(&mut self, done: u64, total: Option<u64>, message: String) -> wasmtime::Result<()> {
        self.meter.count()?;
        if let Authority::Call(permit) = self.authority
            && let Some(sink) = &permit.request().progress
        {
            let message = self.secrets.scrub(&message);
            sink.report(Update::new(permit.plugin().name.clone(), done, total, &message));
        }
        Ok(())
    }
}
