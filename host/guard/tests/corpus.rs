//! What the rules find in ordinary text and in text that deceives: rates, printed and held to.
//!
//! In `corpus/clean` a line is a text. In `corpus/dirty` the file's name is the group that should be found, a
//! line may begin with its place (`[path] `), and what nobody would see is written `\u{…}`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected should stop right there"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ares_guard::{Finding, Group, Place, Severity, inspect};

/// At most this part of the ordinary lines may have a finding of `medium` or above.
const FALSE_MAX: f64 = 0.01;
/// At least this part of each group's lines must be found.
const HIT_MIN: f64 = 0.95;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// The files of a folder, by what they are called, with their lines.
#[expect(clippy::disallowed_methods, reason = "the crate has no dependency that names files in errors")]
fn lines(name: &str) -> BTreeMap<String, Vec<String>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder(name)).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        files.insert(name, text.split_terminator('\n').map(str::to_owned).collect());
    }
    files
}

/// The text a line stands for.
fn unescaped(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next().unwrap_or_else(|| panic!("{line}: ends in a backslash")) {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            '0' => out.push('\0'),
            '\\' => out.push('\\'),
            'u' => {
                let digits: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                out.push(char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap());
            }
            other => panic!("{line}: \\{other} means nothing"),
        }
    }
    out
}

fn placed(line: &str) -> (Place, String) {
    let named = |place: &Place| line.strip_prefix(&format!("[{}] ", place.as_str())).map(unescaped);
    let found = Place::ALL.iter().find_map(|place| Some((*place, named(place)?)));
    found.unwrap_or_else(|| (Place::Text, unescaped(line)))
}

#[test]
fn ordinary_text_is_left_alone() {
    let (mut total, mut wrong, mut noted) = (0_u32, Vec::new(), 0_u32);
    for (file, lines) in lines("corpus/clean") {
        for line in lines {
            total += 1;
            let found = inspect(&line, Place::Text);
            noted += u32::from(!found.is_empty());
            let denied = found.iter().find(|finding| finding.denies(Place::Text));
            assert!(denied.is_none(), "{file}: {line} is refused: {denied:?}");
            if let Some(finding) = found.into_iter().find(|finding| finding.severity >= Severity::Medium) {
                wrong.push((file.clone(), line, finding.rule));
            }
        }
    }
    let rate = wrong.len() as f64 / f64::from(total);
    println!(
        "ordinary lines: {total}; with a finding of medium or above: {} = {:.2} %",
        wrong.len(),
        rate * 100.0
    );
    println!(
        "ordinary lines with any finding: {noted} = {:.2} %",
        f64::from(noted) / f64::from(total) * 100.0
    );
    assert!(total >= 300, "only {total} lines");
    assert!(rate <= FALSE_MAX, "{rate}: {wrong:#?}");
}

#[test]
fn ordinary_files_have_no_grave_finding() {
    for (file, lines) in lines("corpus/clean") {
        let grave = |finding: &Finding| finding.severity >= Severity::High;
        let found: Vec<Finding> = inspect(&lines.join("\n"), Place::File).into_iter().filter(grave).collect();
        assert!(found.is_empty(), "{file}: {found:#?}");
    }
}

#[test]
fn what_deceives_is_found() {
    let mut files = lines("corpus/dirty");
    let total: usize = files.values().map(Vec::len).sum();
    println!("{:<14} {:>5} {:>5} {:>7}", "group", "lines", "found", "rate");
    let mut low = Vec::new();
    for group in Group::ALL {
        let lines = files.remove(group.as_str()).unwrap_or_else(|| panic!("no lines for {group:?}"));
        let is_found = |line: &&String| {
            let (place, text) = placed(line);
            inspect(&text, place).iter().any(|finding| finding.group == group)
        };
        let (found, missed): (Vec<&String>, Vec<&String>) = lines.iter().partition(is_found);
        let rate = found.len() as f64 / lines.len() as f64;
        println!("{:<14} {:>5} {:>5} {:>6.1}%", group.as_str(), lines.len(), found.len(), rate * 100.0);
        if !missed.is_empty() {
            println!("    missed: {missed:?}");
        }
        if rate < HIT_MIN || lines.len() < 30 {
            low.push(group);
        }
    }
    assert!(files.is_empty(), "no group is called {:?}", files.keys());
    assert!(total >= 300, "only {total} lines");
    assert!(low.is_empty(), "found too little, or too few lines, in {low:?}");
}

/// No rate is held to here: many of these lines are honest words in another place.
#[test]
fn injections_are_two_hundred_different_lines() {
    let text = include_str!("injections.txt");
    let lines: std::collections::BTreeSet<&str> = text.lines().collect();
    let found = lines.iter().filter(|line| !inspect(&unescaped(line), Place::Text).is_empty()).count();
    println!("lines of injections.txt: {}; with a finding: {found}", lines.len());
    assert_eq!(lines.len(), text.lines().count(), "a line is there twice");
    assert!(lines.len() >= 200 && found > 0, "{} lines, {found} found", lines.len());
}
