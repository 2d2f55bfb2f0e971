//! Texts that live as long as the process, each once, so that an answer from memory allocates nothing.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

static TEXTS: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);

/// The same text, kept for good. Only for what an operator or this crate wrote: ids and reasons of
/// rules. What a caller wrote would fill the memory.
pub(crate) fn kept(text: &str) -> &'static str {
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = texts.get(text) {
        return known;
    }
    let text: &'static str = Box::leak(text.to_owned().into_boxed_str());
    texts.insert(text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once() {
        let (one, other) = (kept("a text of this test"), kept(&String::from("a text of this test")));
        assert!(std::ptr::eq(one, other));
    }
}
