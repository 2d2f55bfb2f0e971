//! Folders of this world: who may change one, and snapshots of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use ares_kernel::InvocationId;
use ares_kernel::facts::{Access, Effect, Folder, Grants, Integrity, Scope};
use ares_kernel::ports::{NotTaken, Route, Snapshots, Withheld};
use ares_kernel::snapshot::{PutBack, Taken};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;

use super::State;
use super::routes::{capability, plugin};

/// `filer` may change a folder and its store.
pub(super) fn filer(open: &Value) -> Route {
    let (name, quota) = ("target".parse().unwrap(), ares_kernel::facts::Quota::default());
    let folder = Folder { name, host: "/srv".into(), access: Access::Write, quota };
    let granted = Arc::new(Grants::new(true, BTreeSet::new(), vec![folder]));
    let needs = [Scope::Kv, Scope::Folder("target".parse().unwrap())];
    let capability = Arc::new(capability("file", Effect::Write, &needs, open, &granted));
    Route {
        plugin: plugin("filer", true, &granted),
        capability,
        integrity: Integrity::Intact,
        health: None,
        drift: None,
    }
}

impl Snapshots for State {
    fn take(
        &self,
        _: InvocationId,
        folders: Vec<Folder>,
        _: Option<Instant>,
    ) -> BoxFuture<'_, Result<Taken, NotTaken>> {
        self.records.lock().unwrap().push(format!("snapshot of {}", folders.len()));
        let taken = match *self.broken.lock().unwrap() {
            Some("snapshot") => Err(NotTaken { message: "too much".into(), limit: None }),
            _ => Ok(Taken { objects: 3, bytes: 9, left_out: Vec::new() }),
        };
        let slow = *self.broken.lock().unwrap() == Some("slow");
        async move {
            if slow {
                tokio::time::sleep(super::SLOW_SNAPSHOT).await;
            }
            taken
        }
        .boxed()
    }

    fn put_back(&self, _: InvocationId) -> BoxFuture<'_, Result<PutBack, Withheld>> {
        self.records.lock().unwrap().push("put back".into());
        let done = match *self.broken.lock().unwrap() {
            Some("put back") => Err(Withheld("another call ran".into())),
            Some("half") => Ok(PutBack { failed: 1, ..PutBack::default() }),
            _ => Ok(PutBack { put_back: 1, removed: 2, unchanged: 2, ..PutBack::default() }),
        };
        async { done }.boxed()
    }
}
