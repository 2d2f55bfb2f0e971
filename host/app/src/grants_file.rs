//! A file of grants, to be kept under version control beside `ares.lock`.
//!
//! ```toml
//! notes = ["kv"]
//! security-scanner = ["fs:target=../src"]
//! web-fetch = ["net:pages=https://example.org,https://*.example.org"]
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use crate::failure::Failure;
use crate::render::field;
use crate::text_file;

/// Scopes as the control socket takes them: scope → what it leads to, for `fs:` and `net:` scopes.
pub(crate) type Places = BTreeMap<String, Option<String>>;

/// Reads a file of grants: plugin → what it is granted. Folders are relative to the file's own.
///
/// # Errors
/// When it cannot be read, is not such a file (with the line), or grants one scope twice.
pub(crate) fn read(path: &Path) -> Result<BTreeMap<String, Places>, Failure> {
    let text = text_file::read(path).map_err(|error| Failure::io("reading the grants", &error))?;
    let bad = |why: String| Failure::input("bad-grants-file", format!("{}: {why}", path.display()));
    let plugins: BTreeMap<String, Vec<String>> =
        toml::from_str(&text).map_err(|error: toml::de::Error| {
            let line =
                error.span().map_or(0, |span| text.get(..span.start).unwrap_or(&text).lines().count().max(1));
            bad(format!("line {line}: {}", error.message().replace('\n', " ")))
                .hint("write one line a plugin: notes = [\"kv\", \"fs:target=FOLDER\"]")
        })?;
    let file = std::path::absolute(path)
        .map_err(|error| Failure::io(&format!("finding {}", path.display()), &error))?;
    let base = file.parent().unwrap_or(Path::new("/"));
    plugins.into_iter().map(|(plugin, scopes)| Ok((plugin, places(&scopes, base)?))).collect()
}

/// `SCOPE`, `fs:NAME=FOLDER` or `net:NAME=ORIGIN,…`; folders become absolute, so that the host finds
/// them from where it runs.
///
/// # Errors
/// When a scope is there twice, or the path of a folder is not UTF-8.
pub(crate) fn places(scopes: &[String], base: &Path) -> Result<Places, Failure> {
    let mut grants = BTreeMap::new();
    for text in scopes {
        let (scope, place) = match text.split_once('=') {
            None => (text.as_str(), None),
            Some((scope, place)) if scope.starts_with("fs:") => (scope, Some(absolute(base, place)?)),
            Some((scope, place)) => (scope, Some(place.to_owned())),
        };
        if grants.insert(scope.to_owned(), place).is_some() {
            return Err(Failure::input(
                "twice",
                format!("`{}` is granted twice", field::plain(&scope.into())),
            ));
        }
    }
    Ok(grants)
}

fn absolute(base: &Path, place: &str) -> Result<String, Failure> {
    base.join(place).into_os_string().into_string().map_err(|path| {
        Failure::input("not-utf8", format!("the path {} is not UTF-8; rename it", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<BTreeMap<String, Places>, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("grants.toml");
        fs_err::write(&file, text).unwrap();
        read(&file).map(|plugins| {
            let root = format!("{}/", folder.path().display());
            let relative = |place: String| place.strip_prefix(&root).unwrap_or(&place).to_owned();
            let all = plugins.into_iter();
            all.map(|(plugin, places)| {
                (plugin, places.into_iter().map(|(scope, place)| (scope, place.map(relative))).collect())
            })
            .collect()
        })
    }

    #[test]
    fn folders_are_relative_to_the_file() {
        let plugins =
            of("notes = [\"kv\"]\nscanner = [\"fs:target=src\", \"net:x=https://a.org\"]\n").unwrap();
        assert_eq!(plugins["notes"], BTreeMap::from([("kv".to_owned(), None)]));
        assert_eq!(plugins["scanner"]["fs:target"], Some("src".to_owned()));
        assert_eq!(plugins["scanner"]["net:x"], Some("https://a.org".to_owned()));
    }

    #[test]
    fn what_is_no_such_file_is_told_with_its_line() {
        for (text, says) in [
            ("notes = [\"kv\"]\nscanner = 3\n", "line 2"),
            ("notes = [\"kv\", \"kv\"]\n", "granted twice"),
            ("notes = [", "line 1"),
        ] {
            let failure = of(text).unwrap_err();
            assert!(failure.message.contains(says), "{text}: {}", failure.message);
        }
    }
}
