//! Rehearsals of real guests: what they would have done is told, and the world is as it was.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ares_kernel::facts::{Access, Effect, Folder, Grants, Limits, Method, NetRule, Quota};
use ares_kernel::{FaultKind, Outcome};
use serde_json::{Value, json};

use super::house::{House, Registration, fault, may_call, may_keep, may_publish, may_reach, request};
use crate::servers::Server;

async fn rehearse(house: &House, capability: &str, input: &Value) -> Outcome {
    let mut request = request(capability, input);
    request.rehearse = true;
    house.kernel.invoke(request).await
}

/// The effects without whose they are, each in one line.
fn effects(outcome: &Outcome) -> Vec<String> {
    let shown = serde_json::to_value(outcome.rehearsal().unwrap()).unwrap();
    let word = |effect: &Value, at: &str| effect[at].as_str().unwrap_or_default().to_owned();
    let line = |effect: &Value| {
        let words = ["kind", "change", "method", "path", "key", "origin", "topic"].map(|at| word(effect, at));
        let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
        format!("{} {}", words.join(" "), effect["bytes"]).replace(" null", "")
    };
    shown["effects"].as_array().unwrap().iter().map(line).collect()
}

/// Everything below a folder: contents, and when each file was last written.
fn everything(root: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(&folder).unwrap() {
            let (path, stat) = {
                let entry = entry.unwrap();
                (entry.path(), fs_err::symlink_metadata(entry.path()).unwrap())
            };
            let bytes = if stat.is_file() { fs_err::read(&path).unwrap() } else { Vec::new() };
            if stat.is_dir() {
                folders.push(path.clone());
            }
            found.insert(path, (bytes, stat.modified().unwrap()));
        }
    }
    found
}

fn filled() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs_err::create_dir_all(folder.path().join("old/deep")).unwrap();
    for (name, text) in
        [("kept", "kept"), ("same", "wwww"), ("other", "four"), ("old/deep/a", "a"), ("gone", "g")]
    {
        fs_err::write(folder.path().join(name), text).unwrap();
    }
    std::os::unix::fs::symlink("kept", folder.path().join("link")).unwrap();
    folder
}

async fn house_on(folder: &Path, effect: Effect) -> House {
    let house = House::new();
    let grants = may_reach(folder, Access::Write);
    house.register(Registration { grants, effect: Some(effect), ..Registration::of("chaos") }).await;
    house
}

