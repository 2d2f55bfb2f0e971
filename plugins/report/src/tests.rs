//! The conclusion and the page; the calls themselves are tested through the host.
use std::collections::BTreeMap;

use crate::{Finding, Missing, Mood, Project, Security, Verdict, page, project_report, rank, verdict};

fn security(counts: &[(&str, u32)]) -> Security {
    let counts: BTreeMap<_, _> = counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    let finding =
        Finding { file: "a`b\n.sh".into(), line: 2, rule: "fork-bomb".into(), severity: "high".into() };
    Security { counts, files: 3, cut: Vec::new(), findings: vec![finding] }
}

fn mood(label: &str) -> Mood {
    Mood { label: label.into(), compound: -0.5 }
}

#[test]
fn the_worse_half_decides() {
    let cases = [
        (Some(security(&[])), Some(mood("positive")), Verdict::Good),
        (Some(security(&[("medium", 4)])), Some(mood("neutral")), Verdict::Good),
        (Some(security(&[("high", 1)])), Some(mood("positive")), Verdict::Attention),
        (Some(security(&[])), Some(mood("negative")), Verdict::Attention),
        (Some(security(&[("critical", 1)])), Some(mood("positive")), Verdict::Alarm),
        (Some(security(&[("critical", 1)])), None, Verdict::Alarm),
        (Some(security(&[])), None, Verdict::Attention),
        (None, Some(mood("positive")), Verdict::Attention),
    ];
    for (security, mood, expected) in cases {
        assert_eq!(verdict(security.as_ref(), mood.as_ref()), expected, "{security:?} {mood:?}");
    }
    assert!(rank("critical") < rank("low") && rank("low") < rank("unheard of"));
}

#[test]
fn the_page_keeps_foreign_names_in_code() {
    let missing = [Missing { capability: "x".into(), reason: "refused".into() }];
    let text = page::markdown(".", Verdict::Attention, Some(&security(&[("high", 1)])), None, &missing);
    assert_eq!(
        text,
        "# Report on `.`\n\nConclusion: **needs attention**.\n\n## Security\n\n1 findings in 3 files.\n\n\
         - high: fork-bomb at `a'b'.sh:2`\n\nMissing: `x` (`refused`).\n"
    );
}

#[test]
fn without_any_answer_there_is_no_report() {
    let failure = project_report(Project { path: ".".into(), text: "fine".into() }).unwrap_err();
    assert_eq!(failure.code, "nothing-to-report");
    assert!(failure.message.contains("scan_folder") && failure.message.contains("analyze_sentiment"));
}
