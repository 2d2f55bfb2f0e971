//! Reserved, settled, and never more than there is.

use ares_kernel::facts::{Effect, Money};
use ares_kernel::ports::Begun;
use futures::future::join_all;

use super::*;
use crate::budgets::{BudgetSet, BudgetView, Span};

fn set(registry: &Registry, name: &str, most: &str, span: Span) {
    let set = BudgetSet {
        name: name.to_owned(),
        caller: None,
        plugin: None,
        capability: None,
        task: None,
        most: money(most),
        span,
    };
    registry.set_budget(set, &operator()).unwrap();
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn only(registry: &Registry) -> BudgetView {
    registry.budgets().unwrap().remove(0)
}

fn standing(registry: &Registry) -> (Money, Money, u64) {
    let view = only(registry);
    (view.spent, view.reserved, view.calls)
}

async fn begin(registry: &Registry, opening: &Opening, cost: &str) -> Result<(), String> {
    let plugin = registry.snapshot().plugin(&name("notes")).cloned().unwrap();
    let payer = operator();
    let begun = Begun {
        plugin: &plugin,
        effect: Effect::Write,
        approval: None,
        charge: Some((money(cost), &payer)),
        warned: None,
    };
    let begun = registry.begin(opening, begun).await;
    begun
        .map_err(|error| error.over_budget().map(ToString::to_string).unwrap_or_else(|| format!("{error:?}")))
}

async fn end(registry: &Registry, opening: &Opening, cost: Option<&str>) {
    let plugin = registry.snapshot().plugin(&name("notes")).cloned().unwrap();
    close_costing(registry, opening, Some(&plugin), cost.map(money)).await.unwrap();
}

#[test]
fn of_many_at_once_as_many_begin_as_there_is_money_for() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    set(&registry, "all", "1", Span::Ever);
    let openings: Vec<Opening> = (0..40).map(|_| opening("put_note")).collect();
    let begun = wait(join_all(openings.iter().map(|opening| begin(&registry, opening, "0.15"))));
    let (ok, no): (Vec<_>, Vec<_>) = openings.iter().zip(&begun).partition(|(_, begun)| begun.is_ok());
    assert_eq!((ok.len(), no.len()), (6, 34));
    for (_, why) in &no {
        let why = why.as_ref().unwrap_err();
        assert!(why.contains("it may cost 0.15, and 0.10 of 1.00"), "{why}");
    }
    assert_eq!(standing(&registry), (money("0"), money("0.90"), 0));
    // What did not begin left no row behind.
    let rows: i64 = state.raw().query_row("SELECT count(*) FROM invocations", (), |row| row.get(0)).unwrap();
    assert_eq!(rows, 6);
    // Less than was reserved, nothing at all, and never more.
    for ((opening, _), cost) in
        ok.iter().zip([Some("0.05"), None, Some("0.15"), Some("7"), Some("0"), Some("0.1")])
    {
        wait(end(&registry, opening, cost));
    }
    assert_eq!(standing(&registry), (money("0.45"), money("0"), 6));
}

#[test]
fn a_call_is_charged_in_the_span_it_began_in_and_to_every_budget_it_fits() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    for (name, most, span) in
        [("day", "1", Span::Day), ("hour", "1", Span::Hour), ("month", "0.40", Span::Month)]
    {
        set(&registry, name, most, span);
    }
    let opening = opening("put_note");
    wait(begin(&registry, &opening, "0.30")).unwrap();
    wait(end(&registry, &opening, Some("0.30")));
    let spent: Vec<Money> = registry.budgets().unwrap().iter().map(|view| view.spent).collect();
    assert_eq!(spent, [money("0.30"); 3]);
    let no = wait(begin(&registry, &super::opening("put_note"), "0.30")).unwrap_err();
    assert!(no.contains("`month`"), "{no}");
    // Nothing was reserved in the others either.
    assert!(registry.budgets().unwrap().iter().all(|view| view.reserved == Money::NONE));
    let starts: Vec<i64> = {
        let raw = state.raw();
        let mut select = raw.prepare("SELECT start FROM budget_spans ORDER BY budget").unwrap();
        select.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let now = i64::try_from(Still.now_ms()).unwrap();
    assert_eq!(starts[..2], [now - now % 86_400_000, now - now % 3_600_000]);
    assert!(starts[2] <= starts[0] && starts[0] - starts[2] < 31 * 86_400_000, "{starts:?}");
    // What was spent in another span is not looked at.
    state.raw().execute("UPDATE budget_spans SET start = start - 3600000", ()).unwrap();
    assert_eq!(registry.budgets().unwrap().iter().map(|view| view.spent).max(), Some(Money::NONE));
}

#[test]
fn what_a_process_left_open_counts_as_spent() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    set(&registry, "all", "1", Span::Ever);
    wait(begin(&registry, &opening("put_note"), "0.25")).unwrap();
    drop(registry);
    let registry = state.open();
    assert_eq!(standing(&registry), (money("0.25"), money("0"), 1));
    let cost = registry
        .invocations(&crate::InvocationQuery { capability: None, parent: None, limit: 10 })
        .unwrap()[0]
        .cost;
    assert_eq!(cost, Some(money("0.25")));
}

#[test]
fn a_budget_that_goes_takes_its_reservations_along() {
    let state = State::new();
    let registry = state.open();
    registry.register(notes(), &operator()).unwrap();
    set(&registry, "all", "1", Span::Ever);
    let opening = opening("put_note");
    wait(begin(&registry, &opening, "0.25")).unwrap();
    registry.remove_budget("all", &operator()).unwrap();
    wait(end(&registry, &opening, Some("0.25")));
    let left: i64 = state
        .raw()
        .query_row(
            "SELECT (SELECT count(*) FROM reservations) + (SELECT count(*) FROM budget_spans)",
            (),
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(left, 0);
    assert!(registry.remove_budget("all", &operator()).is_err());
}
