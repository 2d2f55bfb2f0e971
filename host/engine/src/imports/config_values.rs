//! `ares:host/config-values`: the configuration, as it stood when the call was admitted.

use serde_json::{Map, Value};
use wasmtime::component::HasData;

use super::Import;
use crate::limits::Meter;
use crate::state::{CallState, Parts};
use crate::world::v0_1::config_values;

pub(super) const IMPORT: Import = Import {
    name: "config-values",
    link: |linker| config_values::add_to_linker::<CallState, ConfigValues>(linker, CallState::config_view),
};

struct ConfigValues;

/// The values of this plugin.
pub(crate) struct ConfigView<'a> {
    values: &'a Map<String, Value>,
    meter: &'a mut Meter,
}

impl HasData for ConfigValues {
    type Data<'a> = ConfigView<'a>;
}

impl CallState {
    fn config_view(&mut self) -> ConfigView<'_> {
        let Parts { authority, meter, .. } = self.parts();
        ConfigView { values: authority.config(), meter }
    }
}

impl config_values::Host for ConfigView<'_> {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        self.meter.count()?;
        Ok(self.values.get(&key).map(ToString::to_string))
    }

    fn all(&mut self) -> wasmtime::Result<String> {
        self.meter.count()?;
        Ok(serde_json::to_string(self.values)?)
    }
}
