//! Binds `ares:host@0.1.0` directly, as a plugin written from the WIT alone would. It is never
//! edited once the WIT is released: it shows that old plugins still run.
#![allow(missing_docs, reason = "the bindings are generated")]

use crate::{
    ares::host::{
        kv, log,
        types::{Context, Effect, Failure},
    },
    exports::ares::host::{
        capability::{self, Descriptor},
        config,
        health::{self, Report, State},
        lifecycle,
    },
};

wit_bindgen::generate!({ path: "../../../wit/v0.1", world: "plugin" });

struct Plugin;

impl capability::Guest for Plugin {
    fn describe() -> Vec<Descriptor> {
        let object = r#"{"type":"object","additionalProperties":true}"#.to_owned();
        vec![
            Descriptor {
                name: "old_echo".to_owned(),
                description: "Answers its input.".to_owned(),
                input_schema: object.clone(),
                output_schema: object.clone(),
                effect: Effect::Pure,
            },
            Descriptor {
                name: "old_remember".to_owned(),
                description: "Keeps its input and answers the one before.".to_owned(),
                input_schema: object,
                output_schema: r#"{"type":["object","null"]}"#.to_owned(),
                effect: Effect::Write,
            },
        ]
    }

    fn invoke(name: String, input: String, context: Context) -> Result<String, Failure> {
        match name.as_str() {
            "old_echo" => Ok(input),
            "old_remember" => {
                log::write(log::Level::Info, &format!("remembering for {}", context.invocation));
                let before = kv::get("last").map_err(refused)?;
                kv::set("last", input.as_bytes()).map_err(refused)?;
                Ok(before.map_or("null".to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned()))
            }
            _ => Err(Failure {
                code: "unknown-capability".to_owned(),
                message: format!("no capability `{name}`"),
            }),
        }
    }
}

fn refused(error: kv::Error) -> Failure {
    Failure { code: "store".to_owned(), message: error.to_string() }
}

impl health::Guest for Plugin {
    fn check() -> Report {
        Report { state: State::Healthy, detail: String::new() }
    }
}

impl config::Guest for Plugin {
    fn validate(_values: String) -> Result<(), Failure> {
        Ok(())
    }

    fn apply(_values: String) -> Result<(), Failure> {
        Ok(())
    }
}

impl lifecycle::Guest for Plugin {
    fn setup() -> Result<(), Failure> {
        Ok(())
    }

    fn teardown() -> Result<(), Failure> {
        Ok(())
    }
}

export!(Plugin);
