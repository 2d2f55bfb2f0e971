//! Finds every spelling of every stored value in one pass, and writes placeholders instead.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError, MatchKind};
use ares_kernel::ports::Scrubbing;
use ares_kernel::{SecretName, SecretValue};

use super::spellings;

/// One automaton for all values.
pub(crate) struct Scrubber {
    automaton: AhoCorasick,
    /// Every spelling, sorted; the numbers of the automaton's patterns are its indices.
    spellings: Vec<Spelling>,
    /// Which bytes a spelling begins with.
    begins: [bool; 256],
    longest: usize,
}

struct Spelling {
    text: String,
    placeholder: Arc<str>,
}

impl Scrubber {
    /// For these values. Where two secrets have one value, it is shown by the name that comes first.
    pub(crate) fn new<'a>(
        values: impl Iterator<Item = (&'a SecretName, &'a SecretValue)>,
    ) -> Result<Self, BuildError> {
        let mut all: BTreeMap<String, Arc<str>> = BTreeMap::new();
        for (name, value) in values {
            let placeholder: Arc<str> = name.placeholder().into();
            for text in spellings::of(value.expose()) {
                // Letters are found in either case: escapes, digits and names of headers have both.
                all.entry(text.to_ascii_lowercase()).or_insert_with(|| Arc::clone(&placeholder));
            }
        }
        let spellings: Vec<Spelling> =
            all.into_iter().map(|(text, placeholder)| Spelling { text, placeholder }).collect();
        let mut begins = [false; 256];
        for first in spellings.iter().filter_map(|spelling| spelling.text.bytes().next()) {
            for first in [first, first.to_ascii_uppercase()] {
                if let Some(begins) = begins.get_mut(usize::from(first)) {
                    *begins = true;
                }
            }
        }
        // Not the fastest kind, but the one whose size is bounded by the values' own.
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(true)
            .build(spellings.iter().map(|spelling| &spelling.text))?;
        let longest = spellings.iter().map(|spelling| spelling.text.len()).max().unwrap_or(0);
        Ok(Self { automaton, spellings, begins, longest })
    }

    /// The text without values; nothing is copied where there is none.
    pub(crate) fn scrub<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.automaton.is_match(text) {
            return Cow::Borrowed(text);
        }
        let mut clean = String::with_capacity(text.len());
        self.automaton.replace_all_with(text, &mut clean, |found, _, clean| {
            clean.push_str(self.placeholder(found.pattern().as_usize()));
            true
        });
        Cow::Owned(clean)
    }

    /// The placeholders of the values that stand in a text.
    pub(super) fn standing_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a Arc<str>> {
        let found = self.automaton.find_iter(text);
        found.filter_map(|found| Some(&self.spellings.get(found.pattern().as_usize())?.placeholder))
    }

    /// Every spelling in lower case, with its placeholder.
    pub(super) fn spellings(&self) -> impl Iterator<Item = (&str, &Arc<str>)> {
        self.spellings.iter().map(|spelling| (spelling.text.as_str(), &spelling.placeholder))
    }

    fn placeholder(&self, pattern: usize) -> &str {
        self.spellings.get(pattern).map_or("", |spelling| &spelling.placeholder)
    }

    /// Where, at or after `from`, the end of these bytes may be the beginning of a spelling.
    fn may_go_on(&self, bytes: &[u8], from: usize) -> usize {
        let first = bytes.len().saturating_sub(self.longest.saturating_sub(1)).max(from);
        let tail = bytes.get(first..).unwrap_or_default();
        let begins = |byte: u8| self.begins.get(usize::from(byte)).copied().unwrap_or(false);
        let candidates = tail.iter().enumerate().filter(|(_, byte)| begins(**byte));
        let goes_on = |at: &usize| tail.get(*at..).is_some_and(|rest| self.is_beginning(rest));
        candidates.map(|(at, _)| at).find(goes_on).map_or(bytes.len(), |at| first + at)
    }

    /// Whether some spelling begins so and is longer.
    fn is_beginning(&self, bytes: &[u8]) -> bool {
        let bytes = bytes.to_ascii_lowercase();
        let at = self.spellings.partition_point(|spelling| spelling.text.as_bytes() <= bytes.as_slice());
        self.spellings.get(at).is_some_and(|next| next.text.as_bytes().starts_with(&bytes))
    }
}

/// How much waits for what comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Window {
    /// Always as much as could be the beginning of a value.
    Fixed,
    /// Only what is the beginning of one: whoever sees the rest learns of it.
    Fitting,
}

/// See [`Scrubbing`].
pub(super) struct Stream {
    scrubber: Arc<Scrubber>,
    window: Window,
    waiting: Vec<u8>,
}

impl Stream {
    pub(super) fn new(scrubber: Arc<Scrubber>, window: Window) -> Self {
        Self { scrubber, window, waiting: Vec::new() }
    }

    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>, more: bool) {
        let scrubber = &*self.scrubber;
        let open = |from| match self.window {
            _ if !more => bytes.len(),
            Window::Fixed => bytes.len().saturating_sub(scrubber.longest.saturating_sub(1)).max(from),
            Window::Fitting => scrubber.may_go_on(bytes, from),
        };
        let (mut done, mut wait) = (0, open(0));
        for found in scrubber.automaton.find_iter(bytes) {
            // A longer spelling may begin here or before.
            if found.start() >= wait {
                break;
            }
            out.extend_from_slice(bytes.get(done..found.start()).unwrap_or_default());
            out.extend_from_slice(scrubber.placeholder(found.pattern().as_usize()).as_bytes());
            done = found.end();
            if done > wait {
                wait = open(done);
            }
        }
        out.extend_from_slice(bytes.get(done..wait).unwrap_or_default());
        self.waiting = bytes.get(wait..).unwrap_or_default().to_vec();
    }
}

