//! What came of earlier calls of one capability of one component: kept as they end, never searched for.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::shelf::{REHEARSALS_MAX, Shelf, USES_MAX};
use crate::report::FaultKind;

/// How long a use counts, in milliseconds: 30 days.
pub const USE_MS_MAX: u64 = 30 * 24 * 60 * 60 * 1000;
/// How many of the last uses are looked at for faults, and for a change of pace.
pub const RECENT: usize = 20;
/// The paces are measured again after so many uses: measuring them sorts.
const MEASURE_EVERY: u32 = 10;

/// What came of one call whose guest ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Came {
    /// A good answer.
    Ok,
    /// The guest said no, in its own way: an answer too, which says nothing about whether it works.
    SaidNo,
    /// The guest broke.
    Fault,
    /// It answered something that is not what it promised.
    Invalid,
    /// It was cut off after it had started, and calling it twice is not the same as once: what it
    /// changed is unknown.
    Unknown,
    /// It answered well, and somebody said later that the answer was wrong.
    Wrong,
    /// A good answer in a rehearsal: no use, but evidence that it was tried.
    Rehearsed,
    /// A case of its plugin that passed: no use, but evidence that it works, up to tier 2.
    Tested,
    /// Like [`Self::Unknown`], but it was its caller who gave it too little time: that says nothing against
    /// it, and is no use.
    CutByCaller,
}

/// One call, as far as later verdicts need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// When it ended, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// What came of it.
    pub came: Came,
    /// Who asked and what sort of arguments they gave, as a number.
    pub context: u32,
    /// The first four bytes of the input's hash.
    pub input: u32,
    /// The last four bytes of the invocation's id.
    pub id: u32,
    /// What sort of arguments it had, as a number.
    pub shape: u32,
    /// How it broke, if it did.
    pub fault: Option<FaultKind>,
    /// How long it ran, in microseconds.
    pub wall_us: u32,
    /// The fuel it used.
    pub fuel: u64,
}

impl Use {
    /// So many passed cases, at most [`REHEARSALS_MAX`].
    pub fn tested(passed: u32, at_ms: u64) -> impl Iterator<Item = Self> {
        let one = Self {
            at_ms,
            came: Came::Tested,
            context: 0,
            input: 0,
            id: 0,
            shape: 0,
            fault: None,
            wall_us: 0,
            fuel: 0,
        };
        std::iter::repeat_n(one, REHEARSALS_MAX.min(passed as usize))
    }
}

/// The 95th percentiles of the last [`RECENT`] good uses and of those before them, where there are
/// [`RECENT`] of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Time of the last ones, in microseconds.
    pub now_us: u32,
    /// Time of those before.
    pub before_us: u32,
    /// Fuel of the last ones.
    pub now_fuel: u64,
    /// Fuel of those before.
    pub before_fuel: u64,
}

/// Faults of one kind at the end of the record of calls with one sort of arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streak {
    /// Which.
    pub kind: FaultKind,
    /// How many, one after another.
    pub faults: u32,
    /// When the last of them ended.
    pub last_ms: u64,
}

/// What earlier calls say, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    /// Uses that count: answers and faults, at most [`USES_MAX`] of the last 30 days.
    pub uses: u32,
    /// Those with a good answer that nobody has called wrong.
    pub good: u32,
    /// Different contexts among the good ones.
    pub contexts: u32,
    /// Answers that were a no, at most [`crate::facts::NOS_MAX`]; they do not count.
    pub said_no: u32,
    /// Answers that were not what the output schema promises.
    pub invalid: u32,
    /// Answers that were called wrong later.
    pub wrong: u32,
    /// How many of the last uses are looked at: at most [`RECENT`].
    pub recent: u32,
    /// Those of them that are not good.
    pub recent_bad: u32,
    /// Whether a call with this very input was cut off and may have done its work.
    pub unsure: bool,
    /// The 95th percentile of the time of the good ones, in microseconds, where there are [`RECENT`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_us: Option<u32>,
    /// How the pace has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<Pace>,
    /// Good rehearsals, at most [`REHEARSALS_MAX`]; they count nowhere else.
    #[serde(default, skip_serializing_if = "is_none")]
    pub rehearsed: u32,
    /// Cases of its plugin that passed, at most [`REHEARSALS_MAX`] together with rehearsals.
    #[serde(default, skip_serializing_if = "is_none")]
    pub tested: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_none(count: &u32) -> bool {
    *count == 0
}

