//! How a failure looks on standard error.

use ares_kernel::text::escaped;

use crate::failure::Failure;

/// `error: …`, and `hint: …` where there is something to try. Paths are named in messages as they
/// are, so what would move a cursor is escaped here; nothing is escaped twice by that.
#[must_use]
pub(crate) fn render(failure: &Failure) -> String {
    let mut text = format!("error: {}", failure.message);
    if let Some(hint) = &failure.hint {
        text.push_str("\nhint: ");
        text.push_str(hint);
    }
    let lines: Vec<String> = text.split('\n').map(|line| escaped(line, usize::MAX)).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ares_services::operation::{Problem, ProblemKind};

    #[test]
    fn a_path_cannot_move_the_cursor() {
        let failure = Failure::input("x", "/p/\u{1b}[2J is bad\nand `\\u{1b}[2J` is \u{9b}2J");
        insta::assert_snapshot!(render(&failure), @r"
        error: /p/\u{1b}[2J is bad
        and `\u{1b}[2J` is \u{9b}2J
        ");
    }

    #[test]
    fn a_problem_with_a_hint() {
        let problem = Problem {
            kind: ProblemKind::NotFound,
            code: "no-such-plugin".into(),
            message: "no plugin is called `nots`".into(),
        };
        let failure = Failure::from(problem);
        insta::assert_snapshot!(render(&failure), @r"
        error: no plugin is called `nots`
        hint: `ares-host list` and `ares-host capabilities` show what there is
        ");
        insta::assert_snapshot!(failure.to_json().to_string(), @r#"{"error":{"code":"no-such-plugin","message":"no plugin is called `nots`","exit":4,"hint":"`ares-host list` and `ares-host capabilities` show what there is"}}"#);
    }
}
