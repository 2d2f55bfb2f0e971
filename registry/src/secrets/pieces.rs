//! Hides what is left of values in texts that quote them and were cut.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use ares_kernel::ports::{PIECE_MAX, Pieces};

use super::scrubber::Scrubber;

/// The shortest piece that is looked for, in bytes. Every longer one is made of such.
const PIECE: usize = PIECE_MAX + 1;

/// See [`Pieces`].
pub(super) struct PiecesOf {
    scrubber: Arc<Scrubber>,
    /// The placeholders of the values that are looked for.
    of: BTreeSet<Arc<str>>,
}

impl PiecesOf {
    /// Of the values that stand in these texts, in full; nothing where there is none.
    pub(super) fn standing_in(scrubber: &Arc<Scrubber>, said: &[&str]) -> Option<Self> {
        let of: BTreeSet<Arc<str>> =
            said.iter().flat_map(|text| scrubber.standing_in(text)).map(Arc::clone).collect();
        (!of.is_empty()).then(|| Self { scrubber: Arc::clone(scrubber), of })
    }

    /// For each byte of a text in lower case the placeholder of the value it is of.
    fn marked(&self, lower: &[u8]) -> Vec<Option<&Arc<str>>> {
        // The text is short and values may be long: it is the text's pieces that are kept at hand.
        let mut places: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for (at, piece) in lower.windows(PIECE).enumerate() {
            places.entry(piece).or_default().push(at);
        }
        let mut marked = vec![None; lower.len()];
        let spellings = self.scrubber.spellings().filter(|(_, placeholder)| self.of.contains(*placeholder));
        for (text, placeholder) in spellings {
            for at in text.as_bytes().windows(PIECE).filter_map(|piece| places.remove(piece)).flatten() {
                marked.iter_mut().skip(at).take(PIECE).for_each(|byte| *byte = Some(placeholder));
            }
        }
        marked
    }
}

impl Pieces for PiecesOf {
    fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let marked = self.marked(&text.as_bytes().to_ascii_lowercase());
        if marked.iter().all(Option::is_none) {
            return Cow::Borrowed(text);
        }
        let mut clean = String::with_capacity(text.len());
        let mut inside = false;
        // Values and their spellings are ASCII, so what is marked are whole characters.
        for (c, mark) in text.char_indices().map(|(at, c)| (c, marked.get(at).copied().flatten())) {
            match mark {
                None => clean.push(c),
                Some(placeholder) if !inside => clean.push_str(placeholder),
                Some(_) => {}
            }
            inside = mark.is_some();
        }
        Cow::Owned(clean)
    }
}

#[cfg(test)]
mod tests {
    use ares_kernel::text::{escaped, quoted};

    use super::*;
    use crate::secrets::scrubber::scrubber;

    /// The longest run of the value that a text shows, in whatever case.
    fn shown(text: &str, value: &str) -> usize {
        let (text, value) = (text.to_ascii_lowercase(), value.to_ascii_lowercase());
        let stands =
            |length: &usize| (0..=value.len() - length).any(|at| text.contains(&value[at..at + length]));
        (1..=value.len()).rev().find(stands).unwrap_or(0)
    }

    #[test]
    fn only_a_value_that_stands_there_in_full_is_looked_for() {
        let scrubber = scrubber(&[("KEY", "s3cr3t-key"), ("OTHER", "0ther-v4lue")]);
        assert!(PiecesOf::standing_in(&scrubber, &["s3cr3t-ke", "0ther-v4lu"]).is_none());
        let pieces = PiecesOf::standing_in(&scrubber, &["a", "{\"x\": \"S3CR3T-KEY\"}"]).unwrap();
        assert_eq!(pieces.hide("`s3cr3t-k… (1 more byte)`, 0ther-v"), "`{{KEY}}… (1 more byte)`, 0ther-v");
        assert_eq!(pieces.hide("3t-key, s3cr, r3t-k\u{e9}"), "{{KEY}}, s3cr, {{KEY}}\u{e9}");
        assert!(matches!(pieces.hide("s3cr 3t-k \u{e9}\u{e9}\u{e9}"), Cow::Borrowed(_)));
        let encoded = PiecesOf::standing_in(&scrubber, &["czNjcjN0LWtleQ=="]).unwrap();
        assert_eq!(encoded.hide("`czNjcjN0…`"), "`{{KEY}}…`");
    }

    /// Numbers that look random, the same in every run: xorshift64 (Marsaglia, 2003).
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % end as u64) as usize
        }

        /// So many characters, visible ASCII and sometimes another.
        fn text(&mut self, length: usize, others: &str) -> String {
            let visible: Vec<char> = ('!'..='~').chain(others.chars()).collect();
            (0..length).map(|_| visible[self.below(visible.len())]).collect()
        }
    }

    #[test]
    fn no_cut_leaves_more_of_a_value_than_a_few_characters() {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for _ in 0..500 {
            let length = 8 + random.below(50);
            let value = random.text(length, "```\"\\");
            let (before, after) = (random.below(80), random.below(40));
            let before = random.text(before, "\u{e9}\u{200b}\n` ");
            let said = format!("{before}{value}{}", random.text(after, "\u{e9}\u{200b}\n` "));
            let pieces = PiecesOf::standing_in(&scrubber(&[("NAME", &value)]), &[&said]).unwrap();
            // Cut in front, cut at the end, quoted, as JSON.
            let rest: String = said.chars().skip(random.below(90)).collect();
            let (max, json) = (random.below(150), serde_json::Value::from(rest.as_str()).to_string());
            for text in [quoted(&rest, max), escaped(&rest, max), quoted(&json, max), escaped(&json, max)] {
                let clean = pieces.hide(&text).replace("{{NAME}}", "\n");
                assert!(shown(&clean, &value) <= PIECE_MAX, "{clean} of {value}");
            }
        }
    }
}