impl History {
    /// Whether there is any evidence that it works: a good answer in a use, a rehearsal or a case.
    #[must_use]
    pub fn is_tried(&self) -> bool {
        self.good > 0 || self.rehearsed > 0 || self.tested > 0
    }
}

/// The uses of one capability of one component. Shared by all who call it and fed when a call ends.
#[derive(Debug, Default)]
pub struct Track(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    uses: VecDeque<Use>,
    rehearsals: VecDeque<Use>,
    nos: VecDeque<Use>,
    cuts: VecDeque<Use>,
    good_in: HashMap<u32, u32>,
    counts: Counts,
    since_measured: u32,
    p95_us: Option<u32>,
    pace: Option<Pace>,
    /// When a call was let through to see, for each sort of arguments.
    probes: HashMap<u32, u64>,
}

#[derive(Debug, Default)]
struct Counts {
    good: u32,
    invalid: u32,
    wrong: u32,
    unknown: u32,
}

impl Counts {
    fn of(&mut self, came: Came) -> Option<&mut u32> {
        match came {
            Came::Ok => Some(&mut self.good),
            Came::Invalid => Some(&mut self.invalid),
            Came::Wrong => Some(&mut self.wrong),
            Came::Unknown => Some(&mut self.unknown),
            Came::Fault | Came::SaidNo | Came::Rehearsed | Came::Tested | Came::CutByCaller => None,
        }
    }
}

impl Track {
    /// With the uses that were kept, oldest first.
    #[must_use]
    pub fn of(uses: impl IntoIterator<Item = Use>) -> Self {
        let mut kept = Kept::default();
        for one in uses {
            kept.add(one);
        }
        kept.measure();
        Self(Mutex::new(kept))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a use in.
    pub fn add(&self, one: Use) {
        let mut kept = self.kept();
        kept.add(one);
        if Shelf::of(one.came) != Shelf::Uses {
            return;
        }
        kept.since_measured += 1;
        if kept.since_measured >= MEASURE_EVERY {
            kept.measure();
        }
    }

    /// Takes in how many of its plugin's cases passed, in the place of what was known of that.
    pub fn tested(&self, passed: u32, at_ms: u64) {
        let mut kept = self.kept();
        kept.rehearsals.retain(|one| one.came != Came::Tested);
        for one in Use::tested(passed, at_ms) {
            kept.add(one);
        }
    }

    /// Says of a use that it was wrong. Answers whether it is one that counts and was good.
    pub fn wrong(&self, id: u32, at_ms: u64) -> bool {
        let mut kept = self.kept();
        let place =
            kept.uses.iter().position(|one| one.id == id && one.at_ms == at_ms && one.came == Came::Ok);
        let Some(mut one) = place.and_then(|place| kept.uses.get(place).copied()) else { return false };
        kept.count_out(&one);
        one.came = Came::Wrong;
        kept.count_in(&one);
        if let Some(kept) = place.and_then(|place| kept.uses.get_mut(place)) {
            *kept = one;
        }
        true
    }

    /// The faults of one kind in which the last calls with such arguments ended. A no after them ends the row: whoever
    /// says no is not broken. One between them does not.
    #[must_use]
    pub fn streak(&self, shape: u32) -> Option<Streak> {
        let kept = self.kept();
        let mut last = kept.uses.iter().rev().filter(|one| one.shape == shape);
        let first = last.next()?;
        let kind = first.fault?;
        if kept.nos.iter().any(|no| no.shape == shape && no.at_ms >= first.at_ms) {
            return None;
        }
        let more = last.take_while(|one| one.fault == Some(kind)).count();
        Some(Streak { kind, faults: u32::try_from(more + 1).unwrap_or(u32::MAX), last_ms: first.at_ms })
    }

    /// Whether a call with such arguments may be let through to see: one within this time.
    pub fn probe(&self, shape: u32, now_ms: u64, cool_ms: u64) -> bool {
        let mut kept = self.kept();
        if kept.probes.get(&shape).is_some_and(|at| now_ms < at.saturating_add(cool_ms)) {
            return false;
        }
        // Whatever is older than that says nothing any more.
        kept.probes.retain(|_, at| now_ms < at.saturating_add(cool_ms));
        kept.probes.insert(shape, now_ms);
        true
    }

    /// All uses that are kept and answers that were a no, oldest first; rehearsals are none.
    #[must_use]
    pub fn uses(&self) -> Vec<Use> {
        let kept = self.kept();
        let mut uses: Vec<Use> = kept.uses.iter().chain(&kept.nos).copied().collect();
        uses.sort_by_key(|one| one.at_ms);
        uses
    }

    /// The numbers, for a call with this input (see [`Use::input`]) at this time.
    #[must_use]
    pub fn history(&self, input: u32, now_ms: u64) -> History {
        let mut kept = self.kept();
        kept.forget_before(now_ms.saturating_sub(USE_MS_MAX));
        kept.history(input)
    }
}

impl Kept {
    fn add(&mut self, one: Use) {
        let shelf = Shelf::of(one.came);
        let beside = match shelf {
            Shelf::Uses => {
                if self.uses.len() >= USES_MAX {
                    self.forget_first();
                }
                self.count_in(&one);
                self.uses.push_back(one);
                return;
            }
            Shelf::Trials => &mut self.rehearsals,
            Shelf::Nos => &mut self.nos,
            Shelf::Cuts => &mut self.cuts,
        };
        if beside.len() >= shelf.most() {
            beside.pop_front();
        }
        beside.push_back(one);
    }

