//! Whose delivery comes next: everyone's turn, nobody's queue before the others'.

use std::collections::HashMap;

use ares_kernel::{DeliveryId, PluginName};
use ares_registry::DeliveryView;

/// How many deliveries of one publisher, and to one subscriber, run at one time: a slow one keeps
/// room for others.
const EACH: usize = 2;

/// Who runs, and who had a turn when.
#[derive(Default)]
pub(super) struct Turns {
    running: HashMap<DeliveryId, (PluginName, PluginName)>,
    last: HashMap<PluginName, u64>,
    count: u64,
}

impl Turns {
    /// Picks who runs now, until `most` do: publishers that waited longest for a turn first, and of
    /// one publisher the oldest delivery first.
    pub(super) fn take(&mut self, due: Vec<DeliveryView>, most: usize) -> Vec<DeliveryId> {
        let mut due = due;
        let mut taken = Vec::new();
        while self.running.len() < most {
            let fits = |view: &&DeliveryView| self.fits(view);
            let next = due.iter().filter(fits).min_by_key(|view| (self.last.get(&view.publisher), view.id));
            let Some(next) = next.cloned() else { break };
            due.retain(|view| view.id != next.id);
            self.count += 1;
            self.last.insert(next.publisher.clone(), self.count);
            self.running.insert(next.id, (next.publisher, next.subscriber));
            taken.push(next.id);
        }
        taken
    }

    fn fits(&self, view: &DeliveryView) -> bool {
        let with = |same: fn(&(PluginName, PluginName), &DeliveryView) -> bool| {
            self.running.values().filter(|one| same(one, view)).count()
        };
        !self.running.contains_key(&view.id)
            && with(|one, view| one.0 == view.publisher) < EACH
            && with(|one, view| one.1 == view.subscriber) < EACH
    }

    /// This one runs no more.
    pub(super) fn ended(&mut self, delivery: DeliveryId) {
        self.running.remove(&delivery);
    }

    /// How many run.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(id: i64, publisher: &str, subscriber: &str) -> DeliveryView {
        let (publisher, subscriber) = (publisher.parse().unwrap(), subscriber.parse().unwrap());
        DeliveryView { id: DeliveryId(id), publisher, subscriber, due_ms: 0, taken: false }
    }

    fn ids(taken: &[DeliveryId]) -> Vec<i64> {
        taken.iter().map(|id| id.0).collect()
    }

    #[test]
    fn a_flood_of_one_publisher_keeps_nobody_else_waiting() {
        let mut turns = Turns::default();
        let mut due: Vec<DeliveryView> =
            (0..50).map(|n| view(n, "flood", &format!("listener-{n}"))).collect();
        due.extend([view(90, "quiet", "listener-a"), view(91, "calm", "listener-b")]);
        assert_eq!(ids(&turns.take(due.clone(), 4)), [0, 90, 91, 1]);
        assert!(turns.take(due.clone(), 4).is_empty(), "all places are taken");
        turns.ended(DeliveryId(90));
        due.retain(|view| view.id != DeliveryId(90));
        assert!(turns.take(due.clone(), 4).is_empty(), "the flood has all it may have at one time");
        turns.ended(DeliveryId(0));
        due.retain(|view| view.id != DeliveryId(0));
        due.push(view(92, "quiet", "listener-a"));
        assert_eq!(ids(&turns.take(due, 4)), [92, 2], "whoever waited longer comes first");
    }

    #[test]
    fn a_slow_subscriber_keeps_room_for_the_others() {
        let mut turns = Turns::default();
        let due =
            vec![view(1, "a", "slow"), view(2, "b", "slow"), view(3, "c", "slow"), view(4, "d", "quick")];
        assert_eq!(ids(&turns.take(due, 4)), [1, 2, 4]);
        assert_eq!(turns.running(), 3);
    }
}
