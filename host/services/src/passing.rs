//! The life of plugins in a process that ends with its first answer.
//!
//! A plugin that such a process loads is gone a moment later. That it was there for one call says
//! nothing about it that the journal does not say already, so only what lasts is written down: that
//! it could not start, that it crashed, and that it works again after either.

use std::sync::Arc;

use ares_kernel::facts::Plugin;
use ares_kernel::ports::Health;
use ares_kernel::{KvWrite, PluginName};
use ares_registry::State;
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::book::Book;
use crate::records::{Events, Notice, Records, RecordsError, Turn};

/// The book, without the turns that are over before anyone could read of them.
pub(crate) struct Passing(Book);

impl Passing {
    pub(crate) fn new(book: Book) -> Self {
        Self(book)
    }

    /// Whether the plugin's state speaks of trouble that is over now.
    async fn troubled(&self, plugin: &PluginName) -> Result<bool, RecordsError> {
        let name = plugin.clone();
        let status = self.0.with(move |registry| registry.status(&name)).await;
        let status =
            status.map_err(|source| RecordsError { what: "read a status", source: Arc::new(source) })?;
        Ok(matches!(status.state, State::Error | State::Crashed))
    }
}

impl Events for Passing {
    fn emit(&self, notice: Notice) -> BoxFuture<'_, ()> {
        self.0.emit(notice)
    }
}

impl Records for Passing {
    fn plugin(&self, name: &PluginName) -> Option<Arc<Plugin>> {
        self.0.plugin(name)
    }

    fn unmet<'a>(&'a self, plugin: &'a Plugin) -> BoxFuture<'a, Result<Option<String>, RecordsError>> {
        self.0.unmet(plugin)
    }

    fn turn<'a>(&'a self, plugin: &'a PluginName, turn: Turn) -> BoxFuture<'a, Result<(), RecordsError>> {
        async move {
            match &turn {
                Turn::Starting | Turn::Running { .. } => Ok(()),
                Turn::Stopped if !self.troubled(plugin).await? => Ok(()),
                Turn::Stopped | Turn::Error(_) | Turn::Crashed(_) => self.0.turn(plugin, turn).await,
            }
        }
        .boxed()
    }

    fn health<'a>(
        &'a self,
        plugin: &'a PluginName,
        health: Health,
        detail: String,
    ) -> BoxFuture<'a, Result<(), RecordsError>> {
        self.0.health(plugin, health, detail)
    }

    fn keep<'a>(
        &'a self,
        plugin: &'a Plugin,
        writes: Vec<KvWrite>,
    ) -> BoxFuture<'a, Result<(), RecordsError>> {
        self.0.keep(plugin, writes)
    }
}
