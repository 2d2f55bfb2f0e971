//! The excerpt of a finding: secrets masked, invisible characters spelt out, short.
use std::{fmt::Write, ops::Range};

use crate::unicode;

const MAX_CHARS: usize = 160;
/// How much of the line before the place is shown.
const LEAD: usize = 60;
/// How much of a secret stays readable, so that its owner can tell which one it is.
const SHOWN: usize = 4;

/// The part of the line around `place`, with every range of `secrets` masked.
pub(crate) fn excerpt(line: &str, place: &Range<usize>, secrets: &[Range<usize>]) -> String {
    let mut text = String::new();
    let before = line.get(..place.start).unwrap_or_default();
    let start = before.char_indices().rev().nth(LEAD).map_or(0, |(at, _)| at);
    if start > 0 {
        text.push('…');
    }
    let mut shown = 0;
    for (at, letter) in line.char_indices().skip_while(|(at, _)| *at < start) {
        if text.is_empty() && letter.is_whitespace() {
            continue;
        }
        if shown >= MAX_CHARS {
            text.push('…');
            break;
        }
        match secrets.iter().find(|secret| secret.contains(&at)) {
            // A fixed number of stars: the length of a secret is nobody's business either.
            Some(secret) if is_first_hidden(line, secret, at) => text.push_str("****"),
            Some(secret) if is_hidden(line, secret, at) => continue,
            _ => push_visible(&mut text, letter),
        }
        shown += 1;
    }
    text.truncate(text.trim_end().len());
    text
}

/// The first characters of a long secret are its kind, for instance `ghp_`; a short one is
/// hidden whole.
fn readable(line: &str, secret: &Range<usize>) -> usize {
    let length = line.get(secret.clone()).map_or(0, |text| text.chars().count());
    if length >= 4 * SHOWN { SHOWN } else { 0 }
}

fn position(line: &str, secret: &Range<usize>, at: usize) -> usize {
    line.get(secret.start..at).map_or(0, |text| text.chars().count())
}

fn is_first_hidden(line: &str, secret: &Range<usize>, at: usize) -> bool {
    position(line, secret, at) == readable(line, secret)
}

fn is_hidden(line: &str, secret: &Range<usize>, at: usize) -> bool {
    position(line, secret, at) > readable(line, secret)
}

fn push_visible(text: &mut String, letter: char) {
    if unicode::is_unseen(letter) || (letter.is_control() && letter != '\t') {
        // Writing to a string cannot fail.
        let _ = write!(text, "<U+{:04X}>", u32::from(letter));
    } else {
        text.push(letter);
    }
}