fn rooms(house: &House) -> usize {
    fs_err::read_dir(house.folder.path().join("rehearsals")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn files_are_changed_in_a_copy_and_every_difference_is_told() {
    let folder = filled();
    let before = everything(folder.path());
    let house = house_on(folder.path(), Effect::Write).await;
    let steps = json!({ "steps": [
        { "act": "read", "path": "kept" },
        { "act": "stat", "path": "link" },
        { "act": "write", "path": "new", "amount": 7 },
        { "act": "write", "path": "same", "amount": 4 },
        { "act": "write", "path": "other", "amount": 4 },
        { "act": "unlink", "path": "gone" },
        { "act": "folder", "path": "made" },
        { "act": "rename", "path": "old/deep", "to": "made/deep" },
        { "act": "list" },
        { "act": "symlink", "path": "evil", "to": "/etc" },
    ]});
    let outcome = rehearse(&house, "script", &steps).await;
    let expected = [
        "file removed gone 1",
        "folder made made",
        "folder made made/deep",
        "file made made/deep/a 1",
        "file made new 7",
        "folder removed old/deep",
        "file removed old/deep/a 1",
        "file changed other 4",
    ];
    assert_eq!(effects(&outcome), expected);
    // A guest may make no link, in a rehearsal as anywhere.
    assert_eq!(fault(&outcome).0, FaultKind::UndeclaredEffect);
    assert_eq!(everything(folder.path()), before);
    assert_eq!(rooms(&house), 0, "the copies are gone");
    let steps = json!({ "steps": [
        { "act": "read", "path": "kept" },
        { "act": "read", "path": "link" },
        { "act": "write", "path": "new", "amount": 7 },
        { "act": "stat", "path": "new" },
    ]});
    let again = rehearse(&house, "script", &steps).await;
    let answer: Value = serde_json::from_str(again.status().value().unwrap()).unwrap();
    assert_eq!(
        answer,
        json!(["kept", "kept", "7 bytes", "DescriptorType::RegularFile 7"]),
        "it sees what it wrote and all that was there"
    );
    assert_eq!(effects(&again), ["file made new 7"], "nothing is left of the first");
    assert_eq!(everything(folder.path()), before);
}

#[tokio::test]
async fn a_real_call_does_what_the_rehearsal_said() {
    let folder = filled();
    let house = house_on(folder.path(), Effect::Write).await;
    let steps = json!({ "steps": [{ "act": "write", "path": "new", "amount": 7 }] });
    let said = effects(&rehearse(&house, "script", &steps).await);
    assert!(!folder.path().join("new").exists());
    let real = house.invoke("script", &steps).await;
    assert!(real.rehearsal().is_none());
    assert_eq!(said, ["file made new 7"]);
    assert_eq!(fs_err::read(folder.path().join("new")).unwrap(), b"wwwwwww");
}

#[tokio::test]
async fn two_rehearsals_at_one_time_do_not_see_each_other() {
    let folder = filled();
    let before = everything(folder.path());
    let house = house_on(folder.path(), Effect::Write).await;
    let steps = |name: &str| {
        json!({ "steps": [
            { "act": "write", "path": name, "amount": 3 },
            { "act": "write", "path": "filler-{n}", "amount": 10, "times": 50 },
            { "act": "list" },
        ]})
    };
    let (one, other) = (steps("one"), steps("other-one"));
    let (one, other) = tokio::join!(rehearse(&house, "script", &one), rehearse(&house, "script", &other));
    for (outcome, own, foreign) in [(&one, "one 3", "other-one"), (&other, "other-one 3", "made one ")] {
        let told = effects(outcome);
        assert_eq!(told.len(), 51, "{told:?}");
        assert!(told.iter().any(|line| line.ends_with(own)), "{told:?}");
        assert!(!told.iter().any(|line| line.contains(foreign)), "{told:?}");
    }
    assert_eq!((everything(folder.path()), rooms(&house)), (before, 0));
}

#[tokio::test]
async fn too_much_to_copy_is_refused_by_name_before_the_guest_runs() {
    let folder = filled();
    let deep: PathBuf = folder.path().join("d/".repeat(70));
    for (bytes, entries, expected) in [(16, 1000, "rehearsal.mb"), (1 << 20, 5, "rehearsal.entries")] {
        let house = House::with(|options| {
            options.rehearsals.bytes = bytes;
            options.rehearsals.entries = entries;
        });
        fs_err::write(folder.path().join("more"), vec![0; 100]).unwrap();
        let grants = may_reach(folder.path(), Access::Write);
        let registration = Registration { grants, effect: Some(Effect::Write), ..Registration::of("chaos") };
        house.register(registration).await;
        let outcome = rehearse(&house, "script", &json!({ "steps": [] })).await;
        let limit = outcome.status().limit().unwrap();
        assert_eq!((fault(&outcome).0, limit.key), (FaultKind::NotStarted, expected));
        assert_eq!((outcome.usage().fuel, rooms(&house)), (0, 0));
        // A real call is not bound by it.
        assert_eq!(house.invoke("script", &json!({ "steps": [] })).await.status().as_str(), "ok");
    }
    fs_err::create_dir_all(&deep).unwrap();
    let house = house_on(folder.path(), Effect::Write).await;
    let outcome = rehearse(&house, "script", &json!({ "steps": [] })).await;
    assert_eq!(fault(&outcome).0, FaultKind::NotStarted);
    assert!(fault(&outcome).1.contains("64 deep"), "{outcome:?}");
}

#[tokio::test]
async fn what_cannot_be_copied_is_left_out_and_said() {
    let folder = filled();
    let pipe = folder.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let inner = |name: &str, host: PathBuf| {
        let quota = Quota::default();
        Folder { name: name.parse().unwrap(), host, access: Access::Write, quota }
    };
    let folders = vec![inner("target", folder.path().to_owned()), inner("inner", folder.path().join("old"))];
    let grants = Grants::new(false, std::collections::BTreeSet::new(), folders);
    let house = House::new();
    house.register(Registration { grants, effect: Some(Effect::Write), ..Registration::of("chaos") }).await;
    let steps = json!({ "steps": [{ "act": "create", "path": "b", "folder": 1 }] });
    let outcome = rehearse(&house, "script", &steps).await;
    let rehearsal = outcome.rehearsal().unwrap();
    let told: Vec<&str> = rehearsal.left_out.iter().map(|said| said.what.text.as_str()).collect();
    assert!(
        told.len() == 2 && told[0].contains("share files") && told[1].contains("target:pipe"),
        "{told:?}"
    );
    assert_eq!(effects(&outcome), ["file made b 0"]);
}

#[tokio::test]
async fn a_quota_holds_in_the_copy() {
    let folder = filled();
    let quota = Quota { bytes: 1 << 20, entries: 10 };
    let target = Folder {
        name: "target".parse().unwrap(),
        host: folder.path().to_owned(),
        access: Access::Write,
        quota,
    };
    let grants = Grants::new(false, std::collections::BTreeSet::new(), vec![target]);
    let house = House::new();
    house.register(Registration { grants, effect: Some(Effect::Write), ..Registration::of("chaos") }).await;
    let steps = json!({ "steps": [{ "act": "create", "path": "n-{n}", "times": 20 }] });
    let outcome = rehearse(&house, "script", &steps).await;
    // Eight entries were there.
    assert_eq!(effects(&outcome).len(), 2, "{:?}", outcome.status());
    assert!(outcome.usage().file_limit.is_some());
}

#[tokio::test]
async fn no_request_leaves_and_what_would_have_left_is_told_without_its_query() {
    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let origin = format!("http://{}", server.address);
    let rule = NetRule {
        name: "any".parse().unwrap(),
        origins: [origin.parse().unwrap()].into_iter().collect(),
        methods: [Method::Get, Method::Post].into(),
    };
    let house = House::new();
    let limits = Limits { deadline: std::time::Duration::from_secs(20), ..Limits::default() };
    let grants = Grants::none().with_net(vec![rule]);
    house.register(Registration { grants, limits, ..Registration::of("courier") }).await;
    let input =
        json!({ "url": server.url("/a?token=t0ps3cret"), "method": "POST", "body": "x".repeat(5000) });
    let outcome = rehearse(&house, "fetch", &input).await;
    let answer: Value = serde_json::from_str(outcome.status().value().unwrap()).unwrap();
    assert_eq!(answer["error"], "http-request-denied");
    let told = serde_json::to_value(outcome.rehearsal().unwrap()).unwrap();
    let effect = &told["effects"][0];
    assert_eq!((&effect["method"], &effect["origin"]), (&json!("POST"), &json!(origin)));
    assert!(effect["bytes"].as_u64().unwrap() > 5000, "{effect}");
    assert!(!told.to_string().contains("t0ps3cret"), "{told}");
    let usage = outcome.usage();
    assert_eq!((usage.http_requests, usage.http_sent_bytes, usage.denied), (1, 0, 0));
    // What is not granted is no effect of the capability but a try of what nobody declared.
    let elsewhere = rehearse(&house, "fetch", &json!({ "url": "http://127.0.0.1:1/?t0ps3cret" })).await;
    assert_eq!(fault(&elsewhere).0, FaultKind::UndeclaredEffect);
    assert!(!serde_json::to_string(&elsewhere).unwrap().contains("t0ps3cret"));
    house.invoke("fetch", &json!({ "url": server.url("/real") })).await;
    let requests = server.requests();
    assert!(requests.len() == 1 && requests[0].starts_with("GET /real "), "{requests:?}");
}

#[tokio::test]
async fn nothing_is_stored_and_nothing_is_published() {
    let house = House::new();
    house.register(Registration { grants: may_keep(), ..Registration::of("notes") }).await;
    house
        .register(Registration { grants: may_publish(&["herald.news"]), ..Registration::of("herald") })
        .await;
    house.memory.set("notes", "note/old", b"kept");
    let put = rehearse(&house, "put_note", &json!({ "name": "milk", "text": "two litres" })).await;
    assert_eq!(put.status().as_str(), "ok");
    assert!(effects(&put)[0].starts_with("kv set "), "{:?}", effects(&put));
    assert_eq!(house.memory.get("notes", "note/old").as_deref(), Some(b"kept".as_slice()));
    let missing = house.invoke("get_note", &json!({ "name": "milk" })).await;
    assert_eq!(missing.status().as_str(), "failed", "{missing:?}");
    assert!(house.memory.published().is_empty());
}

#[tokio::test]
async fn a_call_of_a_call_is_a_rehearsal_too() {
    let folder = filled();
    let before = everything(folder.path());
    let house = house_on(folder.path(), Effect::Write).await;
    let registration = Registration { grants: may_call(&["script"]), ..Registration::of("caller") };
    house.register(registration).await;
    let steps = json!({ "steps": [{ "act": "write", "path": "new", "amount": 7 }] });
    let outcome = rehearse(&house, "relay", &json!({ "capability": "script", "input": steps })).await;
    assert_eq!(effects(&outcome), ["file made new 7"]);
    let effect = &outcome.rehearsal().unwrap().effects[0];
    assert_eq!((effect.plugin.as_str(), effect.capability.as_str()), ("chaos", "script"));
    assert_eq!((everything(folder.path()), rooms(&house)), (before, 0));
}

#[tokio::test]
async fn a_guest_that_breaks_leaves_nothing_either() {
    let folder = filled();
    let before = everything(folder.path());
    let house = House::new();
    let limits = Limits { deadline: std::time::Duration::from_millis(300), ..Limits::default() };
    let grants = may_reach(folder.path(), Access::Write);
    let registration =
        Registration { grants, limits, effect: Some(Effect::Write), ..Registration::of("chaos") };
    house.register(registration).await;
    let outcome = rehearse(&house, "spin", &json!({})).await;
    assert_eq!(fault(&outcome).0, FaultKind::Deadline);
    assert_eq!((everything(folder.path()), rooms(&house)), (before, 0));
}

#[tokio::test]
async fn one_instance_for_all_calls_remembers_no_rehearsal() {
    let house = House::new();
    let registration = Registration { singleton: true, grants: may_keep(), ..Registration::of("counter") };
    house.register(registration).await;
    let next = async |rehearsal: bool| {
        let outcome = match rehearsal {
            true => rehearse(&house, "next", &json!({})).await,
            false => house.invoke("next", &json!({})).await,
        };
        outcome.status().value().unwrap().to_owned()
    };
    let first = next(false).await;
    assert_eq!(next(true).await, first, "an instance of its own");
    assert_eq!(next(true).await, first);
    assert_ne!(next(false).await, first);
    let refused = rehearse(&house, "kv_increment", &json!({})).await;
    assert_eq!(refused.status().code(), Some("not-rehearsable"));
}