impl Scrubbing for Stream {
    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        if self.waiting.is_empty() {
            return self.take(piece, out, true);
        }
        let mut bytes = std::mem::take(&mut self.waiting);
        bytes.extend_from_slice(piece);
        self.take(&bytes, out, true);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        let bytes = std::mem::take(&mut self.waiting);
        self.take(&bytes, out, false);
    }
}

/// Of values by name, for tests.
#[cfg(test)]
pub(super) fn scrubber(values: &[(&str, &str)]) -> Arc<Scrubber> {
    let values: Vec<(ares_kernel::SecretName, ares_kernel::SecretValue)> = values
        .iter()
        .map(|(name, value)| {
            (name.parse().unwrap(), ares_kernel::SecretValue::new((*value).to_owned()).unwrap())
        })
        .collect();
    Arc::new(Scrubber::new(values.iter().map(|(name, value)| (name, value))).unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streamed(scrubber: &Arc<Scrubber>, pieces: impl Iterator<Item = Vec<u8>>) -> String {
        let mut streams = [Window::Fixed, Window::Fitting]
            .map(|window| (Stream::new(Arc::clone(scrubber), window), Vec::new()));
        for piece in pieces {
            streams.iter_mut().for_each(|(stream, out)| stream.push(&piece, out));
        }
        streams.iter_mut().for_each(|(stream, out)| stream.finish(out));
        let [fixed, fitting] = streams.map(|(_, out)| String::from_utf8(out).unwrap());
        assert_eq!(fixed, fitting);
        fixed
    }

    #[test]
    fn what_waits_tells_nothing_of_a_value() {
        let scrubber = scrubber(&[("KEY", "s3cr3t-key")]);
        let shown = |sent: &str| {
            let (mut stream, mut out) = (Stream::new(Arc::clone(&scrubber), Window::Fixed), Vec::new());
            for byte in sent.bytes() {
                stream.push(&[byte], &mut out);
            }
            out.len()
        };
        let filling = ".".repeat(200);
        for (guess, wrong) in [("s", "x"), ("s3cr3t-ke", "s3cr3t-kx"), ("S3CR3T-", "S3CR3T_")] {
            assert_eq!(shown(&format!("{filling}{guess}")), shown(&format!("{filling}{wrong}")), "{guess}");
        }
    }

    #[test]
    fn values_are_named_and_nothing_else_is_touched() {
        let scrubber =
            scrubber(&[("KEY", "s3cr3t-key"), ("LONG", "s3cr3t-key-and-more"), ("SAME", "s3cr3t-key")]);
        assert_eq!(scrubber.scrub("a s3cr3t-key, s3cr3t-key-and-more"), "a {{KEY}}, {{LONG}}");
        assert_eq!(scrubber.scrub("s3cr3t-key-and"), "{{KEY}}-and");
        assert!(matches!(scrubber.scrub("é s3cr3t-ke y"), Cow::Borrowed(_)));
    }

    #[test]
    fn pieces_of_any_size_come_out_as_the_whole_does() {
        let scrubber = scrubber(&[("KEY", "aabaabaab"), ("LONG", "aabaabaabXY"), ("OTHER", "aabXaabX?")]);
        let text =
            "aabaabaabaabX aabaabaabXY aabXaabX? aabXaabX aabaabaaba aabaabaabX \u{e9} YWFiYWFiYWFi aab";
        let whole = scrubber.scrub(text).into_owned();
        assert!(
            whole.contains("{{KEY}}") && whole.contains("{{LONG}}") && whole.contains("{{OTHER}}"),
            "{whole}"
        );
        for size in 1..=text.len() {
            assert_eq!(
                streamed(&scrubber, text.as_bytes().chunks(size).map(<[u8]>::to_vec)),
                whole,
                "{size}"
            );
        }
        // Every cut in two, and pieces whose sizes follow no pattern.
        for at in 0..text.len() {
            let (left, right) = text.as_bytes().split_at(at);
            assert_eq!(streamed(&scrubber, [left.to_vec(), right.to_vec()].into_iter()), whole, "{at}");
        }
    }

    #[test]
    fn only_what_may_be_a_beginning_waits() {
        let scrubber = scrubber(&[("KEY", "s3cr3t-key")]);
        let (mut stream, mut out) = (Stream::new(scrubber, Window::Fitting), Vec::new());
        stream.push(b"nothing here. s3c", &mut out);
        assert_eq!(out, b"nothing here. ");
        stream.push(b"ond", &mut out);
        assert_eq!(out, b"nothing here. s3cond");
        stream.push(b" s3cr3t-ke", &mut out);
        assert_eq!(out, b"nothing here. s3cond ");
        stream.push(b"y!", &mut out);
        assert_eq!(out, b"nothing here. s3cond {{KEY}}!");
    }

    #[test]
    fn the_longest_values_there_may_be_are_still_searched() {
        let value = |c: char| c.to_string().repeat(ares_kernel::SECRET_VALUE_MAX);
        let scrubber = scrubber(&[("A", &value('a')), ("B", &value('/'))]);
        assert_eq!(scrubber.scrub(&format!("x{}y", value('/'))), "x{{B}}y");
    }
}
