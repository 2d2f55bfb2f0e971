//! How a failure looks on standard error.

use crate::failure::Failure;

/// `error: …`, and `hint: …` where there is something to try.
#[must_use]
pub(crate) fn render(failure: &Failure) -> String {
    let mut text = format!("error: {}", failure.message);
    if let Some(hint) = &failure.hint {
        text.push_str("\nhint: ");
        text.push_str(hint);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use ares_services::operation::{Problem, ProblemKind};

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
        insta::assert_snapshot!(failure.to_json().to_string(), @r#"{"error":{"code":"no-such-plugin","exit":4,"hint":"`ares-host list` and `ares-host capabilities` show what there is","message":"no plugin is called `nots`"}}"#);
    }
}