    fn forget_before(&mut self, at_ms: u64) {
        while self.uses.front().is_some_and(|one| one.at_ms < at_ms) {
            self.forget_first();
        }
        for beside in [&mut self.rehearsals, &mut self.nos, &mut self.cuts] {
            while beside.front().is_some_and(|one| one.at_ms < at_ms) {
                beside.pop_front();
            }
        }
    }

    fn forget_first(&mut self) {
        if let Some(first) = self.uses.pop_front() {
            self.count_out(&first);
        }
    }

    fn count_in(&mut self, one: &Use) {
        if let Some(count) = self.counts.of(one.came) {
            *count += 1;
        }
        if one.came == Came::Ok {
            *self.good_in.entry(one.context).or_default() += 1;
        }
    }

    fn count_out(&mut self, one: &Use) {
        if let Some(count) = self.counts.of(one.came) {
            *count = count.saturating_sub(1);
        }
        if one.came == Came::Ok
            && let Some(count) = self.good_in.get_mut(&one.context)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.good_in.remove(&one.context);
            }
        }
    }

    fn history(&self, input: u32) -> History {
        let last = self.uses.iter().rev().take(RECENT);
        let (recent, recent_bad) =
            last.fold((0, 0), |(all, bad), one| (all + 1, bad + u32::from(one.came != Came::Ok)));
        let lost = self.counts.unknown > 0
            && self.uses.iter().any(|one| one.came == Came::Unknown && one.input == input);
        let unsure = lost || self.cuts.iter().any(|one| one.input == input);
        let Counts { good, invalid, wrong, .. } = self.counts;
        History {
            uses: u32::try_from(self.uses.len()).unwrap_or(u32::MAX),
            good,
            contexts: u32::try_from(self.good_in.len()).unwrap_or(u32::MAX),
            said_no: u32::try_from(self.nos.len()).unwrap_or(u32::MAX),
            invalid,
            wrong,
            recent,
            recent_bad,
            unsure,
            p95_us: self.p95_us,
            pace: self.pace,
            rehearsed: self.trials(Came::Rehearsed),
            tested: self.trials(Came::Tested),
        }
    }

    fn trials(&self, came: Came) -> u32 {
        let of = self.rehearsals.iter().filter(|one| one.came == came);
        u32::try_from(of.count()).unwrap_or(u32::MAX)
    }

    fn measure(&mut self) {
        self.since_measured = 0;
        let good: Vec<&Use> = self.uses.iter().filter(|one| one.came == Came::Ok).collect();
        self.p95_us = (good.len() >= RECENT).then(|| p95(good.iter().map(|one| one.wall_us)));
        let split = good.len().saturating_sub(RECENT);
        self.pace =
            good.split_at_checked(split).filter(|(before, _)| before.len() >= RECENT).map(|(before, now)| {
                Pace {
                    now_us: p95(now.iter().map(|one| one.wall_us)),
                    before_us: p95(before.iter().map(|one| one.wall_us)),
                    now_fuel: p95(now.iter().map(|one| one.fuel)),
                    before_fuel: p95(before.iter().map(|one| one.fuel)),
                }
            });
    }
}

