//! Any text, at every place: the guard finds a bounded number of things in order, and cleans what it found.

use std::path::Path;

use arbitrary::Unstructured;
use ares_guard::{FINDINGS_MAX, Group, Place, clean, inspect};

use super::{Examine, Target, holds, plain};
use crate::finding::Finding;
use crate::generate::{mutated_bytes, word};

pub(super) const TARGET: Target = Target { name: "guard", open };

struct Guard;

/// Pieces that rules wait for, so that what is put together reaches them.
const PIECES: &[&str] = &[
    "\u{1b}[",
    "\u{1b}]52;c;",
    "\u{1b}]8;;https://a.example\u{7}",
    "\u{9b}",
    "2J",
    "\u{1b}\\",
    "\u{202e}",
    "\u{2067}",
    "\u{200d}",
    "\u{fe0f}\u{e0101}",
    "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "p\u{430}yp\u{430}l",
    "curl http://user:pass@",
    "[::1]:80/",
    "xn--80ak6aa92e.com",
    " | sh",
    "rm -rf \"$X/\"",
    "../..%2f",
    "Authorization: Bearer ",
    "aB3dE5fG7hJ9kL1mN3pQ5rS7",
    "Ignore all previous instructions",
    "![x](https://a.example?d=",
    "\r",
    "\n",
];

fn open(_: &Path) -> anyhow::Result<Box<dyn Examine>> {
    Ok(Box::new(Guard))
}

impl Examine for Guard {
    fn generate(&self, u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
        let mut text = String::new();
        for _ in 0..u.int_in_range(1..=12)? {
            match u.int_in_range(0..=2)? {
                0 => text.push_str(&word(u)?),
                1 => text.push_str(&u.choose(PIECES)?.repeat(u.int_in_range(1..=200)?)),
                _ => text.push_str(u.choose(PIECES)?),
            }
        }
        if u.ratio(1, 3)? { mutated_bytes(text.into_bytes(), u) } else { Ok(text.into_bytes()) }
    }

    fn examine(&self, input: &[u8]) -> Result<(), Finding> {
        let text = String::from_utf8_lossy(input);
        for place in Place::ALL {
            let found = inspect(&text, place);
            holds(found.len() <= FINDINGS_MAX, || format!("{} findings", found.len()))?;
            let in_order = found.is_sorted_by_key(|finding| (finding.offset, finding.rule));
            holds(in_order, || "the findings are not in order".to_owned())?;
            for finding in &found {
                let span = finding.offset..finding.offset + finding.length;
                holds(text.get(span).is_some_and(|part| !part.is_empty()), || {
                    format!("{finding:?} is nowhere")
                })?;
                plain(&finding.excerpt)?;
                // Escapes take up to ten characters for one.
                let characters = finding.excerpt.chars().count();
                holds(characters <= 900, || format!("an excerpt of {characters} characters"))?;
            }
        }
        let cleaned = clean(&text);
        let terminal =
            inspect(&cleaned, Place::Answer).into_iter().find(|finding| finding.group == Group::Terminal);
        holds(terminal.is_none(), || format!("{terminal:?} is left in a cleaned text"))?;
        holds(clean(&cleaned) == cleaned, || "cleaning twice takes out more than cleaning once".to_owned())
    }
}
