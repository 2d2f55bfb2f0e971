//! From running calls to a door: at most ten updates a second, the latest of them, and so many in all.

use std::time::Duration;

use ares_kernel::progress::{Progress, Sink, Update};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The least time between two updates.
const STEP: Duration = Duration::from_millis(100);
/// The most updates one call sends a door.
const UPDATES_MAX: u32 = 10_000;

/// The latest update and how many there were.
type Latest = (u64, Option<Update>);

struct Newest(watch::Sender<Latest>);

impl Progress for Newest {
    fn report(&self, update: Update) {
        self.0.send_modify(|(count, latest)| {
            *count = count.saturating_add(1);
            *latest = Some(update);
        });
    }
}

/// What a door hears of one call.
pub struct Updates {
    latest: watch::Receiver<Latest>,
    seen: u64,
    left: u32,
    not_before: Instant,
}

/// A place for a call's updates, and what comes of them. Nothing waits for who does not listen: an
/// update that was not taken in time is replaced by the next.
#[must_use]
pub fn channel() -> (Sink, Updates) {
    let (sender, latest) = watch::channel((0, None));
    let updates = Updates { latest, seen: 0, left: UPDATES_MAX, not_before: Instant::now() };
    (Sink::new(Newest(sender)), updates)
}

impl Updates {
    /// The next update; nothing once the call is over or has sent as many as it may. Loses none when
    /// it is dropped half-way.
    pub async fn next(&mut self) -> Option<Update> {
        loop {
            sleep_until(self.not_before).await;
            self.latest.changed().await.ok()?;
            if let Some(update) = self.take() {
                return Some(update);
            }
            if self.left == 0 {
                return None;
            }
        }
    }

    /// The latest update if it has not been given yet: for the end of a call.
    pub fn take(&mut self) -> Option<Update> {
        let (count, latest) = &*self.latest.borrow_and_update();
        if *count == self.seen || self.left == 0 {
            return None;
        }
        self.seen = *count;
        self.left -= 1;
        self.not_before = Instant::now() + STEP;
        latest.clone()
    }
}

/// Waits for `work` and gives `each` what is heard on the way, its last word before its end.
pub async fn listening<T, F>(
    work: impl Future<Output = T>,
    mut updates: Updates,
    mut each: impl FnMut(Update) -> F,
) -> T
where
    F: Future<Output = ()>,
{
    tokio::pin!(work);
    loop {
        let update = tokio::select! {
            biased;
            done = &mut work => {
                if let Some(last) = updates.take() {
                    each(last).await;
                }
                return done;
            }
            Some(update) = updates.next() => update,
        };
        each(update).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(done: u64) -> Update {
        Update::new("demo".parse().unwrap(), done, None, "at work")
    }

    async fn heard(work: impl Future<Output = ()>, updates: Updates) -> Vec<u64> {
        let mut heard = Vec::new();
        listening(work, updates, |update| {
            heard.push(update.done);
            std::future::ready(())
        })
        .await;
        heard
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_ten_updates_a_second_and_the_latest_of_them() {
        let (sink, updates) = channel();
        let flood = async move {
            for done in 1..=1000 {
                sink.report(update(done));
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let heard = heard(flood, updates).await;
        assert!((8..=13).contains(&heard.len()), "{heard:?}");
        assert!(heard.is_sorted() && heard.last() == Some(&1000), "{heard:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_word_comes_before_the_end_and_nothing_after_it() {
        let (sink, updates) = channel();
        let at_once = async move {
            sink.report(update(1));
            sink.report(update(2));
        };
        assert_eq!(heard(at_once, updates).await, [2]);
        let (sink, updates) = channel();
        let silent = async move {
            drop(sink);
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        assert_eq!(heard(silent, updates).await, [0; 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_without_end_is_heard_so_often_and_no_more() {
        let (sink, updates) = channel();
        let most = u64::from(UPDATES_MAX);
        let endless = async move {
            for done in 1..=most + 50 {
                sink.report(update(done));
                tokio::time::sleep(STEP * 2).await;
            }
        };
        assert_eq!(heard(endless, updates).await.len() as u64, most);
    }
}
