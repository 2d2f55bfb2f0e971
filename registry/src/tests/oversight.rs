//! Stops, overrides and what they are counted by.

use std::borrow::Cow;

use ares_kernel::facts::Binding;
use ares_kernel::ports::{Catalog as _, Held, Stance, Stopped};

use super::*;
use crate::approvals::Question;
use crate::journal::record::Opened;
use crate::{FINAL_FROM, OverrideWish, RegistryError, Word};

const YES: Word = Word { yes: true, note: None, holds_ms: 1000, revision: None, is_final: false };

fn question(registry: &Registry, text: &str) -> Held {
    let snapshot = registry.snapshot();
    let plugin = snapshot.plugin(&name("notes")).unwrap();
    Held {
        binding: Binding {
            capability: "put_note".parse().unwrap(),
            plugin: plugin.name.clone(),
            blake3: plugin.blake3,
            arguments: Blake3::of(text.as_bytes()),
            revision: 7,
            caller: operator(),
        },
        arguments: text.to_owned(),
        reason: "it is so".to_owned(),
        pauses: false,
    }
}

/// A call that a rule stopped: held for a person where it asks, else refused.
async fn stop(registry: &Registry, stance: Stance, firm: bool, arguments: Option<&str>) -> InvocationId {
    let opening = opening("put_note");
    let question = question(registry, arguments.unwrap_or("{}"));
    let held = (stance == Stance::Ask).then(|| question.clone());
    let stopped = Stopped {
        rule: Cow::Borrowed(if stance == Stance::Ask { "asks" } else { "forbids" }),
        reason: Cow::Borrowed("it is so"),
        stance,
        firm,
        question: Some(question).filter(|_| stance == Stance::Never && arguments.is_some()),
    };
    let kept = std::thread::spawn(verdict).join().unwrap();
    let snapshot = registry.snapshot();
    let closing = Closing {
        status: "refused",
        code: Some("denied"),
        message: Some("no"),
        plugin: snapshot.plugin(&name("notes")).map(|plugin| &**plugin),
        effect: Some(Effect::Write),
        begun: false,
        usage: Usage::default(),
        cost: None,
        output: None,
        verdict: &kept,
        ended_ms: Still.now_ms(),
        writes: &[],
        published: None,
        used: None,
        held: held.as_ref(),
        stopped: Some(&stopped),
        warned: None,
        flags: &[],
    };
    registry.close(&opening, closing).await.unwrap();
    opening.id
}

fn open(state: &State) -> Registry {
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    registry
}

fn ask(registry: &Registry, id: InvocationId, revision: u64) -> Result<u64, RegistryError> {
    let wish = OverrideWish { id, reason: "the key is revoked".to_owned(), revision };
    registry.request_override(wish, &operator()).map(|asked| asked.earlier)
}

#[tokio::test]
async fn what_rules_stopped_is_listed_with_what_became_of_it_and_counted() {
    let state = State::new();
    let registry = open(&state);
    stop(&registry, Stance::Catastrophic, true, None).await;
    let forbidden = stop(&registry, Stance::Never, true, Some("{}")).await;
    let asked = stop(&registry, Stance::Ask, true, None).await;
    stop(&registry, Stance::Ask, true, None).await;
    stop(&registry, Stance::Ask, false, None).await;
    registry.decide(asked, YES, &operator()).unwrap();
    let rows = registry.stops(None, 10).unwrap();
    let shown: Vec<_> = rows.iter().map(|row| (row.became, row.overridden, row.overridable)).collect();
    assert_eq!(
        shown,
        [
            ("refused", false, false),
            ("refused", false, true),
            ("approved", true, false),
            ("waiting", false, false),
            ("waiting", false, false),
        ]
    );
    assert_eq!(registry.stop_counts().unwrap(), [("asks".to_owned(), 3), ("forbids".to_owned(), 2)]);
    let counted = registry.violations(&name("notes")).unwrap();
    assert_eq!((counted.calls, counted.catastrophic, counted.forbidden, counted.not_approved), (5, 1, 1, 1));
    let missing = registry.violations(&name("nobody")).unwrap_err();
    assert!(matches!(missing, RegistryError::NoSuchPlugin { .. }));
    // The yes to what a mandate asked about overrides it, and nobody had to ask for that.
    let overrides = registry.overrides(10).unwrap();
    assert_eq!((overrides.len(), overrides[0].id, overrides[0].forbidden), (1, asked, false));
    assert!(registry.stops(Some(&name("notes")), 2).unwrap().len() == 2);
    assert!(registry.approval_now(asked).await.unwrap().unwrap().overrides.is_none());
    let _ = forbidden;
}

