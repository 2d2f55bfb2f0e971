//! Words and values known to trip readers.

use arbitrary::{Result, Unstructured};

const CHARACTERS: &[&str] = &[
    "\u{1b}[2J",
    "\u{0}",
    "\u{7}",
    "\r",
    "\n",
    "\t",
    "\u{202e}",
    "\u{200b}",
    "\u{feff}",
    "\u{e0041}",
    "\u{2028}",
    "\u{9b}",
    "\"",
    "'",
    "\\",
    "#",
    "=",
    "[",
    "]",
    "{",
    "}",
    ".",
    ",",
    ":",
    "\"\"\"",
    "'''",
    "é",
    "😀",
    "\u{301}",
];

const VALUES: &[&str] = &[
    "",
    "0",
    "-1",
    "1",
    "true",
    "false",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "1e-400",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "-9223372036854775809",
    "0xffffffffffffffff",
    "0o777",
    "1_0",
    "1.5",
    "\"\"",
    "\" \"",
    "\"a\"",
    "\"..\"",
    "\"/etc/passwd\"",
    "\"\\u001b[2J\"",
    "\"\\u0000\"",
    "\"\\u202e\"",
    "\"\\ud800\"",
    "\"1.0.0\"",
    "\"^1\"",
    "\"*\"",
    "\">=1, <2\"",
    "\"kv\"",
    "\"fs:\"",
    "\"fs:a=../..\"",
    "\"call:*\"",
    "1979-05-27T07:32:00Z",
    "07:32:00",
    "[]",
    "[[]]",
    "{}",
    "{ a = {} }",
    "[1, \"a\"]",
    "\"\"\"\n\"\"\"",
    "'\\'",
    "\"{\\\"$ref\\\": \\\"#\\\"}\"",
    "{ \"$ref\" = \"#\" }",
    "null",
];

/// A short text no person would write.
pub(crate) fn word(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=5)? {
        0 => (*u.choose(CHARACTERS)?).to_owned(),
        1 | 2 => (*u.choose(VALUES)?).to_owned(),
        3 => u.choose(CHARACTERS)?.repeat(u.int_in_range(1..=100)?),
        4 => format!("\"{}\"", "a".repeat(size(u, 70_000)?)),
        _ => deep(u)?,
    })
}

/// A size up to the most, most often a small one: large ones take their time.
pub(crate) fn size(u: &mut Unstructured<'_>, most: usize) -> Result<usize> {
    let most = if u.ratio(1, 16)? { most } else { most.min(100) };
    u.int_in_range(1..=most)
}

/// Something nested deeply.
fn deep(u: &mut Unstructured<'_>) -> Result<String> {
    let depth = size(u, 20_000)?;
    let (open, close) =
        *u.choose(&[("[", "]"), ("{a=", "}"), ("{\"a\":", "}"), ("a.", "a"), ("[[", "]]")])?;
    Ok(format!("{}1{}", open.repeat(depth), close.repeat(depth)))
}
