//! `Scrubbed`: what the guest said, with no stored secret in it.

use std::borrow::Cow;

use super::{Executed, Refused};
use crate::ports::Secrets;
use crate::report::Ended;

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
    /// Hides stored values in the refusal, which may quote what the caller wrote.
    pub fn scrub(mut self, secrets: &dyn Secrets) -> Self {
        hide(&mut self.refusal.message, secrets);
        let question = self.stopped.as_mut().and_then(|stopped| stopped.question.as_mut());
        for held in self.held.iter_mut().chain(question) {
            hide(&mut held.arguments, secrets);
            hide(&mut held.reason, secrets);
        }
        self
    }
}

pub(super) fn hide(text: &mut String, secrets: &dyn Secrets) {
    let clean = match secrets.scrub(text) {
        Cow::Borrowed(_) => return,
        Cow::Owned(clean) => clean,
    };
    *text = clean;
}