#[tokio::test]
async fn an_override_is_asked_for_where_there_can_be_one_and_once() {
    let state = State::new();
    let registry = open(&state);
    let never = InvocationId::new();
    assert!(matches!(ask(&registry, never, 7), Err(RegistryError::NotStopped { .. })));
    let worst = stop(&registry, Stance::Catastrophic, true, None).await;
    assert!(matches!(ask(&registry, worst, 7), Err(RegistryError::NothingOverrides { .. })));
    let asked = stop(&registry, Stance::Ask, true, None).await;
    assert!(matches!(ask(&registry, asked, 7), Err(RegistryError::NotOverridable { .. })));
    let whatever = stop(&registry, Stance::Never, true, None).await;
    assert!(matches!(ask(&registry, whatever, 7), Err(RegistryError::NotOverridable { .. })));
    let refused = stop(&registry, Stance::Never, true, Some("{}")).await;
    assert!(matches!(ask(&registry, refused, 8), Err(RegistryError::NotOverridable { .. })));
    assert_eq!(ask(&registry, refused, 7).unwrap(), 0);
    assert!(matches!(ask(&registry, refused, 7), Err(RegistryError::ApprovalClosed { .. })));
    registry.decide(refused, YES, &operator()).unwrap();
    let kept = registry.approval_now(refused).await.unwrap().unwrap();
    assert_eq!(kept.overrides.as_deref(), Some("forbids"));
    assert_eq!(kept.binding, question(&registry, "{}").binding);
    // Whoever makes the very same call again finds it; another call does not.
    let same = question(&registry, "{}").binding;
    let other = question(&registry, r#"{"a":1}"#).binding;
    assert_eq!(registry.answer(&same, Some("forbids")).await, Some(refused));
    assert_eq!(registry.answer(&same, Some("another")).await, None, "an override is of one rule");
    assert_eq!(registry.answer(&same, None).await, Some(refused), "it is a yes to what only asks, too");
    assert_eq!(registry.answer(&other, Some("forbids")).await, None);
    let moved = [
        Binding { caller: Caller::Human("another".to_owned()), ..same.clone() },
        Binding { revision: same.revision + 1, ..same.clone() },
        Binding { blake3: Blake3::of(b"another"), ..same.clone() },
    ];
    for moved in moved {
        assert_eq!(registry.answer(&moved, Some("forbids")).await, None, "{moved:?}");
    }
}

#[tokio::test]
async fn the_third_override_in_the_window_is_final_and_needs_a_reason() {
    let state = State::new();
    let registry = open(&state);
    for earlier in 0..FINAL_FROM {
        let id = stop(&registry, Stance::Never, true, Some("{}")).await;
        assert_eq!(ask(&registry, id, 7).unwrap(), earlier);
        registry.decide(id, YES, &operator()).unwrap();
    }
    let id = stop(&registry, Stance::Never, true, Some("{}")).await;
    assert_eq!(ask(&registry, id, 7).unwrap(), FINAL_FROM);
    let last = Word { is_final: true, ..YES };
    for word in [YES, last.clone(), Word { note: Some(" \u{200b}".into()), ..last.clone() }] {
        let needed = registry.decide(id, word, &operator()).unwrap_err();
        assert!(matches!(needed, RegistryError::FinalNeeded { earlier: 2, .. }), "{needed}");
    }
    let decided = registry.decide(id, Word { note: Some("meant".into()), ..last.clone() }, &operator());
    let decided = decided.unwrap();
    assert_eq!((decided.is_final, decided.earlier, decided.state.as_str()), (true, 2, "approved"));
    // A yes to what only waits is never final, and a no never needs to be.
    let held = stop(&registry, Stance::Ask, true, None).await;
    assert!(matches!(registry.decide(held, last, &operator()), Err(RegistryError::Invalid(_))));
    let id = stop(&registry, Stance::Never, true, Some("{}")).await;
    ask(&registry, id, 7).unwrap();
    registry.decide(id, Word { yes: false, ..YES }, &operator()).unwrap();
    assert_eq!(registry.overrides(10).unwrap().len(), 3);
}

#[tokio::test]
async fn an_objection_goes_on_from_held_to_what_became_of_the_call() {
    use crate::writer::Abort;
    let state = State::new();
    let registry = open(&state);
    let rows = |registry: &Registry| {
        registry.refresh().unwrap();
        registry.skeptics_record().unwrap().pop().unwrap()
    };
    let skeptic = Blake3::of(b"skeptic");
    let object = async |became: &'static str, of: InvocationId| {
        let insert = "INSERT INTO objections (changed, at, invocation, skeptic, blake3, severity, became)
            VALUES ((SELECT coalesce(max(changed), 0) + 1 FROM objections), ?1, ?2, 's', ?3, 'block', ?4)";
        let at = crate::rows::int(Still.now_ms());
        let write = registry.change_async("a test", move |connection| {
            connection.execute(insert, (at, of.as_bytes(), skeptic.as_bytes(), became)).map_err(Abort::from)
        });
        write.await.unwrap();
    };
    let denied = stop(&registry, Stance::Ask, true, None).await;
    object("waiting", denied).await;
    registry.decide(denied, Word { yes: false, ..YES }, &operator()).unwrap();
    assert_eq!((rows(&registry).denied, rows(&registry).waiting), (1, 0));
    // One whose question is gone is expired.
    object("waiting", InvocationId::new()).await;
    let first = stop(&registry, Stance::Ask, true, None).await;
    registry.decide(first, YES, &operator()).unwrap();
    let counted = rows(&registry);
    assert_eq!((counted.blocked, counted.expired, counted.waiting), (2, 1, 0), "{counted:?}");
    // A call that was approved and cut off with its process went badly.
    object("waiting", first).await;
    let plugin = registry.snapshot().plugin(&name("notes")).unwrap().clone();
    let begun =
        Begun { plugin: &plugin, effect: Effect::Write, approval: Some(first), charge: None, warned: None };
    registry.begin(&opening("put_note"), begun).await.unwrap();
    assert_eq!((rows(&registry).waiting, rows(&registry).badly), (1, 0));
    drop(registry);
    let registry = state.open();
    assert_eq!((rows(&registry).waiting, rows(&registry).badly), (0, 1));
    let known = ares_kernel::ports::Catalog::objections(&registry, &skeptic).unwrap();
    assert_eq!((known.badly, known.denied, known.unanswered), (1, 1, 1));
}

