//! How long files are. Clippy keeps the length of functions.

use crate::{Repository, Violations};

const LONGEST_FILE: usize = 600;
const MEDIAN: usize = 150;

/// No file is longer than what one can hold in mind.
pub fn file_length(repository: &Repository) -> Violations {
    let long = lengths(repository).into_iter().filter(|(_, lines)| *lines > LONGEST_FILE);
    long.map(|(path, lines)| format!("{path}: has {lines} lines, at most {LONGEST_FILE} are allowed"))
        .collect()
}

/// Half of the files are short.
pub fn median_length(repository: &Repository) -> Violations {
    let median = median(repository);
    if median > MEDIAN {
        vec![format!("the median file has {median} lines, at most {MEDIAN} are allowed")]
    } else {
        Vec::new()
    }
}

/// The median number of lines of the host's source files.
pub fn median(repository: &Repository) -> usize {
    let mut lines: Vec<usize> = lengths(repository).into_iter().map(|(_, lines)| lines).collect();
    lines.sort_unstable();
    lines.get(lines.len() / 2).copied().unwrap_or_default()
}

fn lengths(repository: &Repository) -> Vec<(&str, usize)> {
    repository.host_sources().map(|(path, text)| (path, text.lines().count())).collect()
}
