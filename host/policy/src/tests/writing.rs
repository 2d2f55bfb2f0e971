//! `policy allow`, `deny`, `rm` and `test`, as far as this crate does them.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::book::{TriedArguments, TryOn, Wanted};
use crate::pattern::{Callers, Pattern};

fn pattern(text: &str) -> Pattern {
    text.parse().unwrap()
}

type Done = Result<crate::book::Written, PolicyError>;

fn permit(
    rules: &Rules,
    pattern: &Pattern,
    callers: &Callers,
    until: Option<&str>,
    reason: Option<&str>,
) -> Done {
    rules.permit_standing(&Wanted { pattern, callers, until, reason }, &person())
}

fn forbid(rules: &Rules, pattern: &Pattern, callers: &Callers) -> Done {
    rules.forbid_standing(&Wanted { pattern, callers, until: None, reason: None }, &person())
}

fn tried(rules: &Rules, subject: &str) -> Result<crate::book::Tried, PolicyError> {
    let wish = TryOn {
        subject: subject.to_owned(),
        caller: agent(),
        origin: None,
        arguments: None,
        rules: None,
        from: None,
    };
    rules.try_on(&wish)
}

#[test]
fn a_standing_permit_is_written_holds_and_can_be_taken_back() {
    let place = Place::with("// mine\n@id(\"first\") @ask permit (principal, action, resource);");
    let rules = place.open();
    let (write, claude): (_, Callers) = (pattern("write"), "agent:mcp:*".parse().unwrap());
    let until = Some("2026-01-02T00:00:00Z");
    let done = permit(&rules, &write, &claude, until, Some("she knows")).unwrap();
    assert_eq!(
        done.text,
        "@id(\"allow-write-for-agent-mcp\")\n@reason(\"she knows\")\n@until(\"2026-01-02T00:00:00Z\")\n\
         permit (principal is Agent, action == Action::\"write\", resource)\nwhen { principal.name like \"mcp:*\" };"
    );
    assert!(place.read().ends_with(&format!("resource);\n\n{}\n", done.text)), "{}", place.read());
    let mode = fs_err::metadata(place.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(call("x", Effect::Write).stance(&rules), Stance::Auto);
    assert_eq!(call("x", Effect::Write).by(person()).stance(&rules), Stance::Ask);
    let again = permit(&rules, &write, &claude, until, None).unwrap();
    assert_eq!((again.id.as_str(), again.revision), ("allow-write-for-agent-mcp-2", 3));
    for id in [again.id, done.id] {
        rules.remove(&id, &person()).unwrap();
    }
    assert_eq!(call("x", Effect::Write).stance(&rules), Stance::Ask);
    assert_eq!(place.read().trim_end(), "// mine\n@id(\"first\") @ask permit (principal, action, resource);");
    let actions: Vec<_> = rules.history().unwrap().into_iter().map(|row| row.action).collect();
    assert_eq!(actions, ["edit", "allow", "allow", "remove", "remove"]);
}

#[test]
fn a_rule_for_one_caller_is_for_nobody_else_whatever_its_name_is() {
    let long = "x".repeat(300);
    for name in
        ["*", "c*", "mcp:claude", "say \"hi\"", "\\u{2a}", "\n\t\u{7}", "\u{e9}\u{436}", long.as_str()]
    {
        let place = Place::new();
        let rules = place.open();
        let asker = Caller::Agent(name.to_owned());
        let one = Callers::One(asker.clone());
        let done = permit(&rules, &pattern("write"), &one, None, None).unwrap();
        let write = || call("x", Effect::Write);
        assert_eq!(write().by(asker).stance(&rules), Stance::Auto, "{name:?}: {}", done.text);
        for other in ["", "cx", "claude", "*x", "mcp:claude2", "say", "*", "c*"] {
            if other != name {
                let stance = write().by(Caller::Agent(other.to_owned())).stance(&rules);
                assert_eq!(stance, Stance::Ask, "{name:?} and {other:?}: {}", done.text);
            }
        }
        assert_eq!(write().by(Caller::Human(name.to_owned())).stance(&rules), Stance::Ask);
    }
}

#[test]
fn a_deny_beats_an_allow() {
    let place = Place::new();
    let rules = place.open();
    let scope = pattern("net:api");
    permit(&rules, &pattern("any"), &Callers::All, None, None).unwrap();
    forbid(&rules, &scope, &Callers::All).unwrap();
    assert_eq!(call("x", Effect::Network).needing("net:api").stance(&rules), Stance::Never);
    assert_eq!(call("x", Effect::Network).needing("net:web").stance(&rules), Stance::Auto);
}

#[test]
fn nothing_is_written_that_is_over_or_not_sound_and_nothing_over_a_broken_file() {
    let place = Place::new();
    let rules = place.open();
    let lasting = |until| permit(&rules, &pattern("write"), &Callers::All, Some(until), None);
    assert!(lasting("2025-01-01T00:00:00Z").unwrap_err().to_string().contains("is over already"));
    assert!(lasting("tomorrow").unwrap_err().to_string().contains("is no time"));
    let role = "role:nobody".parse().unwrap();
    let error = forbid(&rules, &pattern("write"), &role).unwrap_err();
    assert!(error.to_string().contains("there is no role `nobody`"), "{error}");
    assert!(!place.file().exists());
    place.write("half a rule");
    let error = forbid(&rules, &pattern("write"), &Callers::All).unwrap_err();
    assert!(error.chain().contains("left as it was"), "{}", error.chain());
    assert_eq!(place.read(), "half a rule");
}

#[test]
fn only_the_operators_rules_can_be_removed() {
    let rules = Place::new().open();
    let error = rules.remove("m2-destructive-asks", &person()).unwrap_err().to_string();
    assert!(error.contains("@replaces(\"m2-destructive-asks\")"), "{error}");
    let error = rules.remove("nobody", &person()).unwrap_err().to_string();
    assert!(error.contains("has the id `nobody`"), "{error}");
}

#[test]
fn what_rules_make_of_a_class_or_a_scope_can_be_tried() {
    let rules = Place::new().open();
    let one = tried(&rules, "write").unwrap();
    assert_eq!((one.ruling.stance, one.ruling.rule.as_deref()), (Stance::Ask, Some("changes-ask")));
    assert_eq!(one.place.as_deref(), Some("shipped/default.cedar:7"));
    assert!(one.text.unwrap().starts_with("@id(\"changes-ask\")"));
    assert_eq!(tried(&rules, "net:api").unwrap().effect, Effect::Network);
    for (subject, says) in [
        ("changes", "is a group"),
        ("net:*", "is a kind of scope"),
        ("nobody", "nobody provides `nobody` now"),
        ("no/body", "no plugin `no` is registered"),
        ("no/*", "is many"),
    ] {
        let error = tried(&rules, subject).unwrap_err().to_string();
        assert!(error.contains(says), "{subject}: {error}");
    }
    let arguments =
        Some(TriedArguments { findings: vec!["delete-everything".to_owned()], ..TriedArguments::default() });
    let wish = TryOn {
        subject: "destructive".to_owned(),
        caller: person(),
        origin: Some(agent()),
        arguments,
        rules: None,
        from: None,
    };
    assert_eq!(rules.try_on(&wish).unwrap().ruling.stance, Stance::Catastrophic);
    let arguments = Some(TriedArguments { blast: 5, ..TriedArguments::default() });
    assert!(rules.try_on(&TryOn { arguments, ..wish }).is_err());
}

#[test]
fn rules_can_be_tried_before_they_are_taken() {
    let rules = Place::new().open();
    let text = "@id(\"no\") forbid (principal, action, resource);";
    let wish = TryOn {
        subject: "read".to_owned(),
        caller: agent(),
        origin: None,
        arguments: None,
        rules: Some(text.to_owned()),
        from: Some("tried.cedar".to_owned()),
    };
    let tried = rules.try_on(&wish).unwrap();
    assert_eq!((tried.ruling.stance, tried.text.as_deref()), (Stance::Never, Some(text)));
    assert_eq!(tried.place.as_deref(), Some("tried.cedar:1"));
    let broken = TryOn { rules: Some("\nhalf a rule".to_owned()), ..wish.clone() };
    let error = rules.try_on(&broken).unwrap_err().to_string();
    assert!(error.starts_with("tried.cedar:2: "), "{error}");
    let error = rules.set_from("half a rule", Some("given.cedar"), &person(), None).unwrap_err().to_string();
    assert!(error.starts_with("given.cedar:1: "), "{error}");
    let now = rules.try_on(&TryOn { rules: None, ..wish }).unwrap();
    assert_eq!(now.ruling.stance, Stance::Auto, "they were only tried");
}
