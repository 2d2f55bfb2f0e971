//! `search_files`
use std::{collections::VecDeque, path::Path};

use ares_sdk::{Context, Failure, OrFail};
use regex_lite::{Regex, RegexBuilder};

use crate::{FILE_BYTES_MAX, ROOT, glob::Glob, list::everything, place, walk::Walk};

/// Folders of version control, which hold everything twice.
const FOLDERS: [&str; 3] = [".git", ".hg", ".svn"];
/// What is shown of one line, in characters.
const LINE_MAX: usize = 300;
/// What is read in one call, in bytes.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// What to look for.
#[ares_sdk::data]
pub(crate) struct Search {
    /// The text to find, within one line.
    #[schemars(length(min = 1, max = 1000))]
    query: String,
    /// Take `query` as a regular expression (no look-around, no back-references) instead of plain text.
    #[serde(default)]
    regex: bool,
    /// Take capital and small letters for the same.
    #[serde(default)]
    ignore_case: bool,
    /// A folder or file inside the granted folder; the whole folder unless given.
    #[serde(default = "everything")]
    path: String,
    /// Only files like this: `*.rs` for names at any depth, `docs/**/*.md` for whole paths.
    #[schemars(length(min = 1, max = 200))]
    glob: Option<String>,
    /// How many lines to show before and after each match; none unless said otherwise.
    #[serde(default)]
    #[schemars(range(max = 10))]
    context: u32,
    /// At most so many matches; 100 unless said otherwise.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
}

/// What was found.
#[ares_sdk::data]
pub(crate) struct Matches {
    /// By path and line.
    matches: Vec<Match>,
    /// How many files were searched.
    files: u32,
    /// How many files were passed over because they are not text, over 1 MiB, or cannot be read.
    skipped: u32,
    /// Why there may be more; nothing when everything was searched.
    cut: Option<String>,
}

/// One line that fits.
#[ares_sdk::data]
pub(crate) struct Match {
    /// The file, relative to the granted folder.
    path: String,
    /// The line, counted from 1.
    line: u32,
    /// The line, cut to 300 characters.
    text: String,
    /// The lines before it.
    before: Vec<String>,
    /// The lines after it.
    after: Vec<String>,
}

/// Finds the lines of text files that hold a text or fit a regular expression, with their file and
/// line number. Narrow it by `path` and `glob`. Symbolic links, version control folders, files over
/// 1 MiB and files that are not text are passed over.
#[ares_sdk::capability(effect = "read")]
pub(crate) fn search_files(input: Search, context: &Context) -> Result<Matches, Failure> {
    search_below(Path::new(ROOT), &input, context)
}

pub(crate) fn search_below(root: &Path, input: &Search, context: &Context) -> Result<Matches, Failure> {
    let plain = if input.regex { input.query.clone() } else { regex_lite::escape(&input.query) };
    let pattern = RegexBuilder::new(&plain)
        .case_insensitive(input.ignore_case)
        .size_limit(1 << 20)
        .build()
        .or_fail("bad-pattern", format!("the regular expression `{}`", input.query))?;
    let glob = input.glob.as_deref().map(Glob::new).transpose()?;
    let limit = input.limit.unwrap_or(100) as usize;
    let mut walk = Walk::new(root, &input.path, usize::MAX, context.remaining_ms)?;
    let (mut found, mut files, mut skipped, mut bytes) = (Vec::new(), 0, 0, 0);
    while let Some(here) = walk.next() {
        let wanted = here.about.is_file()
            && !here.path.split('/').any(|part| FOLDERS.contains(&part))
            && glob.as_ref().is_none_or(|glob| glob.fits(&here.path));
        if !wanted {
            continue;
        }
        let text =
            (here.about.len() <= FILE_BYTES_MAX).then(|| place::whole(root, &here.path).ok()).flatten();
        let Some(text) =
            text.filter(|bytes| !bytes.contains(&0)).and_then(|bytes| String::from_utf8(bytes).ok())
        else {
            skipped += 1;
            continue;
        };
        files += 1;
        bytes += text.len() as u64;
        in_text(&here.path, &text, (&pattern, input.context as usize, limit + 1), &mut found);
        if found.len() > limit {
            found.truncate(limit);
            walk.stop(format!("more than {limit} matches; raise `limit`, or narrow `path` or `glob`"));
        } else if bytes > BYTES_MAX {
            walk.stop(format!("more than {} MiB; narrow `path` or `glob`", BYTES_MAX >> 20));
        }
    }
    Ok(Matches { matches: found, files, skipped: skipped + walk.unreadable, cut: walk.cut })
}

/// Adds the matches of one file, up to a number in all.
fn in_text(path: &str, text: &str, (pattern, context, most): (&Regex, usize, usize), found: &mut Vec<Match>) {
    let first = found.len();
    let mut before: VecDeque<&str> = VecDeque::new();
    for (line, text) in (1..).zip(text.lines()) {
        for earlier in found.iter_mut().skip(first) {
            // A match still waits for its lines after it while fewer than `context` have gone by.
            if earlier.after.len() < context && line > earlier.line {
                earlier.after.push(shown(text));
            }
        }
        if found.len() < most && pattern.is_match(text) {
            let before = before.iter().map(|line| shown(line)).collect();
            found.push(Match { path: path.to_owned(), line, text: shown(text), before, after: Vec::new() });
        }
        before.push_back(text);
        if before.len() > context {
            before.pop_front();
        }
    }
}

fn shown(line: &str) -> String {
    match line.char_indices().nth(LINE_MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}
