//! `Scrubbed`: what the guest said, with no stored secret in it.

use std::borrow::Cow;

use serde_json::Value;

use super::{Executed, Refused};
use crate::ports::{Pieces, Secrets};
use crate::report::Ended;
use crate::request::Request;

/// A finished call in whose report no stored value is left. It comes before the verifier, so that
/// what is verified is what is shown.
#[must_use = "a scrubbed call must be verified and recorded"]
#[derive(Debug)]
pub struct Scrubbed(pub(super) Executed);

impl Executed {
    /// Hides stored values in the answer, or in the words there are instead of one, in events, and in
    /// what a rehearsal tells.
    pub fn scrub(mut self, secrets: &dyn Secrets) -> Scrubbed {
        match &mut self.report.result {
            Ok(answer) => hide(answer, secrets),
            Err(Ended::Fault(fault)) => hide(&mut fault.message, secrets),
            Err(Ended::Failed(failure)) => {
                hide(&mut failure.message, secrets);
                if matches!(secrets.scrub(&failure.code), Cow::Owned(_)) {
                    failure.code = Cow::Borrowed("failed");
                }
            }
        }
        for event in &mut self.report.events {
            hide(&mut event.payload, secrets);
        }
        self.report.tried.scrub(secrets);
        for write in self.report.writes.iter_mut().filter(|_| self.stage.is_some()) {
            hide(&mut write.key, secrets);
        }
        Scrubbed(self)
    }
}

impl Refused {
    /// Hides stored values in the refusal, which may quote what the caller wrote, and what is left of them
    /// where that was cut.
    pub fn scrub(mut self, secrets: &dyn Secrets) -> Self {
        let pieces = pieces(&self.request, secrets);
        hide_pieces(&mut self.refusal.message, pieces.as_deref(), secrets);
        let question = self.stopped.as_mut().and_then(|stopped| stopped.question.as_mut());
        for held in self.held.iter_mut().chain(question) {
            // These are whole: whoever decides about them reads as much of them as can be shown.
            hide(&mut held.arguments, secrets);
            hide_pieces(&mut held.reason, pieces.as_deref(), secrets);
        }
        self
    }
}

/// What hides pieces of the values that stand in the texts of a request which what is said about it may
/// quote. Its other texts are scrubbed before anybody sees them.
pub(super) fn pieces(request: &Request, secrets: &dyn Secrets) -> Option<Box<dyn Pieces>> {
    let texts = [Some(request.input.as_str()), request.metadata.as_deref()].into_iter().flatten();
    let said: Vec<Cow<'_, str>> =
        texts.flat_map(|text| [Some(Cow::Borrowed(text)), plain(text)]).flatten().collect();
    let said: Vec<&str> = said.iter().map(AsRef::as_ref).collect();
    secrets.pieces(&said)
}

/// The same JSON in its plainest form: any character may be written as an escape, and what is said of it
/// quotes the character.
fn plain(text: &str) -> Option<Cow<'_, str>> {
    let value: Value = text.contains('\\').then(|| serde_json::from_str(text).ok()).flatten()?;
    Some(Cow::Owned(value.to_string()))
}

pub(super) fn hide(text: &mut String, secrets: &dyn Secrets) {
    let clean = match secrets.scrub(text) {
        Cow::Borrowed(_) => return,
        Cow::Owned(clean) => clean,
    };
    *text = clean;
}

/// The same for a text that quotes what was cut. Pieces go first: they are all that is left of a value, and
/// of a whole one, too.
pub(super) fn hide_pieces(text: &mut String, pieces: Option<&dyn Pieces>, secrets: &dyn Secrets) {
    if let Some(Cow::Owned(clean)) = pieces.map(|pieces| pieces.hide(text)) {
        *text = clean;
    }
    hide(text, secrets);
}
