//! Makes inputs: texts and bytes close to real ones, JSON, and what is known to trip readers.

mod bytes;
mod json;
mod odd;
mod text;

pub(crate) use bytes::mutated as mutated_bytes;
pub(crate) use json::{schema, value};
pub(crate) use odd::{size, word};
pub(crate) use text::Texts;
