//! Reads single strings out of Cargo.toml and plugin.toml, so that xtask needs no TOML library.
//!
//! The host reads `plugin.toml` in full and reports its mistakes; here only plain `key = "value"` lines count.

/// The string under `[section]` named `key`.
pub(crate) fn string(text: &str, section: &str, key: &str) -> Option<String> {
    let mut current = "";
    for line in text.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            current = header.split(']').next().unwrap_or_default().trim();
        } else if current == section
            && let Some((name, value)) = line.split_once('=')
            && name.trim() == key
        {
            return unquoted(value.trim());
        }
    }
    None
}

/// What stands between the quotes, where no escape makes it more than that.
fn unquoted(value: &str) -> Option<String> {
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (inner, _) = value.strip_prefix(quote)?.split_once(quote)?;
    (!inner.contains('\\')).then(|| inner.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "name = \"outside\"\n[component]\npath = \"notes.wasm\" # built\n[package]\nname='notes'\n";

    #[test]
    fn the_key_counts_in_its_own_section_only() {
        assert_eq!(string(TEXT, "component", "path").as_deref(), Some("notes.wasm"));
        assert_eq!(string(TEXT, "package", "name").as_deref(), Some("notes"));
        assert_eq!(string(TEXT, "component", "name"), None);
    }

    #[test]
    fn a_value_that_is_no_plain_string_is_not_guessed() {
        assert_eq!(string("[a]\nb = 3", "a", "b"), None);
        assert_eq!(string("[a]\nb.workspace = true", "a", "b"), None);
        assert_eq!(string("[a]\nb = \"x\\ny\"", "a", "b"), None);
    }
}
