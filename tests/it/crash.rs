//! What survives a host that is killed in the middle of its work.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::Installation;

const WRITES: usize = 100;

/// Writes notes over one connection until the host is gone; gives the ones it acknowledged.
fn write_until_killed(socket: &std::path::Path, kill_at: usize, kill: impl FnOnce()) -> BTreeSet<String> {
    let stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let greeting: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert!(greeting["host"].is_string(), "{greeting}");
    let mut stream = stream;
    let mut acknowledged = BTreeSet::new();
    let mut kill = Some(kill);
    for n in 0..WRITES {
        let name = format!("note-{n:03}");
        let input = json!({"name": name, "text": format!("text of {name}")}).to_string();
        let frame = json!({
            "id": n, "caller": {"kind": "human", "name": "writer"},
            "operation": {"operation": "invoke", "capability": "put_note", "plugin": null, "input": input, "deadline_ms": null, "task": null},
        });
        if writeln!(stream, "{frame}").is_err() {
            break;
        }
        if n == kill_at {
            // The request is on its way; whatever the host was doing with it ends here.
            kill.take().unwrap()();
        }
        match lines.next() {
            Some(Ok(line)) => {
                let reply: Value = serde_json::from_str(&line).unwrap();
                assert_eq!(reply["ok"]["status"], "ok", "{reply}");
                acknowledged.insert(name);
            }
            _ => break,
        }
    }
    acknowledged
}

#[test]
fn no_acknowledged_write_is_lost_by_kill_9() {
    let installation = Installation::new();
    installation.register("notes", &[]);
    for kill_at in [3, 41, 97] {
        let host = installation.run();
        let acknowledged = write_until_killed(&installation.state().join("host.sock"), kill_at, || {
            host.signal(Signal::KILL)
        });
        assert!(acknowledged.len() >= kill_at, "{} of {kill_at}", acknowledged.len());
        drop(host);
        for name in &acknowledged {
            let outcome = installation.invoke("get_note", &json!({"name": name}).to_string());
            assert_eq!(outcome["value"]["text"], format!("text of {name}"), "{outcome}");
        }
        let records = installation
            .ares(["invocations", "--capability", "put_note", "--limit", "1000", "--json"])
            .exits(0)
            .json();
        let open = records.as_array().unwrap().iter().filter(|row| row["status"] == "running").count();
        assert_eq!(open, 0, "a call whose host died is closed as lost");
        installation.ares(["registry", "check"]).exits(0);
    }
}

#[test]
fn pure_calls_are_on_record_after_kill_9() {
    let installation = Installation::new();
    installation.register("sentiment-analysis", &[]);
    let host = installation.run();
    let mut ids = BTreeSet::new();
    for n in 0..20 {
        let outcome =
            installation.invoke("analyze_sentiment", &json!({"text": format!("good {n}")}).to_string());
        assert_eq!(outcome["status"], "ok", "{outcome}");
        ids.insert(outcome["id"].as_str().unwrap().to_owned());
    }
    host.signal(Signal::KILL);
    drop(host);
    let records = installation.ares(["invocations", "--limit", "1000", "--json"]).exits(0).json();
    let kept: BTreeSet<_> =
        records.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert!(ids.is_subset(&kept), "lost: {:?}", ids.difference(&kept));
}