/// The smallest value that at least 95 of 100 do not exceed (nearest rank); zero of none.
fn p95<T: Ord + Copy + Default>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    let rank = (values.len() * 95).div_ceil(100).saturating_sub(1);
    if rank >= values.len() {
        return T::default();
    }
    *values.select_nth_unstable(rank).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{CUTS_MAX, NOS_MAX, kept_uses};

    fn one(came: Came, n: u32) -> Use {
        Use {
            at_ms: u64::from(n),
            came,
            context: n % 4,
            input: n,
            id: n,
            shape: 0,
            fault: None,
            wall_us: n,
            fuel: 10,
        }
    }

    #[test]
    fn answers_count_and_a_no_does_not() {
        let track = Track::of([one(Came::Ok, 1), one(Came::Ok, 5), one(Came::Ok, 2)]);
        for (n, came) in [(7, Came::SaidNo), (8, Came::Fault), (9, Came::Invalid)] {
            track.add(one(came, n));
        }
        let expected = History {
            uses: 5,
            good: 3,
            contexts: 2,
            said_no: 1,
            invalid: 1,
            recent: 5,
            recent_bad: 2,
            ..History::default()
        };
        assert_eq!(track.history(0, 100), expected);
    }

    #[test]
    fn what_is_old_or_too_much_is_forgotten() {
        let track = Track::of((0..300).map(|n| one(if n < 150 { Came::Fault } else { Came::Ok }, n)));
        let history = track.history(0, 300);
        assert_eq!((history.uses, history.good, history.contexts), (200, 150, 4));
        assert_eq!(track.history(0, USE_MS_MAX + 290).uses, 10);
        assert_eq!(
            track.history(0, 2 * USE_MS_MAX),
            History { pace: history.pace, p95_us: history.p95_us, ..History::default() }
        );
    }

    #[test]
    fn an_answer_can_turn_out_wrong_once() {
        let track = Track::of([one(Came::Ok, 1), one(Came::Ok, 2)]);
        assert!(track.wrong(1, 1));
        assert!(!track.wrong(1, 1) && !track.wrong(2, 1) && !track.wrong(3, 3));
        let history = track.history(0, 10);
        assert_eq!((history.uses, history.good, history.wrong, history.contexts), (2, 1, 1, 1));
    }

    #[test]
    fn a_rehearsal_is_evidence_and_neither_a_use_nor_in_the_way_of_one() {
        let all: Vec<Use> = (0..USES_MAX as u32)
            .map(|n| one(if n == 0 { Came::Fault } else { Came::Ok }, n))
            .chain((500..500 + 3 * REHEARSALS_MAX as u32).map(|n| one(Came::Rehearsed, n)))
            .collect();
        let track = Track::of(all.clone());
        let history = track.history(0, 600);
        let rehearsed = REHEARSALS_MAX as u32;
        assert_eq!((history.uses, history.good, history.rehearsed), (200, 199, rehearsed));
        assert_eq!((history.recent, history.recent_bad), (20, 0));
        assert_eq!(track.history(0, USE_MS_MAX + 10_000).rehearsed, 0);
        let kept = kept_uses(&all);
        assert_eq!((kept.len(), kept[0].came, kept[200].id), (220, Came::Fault, 540));
        let only = Track::of([one(Came::Rehearsed, 1)]).history(0, 5);
        assert_eq!((only.is_tried(), only.uses), (true, 0));
        assert!(!Track::default().history(0, 5).is_tried());
    }

    #[test]
    fn what_counts_nothing_pushes_nothing_out() {
        for (came, most) in [(Came::SaidNo, NOS_MAX), (Came::CutByCaller, CUTS_MAX)] {
            let known = [one(Came::Ok, 1), one(Came::Wrong, 2), one(Came::Fault, 3)];
            let all: Vec<Use> = known.into_iter().chain((10..510).map(|n| one(came, n))).collect();
            let kept = kept_uses(&all);
            assert_eq!((kept.len(), kept[3].id), (3 + most, 510 - most as u32), "the last of them, in order");
            for track in [Track::of(all), Track::of(kept)] {
                let history = track.history(0, 600);
                assert_eq!((history.uses, history.good, history.wrong, history.recent_bad), (3, 1, 1, 2));
                assert_eq!((history.recent, history.contexts), (3, 1), "{came:?}");
                let nos = if came == Came::SaidNo { NOS_MAX as u32 } else { 0 };
                assert_eq!(history.said_no, nos);
                assert_eq!(track.history(0, 2 * USE_MS_MAX).said_no, 0);
            }
        }
    }

    #[test]
    fn only_the_same_input_makes_unsure() {
        for came in [Came::Unknown, Came::CutByCaller] {
            let track = Track::of([one(came, 7)]);
            assert!(track.history(7, 10).unsure && !track.history(8, 10).unsure);
        }
        let history = Track::of([one(Came::CutByCaller, 7)]).history(7, 10);
        assert_eq!((history.uses, history.recent_bad), (0, 0), "its caller's doing");
    }

    #[test]
    fn a_streak_is_of_one_kind_and_one_sort_of_arguments() {
        let fault = |n, shape, kind| Use { shape, fault: Some(kind), ..one(Came::Fault, n) };
        let track = Track::of([
            fault(1, 1, FaultKind::Trap),
            fault(2, 1, FaultKind::Deadline),
            fault(3, 2, FaultKind::Trap),
            fault(4, 1, FaultKind::Deadline),
        ]);
        let streak = Streak { kind: FaultKind::Deadline, faults: 2, last_ms: 4 };
        assert_eq!(track.streak(1), Some(streak));
        assert_eq!(track.streak(2).unwrap().faults, 1);
        assert_eq!(track.streak(3), None);
        // What counts nothing ends none.
        for (n, came) in [(5, Came::CutByCaller), (6, Came::Rehearsed)] {
            track.add(Use { shape: 1, ..one(came, n) });
            assert_eq!(track.streak(1), Some(streak), "{came:?}");
        }
        track.add(Use { shape: 2, ..one(Came::SaidNo, 7) });
        assert_eq!(track.streak(1), Some(streak), "a no to arguments of another sort");
        track.add(Use { shape: 1, ..one(Came::SaidNo, 7) });
        assert_eq!(track.streak(1), None, "whoever says no is not broken");
        track.add(fault(8, 1, FaultKind::Deadline));
        assert_eq!(track.streak(1).unwrap().faults, 3, "a no between them is none of them");
        track.add(Use { shape: 1, ..one(Came::Ok, 9) });
        assert_eq!(track.streak(1), None);
        assert!(track.probe(1, 100, 50) && !track.probe(1, 149, 50) && track.probe(2, 149, 50));
        assert!(track.probe(1, 150, 50));
    }

    #[test]
    fn the_pace_needs_enough_of_both() {
        let uses = |slow: u32| {
            (0..45).map(move |n| Use { wall_us: if n < 25 { 100 } else { slow }, ..one(Came::Ok, n) })
        };
        assert_eq!(Track::of(uses(900).take(39)).history(0, 99).pace, None);
        let pace = Track::of(uses(900)).history(0, 99).pace.unwrap();
        assert_eq!((pace.now_us, pace.before_us, pace.now_fuel), (900, 100, 10));
    }

    #[test]
    fn the_ninety_fifth() {
        assert_eq!(
            (p95(1..=100), p95(1..=20), p95(std::iter::once(3)), p95([0_u32; 0].into_iter())),
            (95, 19, 3, 0)
        );
    }
}
