//! How far a call has come: told to whoever made it, in words that are escaped and counted.

use std::sync::{Arc, Mutex};

use ares_kernel::FaultKind;
use ares_kernel::facts::Limits;
use ares_kernel::progress::{Progress, Sink, Update};
use serde_json::json;

use super::house::{House, Registration, fault, may_call, request};

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Update>>>);

impl Progress for Heard {
    fn report(&self, update: Update) {
        self.0.lock().unwrap().push(update);
    }
}

impl Heard {
    fn taken(&self) -> Vec<Update> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[tokio::test]
async fn a_report_reaches_whoever_made_the_call_from_calls_of_calls_too() {
    let (house, heard) = (House::new(), Heard::default());
    house.register(Registration::of("chaos")).await;
    house.register(Registration { grants: may_call(&["count_up"]), ..Registration::of("caller") }).await;
    let relayed = json!({"capability": "count_up", "input": {"amount": 3}});
    for (capability, input) in [("count_up", &json!({"amount": 3})), ("relay", &relayed)] {
        let mut request = request(capability, input);
        request.progress = Some(Sink::new(heard.clone()));
        let outcome = house.kernel.invoke(request).await;
        assert_eq!(outcome.status().value(), Some("3"), "{:?}", outcome.status());
        let told = heard.taken();
        assert_eq!(told.iter().map(|update| update.done).collect::<Vec<_>>(), [1, 2, 3], "{capability}");
        let last = &told[2];
        assert_eq!((last.plugin.as_str(), last.total), ("chaos", Some(3)));
        assert_eq!(last.message, "step 3 \\u{1b}[2J");
    }
    // Where nobody listens, a report is a host call like any other.
    let outcome = house.invoke("count_up", &json!({"amount": 3})).await;
    assert_eq!((outcome.usage().host_calls, heard.taken().len()), (3, 0));
}

#[tokio::test]
async fn a_flood_of_reports_is_cut_and_counted() {
    let (house, heard) = (House::new(), Heard::default());
    let limits = Limits { host_calls: 20, ..Registration::of("chaos").limits };
    house.register(Registration { limits, ..Registration::of("chaos") }).await;
    let mut request = request("report_flood", &json!({"amount": 1000}));
    request.progress = Some(Sink::new(heard.clone()));
    let outcome = house.kernel.invoke(request).await;
    assert_eq!(fault(&outcome).0, FaultKind::HostLimit);
    let told = heard.taken();
    assert_eq!(told.len(), 20);
    assert!(told.iter().all(|update| update.message.len() < 250), "{:?}", told[0]);
    assert!(told[0].message.starts_with("\\u{202e}done\\u{7} "), "{:?}", told[0]);
}
