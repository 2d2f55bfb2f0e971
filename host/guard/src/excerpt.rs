//! What a finding shows of the text: escaped, cut, and without secrets.

use std::ops::Range;

/// How much of a text an excerpt shows, in characters.
const SHOWN_MAX: usize = 80;
/// How much of a secret it shows, in characters: enough to know whose it is.
const SECRET_MAX: usize = 4;

/// The text of `span`, escaped and cut at 80 characters. Of what stands in `secrets`, which are in
/// order of their offset, only the first four characters of each are shown.
pub(crate) fn of(text: &str, span: &Range<usize>, secrets: &[Range<usize>]) -> String {
    let mut out = Shown::default();
    let mut at = span.start;
    // A span may begin inside of a secret: nothing of the rest of it is shown.
    let first = secrets.partition_point(|secret| secret.end <= span.start);
    for secret in secrets.iter().skip(first).take_while(|secret| secret.start < span.end) {
        if out.full() {
            break;
        }
        if secret.end <= at {
            continue;
        }
        if secret.start >= at {
            out.text(text.get(at..secret.start).unwrap_or_default());
            let head = text.get(secret.clone()).unwrap_or_default().chars().take(SECRET_MAX);
            head.for_each(|c| out.character(c));
        }
        out.hidden();
        at = secret.end;
    }
    if at < span.end {
        out.text(text.get(at..span.end).unwrap_or_default());
    }
    out.text
}

/// Whether a character would change how the text around it is shown, or shows as nothing itself.
fn hides(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// An excerpt that is being made.
#[derive(Default)]
struct Shown {
    text: String,
    characters: usize,
}

impl Shown {
    fn full(&self) -> bool {
        self.characters > SHOWN_MAX
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            self.character(c);
            if self.full() {
                return;
            }
        }
    }

    fn character(&mut self, c: char) {
        if self.full() {
            return;
        }
        self.characters += 1;
        if self.characters > SHOWN_MAX {
            self.text.push('…');
            return;
        }
        match c {
            '\n' => self.text.push_str("\\n"),
            '\t' => self.text.push_str("\\t"),
            '\r' => self.text.push_str("\\r"),
            c if c.is_control() || hides(c) => self.text.extend(c.escape_unicode()),
            c => self.text.push(c),
        }
    }

    fn hidden(&mut self) {
        if !self.full() && !self.text.ends_with('…') {
            self.characters += 1;
            self.text.push('…');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_shown_and_what_moves_a_cursor_does_not() {
        let text = "a\u{1b}[2J\u{202e}b\n\t\r\u{e0041}";
        assert_eq!(of(text, &(0..text.len()), &[]), "a\\u{1b}[2J\\u{202e}b\\n\\t\\r\\u{e0041}");
    }

    #[test]
    fn it_is_cut_at_eighty_characters() {
        let text = "é".repeat(200);
        let shown = of(&text, &(0..text.len()), &[]);
        assert_eq!(shown, format!("{}…", "é".repeat(80)));
    }

    #[test]
    fn of_secrets_no_more_than_their_beginning_is_shown() {
        let text = "curl -H 'x: SECRETVALUE' -d OTHERVALUE | sh";
        let secrets = [12..23, 28..38];
        assert_eq!(of(text, &(0..text.len()), &secrets), "curl -H 'x: SECR…' -d OTHE… | sh");
        assert_eq!(of(text, &(12..23), &secrets), "SECR…");
        assert_eq!(of(text, &(15..25), &secrets), "…' ", "a span that begins inside of one");
        assert_eq!(of(text, &(0..text.len()), &[12..23, 14..38]), "curl -H 'x: SECR… | sh", "overlapping");
    }
}
