//! Lock files: written, read back, compared.

use super::*;

fn entry(name: &str, version: &str) -> LockEntry {
    LockEntry {
        name: name.parse().unwrap(),
        version: version.parse().unwrap(),
        component: Blake3::of(b"component"),
        manifest: Blake3::of(b"manifest"),
        schemas: schemas_hash_of([("a", "{}", "{}")].into_iter()),
        wit: "0.1".to_owned(),
    }
}

fn parse(text: &str) -> Result<Lock, LockError> {
    Lock::parse(text, Path::new("ares.lock"))
}

#[test]
fn a_lock_reads_back_whatever_the_order() {
    let one: Lock = [entry("b", "1.0.0"), entry("a", "2.0.0-rc.1+x")].into_iter().collect();
    let two: Lock = [entry("a", "2.0.0-rc.1+x"), entry("b", "1.0.0")].into_iter().collect();
    assert_eq!(one.to_text(), two.to_text());
    assert_eq!(parse(&one.to_text()), Ok(one.clone()));
    assert!(one.to_text().starts_with("# "));
    assert!(one.to_text().contains("\nversion = 1\n"));
    assert_eq!(one.entries().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(parse(&Lock::default().to_text()), Ok(Lock::default()));
}

#[test]
fn every_difference_is_named() {
    let locked: Lock =
        [entry("gone", "1.0.0"), entry("same", "1.0.0"), entry("other", "1.0.0")].into_iter().collect();
    let mut other = entry("other", "1.0.1");
    other.component = Blake3::of(b"flipped");
    other.manifest = Blake3::of(b"edited");
    other.schemas = Blake3::of(b"wider");
    other.wit = "0.2".to_owned();
    let current: Lock = [other, entry("same", "1.0.0"), entry("new", "3.0.0")].into_iter().collect();
    let shown: Vec<String> = diff(&locked, &current).iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 7);
    assert_eq!(shown[0], "gone 1.0.0: locked, but not registered");
    assert_eq!(shown[1], "new 3.0.0: registered, but not locked");
    assert_eq!(shown[2], "other: version is 1.0.1, locked is 1.0.0");
    assert_eq!(
        shown[3],
        format!("other: component is {}, locked is {}", Blake3::of(b"flipped"), Blake3::of(b"component"))
    );
    assert_eq!(shown[6], "other: wit is 0.2, locked is 0.1");
    assert!(diff(&locked, &locked).is_empty());
}

#[test]
fn what_is_wrong_has_its_line() {
    let good = [entry("a", "1.0.0")].into_iter().collect::<Lock>().to_text();
    let twice = format!("{good}{}", good.split_once("\n\n").unwrap().1);
    for (text, expected) in [
        (
            good.replace("version = 1\n", "version = 2\n"),
            "ares.lock:3:1: `version`: this host reads version 1 only",
        ),
        (good.replace("version = 1\n", ""), "`version` is missing"),
        (good.replace("wit = ", "wiz = "), "unknown key `wiz` in [plugin]; did you mean `wit`?"),
        (good.replace("wit = \"0.1\"", "wit = \"x\""), "ares.lock:11:1: `wit`: expected a track"),
        (good.replace("1.0.0", "1.0"), "ares.lock:7:1: `version`"),
        (good.replace("component = \"", "component = \"zz"), "ares.lock:8:1: `component`: `zz"),
        (good.replace("name = \"a\"", "name = \"A\""), "ares.lock:6:1: `name`: `A` is not a plugin name"),
        (twice, "`a` stands here twice"),
        ("<<<<<<< HEAD\n".to_owned(), "ares.lock:1:9: not TOML"),
        (String::new(), "`version` is missing"),
    ] {
        let error = parse(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\n  {expected}");
    }
}

#[test]
fn the_hash_of_schemas_minds_every_text_and_no_order() {
    let hash = |schemas: &[(&str, &str, &str)]| schemas_hash_of(schemas.iter().copied());
    let one = hash(&[("a", "{}", "{}"), ("b", "1", "2")]);
    assert_eq!(one, hash(&[("b", "1", "2"), ("a", "{}", "{}")]));
    for other in [
        [("a", "{}", "{}"), ("b", "12", "")],
        [("a", "{}", "{}"), ("b", "1", "3")],
        [("a{}", "", "{}"), ("b", "1", "2")],
    ] {
        assert_ne!(one, hash(&other));
    }
}
