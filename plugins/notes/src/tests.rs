//! The notes over a store in memory.
use super::{Listing, Note, Which, delete_note, get_note, list_notes, put_note};

fn put(name: &str, text: &str) -> Option<String> {
    put_note(Note { name: name.into(), text: text.into() }).unwrap().previous
}

fn which(name: &str) -> Which {
    Which { name: name.into() }
}

#[test]
fn a_note_is_kept_replaced_and_deleted() {
    assert_eq!(put("a", "one"), None);
    assert_eq!(put("a", "two"), Some("one".into()));
    assert_eq!(get_note(which("a")).unwrap().text, "two");
    assert_eq!(delete_note(which("a")).unwrap().previous, Some("two".into()));
    assert_eq!(get_note(which("a")).unwrap_err().code, "not-found");
    assert_eq!(delete_note(which("a")).unwrap_err().code, "not-found");
}

#[test]
fn lists_page_by_page() {
    for name in ["b", "a", "ab"] {
        put(name, "");
    }
    let page = |prefix: &str, after: Option<&str>, limit| {
        let found =
            list_notes(Listing { prefix: prefix.into(), after: after.map(Into::into), limit }).unwrap();
        (found.names, found.more)
    };
    assert_eq!(page("", None, None), (vec!["a".into(), "ab".into(), "b".into()], false));
    assert_eq!(page("a", None, Some(1)), (vec!["a".into()], true));
    assert_eq!(page("a", Some("a"), Some(2)), (vec!["ab".into()], false));
}

#[test]
fn names_that_cannot_be_keys_are_refused() {
    for name in ["", "a\nb", &"ä".repeat(101)] {
        assert_eq!(get_note(which(name)).unwrap_err().code, "bad-name", "{name:?}");
    }
}
