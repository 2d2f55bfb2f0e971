//! Rulings from memory: the same as without it, of one revision, and never too many.

use std::borrow::Cow;

use ares_kernel::Blake3;
use ares_kernel::facts::{About, Capability, Grants, HealthPolicy, Hooks, Limits, Plugin, Priority, Schema};
use ares_kernel::ports::{Arguments, Policy as _, Question};

use super::*;
use crate::cache::MOST;

fn capability(effect: Effect, needs: &[&str]) -> Capability {
    let anything = || Schema::parse("{}").unwrap();
    Capability {
        id: "add_note".parse().unwrap(),
        description: String::new(),
        input: anything(),
        output: anything(),
        effect,
        idempotent: false,
        needs: needs.iter().map(|scope| scope.parse().unwrap()).collect(),
        grants: Arc::new(Grants::none()),
        targets: Vec::new(),
        limits: Limits::default(),
        sequencing: None,
        cost: None,
        postcheck: None,
        about: About::default(),
        track: Arc::default(),
        before: None,
    }
}

fn plugin() -> Plugin {
    let seconds = std::time::Duration::from_secs;
    Plugin {
        name: "notes".parse().unwrap(),
        display_name: String::new(),
        version: semver::Version::new(1, 0, 0),
        blake3: Blake3::of(b"notes"),
        component: PathBuf::new(),
        enabled: true,
        auto_start: false,
        singleton: false,
        cache_results: false,
        priority: Priority::Normal,
        hooks: Hooks::default(),
        health: HealthPolicy { interval: seconds(30), timeout: seconds(10) },
        grants: Arc::new(Grants::none()),
        limits: Limits::default(),
        config: Arc::default(),
        misconfigured: None,
        rate: Arc::default(),
        claims: Vec::new(),
        capabilities: Vec::new(),
    }
}

fn hosts(hosts: &[String]) -> Option<Arguments<'_>> {
    let hosts = hosts.iter().map(|host| Cow::Borrowed(host.as_str())).collect();
    Some(Arguments { hosts, ..Arguments::default() })
}

fn remembered(rules: &Rules) -> usize {
    rules.with_set(crate::set::RuleSet::remembered).unwrap()
}

#[test]
fn what_differs_in_anything_rules_see_is_asked_again() {
    let rules = Place::new().open();
    let (agent, person, plugin) = (agent(), person(), plugin());
    let (read, write) = (capability(Effect::Read, &[]), capability(Effect::Write, &[]));
    let scoped = capability(Effect::Write, &["kv"]);
    let ask = |caller, origin, capability, arguments: Option<Arguments<'_>>| {
        rules.rule(&Question { caller, origin, plugin: &plugin, capability, arguments })
    };
    let mut asked = Vec::new();
    for _ in 0..2 {
        asked.push([
            ask(&agent, &agent, &read, None),
            ask(&agent, &agent, &write, None),
            ask(&agent, &person, &write, None),
            ask(&person, &person, &write, None),
            ask(&agent, &agent, &scoped, None),
            ask(&agent, &agent, &write, Some(Arguments { blast: 4, ..Arguments::default() })),
            ask(
                &agent,
                &agent,
                &write,
                Some(Arguments { findings: vec!["delete-everything"], ..Arguments::default() }),
            ),
        ]);
    }
    assert_eq!(asked[0], asked[1]);
    let of: Vec<_> = asked[0].iter().map(|ruling| ruling.rule.as_deref().unwrap()).collect();
    assert_eq!(of[0], "inside-runs");
    assert_eq!(of[5], "m1-wide-change-asks");
    // A capability that needs something else now takes the place of what it was.
    assert_eq!(remembered(&rules), asked[0].len() - 1);
}

#[test]
fn an_answer_does_not_outlive_its_rules() {
    let place = Place::new();
    let rules = place.open();
    let (agent, plugin, write) = (agent(), plugin(), capability(Effect::Write, &[]));
    let question =
        Question { caller: &agent, origin: &agent, plugin: &plugin, capability: &write, arguments: None };
    let before = rules.rule(&question);
    rules.set("@id(\"free\") permit (principal, action, resource);", &person(), None).unwrap();
    let after = rules.rule(&question);
    assert_eq!((before.stance, after.stance), (Stance::Ask, Stance::Auto));
    assert_ne!(before.revision, after.revision);
    assert_eq!(after.revision, rules.revision());
}

#[test]
fn arguments_that_no_rule_looks_at_are_not_told_apart_and_others_do_not_fill_the_memory() {
    let place = Place::new();
    let rules = place.open();
    let (agent, plugin, write) = (agent(), plugin(), capability(Effect::Network, &[]));
    let ask_many = |rules: &Rules| {
        for number in 0..2 * MOST {
            let named = [format!("host-{number}.example")];
            let (caller, arguments) = (&agent, hosts(&named));
            rules.rule(&Question { caller, origin: caller, plugin: &plugin, capability: &write, arguments });
        }
    };
    ask_many(&rules);
    assert_eq!(remembered(&rules), 1, "no shipped rule looks at hosts");
    let blocked = "@id(\"one-host\") forbid (principal, action, resource)
        when { context has arguments && context.arguments.hosts.contains(\"host-7.example\") };";
    rules.set(blocked, &person(), None).unwrap();
    ask_many(&rules);
    let kept = remembered(&rules);
    assert!(kept > 1 && kept <= MOST, "{kept}");
    let named = [["host-7.example".to_owned()], ["host-8.example".to_owned()]];
    let stance = named.each_ref().map(|named| {
        let (caller, arguments) = (&agent, hosts(named));
        rules
            .rule(&Question { caller, origin: caller, plugin: &plugin, capability: &write, arguments })
            .stance
    });
    assert_eq!(stance, [Stance::Never, Stance::Ask]);
}
