//! What can be asked for.

use ares_registry::CapabilityQuery;

use super::{Answer, Operations, json};
use crate::operation::Problem;

impl Operations {
    pub(super) async fn capabilities(
        &self,
        name: Option<String>,
        find: Option<String>,
        feature: Option<String>,
    ) -> Answer {
        let name =
            name.map(|name| name.parse().map_err(|error| Problem::invalid("bad-name", error))).transpose()?;
        let query = CapabilityQuery { name, find, feature, plugin: None };
        json(&self.0.book.with(move |registry| registry.capabilities(&query)).await?)
    }
}
