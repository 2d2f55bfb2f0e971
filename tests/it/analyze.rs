//! The analysis of a whole installation, over the real binary.

use std::fs;

use serde_json::{Value, json};

use crate::harness::Installation;

fn section<'a>(answer: &'a Value, name: &str) -> &'a Value {
    answer["sections"].as_array().unwrap().iter().find(|section| section["name"] == name).unwrap()
}

fn found(answer: &Value) -> Vec<(&str, &str, &str)> {
    let rows = section(answer, "findings")["rows"].as_array().unwrap();
    let text = |row: &'_ Value, at: &str| -> String { row[at].as_str().unwrap().to_owned() };
    for row in rows {
        assert!(!row["evidence"].as_array().unwrap().is_empty(), "{row}");
        assert!(!text(row, "counter_evidence").is_empty() && !text(row, "action").is_empty(), "{row}");
        let advice = match row["level"].as_str().unwrap() {
            "HIGH" => "do",
            "MEDIUM" => "prototype",
            _ => "research",
        };
        assert_eq!(row["recommendation"], advice, "{row}");
    }
    rows.iter()
        .map(|row| {
            (row["level"].as_str().unwrap(), row["id"].as_str().unwrap(), row["about"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn seven_sections_say_what_is_there_and_what_came_of_it() {
    let installation = Installation::new();
    let project = installation.place("project");
    fs::write(project.join("a.txt"), "nothing special\n").unwrap();
    installation.register("sentiment-analysis", &[]);
    installation.register("security-scanner", &[&format!("fs:target={}", project.display())]);
    installation.register("report", &[]);
    for n in 0..3 {
        installation.invoke("analyze_sentiment", &json!({ "text": n.to_string() }).to_string());
    }
    installation.invoke("project_report", r#"{"text":"good"}"#);
    installation.invoke("nothing", "{}");
    let answer = installation.ares(["analyze", "--json"]).exits(0).json();
    let names: Vec<&Value> = answer["sections"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    let all = ["installation", "shared", "history", "graph", "performance", "gate", "findings"];
    assert_eq!(names, all);
    assert_eq!(section(&answer, "installation")["summary"]["plugins"], 3);
    let links = section(&answer, "graph")["rows"].as_array().unwrap();
    let link = links.iter().find(|link| link["capability"] == "analyze_sentiment").unwrap();
    assert_eq!(
        (&link["from"], &link["to"], &link["granted"]),
        (&json!("report"), &json!(["sentiment-analysis"]), &json!(true))
    );
    assert_eq!(link["calls"], 1);
    let costs = section(&answer, "performance")["rows"].as_array().unwrap();
    let cost = costs.iter().find(|row| row["capability"] == "analyze_sentiment").unwrap();
    assert!(
        cost["calls"].as_u64().unwrap() >= 3 && cost["p99_us"].as_u64() >= cost["p50_us"].as_u64(),
        "{cost}"
    );
    assert_eq!(section(&answer, "history")["summary"]["decisions_without_plugin"], 1);
    assert!(found(&answer).contains(&("LOW", "single-point", "sentiment-analysis")));
    let shown = installation.ares(["analyze"]).exits(0).stdout;
    for number in 1..=7 {
        assert!(shown.contains(&format!("\n{number}. ")), "{shown}");
    }
    let short = installation.ares(["analyze", "--findings"]).exits(0).stdout;
    let alone = installation.ares(["analyze", "--findings", "--json"]).exits(0).json();
    assert_eq!(
        (alone["sections"].as_array().unwrap().len(), &alone["sections"][0]["name"]),
        (1, &json!("findings"))
    );
    assert!(short.len() < shown.len() && short.contains("evidence: grants report:call:"), "{short}");
}

#[test]
fn what_is_surely_wrong_ends_with_one() {
    let installation = Installation::new();
    installation.register("sentiment-analysis", &[]);
    installation.register("report", &[]);
    installation.ares(["analyze"]).exits(0);
    installation.ares(["disable", "sentiment-analysis"]).exits(0);
    let answer = installation.ares(["analyze", "--json"]).exits(1).json();
    assert!(found(&answer).contains(&("HIGH", "disabled-but-needed", "report")), "{answer}");
    installation.ares(["enable", "sentiment-analysis"]).exits(0);
    installation.ares(["lockout", "on", "--reason", "a fire"]).exits(0);
    let answer = installation.ares(["analyze", "--json"]).exits(1).json();
    assert_eq!(found(&answer).first(), Some(&("HIGH", "lockout", "host")));
    installation.ares(["lockout", "off", "--note", "it was a drill"]).exits(0);
    let components = installation.state().join("components");
    let copy = fs::read_dir(components).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&copy).unwrap();
    bytes[100] ^= 1;
    fs::remove_file(&copy).unwrap();
    fs::write(&copy, bytes).unwrap();
    let answer = installation.ares(["analyze", "--json"]).exits(1).json();
    assert!(found(&answer).iter().any(|row| (row.0, row.1) == ("HIGH", "integrity")), "{answer}");
}

#[test]
fn rules_that_permit_nothing_are_found_and_nothing_runs_meanwhile() {
    let installation = Installation::strict();
    installation.register("echo", &[]);
    installation.ares(["policy", "deny", "any"]).exits(0);
    let answer = installation.ares(["analyze", "--json"]).exits(1).json();
    assert_eq!(found(&answer).first(), Some(&("HIGH", "rules-deny-all", "host")), "{answer}");
    assert_eq!(section(&answer, "gate")["summary"]["guests_run"], 0);
    let journal = installation.ares(["invocations", "--json"]).exits(0).json();
    assert_eq!(journal, json!([]), "an analysis is no call");
}
