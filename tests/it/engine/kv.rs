//! The store of a plugin, as its guest sees it.

use ares_kernel::Status;
use ares_kernel::facts::Limits;
use serde_json::json;

use super::house::{House, Registration, fault, may_keep};

#[tokio::test]
async fn values_are_kept_only_with_a_good_answer() {
    let house = House::new();
    house.register(Registration { grants: may_keep(), ..Registration::of("chaos") }).await;
    for capability in ["kv_then_trap", "kv_then_fail"] {
        let outcome = house.invoke(capability, &json!({})).await;
        assert!(!matches!(outcome.status(), Status::Ok(_)), "{capability}");
        assert_eq!(house.memory.get("chaos", "chaos"), None, "{capability}");
    }
    assert_eq!(house.answer("kv_show", &json!({})).await, json!(null));
    house.memory.set("chaos", "chaos", b"kept");
    assert_eq!(house.answer("kv_show", &json!({})).await, json!("kept"));
}

#[tokio::test]
async fn who_only_reads_cannot_write() {
    let house = House::new();
    house.register(Registration { grants: may_keep(), ..Registration::of("chaos") }).await;
    let outcome = house.invoke("undeclared_kv_write", &json!({})).await;
    let Status::Failed(failure) = outcome.status() else { panic!("{:?}", outcome.status()) };
    assert!(failure.message.contains("not change"), "{failure:?}");
    assert_eq!(house.memory.get("chaos", "chaos"), None);
}

#[tokio::test]
async fn without_the_grant_there_is_no_store() {
    let house = House::new();
    house.register(Registration::of("chaos")).await;
    house.memory.set("chaos", "chaos", b"kept");
    let outcome = house.invoke("kv_show", &json!({})).await;
    let Status::Failed(failure) = outcome.status() else { panic!("{:?}", outcome.status()) };
    assert!(failure.message.contains("not granted"), "{failure:?}");
}

#[tokio::test]
async fn plugins_do_not_see_each_others_values() {
    let house = House::new();
    for name in ["notes", "other"] {
        let registration = Registration { name, grants: may_keep(), ..Registration::of("counter") };
        house.register(registration).await;
    }
    let mut request = super::house::request("kv_increment", &json!({"by": 5}));
    request.provider = Some("other".parse().unwrap());
    assert_eq!(house.kernel.invoke(request).await.status().value(), Some("5"));
    assert_eq!(house.answer("kv_increment", &json!({})).await, json!(1));
    assert_eq!(house.memory.get("other", "count").unwrap(), b"5");
    assert_eq!(house.memory.get("notes", "count").unwrap(), b"1");
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_an_error_for_the_guest() {
    let house = House::new();
    house.register(Registration { grants: may_keep(), ..Registration::of("chaos") }).await;
    house.memory.break_values();
    let outcome = house.invoke("kv_show", &json!({})).await;
    let Status::Failed(failure) = outcome.status() else { panic!("{:?}", fault(&outcome)) };
    assert!(
        failure.message.contains("cannot be read") && !failure.message.contains("no disk"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_full_store_says_so_at_once_and_takes_what_replaces() {
    let house = House::new();
    let limits = Limits { kv_total_bytes: 40, ..Limits::default() };
    let registration = Registration { grants: may_keep(), limits, ..Registration::of("notes") };
    house.register(registration).await;
    house.memory.set("notes", "note/full", b"\"a text of more than a few words\"");
    let put = |name: &str, text: &str| json!({"name": name, "text": text});
    let outcome = house.invoke("put_note", &put("another", "one")).await;
    let Status::Failed(failure) = outcome.status() else { panic!("{:?}", outcome.status()) };
    assert!(failure.message.contains("`kv_total_bytes` = 40"), "{failure:?}");
    house.answer("put_note", &put("full", "y")).await;
}
