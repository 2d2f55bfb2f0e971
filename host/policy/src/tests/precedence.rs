//! Which of several rules that match decides, and which rules are not taken.

use super::*;
use crate::language::Language;
use crate::read;
use crate::rule::Layer;

const PERMIT: &str = "@id(\"permit\") permit (principal, action, resource);\n";
const FORBID: &str = "@id(\"forbid\") forbid (principal, action, resource);\n";
const ASK: &str = "@id(\"ask\") @ask forbid (principal, action, resource);\n";
const ASK_PERMIT: &str = "@id(\"ask-permit\") @ask permit (principal, action, resource);\n";
const CATASTROPHIC: &str =
    "@id(\"worst\") @catastrophic(\"security-breach\") forbid (principal, action, resource);\n";

#[test]
fn the_strongest_rule_that_matches_decides() {
    for (file, effect, stance, rule) in [
        ("", Effect::Pure, Stance::Auto, "inside-runs"),
        ("", Effect::Read, Stance::Auto, "inside-runs"),
        ("", Effect::Write, Stance::Ask, "changes-ask"),
        ("", Effect::Network, Stance::Ask, "changes-ask"),
        ("", Effect::Message, Stance::Ask, "m1-outgoing-asks"),
        ("", Effect::Destructive, Stance::Ask, "m2-destructive-asks"),
        // A standing permit beats the asking that is shipped, but not a mandate.
        (PERMIT, Effect::Write, Stance::Auto, "permit"),
        (PERMIT, Effect::Destructive, Stance::Ask, "m2-destructive-asks"),
        (&[PERMIT, ASK].concat(), Effect::Write, Stance::Ask, "ask"),
        (&[PERMIT, ASK, FORBID].concat(), Effect::Write, Stance::Never, "forbid"),
        (&[PERMIT, ASK, FORBID, CATASTROPHIC].concat(), Effect::Write, Stance::Catastrophic, "worst"),
        (ASK_PERMIT, Effect::Pure, Stance::Auto, "inside-runs"),
        // The operator's own is named before a shipped one that says the same.
        (ASK_PERMIT, Effect::Write, Stance::Ask, "ask-permit"),
        (FORBID, Effect::Pure, Stance::Never, "forbid"),
    ] {
        let rules = Place::with(file).open();
        assert_eq!(rules.problem(), None);
        let decided = call("add_note", effect).decided(&rules);
        assert_eq!(decided, (stance, rule.to_owned()), "{effect} with {file}");
    }
}

