//! Applies the rules to one text, line by line.
use std::{cell::OnceCell, ops::Range};

use aho_corasick::AhoCorasick;
use ares_sdk::{Failure, OrFail};
use regex_lite::Regex;

use crate::{Finding, mask, rules, rules::Rule, unicode};

/// The rules, ready to run. A pattern is compiled when its keyword is seen for the first time:
/// most scans need few of them.
pub(crate) struct Scanner {
    keywords: AhoCorasick,
    /// The rule of each keyword.
    owners: Vec<usize>,
    patterns: Vec<(&'static Rule, OnceCell<Option<Regex>>)>,
}

impl Scanner {
    pub(crate) fn new() -> Result<Self, Failure> {
        let patterns: Vec<_> = rules::all().map(|rule| (rule, OnceCell::new())).collect();
        let mut owners = Vec::new();
        let mut words: Vec<&str> = Vec::new();
        for (index, (rule, _)) in patterns.iter().enumerate() {
            words.extend(rule.keywords);
            owners.extend(rule.keywords.iter().map(|_| index));
        }
        let keywords = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(words)
            .or_fail("internal", "the rules' keywords")?;
        Ok(Self { keywords, owners, patterns })
    }

    /// Adds what the rules find in a text.
    pub(crate) fn scan(&self, file: &str, text: &str, findings: &mut Vec<Finding>) {
        for (number, line) in (1..).zip(text.lines()) {
            let mut hits = self.patterns_in(file, line);
            hits.extend(unicode::hits(line, number == 1));
            if hits.is_empty() {
                continue;
            }
            // Every excerpt of the line hides every secret of the line, whichever rule it is for.
            let secrets: Vec<_> = hits.iter().filter(|hit| hit.secret).map(|hit| hit.place.clone()).collect();
            findings.extend(hits.into_iter().map(|hit| Finding {
                file: file.to_owned(),
                line: number,
                rule: hit.rule.to_owned(),
                severity: hit.severity,
                message: hit.message,
                excerpt: mask::excerpt(line, &hit.place, &secrets),
            }));
        }
    }

    fn patterns_in(&self, file: &str, line: &str) -> Vec<Hit> {
        let mut hits: Vec<Hit> = Vec::new();
        for index in self.candidates(line) {
            let Some((rule, pattern)) = self.patterns.get(index) else { continue };
            if !rule.files.is_empty() && !rule.files.iter().any(|end| file.ends_with(end)) {
                continue;
            }
            // The tests compile every pattern, so a bad one never gets this far.
            let Some(pattern) = pattern.get_or_init(|| Regex::new(rule.pattern).ok()) else { continue };
            hits.extend(found(rule, pattern, line));
        }
        // A general rule has nothing to add where a specific one has named the secret.
        let named: Vec<_> =
            hits.iter().filter(|hit| hit.secret && !hit.general).map(|hit| hit.place.clone()).collect();
        hits.retain(|hit| !hit.general || !named.iter().any(|place| overlap(place, &hit.place)));
        hits
    }

    /// Rules whose keyword is in the line, each once, in the rules' order.
    fn candidates(&self, line: &str) -> Vec<usize> {
        let hits = self.keywords.find_overlapping_iter(line);
        let mut rules: Vec<_> =
            hits.filter_map(|hit| self.owners.get(hit.pattern().as_usize()).copied()).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }
}

/// One place in a line where a rule fired.
pub(crate) struct Hit {
    pub(crate) rule: &'static str,
    pub(crate) severity: crate::Severity,
    pub(crate) message: String,
    pub(crate) place: Range<usize>,
    pub(crate) secret: bool,
    pub(crate) general: bool,
}

/// The places where a rule's pattern matches and its value test agrees. Group 1, where there is
/// one, is the place.
fn found(rule: &'static Rule, pattern: &Regex, line: &str) -> Vec<Hit> {
    let places = pattern.captures_iter(line).filter_map(|groups| groups.get(1).or_else(|| groups.get(0)));
    let kept = places.filter(|place| rule.value.is_none_or(|agrees| agrees(place.as_str())));
    kept.map(|place| Hit {
        rule: rule.id,
        severity: rule.severity,
        message: rule.message.to_owned(),
        place: place.range(),
        secret: rule.secret,
        general: rule.general,
    })
    .collect()
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}
