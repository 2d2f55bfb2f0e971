//! The stored secrets: opened where they are spent, hidden everywhere else.

use std::borrow::Cow;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};

use crate::secret::{SecretName, SecretValue};

/// Knows every stored secret.
pub trait Secrets: Send + Sync {
    /// The value of a secret, or nothing when it is not set. Whoever asks has made sure that it
    /// was granted.
    fn value<'a>(&'a self, name: &'a SecretName) -> BoxFuture<'a, Result<Option<SecretValue>, SecretsError>>;

    /// The text with every stored value, in every spelling that is known, replaced by its
    /// placeholder. Nothing is copied where there is none.
    fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str>;

    /// What hides pieces of the values that stand in these texts, for what quotes them and was cut; nothing
    /// where none stands there. A value that was cut is not found any more. Only a value that stands there
    /// in full is looked for: else whoever sends a guess and watches what is hidden would learn whether a
    /// value begins so.
    fn pieces(&self, said: &[&str]) -> Option<Box<dyn Pieces>>;

    /// The same for bytes that come piece by piece to somebody who must not learn the values of these
    /// secrets; nothing when none of them is stored. How much waits depends on the length of the values
    /// alone: whoever sends guesses and watches what arrives learns nothing of a part of one.
    fn stream(&self, names: &[SecretName]) -> Option<Box<dyn Scrubbing>>;

    /// The same for bytes whose end was cut off: also what may be the beginning of a value, and
    /// ends where they were cut, is left out. For logs, which no guest reads.
    fn scrub_cut<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]>;
}

/// Hides values in bytes that come piece by piece.
pub trait Scrubbing: Send {
    /// Takes a piece, and appends what can be shown. As much as could be the beginning of a value
    /// waits for the next piece.
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>);

    /// Appends what waited: nothing more will come.
    fn finish(&mut self, out: &mut Vec<u8>);
}

/// The longest piece of a value that may be left in what is shown, in bytes: as much as the guard shows of
/// what looks like a secret. Longer ones are hidden wherever they stand, since a text may be cut anywhere.
pub const PIECE_MAX: usize = 4;

/// Hides pieces of some values.
pub trait Pieces: Send + Sync {
    /// The text without pieces longer than [`PIECE_MAX`]. Nothing is copied where there is none.
    fn hide<'a>(&self, text: &'a str) -> Cow<'a, str>;
}

/// A stored secret cannot be opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SecretsError {
    /// It is not what was stored.
    #[error(
        "the stored secret {0} cannot be opened: it was changed, or the key is another one; set it again with `ares-host secrets rotate {0}`"
    )]
    Changed(SecretName),
    /// The key is not to be had.
    #[error("the key of the stored secrets cannot be used")]
    Key(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

/// No secrets at all, for hosts without a store.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn value<'a>(&'a self, _: &'a SecretName) -> BoxFuture<'a, Result<Option<SecretValue>, SecretsError>> {
        ready(Ok(None)).boxed()
    }

    fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }

    fn pieces(&self, _: &[&str]) -> Option<Box<dyn Pieces>> {
        None
    }

    fn stream(&self, _: &[SecretName]) -> Option<Box<dyn Scrubbing>> {
        None
    }

    fn scrub_cut<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        Cow::Borrowed(bytes)
    }
}
