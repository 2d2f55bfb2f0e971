//! How far a call has come, as a person at a terminal sees it, and a program does not.

use serde_json::json;

use crate::harness::Installation;

const COUNT: [&str; 4] = ["invoke", "count_up", "--input", r#"{"amount": 30}"#];

#[test]
fn a_person_at_a_terminal_sees_how_far_a_call_has_come() {
    let installation = Installation::new();
    installation.register("chaos", &[]);
    let check = |shown: &str| {
        assert!(shown.contains("/30 chaos: step "), "{shown:?}");
        // A guest's own escapes stay words; those that draw are the host's.
        assert!(shown.contains("\\u{1b}[2J") && !shown.contains("\u{1b}[2J"), "{shown:?}");
        let end = shown.rfind("step").unwrap();
        assert!(shown[end..].contains("\n30") || shown[end..].contains("30\r\n"), "{shown:?}");
    };
    check(&installation.at_a_terminal(COUNT, ""));
    let _host = installation.run();
    check(&installation.at_a_terminal(COUNT, ""));
}

#[test]
fn a_program_gets_the_answer_and_nothing_else() {
    let installation = Installation::new();
    installation.register("chaos", &[]);
    let ran = installation.ares(COUNT).exits(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("30\n", ""));
    let shown = installation.at_a_terminal([&COUNT[..], &["--json"]].concat(), "");
    let outcome: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&outcome["value"], &outcome["usage"]["host_calls"]), (&json!(30), &json!(30)));
}

#[test]
fn the_scanner_says_which_file_it_is_at() {
    let installation = Installation::new();
    let place = installation.place("code");
    for file in 0..40 {
        std::fs::write(place.join(format!("{file}.txt")), "a line\n".repeat(20_000)).unwrap();
    }
    installation.register("security-scanner", &[&format!("fs:target={}", place.display())]);
    let shown = installation.at_a_terminal(["invoke", "scan_folder", "--explain"], "");
    assert!(shown.contains("security-scanner: ") && shown.contains(".txt"), "{shown:?}");
    assert!(shown.contains("40 host calls"), "{shown:?}");
}
