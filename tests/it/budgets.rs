//! What calls may cost: reserved before, settled after, and never more than there is, whatever runs side by
//! side and whatever dies.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{Installation, guest};
use crate::servers::Server;

/// Registers a guest with a price on one of its capabilities.
fn priced(installation: &Installation, name: &str, capability: &str, cost: &str) {
    let folder = installation.place(name);
    for entry in fs_err::read_dir(guest(name)).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            fs_err::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
    }
    let manifest = fs_err::read_to_string(folder.join("plugin.toml")).unwrap();
    let place = format!("name = \"{capability}\"\n");
    assert!(manifest.contains(&place), "{manifest}");
    let with = manifest.replace(&place, &format!("{place}cost = {cost}\n"));
    fs_err::write(folder.join("plugin.toml"), with).unwrap();
    installation.register_folder(&folder, &[]);
}

fn budget(installation: &Installation, name: &str) -> Value {
    let all = installation.ares(["budget", "list", "--json"]).exits(0).json();
    let found = all.as_array().unwrap().iter().find(|row| row["name"] == name).cloned();
    found.unwrap_or_else(|| panic!("no budget {name} in {all}"))
}

fn amounts(installation: &Installation, name: &str) -> (String, String, u64) {
    let row = budget(installation, name);
    let text = |key: &str| row[key].as_str().unwrap().to_owned();
    (text("spent"), text("reserved"), row["calls"].as_u64().unwrap())
}

fn known(spent: &str, reserved: &str, calls: u64) -> (String, String, u64) {
    (spent.to_owned(), reserved.to_owned(), calls)
}

const HI: &str = r#"{"text":"hi"}"#;

