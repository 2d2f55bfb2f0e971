//! What `wit-bindgen` makes of `wit/v0.1`; the rest of the crate gives it Rust's manners.
#![allow(missing_docs, unreachable_pub, reason = "generated from the WIT files")]
#![allow(clippy::all, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "generated")]

wit_bindgen::generate!({
    path: "../wit/v0.1",
    world: "plugin",
    pub_export_macro: true,
    export_macro_name: "export_world",
    default_bindings_module: "ares_sdk::bindings",
    additional_derives: [PartialEq],
});
