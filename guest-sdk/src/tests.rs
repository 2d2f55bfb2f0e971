//! What the host would see of a plugin, without a host.
use serde_json::{Value, json};

use crate::{
    Capability, Context, Effect, Failure, OrFail, call, config, describe, events, invoke, kv, native,
};

/// Whom to greet.
#[crate::data]
struct Input {
    /// The name of the one
    /// who is greeted.
    name: String,
    /// How often.
    #[serde(default)]
    times: Option<u32>,
}

#[crate::data]
struct Output {
    /// The words.
    text: String,
}

/// Greets someone
/// by name.
///
/// Politely.
#[crate::capability(effect = "pure")]
fn greet(input: Input) -> Result<Output, Failure> {
    let times = input.times.unwrap_or(1);
    (times > 0).then_some(()).or_fail("no-times", "`times` is 0")?;
    Ok(Output { text: format!("hello {}", input.name) })
}

/// Says who called.
#[crate::capability(effect = "read", name = "test.who")]
fn who(context: &Context) -> Result<String, Failure> {
    Ok(context.caller.name().to_owned())
}

/// Takes both, and fails as a call does.
#[crate::capability(effect = "write")]
fn both(input: Input, context: &Context) -> Result<u64, call::Error> {
    if input.name.is_empty() {
        return call::invoke("other", &json!({}));
    }
    Ok(context.remaining_ms)
}