#[tokio::test]
async fn the_guards_warnings_outlive_the_process() {
    use ares_kernel::ports::{Catalog as _, Warned};
    let state = State::new();
    let registry = open(&state);
    let plugin = registry.snapshot().plugin(&name("notes")).unwrap().clone();
    let agent = Caller::Agent("a".to_owned());
    let warned = Warned { by: agent.clone(), rules: vec!["ignore-instructions", "role-marker"] };
    let opening = opening("put_note");
    let begun =
        Begun { plugin: &plugin, effect: Effect::Write, approval: None, charge: None, warned: Some(&warned) };
    registry.begin(&opening, begun).await.unwrap();
    drop(registry);
    let registry = state.open();
    let request = Request::new(operator(), "put_note".parse().unwrap(), "{}");
    let warnings = registry.resolve(&request).await.warnings.unwrap();
    for rule in ["ignore-instructions", "role-marker"] {
        assert_eq!(warnings.since(&agent, rule, Still.now_ms()), [opening.id]);
    }
    assert!(warnings.since(&operator(), "role-marker", 0).is_empty());
}

#[test]
fn who_asks_without_end_drowns_nobody_else() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    let held = question(&registry, "{}");
    let ask = |caller: &Caller, times: u32| {
        let (held, caller) = (held.clone(), caller.clone());
        let asked = registry.change("asking", move |connection| {
            for _ in 0..times {
                let opening = Opening { caller: caller.clone(), ..opening("put_note") };
                let binding = Binding { caller: caller.clone(), ..held.binding.clone() };
                let held = Held { binding, ..held.clone() };
                Question::plain(&held).ask(connection, &Opened::of(&opening))?;
            }
            Ok(())
        });
        asked.unwrap();
    };
    let waiting = |name: &str| -> u32 {
        let count = "SELECT count(*) FROM approvals WHERE state = 'pending' AND caller = ?1";
        state.raw().query_row(count, [name], |row| row.get(0)).unwrap()
    };
    let agent = |name: &str| Caller::Agent(name.to_owned());
    ask(&operator(), 3);
    ask(&agent("bob"), 2);
    ask(&agent("flood"), 150);
    assert_eq!(waiting("flood"), 100, "its own newest");
    // Names cost nothing: many of them fill what there is, and take nothing away from anybody.
    for n in 0..12 {
        ask(&agent(&format!("flood-{n}")), 100);
    }
    assert_eq!((waiting("operator"), waiting("bob"), waiting("flood")), (3, 2, 100));
    let all: u32 = state.raw().query_row("SELECT count(*) FROM approvals", (), |row| row.get(0)).unwrap();
    assert_eq!(all, 1000);
    ask(&operator(), 1);
    assert_eq!(waiting("operator"), 4, "people are asked all the same");
}

#[tokio::test]
async fn whoever_is_held_again_and_again_pushes_out_nothing_that_was_forbidden() {
    let state = State::new();
    let registry = open(&state);
    let worst = stop(&registry, Stance::Catastrophic, true, None).await;
    let forbidden = stop(&registry, Stance::Never, true, Some("{}")).await;
    let mut last = worst;
    for _ in 0..250 {
        last = stop(&registry, Stance::Ask, true, None).await;
    }
    let kept: Vec<_> = registry.stops(None, 1000).unwrap().iter().map(|row| row.id).collect();
    assert!(kept.contains(&worst) && kept.contains(&forbidden) && kept.contains(&last), "{}", kept.len());
    assert!((102..112).contains(&kept.len()), "{}", kept.len());
}
