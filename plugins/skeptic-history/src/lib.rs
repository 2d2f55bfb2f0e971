//! Doubts calls whose like went wrong lately.
use ares_sdk::Failure;
use ares_sdk::skeptic::{Brief, Recent, Review};

#[cfg(test)]
mod tests;

/// How many of the last calls of the same sort are looked at.
const LAST: usize = 5;
/// From so many that went wrong on it is held against the call.
const WRONG: usize = 2;

fn went_wrong(one: &Recent) -> bool {
    matches!(one.came.as_str(), "fault" | "invalid" | "wrong" | "unknown")
}

/// Says what past calls hold against this one: whether these very arguments went wrong last time, whether
/// calls of this sort went wrong lately, and whether an answer was called wrong.
#[ares_sdk::capability(effect = "pure")]
pub fn review(brief: Brief) -> Result<Review, Failure> {
    let mut review = Review::default();
    let changes = !matches!(brief.effect.as_str(), "pure" | "read");
    if let Some(last) = brief.recent.iter().rev().find(|one| one.same_arguments)
        && went_wrong(last)
    {
        let text = format!("these very arguments ended in `{}` {} s ago", last.came, last.seconds_ago);
        review = if changes { review.block(text) } else { review.warn(text) };
    }
    let alike: Vec<&Recent> =
        brief.recent.iter().rev().filter(|one| one.same_sort_of_arguments).take(LAST).collect();
    let wrong = alike.iter().filter(|one| went_wrong(one)).count();
    if wrong >= WRONG {
        review = review.warn(format!("{wrong} of the last {} calls of this sort went wrong", alike.len()));
    }
    if brief.history.wrong > 0 {
        let text = format!("{} of its answers were called wrong later", brief.history.wrong);
        review = review.note(text);
        review.questions.push("Is what was wrong then mended?".to_owned());
    }
    Ok(review)
}

ares_sdk::plugin!(review);
