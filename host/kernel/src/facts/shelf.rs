//! How much is kept of the record of a capability, and what apart from what.

use super::{Came, Use};

/// How many uses count at most.
pub const USES_MAX: usize = 200;
/// How many rehearsals and passed cases are kept beside them: they push no use out.
pub const REHEARSALS_MAX: usize = 20;
/// How many answers that were a no are kept beside them: they push no use out either.
pub const NOS_MAX: usize = 20;
/// How many calls are kept beside them that their callers cut off and that may have done their work.
pub const CUTS_MAX: usize = 100;

/// Where one is kept. What counts as no use has a place of its own: whoever calls for a no again and again,
/// or with too little time, pushes no use out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shelf {
    Uses,
    Trials,
    Nos,
    Cuts,
}

impl Shelf {
    /// Where this one is.
    pub(super) fn of(came: Came) -> Self {
        match came {
            Came::Ok | Came::Fault | Came::Invalid | Came::Unknown | Came::Wrong => Self::Uses,
            Came::Rehearsed | Came::Tested => Self::Trials,
            Came::SaidNo => Self::Nos,
            Came::CutByCaller => Self::Cuts,
        }
    }

    /// How many it holds.
    pub(super) fn most(self) -> usize {
        match self {
            Self::Uses => USES_MAX,
            Self::Trials => REHEARSALS_MAX,
            Self::Nos => NOS_MAX,
            Self::Cuts => CUTS_MAX,
        }
    }
}

/// Of uses, oldest first, those that are kept.
#[must_use]
pub fn kept_uses(uses: &[Use]) -> Vec<Use> {
    let (mut used, mut trials, mut nos, mut cuts) = (0, 0, 0, 0);
    let mut kept: Vec<Use> = uses
        .iter()
        .rev()
        .filter(|one| {
            let shelf = Shelf::of(one.came);
            let taken = match shelf {
                Shelf::Uses => &mut used,
                Shelf::Trials => &mut trials,
                Shelf::Nos => &mut nos,
                Shelf::Cuts => &mut cuts,
            };
            *taken += 1;
            *taken <= shelf.most()
        })
        .copied()
        .collect();
    kept.reverse();
    kept
}
