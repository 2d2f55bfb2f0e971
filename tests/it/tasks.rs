//! Planned tasks: what was not planned waits for a person, and everything after it too.

use serde_json::{Value, json};

use crate::harness::Installation;

fn call(installation: &Installation, capability: &str, task: &str) -> (i32, Value) {
    let input = if capability == "echo" { r#"{"text":"a"}"# } else { "{}" };
    let ran = installation.ares(["invoke", capability, "--input", input, "--task", task, "--json"]);
    (ran.code, ran.json())
}

#[test]
fn what_was_not_planned_pauses_the_task_until_a_person_has_looked() {
    let installation = Installation::new();
    for plugin in ["echo", "notes"] {
        installation.register(plugin, &[]);
    }
    let plan = ["tasks", "plan", "trip", "--capability", "echo", "--minutes", "5", "--json"];
    assert_eq!(installation.ares(plan).exits(0).json()["state"], "running");
    let host = installation.run();
    assert_eq!(call(&installation, "echo", "trip").0, 0);
    let (code, held) = call(&installation, "list_notes", "trip");
    assert_eq!((code, &held["error"]["code"]), (8, &json!("escalate")), "{held}");
    assert!(
        held["error"]["message"].as_str().unwrap().contains("is not in the plan of task `trip`"),
        "{held}"
    );
    host.wait_for("the pause", || call(&installation, "echo", "trip").0 == 8);
    let (_, paused) = call(&installation, "echo", "trip");
    assert!(paused["error"]["message"].as_str().unwrap().contains("is paused"), "{paused}");
    let explained = installation.ares(["explain", paused["id"].as_str().unwrap(), "--json"]).exits(0).json();
    let found = explained["judged"]["steps"][0]["findings"].as_array().unwrap();
    assert!(found.iter().any(|one| one["id"] == "C10" && one["evidence"][0]["key"] == "trip"), "{explained}");
    // Other tasks, and calls without one, go on.
    assert_eq!(
        (
            call(&installation, "echo", "other").0,
            installation.invoke("echo", r#"{"text":"a"}"#)["status"].clone()
        ),
        (0, json!("ok"))
    );
    // One of them may run once; the task stays paused.
    installation.ares(["approvals", "approve", held["id"].as_str().unwrap()]).exits(0);
    assert_eq!(
        (call(&installation, "list_notes", "trip").0, call(&installation, "list_notes", "trip").0),
        (0, 8)
    );
    let listed = installation.ares(["tasks", "list", "--json"]).exits(0).json();
    assert_eq!(listed[0]["state"], "paused", "{listed}");
    installation.ares(["tasks", "resume", "trip"]).exits(0);
    host.wait_for("the task", || call(&installation, "echo", "trip").0 == 0);
    // Under a yes the same call pauses nothing anew.
    let (_, held) = call(&installation, "list_notes", "trip");
    installation.ares(["approvals", "approve", held["id"].as_str().unwrap()]).exits(0);
    installation.ares(["tasks", "resume", "trip"]).exits(0);
    host.wait_for("the task", || call(&installation, "echo", "trip").0 == 0);
    assert_eq!(call(&installation, "list_notes", "trip").0, 0);
    let listed = installation.ares(["tasks", "list", "--json"]).exits(0).json();
    assert_eq!(listed[0]["state"], "running", "{listed}");
    installation.ares(["tasks", "end", "trip"]).exits(0);
    host.wait_for("no plan", || call(&installation, "list_notes", "trip").0 == 0);
    installation.ares(["tasks", "resume", "trip"]).exits(4);
    assert_eq!(host.stop(), 0);
    let told = installation.ares(["events", "--json"]).exits(0).json();
    let kinds: Vec<&str> =
        told.as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
    for kind in ["task_planned", "task_paused", "task_resumed", "task_ended"] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
}
