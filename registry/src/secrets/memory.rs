//! The values in memory: what is spent is what is looked for, so both are of one moment.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use ares_kernel::ports::{Pieces, Scrubbing, Secrets, SecretsError};
use ares_kernel::{SecretName, SecretValue};
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use rusqlite::Connection;

use super::pieces::PiecesOf;
use super::scrubber::{Scrubber, Stream, Window};
use super::{key, rows, vault};
use crate::error::RegistryError;
use crate::readers::Readers;
use crate::registry::Registry;

type Opened = Result<SecretValue, SecretsError>;

/// Every stored secret, opened.
pub(crate) struct Memory {
    known: ArcSwap<Known>,
    key: PathBuf,
}

#[derive(Default)]
struct Known {
    /// The database's number for this set of secrets; nothing while it cannot be opened.
    revision: Option<i64>,
    values: BTreeMap<SecretName, Opened>,
    scrubber: Option<Arc<Scrubber>>,
    /// One for each set of secrets that answers were searched for.
    some: Mutex<BTreeMap<Vec<SecretName>, Arc<Scrubber>>>,
}

impl Known {
    /// What looks for the values of these secrets, as far as they are stored.
    fn some_of(&self, names: &[SecretName]) -> Option<Arc<Scrubber>> {
        let stored = names.iter().filter_map(|name| Some((name, self.values.get(name)?.as_ref().ok()?)));
        let mut stored = stored.peekable();
        stored.peek()?;
        let mut some = self.some.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = some.get(names) {
            return Some(Arc::clone(made));
        }
        // One of all of them was made before, so one of some can be made; else all are looked for.
        let made = Scrubber::new(stored).map(Arc::new).ok().or_else(|| self.scrubber.clone())?;
        some.insert(names.to_vec(), Arc::clone(&made));
        Some(made)
    }
}

fn revision(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT secrets_revision FROM instance")?.query_row((), |row| row.get(0))
}

impl Memory {
    /// Nothing is known yet.
    pub(crate) fn new(key: PathBuf) -> Self {
        Self { known: ArcSwap::default(), key }
    }

    /// Makes memory what the database is. Does nothing when it is so already.
    pub(crate) fn refresh(&self, readers: &Readers) -> Result<(), RegistryError> {
        let before = self.known.load().revision;
        let stored = readers.read("reading the stored secrets", |connection| {
            let now = revision(connection)?;
            if before == Some(now) { Ok(None) } else { Ok(Some((now, rows::all(connection)?))) }
        })?;
        if let Some((revision, rows)) = stored {
            self.known.store(Arc::new(self.open(revision, rows)));
        }
        Ok(())
    }

    fn open(&self, revision: i64, rows: Vec<rows::Stored>) -> Known {
        if rows.is_empty() {
            return Known { revision: Some(revision), ..Known::default() };
        }
        let key = key::read(&self.key).and_then(|key| {
            let missing =
                || RegistryError::SecretsKey { path: self.key.clone(), why: "it is missing".to_owned() };
            key.ok_or_else(missing)
        });
        let key = key.map_err(|error| SecretsError::Key(Arc::new(error)));
        let values: BTreeMap<SecretName, Opened> = rows
            .into_iter()
            .map(|(stamp, sealed)| {
                let opened = match &key {
                    Ok(key) => vault::open(key, &stamp, &sealed)
                        .ok_or_else(|| SecretsError::Changed(stamp.name.clone())),
                    Err(error) => Err(error.clone()),
                };
                (stamp.name, opened)
            })
            .collect();
        for (name, error) in values.iter().filter_map(|(name, opened)| Some((name, opened.as_ref().err()?))) {
            let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            tracing::error!(%name, %error, source, "a stored secret cannot be spent");
        }
        let found = values.iter().filter_map(|(name, opened)| Some((name, opened.as_ref().ok()?)));
        match Scrubber::new(found) {
            // A key that is put in order later is found without a change of the database.
            Ok(scrubber) => Known {
                revision: key.is_ok().then_some(revision),
                values,
                scrubber: Some(Arc::new(scrubber)),
                some: Mutex::default(),
            },
            Err(error) => {
                // What could not be found again is not given out either.
                let error = SecretsError::Key(Arc::new(error));
                let values = values.into_keys().map(|name| (name, Err(error.clone()))).collect();
                Known { values, ..Known::default() }
            }
        }
    }

    pub(crate) fn value(&self, name: &SecretName) -> Result<Option<SecretValue>, SecretsError> {
        self.known.load().values.get(name).cloned().transpose()
    }

    /// See [`Secrets::scrub`].
    pub(crate) fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.known.load().scrubber {
            None => Cow::Borrowed(text),
            Some(scrubber) => scrubber.scrub(text),
        }
    }

    /// See [`Secrets::pieces`].
    fn pieces(&self, said: &[&str]) -> Option<PiecesOf> {
        PiecesOf::standing_in(self.known.load().scrubber.as_ref()?, said)
    }

    /// See [`Secrets::stream`].
    fn stream(&self, names: &[SecretName]) -> Option<Stream> {
        self.known.load().some_of(names).map(|scrubber| Stream::new(scrubber, Window::Fixed))
    }

    /// See [`Secrets::scrub_cut`].
    fn scrub_cut<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let Some(scrubber) = self.known.load().scrubber.clone() else { return Cow::Borrowed(bytes) };
        let mut clean = Vec::with_capacity(bytes.len());
        Stream::new(scrubber, Window::Fitting).push(bytes, &mut clean);
        Cow::Owned(clean)
    }
}

impl Secrets for Registry {
    fn value<'a>(&'a self, name: &'a SecretName) -> BoxFuture<'a, Result<Option<SecretValue>, SecretsError>> {
        ready(self.memory.secrets.value(name)).boxed()
    }

    fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.memory.secrets.scrub(text)
    }

    fn pieces(&self, said: &[&str]) -> Option<Box<dyn Pieces>> {
        self.memory.secrets.pieces(said).map(|pieces| Box::new(pieces) as Box<dyn Pieces>)
    }

    fn stream(&self, names: &[SecretName]) -> Option<Box<dyn Scrubbing>> {
        self.memory.secrets.stream(names).map(|stream| Box::new(stream) as Box<dyn Scrubbing>)
    }

    fn scrub_cut<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        self.memory.secrets.scrub_cut(bytes)
    }
}