fn schema(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn describes_itself_from_docs_and_types() {
    let found = describe::<greet>();
    assert_eq!(found.name, "greet");
    assert_eq!(found.description, "Greets someone by name.\n\nPolitely.");
    assert_eq!(found.effect, Effect::Pure);
    assert_eq!(
        schema(&found.input_schema),
        json!({
            "type": "object",
            "description": "Whom to greet.",
            "properties": {
                "name": { "type": "string", "description": "The name of the one who is greeted." },
                "times": { "type": ["integer", "null"], "minimum": 0, "default": null, "description": "How often." },
            },
            "required": ["name"],
            "additionalProperties": false,
        })
    );
    assert_eq!(
        schema(&found.output_schema)["properties"],
        json!({ "text": { "type": "string", "description": "The words." } })
    );
}

#[test]
fn a_function_without_input_takes_an_empty_object() {
    assert_eq!(who::NAME, "test.who");
    assert_eq!(schema(&describe::<who>().input_schema)["additionalProperties"], json!(false));
    assert_eq!(invoke::<who>("{}", &Context::native()).unwrap(), "\"tester\"");
    assert_eq!(invoke::<who>("{\"a\":1}", &Context::native()).unwrap_err().code, "invalid-input");
}

#[test]
fn a_struct_of_derives_is_closed_and_an_open_one_is_not() {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Derived {
        a: Nested,
    }
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema counts")]
    struct Nested {
        b: f64,
    }
    let derived = schema(&crate::schema::input::<Derived>());
    assert_eq!(derived["additionalProperties"], json!(false));
    assert_eq!(
        derived["properties"]["a"]["properties"]["b"],
        json!({ "type": "number" }),
        "inlined, no format"
    );
    let map = schema(&crate::schema::input::<std::collections::BTreeMap<String, u8>>());
    assert!(map["additionalProperties"].is_object(), "{map}");
}

#[test]
fn bad_input_is_a_failure_that_says_what_is_wrong() {
    for (input, part) in
        [("{", "EOF"), ("{}", "name"), ("{\"name\":1}", "string"), ("{\"name\":\"a\",\"x\":1}", "x")]
    {
        let failure = invoke::<greet>(input, &Context::native()).unwrap_err();
        assert_eq!(failure.code, "invalid-input");
        assert!(failure.message.contains(part), "{}", failure.message);
    }
}

#[test]
fn errors_are_values() {
    let context = Context::native();
    let failure = invoke::<greet>(r#"{"name":"a","times":0}"#, &context).unwrap_err();
    assert_eq!(failure, Failure::new("no-times", "`times` is 0"));
    assert_eq!(invoke::<both>(r#"{"name":"a"}"#, &context).unwrap(), "5000");
    assert_eq!(invoke::<both>(r#"{"name":""}"#, &context).unwrap_err().code, "call-refused");
    let cause: Result<(), _> = "x".parse::<u8>().map(|_| ());
    let failure = cause.or_fail("bad-number", "the port").unwrap_err();
    assert_eq!(failure.message, "the port: invalid digit found in string");
}

#[test]
fn values_are_kept_as_json() {
    kv::set_json("a/1", &json!({ "n": 1 })).unwrap();
    kv::set("a/2", b"not json").unwrap();
    assert_eq!(kv::get_json::<Value>("a/1").unwrap(), Some(json!({ "n": 1 })));
    assert_eq!(kv::get_json::<Value>("a/3").unwrap(), None);
    assert_eq!(kv::get_json::<Value>("a/2").unwrap_err().code, "stored-value");
    assert_eq!(kv::keys("a/", Some("a/1"), 10).unwrap(), ["a/2"]);
    assert!(kv::delete("a/1").unwrap() && !kv::delete("a/1").unwrap());
    assert_eq!(Failure::from(kv::set("", b"").unwrap_err()).code, "too-large");
}

#[test]
fn configuration_is_typed() {
    native::config::set("limit", 3);
    assert_eq!(config::get::<u8>("limit").unwrap(), Some(3));
    assert_eq!(config::get::<u8>("other").unwrap(), None);
    assert_eq!(config::get::<String>("limit").unwrap_err().code, "invalid-config");
    assert_eq!(config::all::<Value>().unwrap(), json!({ "limit": 3 }));
}

mod world {
    //! A whole plugin, with hooks in another order than the documentation's.
    use super::{Failure, both, greet, who};
    use crate::{
        bindings::exports::ares::host::{capability, config, health as health_export, lifecycle},
        health,
    };

    #[crate::data]
    struct Settings {
        limit: u32,
    }

    fn fit() -> health::Report {
        health::degraded("slow")
    }

    fn accept(settings: Settings) -> Result<(), Failure> {
        if settings.limit > 5 { Err(Failure::new("limit", "at most 5")) } else { Ok(()) }
    }

    crate::plugin! { capabilities: [greet, who, both], health: fit, validate: accept }

    #[test]
    fn exports_everything() {
        let described = <__Plugin as capability::Guest>::describe();
        let names: Vec<_> = described.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["greet", "test.who", "both"]);
        let invoke = |name: &str| {
            <__Plugin as capability::Guest>::invoke(
                name.to_owned(),
                "{}".to_owned(),
                crate::Context::native(),
            )
        };
        assert_eq!(invoke("test.who").unwrap(), "\"tester\"");
        assert_eq!(invoke("who").unwrap_err().code, "unknown-capability");
        assert_eq!(<__Plugin as health_export::Guest>::check().state, health::State::Degraded);
        let validate = |values: &str| <__Plugin as config::Guest>::validate(values.to_owned());
        assert!(validate("{\"limit\":5}").is_ok());
        assert_eq!(validate("{\"limit\":6}").unwrap_err().code, "limit");
        assert_eq!(validate("{\"limit\":\"a\"}").unwrap_err().code, "invalid-config");
        assert!(<__Plugin as config::Guest>::apply("{}".to_owned()).is_ok());
        assert!(<__Plugin as lifecycle::Guest>::setup().is_ok());
    }
}

/// Tells on.
#[crate::capability(effect = "write")]
fn tell(event: events::Event<Output>) -> Result<(), Failure> {
    events::publish("greeting.said", &event.payload)
}

#[test]
fn events_come_in_whole_and_go_out_as_json() {
    let input = schema(&describe::<tell>().input_schema);
    assert_eq!(input["additionalProperties"], false);
    assert_eq!(input["required"], json!(["topic", "payload", "id", "publisher", "at"]));
    let event = json!({"topic": "x", "payload": {"text": "hi"}, "id": "1", "publisher": "p", "at": 7});
    invoke::<tell>(&event.to_string(), &Context::native()).unwrap();
    assert_eq!(native::events::taken(), [("greeting.said".to_owned(), r#"{"text":"hi"}"#.to_owned())]);
    let other = json!({"topic": "x", "payload": 1, "id": "1", "publisher": "p", "at": 7});
    assert_eq!(invoke::<tell>(&other.to_string(), &Context::native()).unwrap_err().code, "invalid-input");
}
