//! How deep a rule may be. Cedar goes into rules by recursion, and what it makes of a rule is dropped by
//! recursion, so one of endless depth would end the process; it is refused before it is parsed.

/// The most brackets that may be open at one place.
const BRACKETS_MAX: usize = 32;

/// The most signs of operators in one rule: each may be one level more.
const OPERATORS_MAX: usize = 1000;

/// What an `if` counts for: it takes as much of the stack as so many operators.
const CONDITION: usize = 32;

/// Where a text is too deep, in bytes, and in which way.
pub(crate) fn too_deep(text: &str) -> Option<(usize, String)> {
    let (mut brackets, mut operators) = (0_usize, 0_usize);
    let mut word = String::new();
    for (at, sign) in (Signs { rest: text.char_indices().peekable() }) {
        if sign.is_alphanumeric() || sign == '_' {
            // No word that counts is longer.
            if word.len() < 8 {
                word.push(sign);
            }
            continue;
        }
        if std::mem::take(&mut word) == "if" {
            operators += CONDITION;
        }
        match sign {
            '(' | '[' | '{' => brackets += 1,
            ')' | ']' | '}' => brackets = brackets.saturating_sub(1),
            ';' => (brackets, operators) = (0, 0),
            '&' | '|' | '+' | '-' | '*' | '.' | '!' | '<' | '>' | '=' => operators += 1,
            _ => {}
        }
        if brackets > BRACKETS_MAX {
            return Some((at, format!("more than {BRACKETS_MAX} brackets are open here; write it flatter")));
        }
        if operators > OPERATORS_MAX {
            let why = format!("a rule has at most {OPERATORS_MAX} signs of operators; make two of it");
            return Some((at, why));
        }
    }
    None
}

/// The signs of a text outside of strings and comments. A string is one quote.
struct Signs<'a> {
    rest: std::iter::Peekable<std::str::CharIndices<'a>>,
}

impl Iterator for Signs<'_> {
    type Item = (usize, char);

    fn next(&mut self) -> Option<Self::Item> {
        let (at, sign) = self.rest.next()?;
        match sign {
            '"' => {
                while let Some((_, inside)) = self.rest.next() {
                    match inside {
                        '"' => break,
                        '\\' => drop(self.rest.next()),
                        _ => {}
                    }
                }
            }
            '/' if self.rest.next_if(|(_, next)| *next == '/').is_some() => {
                while self.rest.next_if(|(_, inside)| *inside != '\n').is_some() {}
                return Some((at, ' '));
            }
            _ => {}
        }
        Some((at, sign))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_do_not_count_and_each_rule_counts_for_itself() {
        let deep = "(".repeat(100);
        for text in [
            format!("\"{deep}\""),
            format!("\"\\\"{deep}\""),
            format!("// {deep}\n"),
            format!("// \"\n{}", "a - b;\n".repeat(2000)),
            ";if ".repeat(2000),
            "ifs ".repeat(2000),
        ] {
            assert_eq!(too_deep(&text), None, "{text}");
        }
        assert_eq!(too_deep(&format!("// \"\n{deep}")).map(|(at, _)| at), Some(5 + 32));
        assert!(too_deep(&"if ".repeat(2000)).is_some());
        assert!(too_deep(&"a.".repeat(2000)).is_some());
    }
}
