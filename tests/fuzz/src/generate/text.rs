//! Texts of lines such as TOML: real ones with lines, keys and values taken out, moved, made odd.

use std::path::Path;

use arbitrary::{Result, Unstructured};

use super::{mutated_bytes, size, word};

/// How long a text gets, in bytes: a little more than the longest manifest.
const LONGEST: usize = 300 * 1024;

/// Real texts to begin with.
pub(crate) struct Texts(Vec<String>);

impl Texts {
    /// These.
    pub(crate) fn new(texts: Vec<String>) -> Self {
        Self(texts)
    }

    /// Every file of this name in a folder and below.
    pub(crate) fn below(folder: &Path, name: &str) -> anyhow::Result<Self> {
        let mut found = Vec::new();
        collect(folder, name, &mut found)?;
        anyhow::ensure!(!found.is_empty(), "there is no {name} below {}", folder.display());
        Ok(Self(found))
    }

    /// One of them.
    pub(crate) fn one<'t>(&'t self, u: &mut Unstructured<'_>) -> Result<&'t str> {
        u.choose(&self.0).map(String::as_str)
    }

    /// One of them, changed in a few places; now and then bytes of no meaning.
    pub(crate) fn mutated(&self, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
        if u.ratio(1, 20)? {
            return Ok(u.bytes(u.len().min(2000))?.to_vec());
        }
        let mut lines: Vec<String> = self.one(u)?.lines().map(str::to_owned).collect();
        for _ in 0..u.int_in_range(1..=6)? {
            self.change(&mut lines, u)?;
        }
        let mut text = lines.join("\n");
        let mut longest = LONGEST.min(text.len());
        while !text.is_char_boundary(longest) {
            longest -= 1;
        }
        text.truncate(longest);
        if u.ratio(1, 8)? { mutated_bytes(text.into_bytes(), u) } else { Ok(text.into_bytes()) }
    }

    fn change(&self, lines: &mut Vec<String>, u: &mut Unstructured<'_>) -> Result<()> {
        if lines.is_empty() {
            lines.push(word(u)?);
            return Ok(());
        }
        let at = u.choose_index(lines.len())?;
        let Some(line) = lines.get_mut(at) else { return Ok(()) };
        match u.int_in_range(0..=9)? {
            0 => drop(lines.remove(at)),
            1 => {
                let (line, times) = (line.clone(), u.int_in_range(1..=20)?);
                lines.splice(at..at, std::iter::repeat_n(line, times));
            }
            2 => {
                let other = u.choose_index(lines.len())?;
                lines.swap(at, other);
            }
            3 => {
                let other: Vec<&str> = self.one(u)?.lines().collect();
                lines.insert(at, (*u.choose(&other)?).to_owned());
            }
            4 | 5 => {
                let key = line.split_once('=').map_or(line.as_str(), |(key, _)| key).to_owned();
                *line = format!("{key}= {}", word(u)?);
            }
            6 => {
                let value = line.split_once('=').map_or("1", |(_, value)| value).to_owned();
                *line = format!("{} ={value}", word(u)?);
            }
            7 => {
                let place = u.int_in_range(0..=line.len())?;
                if line.is_char_boundary(place) {
                    line.insert_str(place, &word(u)?);
                }
            }
            8 => many(lines, at, u)?,
            _ => {
                // A key becomes a path of keys.
                let depth = size(u, 30_000)?;
                line.insert_str(0, &"a.".repeat(depth));
            }
        }
        Ok(())
    }
}

/// Very many lines with keys nobody knows, or tables.
fn many(lines: &mut Vec<String>, at: usize, u: &mut Unstructured<'_>) -> Result<()> {
    let count = size(u, 20_000)?;
    let (before, after) =
        *u.choose(&[("k", " = 1"), ("[t", "]"), ("[[t", "]]"), ("\"\u{1b}", "\" = 1"), ("#", "")])?;
    lines.splice(at..at, (0..count).map(|number| format!("{before}{number}{after}")));
    Ok(())
}

fn collect(folder: &Path, name: &str, found: &mut Vec<String>) -> anyhow::Result<()> {
    let mut entries: Vec<_> = fs_err::read_dir(folder)?.collect::<std::io::Result<_>>()?;
    // The order is part of what a seed means.
    entries.sort_by_key(fs_err::DirEntry::file_name);
    for entry in entries {
        let passed_over =
            entry.file_name() == "target" || entry.file_name().as_encoded_bytes().starts_with(b".");
        if entry.file_type()?.is_dir() && !passed_over {
            collect(&entry.path(), name, found)?;
        } else if entry.file_name() == name {
            found.push(fs_err::read_to_string(entry.path())?);
        }
    }
    Ok(())
}
