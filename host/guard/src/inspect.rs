//! The one way in: which rules look at a text, and what they find.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use regex::Regex;

use crate::excerpt;
use crate::finding::Finding;
use crate::place::{Group, Place};
use crate::rule::{Look, Rule};
use crate::rules::RULES;
use crate::subject::{Spans, Subject};
use crate::traits::Traits;
use crate::words::{self, Chosen};

/// The most findings in one text. Of more than that, those that deny and then the gravest are kept.
pub const FINDINGS_MAX: usize = 100;

/// The patterns, compiled when one is first needed. A test compiles all of them; one that could not be
/// compiled would never match.
static PATTERNS: LazyLock<Vec<OnceLock<Option<Regex>>>> =
    LazyLock::new(|| RULES.iter().map(|_| OnceLock::new()).collect());

/// What stands in the text that should not: at most 100 findings, in order of their offset, then of the
/// rule's id. Takes time linear in the length of the text: a rule goes over it once, and once more at most for
/// each of the first 100 things it finds.
#[must_use]
pub fn inspect(text: &str, place: Place) -> Vec<Finding> {
    let traits = Traits::of(text);
    let chosen = words::chosen(text, place);
    // Most texts end here, and nothing was allocated for them.
    if traits.is_empty() && chosen.is_empty() && !place.is_name() {
        return Vec::new();
    }
    let found = found(&Subject { text, place }, traits, &chosen);
    if found.is_empty() { Vec::new() } else { findings(text, place, found) }
}

/// Compiles everything there is to compile, for those who would rather wait when they start than at a call.
pub fn prepare() {
    for place in Place::ALL {
        words::chosen("", place);
    }
    for (index, rule) in RULES.iter().enumerate() {
        pattern(index, rule);
    }
}

/// A rule and where it found something.
type Found = (&'static Rule, Range<usize>);

fn found(subject: &Subject<'_>, traits: Traits, chosen: &Chosen) -> Vec<Found> {
    let mut found = Vec::new();
    for (index, rule) in RULES.iter().copied().enumerate() {
        if !rule.looks_at(subject.place) {
            continue;
        }
        let mut spans = Spans::default();
        match rule.detector {
            Look::Pattern { .. } | Look::Checked { .. } if chosen.has(index) => {
                matches(index, rule, subject.text, &mut spans);
            }
            Look::Address { find } if chosen.has(index) || subject.place == Place::Host => {
                find(subject, &mut spans);
            }
            Look::Characters { having, find } if traits.has(having) => find(subject, &mut spans),
            Look::Name { find } if subject.place.is_name() => find(subject, &mut spans),
            _ => continue,
        }
        found.extend(spans.into_inner().into_iter().map(|span| (rule, span)));
    }
    found
}

fn pattern(index: usize, rule: &Rule) -> Option<&'static Regex> {
    let pattern = rule.detector.pattern()?;
    PATTERNS.get(index)?.get_or_init(|| Regex::new(&in_ascii(pattern)).ok()).as_ref()
}

/// The pattern with `\b`, `\w`, `\d`, `\s` and their opposites meaning what they mean in ASCII. What is looked for
/// is written in it; the Unicode classes would take ten times as long to compile, and the Unicode boundary
/// keeps the regex engine from its fastest way through other scripts.
fn in_ascii(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() * 2);
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        let escaped = if c == '\\' { rest.next() } else { None };
        match escaped {
            Some('b') => out.push_str(r"(?-u:\b)"),
            Some('w') => out.push_str("[0-9A-Za-z_]"),
            Some('d') => out.push_str("[0-9]"),
            Some('s') => out.push_str(r"[\t-\r ]"),
            Some('S') => out.push_str(r"[^\t-\r ]"),
            Some(other) => out.extend([c, other]),
            None => out.push(c),
        }
    }
    out
}

fn matches(index: usize, rule: &Rule, text: &str, spans: &mut Spans) {
    let Some(regex) = pattern(index, rule) else { return };
    let grouped = regex.captures_len() > 1;
    let mut at = 0;
    while spans.has_room() {
        let whole = if grouped {
            let Some(groups) = regex.captures_at(text, at) else { return };
            let Some(whole) = groups.get(0) else { return };
            let inner = groups.get(1).unwrap_or(whole);
            note(rule, text, inner.range(), spans);
            whole.range()
        } else {
            let Some(whole) = regex.find_at(text, at) else { return };
            note(rule, text, whole.range(), spans);
            whole.range()
        };
        // No pattern matches nothing, which a test makes sure of; this ends the loop even so.
        if whole.end <= at {
            return;
        }
        at = whole.end;
    }
}

fn note(rule: &Rule, text: &str, span: Range<usize>, spans: &mut Spans) {
    if rule.detector.confirms(text, &span) {
        spans.push(span);
    }
}

fn findings(text: &str, place: Place, mut found: Vec<Found>) -> Vec<Finding> {
    let mut secrets: Vec<Range<usize>> =
        found.iter().filter(|(rule, _)| rule.group == Group::Secret).map(|(_, span)| span.clone()).collect();
    secrets.sort_by_key(|span| (span.start, span.end));
    if found.len() > FINDINGS_MAX {
        found.sort_by_key(|(rule, span)| {
            (std::cmp::Reverse((rule.denies(place), rule.severity_at(place))), span.start)
        });
        found.truncate(FINDINGS_MAX);
    }
    found.sort_by_key(|(rule, span)| (span.start, rule.id));
    once(&mut found);
    let finding = |(rule, span): Found| Finding {
        rule: rule.id,
        group: rule.group,
        severity: rule.severity_at(place),
        offset: span.start,
        length: span.end - span.start,
        excerpt: excerpt::of(text, &span, &secrets),
    };
    found.into_iter().map(finding).collect()
}

/// One order to a model is one finding, whatever number of rules know it: of those of one group that stand in
/// one another, the first stays.
fn once(found: &mut Vec<Found>) {
    let mut kept: Option<Range<usize>> = None;
    found.retain(|(rule, span)| {
        if rule.group != Group::Injection {
            return true;
        }
        if kept.as_ref().is_some_and(|kept| kept.start <= span.start && span.end <= kept.end) {
            return false;
        }
        kept = Some(span.clone());
        true
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles_and_matches_something_only() {
        for (index, rule) in RULES.iter().enumerate() {
            if rule.detector.pattern().is_some() {
                let regex = pattern(index, rule).unwrap_or_else(|| panic!("{} does not compile", rule.id));
                assert!(!regex.is_match(""), "{} matches nothing", rule.id);
            }
        }
    }

    #[test]
    fn classes_mean_what_they_mean_in_ascii() {
        let written = in_ascii(r"\bx\w[^\s]\d\\s\S\.");
        assert_eq!(written, r"(?-u:\b)x[0-9A-Za-z_][^[\t-\r ]][0-9]\\s[^\t-\r ]\.");
    }

    #[test]
    fn a_plain_text_has_no_finding() {
        assert_eq!(inspect("Two litres of milk, please.\n", Place::Text), []);
    }

    #[test]
    fn findings_are_in_order_and_bounded() {
        let text = "\u{200b}a\u{202e}".repeat(500);
        let found = inspect(&text, Place::Text);
        assert_eq!(found.len(), FINDINGS_MAX);
        assert!(found.is_sorted_by_key(|finding| (finding.offset, finding.rule)));
    }

    #[test]
    fn what_denies_is_not_crowded_out() {
        let text = format!("{}\u{202e}", "a\u{200b}".repeat(500));
        assert!(inspect(&text, Place::Text).iter().any(|finding| finding.denies(Place::Text)));
    }
}
