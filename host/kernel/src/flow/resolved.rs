//! `Resolved`: a request with the facts about it.

use super::Received;
use crate::ports::{Catalog, Resolution};

/// A request together with what the catalogue knows about who can answer it.
#[must_use = "a resolved request must reach an outcome"]
#[derive(Debug)]
pub struct Resolved {
    pub(super) received: Received,
    pub(super) resolution: Resolution,
}

impl Received {
    /// Looks the provider up.
    pub async fn resolve(self, catalog: &dyn Catalog) -> Resolved {
        let resolution = catalog.resolve(&self.request).await;
        Resolved { received: self, resolution }
    }
}
