//! File name patterns such as `*.rs` and `docs/**/*.md`.
use ares_sdk::{Failure, OrFail};
use regex_lite::Regex;

/// A pattern for paths relative to where the caller looks.
pub(crate) struct Glob {
    pattern: Regex,
    names_only: bool,
}

impl Glob {
    /// `*` and `?` stay within a name, `**/` goes through folders. A pattern without `/` is for names
    /// at any depth.
    pub(crate) fn new(text: &str) -> Result<Self, Failure> {
        let mut pattern = String::from("^");
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let (piece, length) = if rest.starts_with("**/") {
                ("(?:.*/)?".to_owned(), 3)
            } else if rest == "**" {
                (".*".to_owned(), 2)
            } else {
                let piece = match letter {
                    '*' => "[^/]*".to_owned(),
                    '?' => "[^/]".to_owned(),
                    other => regex_lite::escape(&other.to_string()),
                };
                (piece, letter.len_utf8())
            };
            pattern.push_str(&piece);
            rest = rest.get(length..).unwrap_or_default();
        }
        pattern.push('$');
        let pattern = Regex::new(&pattern).or_fail("bad-glob", format!("the pattern `{text}`"))?;
        Ok(Self { pattern, names_only: !text.contains('/') })
    }

    /// Whether a path fits.
    pub(crate) fn fits(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.pattern.is_match(if self.names_only { name } else { path })
    }
}
