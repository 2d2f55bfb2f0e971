//! The hooks of a plugin's life.

use ares_kernel::ports::{Health, Hook, Runtime as _};
use ares_kernel::{Ended, FaultKind};

use super::house::{House, Registration};

#[tokio::test]
async fn a_sound_plugin_is_healthy_and_starts() {
    let house = House::new();
    let plugin = house.register(Registration::of("echo")).await;
    for hook in [Hook::Setup, Hook::Health, Hook::Teardown] {
        let report = house.engine.hook(&plugin, hook).await;
        assert!(matches!(report.result, Ok((Health::Healthy, _))), "{:?}", report.result);
        assert!(report.usage.fuel > 0 && report.writes.is_empty());
    }
}

#[tokio::test]
async fn a_plugin_refuses_a_configuration() {
    let house = House::new();
    let plugin = house.register(Registration::of("echo")).await;
    let validate = |values: &str| house.engine.hook(&plugin, Hook::Validate(values.to_owned()));
    assert!(validate(r#"{"greeting":"hello"}"#).await.result.is_ok());
    let refused = validate(r#"{"greeting":"forbidden"}"#).await.result;
    assert!(matches!(&refused, Err(Ended::Failed(failure)) if failure.code == "bad-greeting"), "{refused:?}");
}

#[tokio::test]
async fn a_trap_at_setup_is_a_fault() {
    let house = House::new();
    let plugin = house.register(Registration::of("chaos-setup")).await;
    let report = house.engine.hook(&plugin, Hook::Setup).await;
    let Err(Ended::Fault(fault)) = report.result else { panic!("{:?}", report.result) };
    assert_eq!((fault.kind, fault.message.contains("no start today")), (FaultKind::Trap, true), "{fault:?}");
}