#[test]
fn what_costs_something_waits_for_a_person_until_a_budget_covers_it() {
    let installation = Installation::new();
    priced(&installation, "echo", "echo", r#"{ call = "0.40" }"#);
    let held = installation.ares(["invoke", "echo", "--input", HI, "--json"]).exits(8).json();
    let why = held["error"]["message"].as_str().unwrap();
    assert!(why.contains("it may cost 0.40, and no budget covers it"), "{why}");
    installation.ares(["approvals", "approve", held["id"].as_str().unwrap()]).exits(0);
    let paid = installation.ares(["invoke", "echo", "--input", HI, "--json"]).exits(0).json();
    let records = installation.ares(["invocations", paid["id"].as_str().unwrap(), "--json"]).exits(0).json();
    assert_eq!(records[0]["cost"], "0.40", "{records}");

    installation.ares(["budget", "set", "small", "--most", "1", "--plugin", "echo"]).exits(0);
    for _ in 0..2 {
        installation.ares(["invoke", "echo", "--input", HI]).exits(0);
    }
    let refused = installation.ares(["invoke", "echo", "--input", HI, "--json"]).exits(9).json();
    assert_eq!(refused["error"]["code"], "over-budget", "{refused}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("0.20 of 1.00"), "{refused}");
    assert_eq!(amounts(&installation, "small"), known("0.80", "0.00", 2));

    // Wider, and what was spent stays spent.
    installation.ares(["budget", "set", "small", "--most", "1.2", "--plugin", "echo"]).exits(0);
    let last = installation.ares(["invoke", "echo", "--input", HI, "--json"]).exits(0).json();
    let explained = installation.ares(["explain", last["id"].as_str().unwrap(), "--json"]).exits(0).json();
    let found = explained["judged"]["steps"][3]["findings"][0].clone();
    assert_eq!((&found["id"], &found["evidence"][0]["key"]), (&json!("E1"), &json!("small")), "{explained}");
    assert_eq!(amounts(&installation, "small"), known("1.20", "0.00", 3));
    installation.ares(["budget", "rm", "small"]).exits(0);
    installation.ares(["budget", "rm", "small"]).exits(4);
    installation.ares(["invoke", "echo", "--input", HI]).exits(8);
}

#[test]
fn side_by_side_nobody_spends_more_than_there_is() {
    let installation = Installation::new();
    priced(&installation, "echo", "echo", r#"{ call = "0.30" }"#);
    installation.register("caller", &[]);
    installation.ares(["budget", "set", "people", "--most", "1", "--caller", "human:*"]).exits(0);
    installation.ares(["budget", "set", "plugins", "--most", "0", "--caller", "plugin:*"]).exits(0);
    let host = installation.run();
    // From two processes at once, and through a plugin, whose calls are charged to whoever called it.
    let relay = json!({ "capability": "echo", "input": { "text": "hi" } }).to_string();
    let ended: Vec<i32> = std::thread::scope(|scope| {
        let call = |n: usize| {
            let (installation, relay) = (&installation, &relay);
            scope.spawn(move || match n % 3 {
                0 => installation.ares(["invoke", "relay", "--input", relay]).code,
                _ => installation.ares(["invoke", "echo", "--input", HI]).code,
            })
        };
        let running: Vec<_> = (0..12).map(call).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(ended.iter().filter(|code| **code == 0).count(), 3, "{ended:?}");
    assert_eq!(amounts(&installation, "people"), known("0.90", "0.00", 3));
    assert_eq!(amounts(&installation, "plugins"), known("0.00", "0.00", 0));
    assert_eq!(host.stop(), 0);
}

#[test]
fn what_a_killed_host_had_reserved_is_spent() {
    let installation = Installation::new();
    priced(&installation, "chaos", "sleep", r#"{ call = "0.25" }"#);
    installation.ares(["budget", "set", "all", "--most", "1", "--per", "day"]).exits(0);
    let host = installation.run();
    let mut waiting =
        installation.command(["invoke", "sleep", "--input", r#"{"amount":20000}"#]).spawn().unwrap();
    host.wait_for("the reservation", || amounts(&installation, "all") == known("0.00", "0.25", 0));
    host.signal(Signal::KILL);
    drop(host);
    waiting.wait().unwrap();
    let host = installation.run();
    host.wait_for("the settlement", || amounts(&installation, "all") == known("0.25", "0.00", 1));
    let records = installation.ares(["invocations", "--capability", "sleep", "--json"]).exits(0).json();
    assert_eq!((&records[0]["status"], &records[0]["cost"]), (&json!("lost"), &json!("0.25")), "{records}");
    assert_eq!(host.stop(), 0);
}

#[test]
fn requests_are_paid_as_they_were_sent() {
    let installation = Installation::new();
    let server =
        Server::answering("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\nhi");
    priced(&installation, "web-fetch", "fetch_page", r#"{ call = "0.01", request = "0.10" }"#);
    let grant = format!("net:pages=http://{}", server.address);
    installation.ares(["grants", "allow", "web-fetch", &grant]).exits(0);
    let input = json!({ "url": server.url("/") }).to_string();
    // As many requests as it may send must fit, not only the one it will.
    installation.ares(["budget", "set", "web", "--most", "0.50"]).exits(0);
    let refused = installation.ares(["invoke", "fetch_page", "--input", &input, "--json"]).exits(9).json();
    assert_eq!(refused["error"]["code"], "over-budget", "{refused}");
    installation.ares(["budget", "set", "web", "--most", "50"]).exits(0);
    let fetched = installation.ares(["invoke", "fetch_page", "--input", &input, "--json"]).exits(0).json();
    assert_eq!(fetched["usage"]["http_requests"], 1, "{fetched}");
    assert_eq!(amounts(&installation, "web"), known("0.11", "0.00", 1));
    // A rehearsal sends nothing, so it pays for itself alone.
    installation.ares(["rehearse", "fetch_page", "--input", &input]);
    assert_eq!(amounts(&installation, "web"), known("0.12", "0.00", 2));
}

#[test]
fn what_is_no_budget_is_said_to_be_none() {
    let installation = Installation::new();
    for (arguments, code) in [
        (&["x", "--most", "1e3"][..], "bad-amount"),
        (&["x", "--most", "-1"], "usage"),
        (&["x", "--most", "1", "--caller", "robots"], "bad-caller"),
        (&["a b", "--most", "1"], "invalid"),
        (&["x", "--most", "1", "--per", "week"], "usage"),
    ] {
        let all = ["budget", "set"].iter().chain(arguments).chain(&["--json"]);
        let said = installation.ares(all).exits(2).json();
        assert_eq!(said["error"]["code"], code, "{said}");
    }
    assert_eq!(installation.ares(["budget", "list", "--json"]).exits(0).json(), json!([]));
}
