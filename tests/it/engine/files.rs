//! What a guest reaches of the machine's files, and what it does not.

use std::path::Path;
use std::time::Duration;

use ares_kernel::facts::{Access, Effect, Grants, Limits};
use serde_json::{Value, json};

use super::house::{House, Registration, may_reach};

async fn loot(grants: Grants, effect: Effect) -> Value {
    let house = House::new();
    let limits = Limits { deadline: Duration::from_secs(20), ..Limits::default() };
    let registration = Registration { grants, limits, effect: Some(effect), ..Registration::of("chaos") };
    house.register(registration).await;
    house.answer("read_outside", &json!({})).await
}

fn readable(loot: &Value) -> Vec<&str> {
    let paths = loot["paths"].as_object().unwrap();
    paths
        .iter()
        .filter(|(_, got)| got.as_str().unwrap().starts_with("read"))
        .map(|(path, _)| path.as_str())
        .collect()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("a"), "a").unwrap();
    folder
}

fn fifo(path: &Path) {
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
}

#[tokio::test]
async fn without_a_grant_there_is_nothing() {
    let loot = loot(Grants::none(), Effect::Pure).await;
    assert_eq!(readable(&loot), Vec::<&str>::new(), "{loot}");
    assert_eq!((&loot["variables"], &loot["arguments"]), (&json!([]), &json!([])));
    assert!(loot["written"].as_str().unwrap().starts_with("error"), "{loot}");
}

#[tokio::test]
async fn a_folder_is_all_there_is() {
    let folder = folder();
    let loot = loot(may_reach(folder.path(), Access::Write), Effect::Write).await;
    assert_eq!(readable(&loot), ["/target"], "{loot}");
    assert_eq!(loot["written"], "written");
    assert_eq!(fs_err::read_to_string(folder.path().join("chaos")).unwrap(), "x");
}

#[tokio::test]
async fn who_only_reads_cannot_write_whatever_was_granted() {
    for (access, effect) in [(Access::Write, Effect::Read), (Access::Read, Effect::Write)] {
        let folder = folder();
        let loot = loot(may_reach(folder.path(), access), effect).await;
        assert_eq!(readable(&loot), ["/target"], "{loot}");
        assert!(loot["written"].as_str().unwrap().starts_with("error"), "{loot}");
        assert!(!folder.path().join("chaos").exists());
    }
}

#[tokio::test]
async fn a_named_pipe_is_refused_and_holds_no_thread() {
    let folder = folder();
    fifo(&folder.path().join("chaos"));
    // Were the pipe opened, a thread would wait for its other end, and the runtime at the end of
    // this test for that thread.
    let loot = loot(may_reach(folder.path(), Access::Write), Effect::Write).await;
    for refused in [&loot["paths"]["/target/chaos"], &loot["written"]] {
        assert!(refused.as_str().unwrap().starts_with("error"), "{loot}");
    }
}

#[tokio::test]
async fn a_link_out_of_the_folder_leads_nowhere() {
    let (folder, outside) = (folder(), tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink(outside.path().join("chaos"), folder.path().join("chaos")).unwrap();
    for there in [false, true] {
        if there {
            fs_err::write(outside.path().join("chaos"), "not yours").unwrap();
        }
        let loot = loot(may_reach(folder.path(), Access::Write), Effect::Write).await;
        for refused in [&loot["paths"]["/target/chaos"], &loot["written"]] {
            assert!(refused.as_str().unwrap().starts_with("error"), "{loot}");
        }
        assert_eq!(fs_err::read_dir(outside.path()).unwrap().count(), usize::from(there));
    }
    assert_eq!(fs_err::read_to_string(outside.path().join("chaos")).unwrap(), "not yours");
}

#[tokio::test]
async fn a_folder_that_is_gone_is_named() {
    let gone = tempfile::tempdir().unwrap().path().to_owned();
    let house = House::new();
    let grants = may_reach(&gone, Access::Read);
    house.register(Registration { grants, effect: Some(Effect::Read), ..Registration::of("chaos") }).await;
    let (kind, message) = super::house::fault(&house.invoke("read_outside", &json!({})).await);
    assert_eq!(kind, ares_kernel::FaultKind::NotStarted);
    assert!(message.contains("`target`") && !message.contains(gone.to_str().unwrap()), "{message}");
}
