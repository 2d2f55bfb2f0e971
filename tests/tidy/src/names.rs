//! Names that say nothing are not used: for files, types or functions.

use crate::{Repository, Violations};

const EMPTY_WORDS: &[&str] = &["manager", "helper", "helpers", "util", "utils", "misc"];
const EMPTY_FUNCTIONS: &[&str] = &["mk", "do_it", "handle"];
const TYPE_KEYWORDS: &[&str] = &["struct", "enum", "trait", "type", "mod"];

/// No file, module, type or function has a name that would fit anything.
pub fn forbidden(repository: &Repository) -> Violations {
    let mut found = Vec::new();
    for (path, text) in repository.host_sources() {
        let stem = path.trim_end_matches(".rs").rsplit('/').next().unwrap_or_default();
        if EMPTY_WORDS.contains(&stem) {
            found.push(format!("{path}: `{stem}` does not say what the file is for"));
        }
        for (number, line) in text.lines().enumerate() {
            if let Some(name) = defined(line).filter(|(keyword, name)| is_empty_name(keyword, name)) {
                found.push(format!("{path}:{}: `{}` does not say what it is for", number + 1, name.1));
            }
        }
    }
    found
}

/// The keyword and the name of what this line defines.
fn defined(line: &str) -> Option<(&str, &str)> {
    let code = line.split("//").next()?;
    let words: Vec<&str> = code.split_whitespace().collect();
    words.windows(2).find_map(|pair| match pair {
        [keyword, name] if *keyword == "fn" || TYPE_KEYWORDS.contains(keyword) => {
            Some((*keyword, identifier(name)))
        }
        _ => None,
    })
}

/// What stands before generics, arguments or a brace.
fn identifier(word: &str) -> &str {
    word.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

fn is_empty_name(keyword: &str, name: &str) -> bool {
    if keyword == "fn" {
        return EMPTY_FUNCTIONS.contains(&name) || name.starts_with("mk_") || name.starts_with("do_");
    }
    let lower = name.to_lowercase();
    EMPTY_WORDS.iter().any(|word| lower.ends_with(word))
}
