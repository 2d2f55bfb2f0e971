//! `ares:host/log`: the plugin's own log.

use wasmtime::component::HasData;

use super::Import;
use crate::log::{Level, Source};
use crate::state::{CallState, Parts};
use crate::world::v0_1::log;

pub(super) const IMPORT: Import =
    Import { name: "log", link: |linker| log::add_to_linker::<CallState, Log>(linker, CallState::log_view) };

struct Log;

/// The log of this call.
pub(crate) struct LogView<'a>(Parts<'a>);

impl HasData for Log {
    type Data<'a> = LogView<'a>;
}

impl CallState {
    fn log_view(&mut self) -> LogView<'_> {
        LogView(self.parts())
    }
}

impl log::Host for LogView<'_> {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let Parts { authority, surroundings, meter, log, .. } = &mut self.0;
        meter.count()?;
        let level = match level {
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        log.write(surroundings, authority, (Source::Log, level), [message.as_str()]);
        Ok(())
    }
}
