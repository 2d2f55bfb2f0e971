//! Tests of `low`: precedence, places, nearest keys.

use super::*;

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ares.toml");
    fs_err::write(&path, text).unwrap();
    (folder, path)
}

fn error(text: &str) -> String {
    let (folder, path) = file(text);
    let error = Low::read(Some(&path), &Environment::default(), &[]).unwrap_err().to_string();
    error.replace(&format!("{}/", folder.path().display()), "")
}

fn environment(name: &str, value: &str) -> Environment {
    Environment { keys: [(name.to_owned(), value.to_owned())].into(), ..Environment::default() }
}

#[test]
fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
    let (_folder, path) = file("# c\n[limits]\nfuel = 5_000_000\n");
    let none = Environment::default();
    let env = environment("ARES_HOST_LIMITS_FUEL", "6000000");
    let flags = ["limits.fuel=7000000".to_owned()];
    assert_eq!(
        Low::read(None, &none, &[]).unwrap().get(&FUEL),
        (Written::Whole(1_000_000_000_000), Origin::Default)
    );
    let from_file = Low::read(Some(&path), &none, &[]).unwrap();
    assert_eq!(from_file.get(&FUEL), (Written::Whole(5_000_000), Origin::File(path.clone(), 3)));
    let from_env = Low::read(Some(&path), &env, &[]).unwrap();
    assert_eq!(
        from_env.get(&FUEL),
        (Written::Whole(6_000_000), Origin::Environment("ARES_HOST_LIMITS_FUEL".into()))
    );
    assert_eq!(
        Low::read(Some(&path), &env, &flags).unwrap().get(&FUEL),
        (Written::Whole(7_000_000), Origin::Flag)
    );
}

#[test]
fn an_unknown_key_is_an_error_with_its_line_and_the_nearest_key() {
    insta::assert_snapshot!(error("[limits]\n\nmemory = 5\n"), @"ares.toml:3: there is no key `limits.memory`; did you mean `limits.memory_mb`?");
    insta::assert_snapshot!(error("[jurnal]\nsync = 1\n"), @"ares.toml:2: there is no key `jurnal.sync`; did you mean `journal.sync`?");
    insta::assert_snapshot!(error("fuel = 1\n"), @"ares.toml:1: there is no key `fuel`; did you mean `limits.fuel`?");
    insta::assert_snapshot!(error("[zzzz]\n"), @"ares.toml:1: there is no key `zzzz`");
}

#[test]
fn a_value_the_key_does_not_take_is_an_error() {
    insta::assert_snapshot!(error("[journal]\nsync = \"never\"\n"), @r#"ares.toml:2: `journal.sync` takes one of "by-effect", "every-reply", not `never`"#);
    insta::assert_snapshot!(error("[limits]\nmemory_mb = 0\n"), @"ares.toml:2: `limits.memory_mb` takes a whole number from 1 to 4096, not 0");
    insta::assert_snapshot!(error("[limits]\nmemory_mb = -1\n"), @"ares.toml:2: `limits.memory_mb` takes a whole number from 1 to 4096, not this integer");
    insta::assert_snapshot!(error("[limits]\nmemory_mb = true\n"), @"ares.toml:2: `limits.memory_mb` takes a whole number from 1 to 4096, not this boolean");
    assert!(error("[limits\n").starts_with("ares.toml:1: "));
    assert!(error("[limits]\nfuel = 5000000\nfuel = 5000000\n").starts_with("ares.toml:3: "));
}

#[test]
fn environment_and_flags_are_judged_like_the_file() {
    let wrong = Low::read(None, &environment("ARES_HOST_LIMIT_FUEL", "1"), &[]).unwrap_err().to_string();
    insta::assert_snapshot!(wrong, @"the environment: there is no key `ARES_HOST_LIMIT_FUEL`; did you mean `ARES_HOST_LIMITS_FUEL`?");
    for flag in ["limits.fuel", "limits.fule=3", "limits.fuel=x"] {
        assert!(Low::read(None, &Environment::default(), &[flag.to_owned()]).is_err(), "{flag}");
    }
}

#[test]
fn the_template_is_valid_both_switched_off_and_switched_on() {
    let on: String = template()
        .lines()
        .map(|line| {
            line.strip_prefix("# ").filter(|line| line.contains(" = ")).unwrap_or(line).to_owned() + "\n"
        })
        .collect();
    for (text, from_file) in [(template(), false), (on, true)] {
        let (_folder, path) = file(&text);
        let low = Low::read(Some(&path), &Environment::default(), &[]).unwrap();
        for key in KEYS {
            let (value, origin) = low.get(key);
            assert_eq!(value, key.initial(), "{}", key.name);
            assert_eq!(matches!(origin, Origin::File(..)), from_file, "{}", key.name);
        }
    }
}

#[test]
fn plugins_have_tables_of_their_own() {
    let (_folder, path) = file("[plugins.notes]\npages = 5\n\n[plugins.\"not registered\"]\nx = [1]\n");
    let low = Low::read(Some(&path), &Environment::default(), &[]).unwrap();
    let names: Vec<(&str, String)> = low
        .plugins()
        .names()
        .map(|(name, place)| (name, place.rsplit('/').next().unwrap().to_owned()))
        .collect();
    assert_eq!(names, [("not registered", "ares.toml:4".to_owned()), ("notes", "ares.toml:1".to_owned())]);
    insta::assert_snapshot!(error("[plugins]\nnotes = 5\n"), @"ares.toml:2: `plugins.notes` takes a table of values, `[plugins.NAME]`");
    insta::assert_snapshot!(error("plugins = 5\n"), @"ares.toml:1: `plugins` takes tables, `[plugins.NAME]`, not this integer");
}

#[test]
fn roles_have_tables_of_their_own() {
    let (_folder, path) = file("[roles.reviewer]\ncallers = [\"agent:mcp:*\"]\n");
    let low = Low::read(Some(&path), &Environment::default(), &[]).unwrap();
    assert_ne!(low.roles(), &Roles::default());
    insta::assert_snapshot!(error("[roles]\nreviewer = 5\n"), @r#"ares.toml:2: `roles.reviewer` takes a table, `[roles.reviewer]` with `callers = ["agent:mcp:*", "human:NAME"]`: kind and name of callers, with `*` for any text in the name"#);
    insta::assert_snapshot!(error("roles = 5\n"), @"ares.toml:1: `roles` takes tables, `[roles.NAME]`, not this integer");
}
