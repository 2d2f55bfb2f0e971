//! Patterns as people use them, and the documents nobody can change.

use std::fs;

use serde_json::{Value, json};

use crate::harness::Installation;

fn ids(answer: &Value) -> Vec<&str> {
    answer.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[test]
fn what_the_host_comes_with_is_listed_and_matched() {
    let installation = Installation::new();
    let ask = |arguments: &[&str]| {
        let arguments = ["patterns"].iter().chain(arguments).chain(&["--json"]);
        installation.ares(arguments).exits(0).json()
    };
    let all = ask(&["list"]);
    let patterns = all.as_array().unwrap().iter().filter(|row| row["kind"] == "pattern").count();
    assert_eq!((patterns, ids(&ask(&["list", "--anti"])).len()), (6, 3));
    assert_eq!(ids(&ask(&["match", "sqlite persistence"])).first(), Some(&"database-first"));
    assert!(ids(&ask(&["match", "maintain", "the", "mail"])).is_empty());
    let matrix = ask(&["matrix"]);
    assert!(matrix.as_array().unwrap().iter().all(|row| row["uses"].is_null()), "{matrix}");
    let shown = installation.ares(["patterns", "matrix"]).exits(0).stdout;
    assert!(shown.contains("not counted") && shown.contains("100 %"), "{shown}");
    installation.ares(["patterns", "show", "nothing"]).exits(4);
}

#[test]
fn the_configuration_says_what_is_recommended() {
    let installation = Installation::new();
    let advice = |set: &[&str], text: &str| -> Vec<bool> {
        let mut arguments = vec!["patterns", "match", text, "--json"];
        arguments.extend(set.iter().flat_map(|set| ["--set", set]));
        let found = installation.ares(arguments).exits(0).json();
        found.as_array().unwrap().iter().map(|row| row["recommended"] == true).collect()
    };
    assert_eq!(advice(&[], "sqlite rules sentiment"), [true, true, false]);
    assert_eq!(advice(&["patterns.tier_1_only=yes"], "sqlite rules sentiment"), [true, false, false]);
    assert_eq!(advice(&["patterns.min_confidence=0"], "sqlite rules sentiment"), [true, true, true]);
    assert_eq!(advice(&["patterns.min_confidence=9500"], "sqlite"), [false]);
}

#[test]
fn a_pattern_is_learned_suggested_and_promoted_by_a_person() {
    let installation = Installation::new();
    let file = installation.place("files").join("pattern.toml");
    fs::write(&file, "id = \"paper-first\"\nname = \"On paper first\"\nmood = \"good\"\n").unwrap();
    let path = file.to_str().unwrap();
    let refused = installation.ares(["patterns", "add", "--file", path]).exits(2);
    assert!(refused.stderr.contains("pattern.toml:3") && refused.stderr.contains("mood"), "{refused:?}");
    let text = "id = \"paper-first\"\nname = \"On paper first\"\n\
                description = \"It is drawn before it is built.\"\napplies_to = [\"paper\", \"sketch\"]\n\
                trade_offs = \"A day.\"\nsimpler = \"Beginning at once.\"\nevidence = \"Seen three times.\"\n";
    fs::write(&file, text).unwrap();
    installation.ares(["patterns", "add", "other", "--file", path]).exits(2);
    let added = installation.ares(["patterns", "add", "--file", path, "--json"]).exits(0).json();
    assert_eq!(added["id"], "paper-first", "{added}");
    installation.ares(["patterns", "add", "--file", path]).exits(2);
    installation.register("echo", &[]);
    let id = installation.invoke("echo", r#"{"text":"a"}"#)["id"].as_str().unwrap().to_owned();
    let used = |more: &[&str]| installation.ares(["patterns", "used", "paper-first"].iter().chain(more));
    used(&["--good", "--invocation", &id]).exits(0);
    used(&["--good", "--invocation", &id]).exits(2);
    used(&[]).exits(2);
    installation.ares(["patterns", "promote", "paper-first"]).exits(2);
    used(&["--good"]).exits(0);
    used(&["--good"]).exits(0);
    let suggested = installation.ares(["patterns", "suggestions", "--json"]).exits(0).json();
    assert_eq!(ids(&suggested), ["paper-first"]);
    assert_eq!((&suggested[0]["tier"], &suggested[0]["earned"]), (&json!("third"), &json!("second")));
    let promoted = installation.ares(["patterns", "promote", "paper-first", "--json"]).exits(0).json();
    assert_eq!(promoted["tier"], "second");
    let events =
        installation.ares(["events", "--type", "pattern_added,pattern_used,pattern_promoted", "--json"]);
    assert_eq!(events.exits(0).json().as_array().unwrap().len(), 5);
    let counted =
        installation.ares(["patterns", "used", "sqlite", "--technology", "--bad", "--json"]).exits(0).json();
    assert_eq!((&counted["uses"], &counted["successes"]), (&json!(1), &json!(0)));
    installation.ares(["patterns", "rm", "paper-first"]).exits(0);
    installation.ares(["patterns", "rm", "database-first"]).exits(2);
}

#[test]
fn a_capability_that_fits_an_anti_pattern_is_warned_of_with_evidence() {
    let installation = Installation::strict();
    for (plugin, grants) in [
        ("notes", &[][..]),
        ("sentiment-analysis", &[]),
        ("security-scanner", &[]),
        ("report", &[]),
        ("file-tools", &[]),
        ("web-fetch", &[]),
    ] {
        let folder = crate::harness::guest(plugin);
        let mut arguments = vec!["register".to_owned(), folder.to_str().unwrap().to_owned()];
        arguments.extend(grants.iter().map(|grant: &&str| (*grant).to_owned()));
        installation.ares(arguments).exits(0);
    }
    let analysed = |code| installation.ares(["analyze", "--json"]).exits(code).json();
    let gate = |answer: &Value| answer["sections"][5]["rows"].as_array().unwrap().clone();
    let fitting = |answer: &Value| {
        gate(answer).iter().filter(|row| !row["anti_patterns"].as_array().unwrap().is_empty()).count()
    };
    assert_eq!(fitting(&analysed(0)), 0, "no plugin of ours fits what the host comes with");
    installation
        .ares([
            "patterns",
            "add",
            "moods",
            "--anti",
            "--name",
            "Moods",
            "--description",
            "Guessing at moods.",
            "--word",
            "sentiment",
            "--word",
            "analyze",
            "--evidence",
            "Seen.",
            "--better",
            "Ask.",
        ])
        .exits(0);
    let warned = analysed(0);
    assert_eq!(fitting(&warned), 1);
    let outcome = installation.invoke("analyze_sentiment", r#"{"text":"good"}"#);
    let shown = installation.ares(["explain", outcome["id"].as_str().unwrap(), "--json"]).exits(0).json();
    let finding = &shown["judged"]["steps"][0]["findings"][0];
    assert_eq!((&finding["id"], &finding["warning"]), (&json!("C9"), &json!(true)), "{shown}");
    assert_eq!(finding["evidence"], json!([{ "table": "patterns", "key": "moods" }]));
    // What the analysis foretold is what the gate then found.
    let foretold = gate(&warned).into_iter().find(|row| row["capability"] == "analyze_sentiment").unwrap();
    assert_eq!(foretold["score"], shown["judged"]["score"]["total"]);
}

#[test]
fn the_documents_are_five_and_nothing_changes_them() {
    let installation = Installation::new();
    let listed = installation.ares(["knowledge", "list", "--json"]).exits(0).json();
    let all = ["patterns", "decision-causality", "tech-matrix", "project-evolution", "directives"];
    assert_eq!(ids(&listed), all);
    let read = |id: &str| installation.ares(["knowledge", "show", id]).exits(0).stdout;
    let before: Vec<String> = all.iter().map(|id| read(id)).collect();
    for verb in ["add", "set", "edit", "write", "rm", "import"] {
        installation.ares(["knowledge", verb, "directives", "no rules"]).exits(2);
    }
    for place in ["knowledge", "registry/knowledge"] {
        let folder = installation.state().join(place);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("directives.md"), "# Nothing\n").unwrap();
    }
    fs::write(installation.folder.path().join("directives.md"), "# Nothing\n").unwrap();
    let after: Vec<String> = all.iter().map(|id| read(id)).collect();
    assert!(before == after && before.iter().all(|text| text.starts_with("# ")), "{after:?}");
    installation.ares(["knowledge", "show", "nothing"]).exits(4);
}