#[test]
fn what_no_rule_speaks_of_is_refused() {
    let nothing_runs = "@id(\"only-reading\") @replaces(\"inside-runs\")
        permit (principal, action == Action::\"read\", resource);";
    let ruling = call("add_note", Effect::Pure).ruling(&Place::with(nothing_runs).open());
    assert_eq!((ruling.stance, ruling.rule), (Stance::Never, None));
    assert_eq!(ruling.reason, "no rule permits it; an operator can: `ares-host policy allow`");
}

#[test]
fn a_rule_can_tell_callers_origins_plugins_and_scopes() {
    let file = r#"
        @id("agents") forbid (principal, action == Action::"write", resource) when { context.origin.kind == "agent" };
        @id("scope") forbid (principal, action, resource) when { resource.needs.contains("net:api") };
        @id("network") @ask forbid (principal, action, resource) when { resource.needs.contains("net:*") };
        @id("one") forbid (principal == Agent::"mcp:claude", action, resource == Capability::"notes/secret");
        @id("mcp") forbid (principal is Agent, action == Action::"network", resource) when { principal.name like "mcp:*" };
    "#;
    let rules = Place::with(file).open();
    assert_eq!(rules.problem(), None);
    let rule = |call: Call| call.decided(&rules).1;
    assert_eq!(rule(call("x", Effect::Write)), "agents");
    assert_eq!(rule(call("x", Effect::Write).through("courier")), "agents");
    assert_eq!(rule(call("x", Effect::Write).by(person())), "changes-ask");
    assert_eq!(rule(call("x", Effect::Read).needing("net:api")), "scope");
    assert_eq!(rule(call("x", Effect::Read).needing("net:other")), "network");
    assert_eq!(rule(call("x", Effect::Read).needing("kv")), "inside-runs");
    assert_eq!(rule(call("secret", Effect::Read)), "one");
    assert_eq!(rule(call("secret", Effect::Read).by(person())), "inside-runs");
    assert_eq!(rule(call("x", Effect::Network)), "mcp");
}

#[test]
fn callers_are_in_roles() {
    let text = "[reviewer]\ncallers = [\"agent:mcp:*\"]\n";
    let table = toml::de::DeTable::parse(text).unwrap();
    let mut place = Place::with(
        "@id(\"reviewers\") forbid (principal in Role::\"reviewer\", action in Action::\"changes\", resource);",
    );
    place.roles = Roles::read(table.get_ref(), |_| String::new()).unwrap();
    let rules = place.open();
    assert_eq!(rules.problem(), None);
    assert_eq!(call("x", Effect::Write).stance(&rules), Stance::Never);
    assert_eq!(call("x", Effect::Write).by(person()).stance(&rules), Stance::Ask);
    let other = call("x", Effect::Write).by(Caller::Agent("other".to_owned()));
    assert_eq!(other.stance(&rules), Stance::Ask);
}

#[test]
fn a_rule_that_cannot_be_evaluated_is_counted_against_the_call() {
    // The one thing that strict types do not rule out is a number that grows too large.
    let overflow = "when { context has arguments && context.arguments.blast * 9223372036854775807 > 0 };";
    let forbid = format!("@id(\"broken\") @reason(\"why\") forbid (principal, action, resource) {overflow}");
    let rules = Place::with(&forbid).open();
    assert_eq!(call("x", Effect::Read).saying(1, &[]).stance(&rules), Stance::Never);
    let ruling = call("x", Effect::Read).saying(2, &[]).ruling(&rules);
    assert_eq!(ruling.stance, Stance::Never);
    assert!(
        ruling.reason.starts_with("why; the rule could not be evaluated, so it counts: "),
        "{}",
        ruling.reason
    );
    let permit = format!("@id(\"broken\") permit (principal, action, resource) {overflow}");
    let rules = Place::with(&permit).open();
    assert_eq!(call("x", Effect::Write).saying(1, &[]).stance(&rules), Stance::Auto);
    assert_eq!(call("x", Effect::Write).saying(2, &[]).stance(&rules), Stance::Ask);
}

#[test]
fn what_is_wrong_with_a_rule_is_told_with_its_line() {
    let at_two = |rule: &str| wrong(&format!("// first\n{rule}"));
    for (rule, says) in [
        ("permit (principal, action, resource)", "policy.cedar:"),
        ("permit (principal, action, resource);", "every rule needs an id"),
        ("@id(\"Not An Id\") permit (principal, action, resource);", "every rule needs an id"),
        ("@id(\"a\") @colour(\"red\") permit (principal, action, resource);", "there is no `@colour`"),
        ("@id(\"a\") @ask(\"yes\") permit (principal, action, resource);", "@ask takes nothing"),
        (
            "@id(\"a\") @catastrophic(\"noise\") forbid (principal, action, resource);",
            "`noise` is no category",
        ),
        (
            "@id(\"a\") @catastrophic(\"security-breach\") permit (principal, action, resource);",
            "goes with `forbid`",
        ),
        (
            "@id(\"a\") @ask @catastrophic(\"security-breach\") forbid (principal, action, resource);",
            "is asked of nobody",
        ),
        (
            "@id(\"a\") @until(\"2027-01-01T00:00:00Z\") forbid (principal, action, resource);",
            "@until goes with `permit`",
        ),
        ("@id(\"a\") @until(\"soon\") permit (principal, action, resource);", "`soon` is no time"),
        ("@id(\"inside-runs\") permit (principal, action, resource);", "is the id of a shipped rule"),
        (
            "@id(\"a\") @replaces(\"b\") permit (principal, action, resource);",
            "`b`, which is no shipped rule",
        ),
        ("@id(\"a\") permit (principal in Role::\"x\", action, resource);", "there is no role `x`"),
        ("@id(\"a\") permit (principal == ?principal, action, resource);", "slot"),
        ("@id(\"a\") permit (principal, action == Action::\"fly\", resource);", "fly"),
        ("@id(\"a\") permit (principal, action, resource) when { resource.colour == \"red\" };", "colour"),
        ("@id(\"a\") permit (principal, action, resource) when { resource.name == 3 };", "policy.cedar:2"),
        (
            "@id(\"a\") permit (principal, action, resource) when { context.arguments.blast > 3 };",
            "arguments",
        ),
        ("@id(\"a\") permit (principal, action, resource) when { 1 == 2 };", "policy.cedar:2"),
        ("@id(\"a\") permit (principal == Agent::\"a\u{202e}b\", action, resource);", "policy.cedar:2"),
    ] {
        let why = at_two(rule);
        assert!(why.contains(says) && why.contains("policy.cedar:2"), "{rule}: {why}");
        assert!(!why.chars().any(char::is_control) && !why.contains('\u{202e}'), "{why}");
    }
    let twice = [PERMIT, "\n", PERMIT].concat();
    assert!(wrong(&twice).contains("policy.cedar:3: the id `permit` stands at"), "{}", wrong(&twice));
    assert!(wrong(&" ".repeat(2 << 20)).contains("the most is 1048576"));
}

#[test]
fn a_rule_of_endless_depth_is_refused_and_breaks_nothing() {
    let shapes = [
        ("(", ")"),
        ("[", "]"),
        ("{a: ", "}"),
        ("if true then ", " else false"),
        ("true && ", ""),
        ("1 + ", ""),
        ("!", ""),
        ("-", ""),
        ("", ".a"),
        ("A::", ""),
    ];
    let language = Language::get().unwrap();
    // Deeper than may be, and just as deep as may be.
    for (depth, shape) in
        [60_000, 900, 450, 30].into_iter().flat_map(|depth| shapes.map(|shape| (depth, shape)))
    {
        let (open, close) = (shape.0.repeat(depth), shape.1.repeat(depth));
        let text = format!("@id(\"a\") forbid (principal, action, resource) when {{ {open}true{close} }};");
        let read = read::rules(language, Layer::Operator, "policy.cedar", &text);
        if let Err(error) = &read {
            assert!(error.to_string().starts_with("policy.cedar:1: "), "{error}");
        }
        assert!(depth < 60_000 || read.is_err(), "{}", shape.0);
    }
    // One that is taken can be asked, too.
    let terms = "context.origin.kind != \"x\" && ".repeat(150);
    let place =
        Place::with(&format!("@id(\"a\") forbid (principal, action, resource) when {{ {terms} true }};"));
    let rules = place.open();
    assert_eq!(rules.problem(), None);
    assert_eq!(call("x", Effect::Read).decided(&rules), (Stance::Never, "a".to_owned()));
}

#[test]
fn adding_a_forbid_never_frees_anything() {
    // Rules and calls out of a small generator (Knuth's MMIX constants).
    let mut state = 42_u64;
    let mut draw = |most: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % most
    };
    let heads =
        ["permit", "@ask permit", "forbid", "@ask forbid", "@catastrophic(\"data-destruction\") forbid"];
    let whom = ["principal", "principal is Agent", "principal == Human::\"alice\""];
    let what = ["action", "action in Action::\"changes\"", "action == Action::\"write\""];
    let when = [
        "",
        "when { resource.name == \"a\" }",
        "when { context has arguments && context.arguments.blast > 1 }",
    ];
    let rule = |number: usize, heads: &[&str], draw: &mut dyn FnMut(usize) -> usize| {
        let (head, whom) = (heads[draw(heads.len())], whom[draw(whom.len())]);
        let (what, when) = (what[draw(what.len())], when[draw(when.len())]);
        format!("@id(\"r{number}\") {head} ({whom}, {what}, resource) {when};\n")
    };
    for _ in 0..40 {
        let count = draw(5);
        let before: String = (0..count).map(|number| rule(number, &heads, &mut draw)).collect();
        let after = before.clone() + &rule(99, &heads[2..], &mut draw);
        let (before, after) = (Place::with(&before).open(), Place::with(&after).open());
        assert_eq!((before.problem(), after.problem()), (None, None));
        for effect in Effect::ALL {
            for caller in [person(), agent()] {
                let call =
                    call(["a", "b"][draw(2)], effect).by(caller).saying(u8::try_from(draw(5)).unwrap(), &[]);
                assert!(call.stance(&before) <= call.stance(&after));
            }
        }
    }
}

