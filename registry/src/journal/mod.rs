//! The journal: no call runs and no answer is shown that it does not hold.

pub(crate) mod record;

use ares_kernel::facts::{Money, Plugin};
use ares_kernel::ports::{Begun, Closing, Journal, JournalError, Opening};
use ares_kernel::{DeliveryId, Posted};
use futures::FutureExt as _;
use futures::channel::oneshot;
use futures::future::{BoxFuture, ready};
use rusqlite::Connection;

use self::record::{Closed, Opened};
use crate::approvals::{self, Question};
use crate::budgets::Charge;
use crate::error::RegistryError;
use crate::options::JournalSync;
use crate::outbox::Parcel;
use crate::registry::Registry;
use crate::spool::{Appended, UNFOLDED_MAX};
use crate::stops::Stop;
use crate::writer::Abort;
use crate::{budgets, guard_warnings, history, kv, objections};

fn journal_error(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> JournalError {
    JournalError(error.into())
}

impl Registry {
    /// Makes a change and waits for it without blocking. The change is made, or not, even when the
    /// one who waits gives up.
    pub(crate) fn change_async<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Abort> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, RegistryError>> {
        let (answer, answered) = oneshot::channel();
        // Whoever waited may have given up.
        let submitted = self.writer.submit(doing, work, move |result| drop(answer.send(result)));
        async move {
            submitted?;
            answered.await.unwrap_or(Err(RegistryError::Closed))
        }
        .boxed()
    }

    fn spool_closing(&self, opening: &Opening, closing: &Closing<'_>) -> Result<(), JournalError> {
        let bytes = record::to_bytes(&Opened::of(opening), &Closed::of(closing)).map_err(journal_error)?;
        match self.spool.append(&bytes).map_err(journal_error)? {
            Appended::First => self.writer.spooled().map_err(journal_error),
            Appended::Further => Ok(()),
        }
    }

    fn write_closing(
        &self,
        opening: &Opening,
        closing: &Closing<'_>,
    ) -> BoxFuture<'static, Result<(), JournalError>> {
        let opened = Opened::of(opening).kept();
        let closed = Closed::of(closing).kept();
        let (owner, begun, writes) = (self.owner.id, closing.begun, closing.writes.to_vec());
        let cost = closing.cost;
        let parcel = closing
            .published
            .map(|published| Parcel::of(published, &self.memory.snapshot.load(), owner, closing.ended_ms));
        let question = closing.held.map(|held| Question::of(held, closing));
        let (stop, warned) = (Stop::of(closing), closing.warned.cloned());
        let keeper = closing.plugin.filter(|_| !writes.is_empty()).map(kv::Keeper::of);
        let written = self.change_async("closing an invocation", move |connection| {
            if begun {
                if !record::end(connection, &opened.id, &closed)? {
                    let message = "the row of this invocation is not open";
                    return Err(Abort::Registry(RegistryError::Invalid(message.to_owned())));
                }
            } else {
                record::whole(connection, owner, &opened, &closed)?;
            }
            if begun {
                budgets::settle(connection, &opened.id, cost.unwrap_or(Money::NONE))?;
            }
            if let Some((runner, used)) = closed.runner.as_ref().zip(closed.used) {
                history::keep(connection, (&runner.blake3, &opened.capability), used)?;
            }
            objections::keep(connection, &opened, &closed)?;
            if let Some(question) = question {
                question.ask(connection, &opened)?;
            }
            if let Some(warned) = warned {
                guard_warnings::keep(connection, &warned, &opened)?;
            }
            if let Some(stop) = stop {
                stop.keep(connection, &opened)?;
            }
            if let (Some(parcel), Some(runner)) = (parcel, &closed.runner) {
                parcel.keep(connection, &runner.blake3)?;
            }
            keeper.map_or(Ok(()), |keeper| kv::keep(connection, &keeper, &writes))
        });
        let told = |error| match error {
            RegistryError::StoreFull(full) => journal_error(full),
            other => journal_error(other),
        };
        written.map(move |result| result.map_err(told)).boxed()
    }
}

impl Journal for Registry {
    fn ready(&self) -> Result<(), JournalError> {
        if !self.writer.alive() {
            return Err(journal_error(RegistryError::Closed));
        }
        self.spool.usable().map_err(journal_error)
    }

    fn begin<'a>(
        &'a self,
        opening: &'a Opening,
        begun: Begun<'a>,
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        let (opened, runner) = (Opened::of(opening).kept(), record::runner(begun));
        let (owner, effect, approval) = (self.owner.id, begun.effect, begun.approval);
        let charge = begun.charge.map(|(most, payer)| {
            let what = (&begun.plugin.name, &opening.capability);
            (most, Charge::of(payer, what, opening.task.as_deref()))
        });
        let warned = begun.warned.cloned();
        let written = self.change_async("opening an invocation", move |connection| {
            record::begin(connection, owner, &opened, &runner, effect.as_str())?;
            if let Some(warned) = warned {
                guard_warnings::keep(connection, &warned, &opened)?;
            }
            if let Some((most, charge)) = charge {
                budgets::reserve(connection, (&opened.id, opened.at), &charge, most)?;
            }
            approval.map_or(Ok(()), |approval| approvals::spend(connection, approval, &opened))
        });
        let told = |error| match error {
            RegistryError::ApprovalGone(gone) => journal_error(gone),
            RegistryError::OverBudget(over) => journal_error(over),
            other => journal_error(other),
        };
        written.map(move |result| result.map_err(told)).boxed()
    }

    fn close<'a>(
        &'a self,
        opening: &'a Opening,
        closing: Closing<'a>,
    ) -> BoxFuture<'a, Result<(), JournalError>> {
        let on_disk = closing.begun
            || !closing.writes.is_empty()
            || closing.published.is_some()
            || closing.held.is_some()
            || closing.stopped.is_some()
            || closing.warned.is_some()
            || opening.rehearsal
            || self.options.journal_sync == JournalSync::EveryReply;
        if on_disk {
            return self.write_closing(opening, &closing);
        }
        if self.spool.unfolded() > UNFOLDED_MAX {
            return async move {
                self.writer.folded().await.map_err(journal_error)?;
                self.spool_closing(opening, &closing)
            }
            .boxed();
        }
        ready(self.spool_closing(opening, &closing)).boxed()
    }

    fn worked(&self, plugin: &Plugin) {
        self.note_worked(plugin);
    }

    fn posted(&self, delivery: DeliveryId) -> BoxFuture<'_, Result<Option<Posted>, JournalError>> {
        self.posted_now(delivery)
    }
}
