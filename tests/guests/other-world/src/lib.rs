//! A sound component that is no plugin: it exports a calculator of a world of its own.
#![allow(missing_docs, reason = "the bindings are generated")]

wit_bindgen::generate!({
    inline: r#"
        package example:calculator@1.0.0;

        interface adder {
            add: func(a: u32, b: u32) -> u32;
        }

        world calculator {
            export adder;
        }
    "#,
});

struct Calculator;

impl exports::example::calculator::adder::Guest for Calculator {
    fn add(a: u32, b: u32) -> u32 {
        a.wrapping_add(b)
    }
}

export!(Calculator);