#[test]
fn an_override_makes_one_forbid_ask_and_touches_nothing_else() {
    const OTHER: &str = "@id(\"other\") forbid (principal, action, resource);\n";
    for (file, rule, stance, decides) in [
        (FORBID, "forbid", Stance::Ask, "forbid"),
        (FORBID, "nothing", Stance::Never, "forbid"),
        (&[PERMIT, FORBID].concat(), "forbid", Stance::Ask, "forbid"),
        (&[ASK, FORBID].concat(), "forbid", Stance::Ask, "ask"),
        (&[FORBID, OTHER].concat(), "forbid", Stance::Never, "other"),
        (&[FORBID, CATASTROPHIC].concat(), "forbid", Stance::Catastrophic, "worst"),
        (CATASTROPHIC, "worst", Stance::Catastrophic, "worst"),
        (PERMIT, "permit", Stance::Auto, "permit"),
        (ASK_PERMIT, "ask-permit", Stance::Ask, "ask-permit"),
    ] {
        let place = Place::with(file);
        let rules = place.open();
        let ruling = call("add_note", Effect::Write).overridden(&rules, rule);
        assert_eq!((ruling.stance, ruling.rule.as_deref()), (stance, Some(decides)), "{rule} in {file}");
        assert!(ruling.stance != Stance::Ask || ruling.firm || decides == "ask-permit", "{ruling:?}");
        let plain = call("add_note", Effect::Write).ruling(&rules);
        assert!(plain.stance < Stance::Never || ruling.stance >= Stance::Ask, "never free: {file}");
    }
}
