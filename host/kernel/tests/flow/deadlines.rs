//! What is learned of calls whose time was over: by whose clock, and whether any guest had run.

use std::time::Duration;

use ares_kernel::facts::History;
use ares_kernel::gate::{Settings, Weights};
use ares_kernel::{Blake3, FaultKind, Outcome};

use crate::fakes::{NOW_MS, World, human};

/// A gate with the usual breaker that trusts what it does not know.
fn world() -> World {
    let weights = Weights { base: 9000, ..Weights::default() };
    World::with(Settings { weights, ask_untried: false, ..Settings::default() })
}

async fn call(world: &World, capability: &str, input: &str, deadline: Option<Duration>) -> Outcome {
    let mut request = human(capability, input);
    request.deadline = deadline;
    world.kernel().invoke(request).await
}

fn history(world: &World, capability: &str, input: &str) -> History {
    let input = Blake3::of(input.as_bytes()).first_four();
    world.capability(capability).track.history(input, NOW_MS)
}

const SHORT: Option<Duration> = Some(Duration::from_secs(5));
const IN_THE_MIDDLE: &str = r#"{"ends":"in the middle"}"#;
const BEFORE: &str = r#"{"ends":"before it began"}"#;

#[tokio::test]
async fn who_gives_too_little_time_opens_no_breaker_and_is_warned_of_doing_it_twice() {
    let world = world();
    for n in 0..5 {
        let outcome = call(&world, "put", IN_THE_MIDDLE, SHORT).await;
        assert_eq!(outcome.status().fault(), Some(FaultKind::Deadline), "{outcome:?}");
        let verdict = serde_json::to_string(outcome.verdict()).unwrap();
        assert_eq!(verdict.contains("C11"), n > 0, "{verdict}");
    }
    let known = history(&world, "put", IN_THE_MIDDLE);
    assert_eq!((known.uses, known.recent_bad, known.unsure), (0, 0, true));
    assert!(!history(&world, "put", "{}").unsure);
    // By its own clock it counts, and three of them are enough.
    for _ in 0..3 {
        call(&world, "put", IN_THE_MIDDLE, None).await;
    }
    let known = history(&world, "put", IN_THE_MIDDLE);
    assert_eq!((known.uses, known.recent_bad, known.unsure), (3, 3, true));
    assert_eq!(call(&world, "put", IN_THE_MIDDLE, None).await.status().code(), Some("breaker-open"));
}

#[tokio::test]
async fn what_never_began_says_nothing_and_may_have_done_nothing() {
    let world = world();
    world.budgets(&[("10", "0")]);
    for deadline in [SHORT, None] {
        for capability in ["put", "costly"] {
            for _ in 0..4 {
                let outcome = call(&world, capability, BEFORE, deadline).await;
                assert_eq!(outcome.status().code(), Some("deadline"), "{outcome:?}");
            }
            assert_eq!(history(&world, capability, BEFORE), History::default());
        }
    }
    assert!(world.spent().is_empty(), "and costs nothing: {:?}", world.spent());
}
