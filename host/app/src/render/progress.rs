//! Signs of life on standard error while something takes its time; nothing where that is no terminal.

use std::cell::OnceCell;
use std::time::Duration;

use ares_kernel::progress::Update;
use indicatif::{ProgressBar, ProgressStyle};

use super::field;

/// A running piece of work.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Shows that `what` goes on, when `shown`.
    #[must_use]
    pub(crate) fn start(shown: bool, what: String) -> Self {
        let bar = if shown { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        if shown {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self(bar)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// How far a call has come: drawn from its first report on, and wiped away with this.
#[derive(Default)]
pub(crate) struct Drawn(OnceCell<ProgressBar>);

impl Drawn {
    /// Draws an update.
    pub(crate) fn draw(&self, update: &Update) {
        let bar = self.0.get_or_init(ProgressBar::new_spinner);
        let template = match update.total {
            Some(_) => "{bar:24} {pos}/{len} {wide_msg}",
            None => "{spinner} {pos} {wide_msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        match update.total {
            Some(total) => bar.set_length(total),
            None => bar.unset_length(),
        }
        bar.set_position(update.done);
        let message = field::plain(&update.message.as_str().into());
        bar.set_message(format!("{}: {message}", update.plugin));
    }
}

impl Drop for Drawn {
    fn drop(&mut self) {
        if let Some(bar) = self.0.get() {
            bar.finish_and_clear();
        }
    }
}
