//! What a terminal obeys instead of showing it.

use crate::escapes::{Escape, Kind, escapes};
use crate::place::Group::Terminal;
use crate::place::Severity::{High, Low, Medium};
use crate::rule::{Look, Rule};
use crate::subject::{Spans, Subject};
use crate::traits::Traits;

const STRIP: &str = "Take the sequence out, or write it as an escape where it is meant.";

const fn sequence(find: crate::rule::Detect) -> Look {
    Look::Characters { having: Traits::CONTROL, find }
}

pub(crate) static CLIPBOARD: Rule = Rule::new(
    "terminal-clipboard",
    Terminal,
    High,
    sequence(clipboard),
    "Do not show it raw: it writes into the clipboard, and the next paste is the author's (OSC 52).",
)
.hostile();

pub(crate) static TITLE: Rule = Rule::new(
    "terminal-title",
    Terminal,
    High,
    sequence(title),
    "Do not show it raw: it sets the window's title, which some terminals can be made to type (OSC 0, 1, 2).",
)
.hostile();

pub(crate) static CLEAR: Rule = Rule::new(
    "terminal-clear",
    Terminal,
    High,
    sequence(clear),
    "Do not show it raw: it takes what was shown before off the screen.",
)
.hostile();

pub(crate) static CURSOR: Rule = Rule::new(
    "terminal-cursor",
    Terminal,
    Medium,
    sequence(cursor),
    "Do not show it raw: it writes over what was shown before.",
);

pub(crate) static REPORT: Rule = Rule::new(
    "terminal-report",
    Terminal,
    High,
    sequence(report),
    "Do not show it raw: the terminal answers it by typing.",
);

pub(crate) static CONCEAL: Rule = Rule::new(
    "terminal-conceal",
    Terminal,
    High,
    sequence(conceal),
    "Do not show it raw: it makes text invisible.",
);

pub(crate) static COLOUR: Rule =
    Rule::new("terminal-colour", Terminal, Low, sequence(colour), "Ordinary in logs; take it out of a name.")
        .in_names(Medium);

pub(crate) static LINK: Rule = Rule::new(
    "terminal-link",
    Terminal,
    Low,
    sequence(link),
    "Look at the address behind the words before following it (OSC 8).",
)
.in_names(Medium);

pub(crate) static LINK_MISMATCH: Rule = Rule::new(
    "terminal-link-mismatch",
    Terminal,
    High,
    sequence(link_mismatch),
    "Do not follow it: it shows one address and leads to another (OSC 8).",
);

pub(crate) static SEQUENCE: Rule = Rule::new("terminal-sequence", Terminal, Medium, sequence(other), STRIP);

pub(crate) static C1: Rule = Rule::new(
    "terminal-c1",
    Terminal,
    High,
    sequence(c1),
    "Take it out: some terminals obey these characters, which no text of today needs.",
);

pub(crate) static OVERWRITE: Rule = Rule::new(
    "overwriting-return",
    Terminal,
    Low,
    Look::Characters { having: Traits::RETURN, find: overwrite },
    "Look at what stands before it: a terminal writes what follows over it.",
)
.in_names(High);

pub(crate) static BACKSPACE: Rule = Rule::new(
    "overwriting-backspace",
    Terminal,
    Medium,
    sequence(backspace),
    "Look at what stands before it: a terminal writes what follows over it.",
);

pub(crate) static CONTROL: Rule = Rule::new(
    "control-character",
    Terminal,
    Medium,
    sequence(control),
    "Take it out, or write it as an escape.",
);

fn sequences(subject: &Subject<'_>, spans: &mut Spans, is: impl Fn(&Kind<'_>) -> bool) {
    for escape in escapes(subject.text).filter(|escape| is(&escape.kind)) {
        spans.push(escape.span);
    }
}

/// The number an operating system command begins with.
fn number<'a>(kind: &Kind<'a>) -> Option<(&'a str, &'a str)> {
    match kind {
        Kind::Command(said) => Some(said.split_once(';').unwrap_or((said, ""))),
        _ => None,
    }
}

fn is_clipboard(kind: &Kind<'_>) -> bool {
    number(kind).is_some_and(|(number, _)| number == "52")
}

fn is_title(kind: &Kind<'_>) -> bool {
    number(kind).is_some_and(|(number, _)| matches!(number, "0" | "1" | "2" | "l" | "L" | "I"))
}

/// ED, the alternate screen, a reset (RIS, DECSTR).
fn is_clear(kind: &Kind<'_>) -> bool {
    match kind {
        Kind::Control { last: 'J', .. } | Kind::Short('c') => true,
        Kind::Control { parameters, last: 'h' | 'l' } => matches!(*parameters, "?47" | "?1047" | "?1049"),
        Kind::Control { parameters: "!", last: 'p' } => true,
        _ => false,
    }
}

/// CUU to VPR, IL, DL, DCH, scrolling, saving and restoring; RI, IND, NEL.
fn is_cursor(kind: &Kind<'_>) -> bool {
    match kind {
        Kind::Control { last, .. } => {
            matches!(last, 'A'..='I' | 'K'..='M' | 'P' | 'S' | 'T' | 'X' | 'Z' | '`' | 'a' | 'd' | 'e' | 'f' | 's' | 'u')
        }
        Kind::Short(c) => matches!(c, '7' | '8' | 'D' | 'E' | 'M'),
        _ => false,
    }
}

/// DA, DSR, window reports, DECRQM; DCS (DECRQSS, XTGETTCAP); colour and font queries.
fn is_report(kind: &Kind<'_>) -> bool {
    match kind {
        Kind::Control { last: 'c' | 'n' | 't', .. } | Kind::String => true,
        Kind::Control { parameters, last: 'p' } => parameters.ends_with('$'),
        Kind::Command(said) => said.ends_with(";?"),
        _ => false,
    }
}

fn is_colour(kind: &Kind<'_>) -> bool {
    matches!(kind, Kind::Control { last: 'm', .. })
}

/// SGR 8.
fn is_conceal(kind: &Kind<'_>) -> bool {
    matches!(kind, Kind::Control { parameters, last: 'm' } if concealed(parameters))
}

/// An 8 that is not part of a colour: `38;5;8` and `48;2;0;0;8` are colours.
fn concealed(parameters: &str) -> bool {
    let mut rest = parameters.split(';');
    while let Some(parameter) = rest.next() {
        match parameter {
            "8" => return true,
            "38" | "48" | "58" => match rest.next() {
                Some("5") => drop(rest.next()),
                Some("2") => drop(rest.nth(2)),
                _ => {}
            },
            _ => {}
        }
    }
    false
}

fn is_link(kind: &Kind<'_>) -> bool {
    target(kind).is_some_and(|target| !target.is_empty())
}

/// Where a link leads; nothing for the sequence that ends one.
fn target<'a>(kind: &Kind<'a>) -> Option<&'a str> {
    let (number, rest) = number(kind)?;
    (number == "8").then_some(rest.split_once(';')?.1)
}

fn clipboard(subject: &Subject<'_>, spans: &mut Spans) {
    sequences(subject, spans, is_clipboard);
}

fn title(subject: &Subject<'_>, spans: &mut Spans) {
    sequences(subject, spans, is_title);
}

fn clear(subject: &Subject<'_>, spans: &mut Spans) {
    sequences(subject, spans, is_clear);
}

fn cursor(subject: &Subject<'_>, spans: &mut Spans) {
    sequences(subject, spans, is_cursor);
}

fn report(subject: &Subject<'_>, spans: &mut Spans) {
    sequences(subject, spans, |kind| is_report(kind) && !is_clipboard(kind));
}

fn conceal(subject: &Subject<'_>, spans: &mut Spans) {
    sequences(subject, spans, is_conceal);
}

fn colour(subject: &Subject<'_>, spans: &mut Spans) {
    sequences(subject, spans, |kind| is_colour(kind) && !is_conceal(kind));
}

fn link(subject: &Subject<'_>, spans: &mut Spans) {
    sequences(subject, spans, is_link);
}

/// The words of a link that look like an address, but not like the one it leads to.
fn link_mismatch(subject: &Subject<'_>, spans: &mut Spans) {
    let mut open: Option<(Escape<'_>, &str)> = None;
    for escape in escapes(subject.text) {
        let Some(leads_to) = target(&escape.kind) else { continue };
        if let Some((opened, target)) = open.take() {
            let words = subject.text.get(opened.span.end..escape.span.start).unwrap_or_default();
            if address(words).is_some_and(|shown| address(target) != Some(shown)) {
                spans.push(opened.span.start..escape.span.end);
            }
        }
        open = (!leads_to.is_empty()).then_some((escape, leads_to));
    }
}

/// The host of something that looks like an address: one word with a dot in what may be its host.
fn address(text: &str) -> Option<&str> {
    let text = text.trim();
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next()?;
    let host = host.strip_prefix("www.").unwrap_or(host);
    let plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    (plain && host.contains('.') && !host.ends_with('.')).then_some(host)
}

/// What no other rule speaks of: other commands, modes, character sets, broken sequences.
fn other(subject: &Subject<'_>, spans: &mut Spans) {
    let known = [is_clipboard, is_title, is_clear, is_cursor, is_report, is_colour];
    sequences(subject, spans, |kind| {
        !known.iter().any(|is| is(kind)) && target(kind).is_none() && *kind != Kind::Broken
    });
}

/// All of C1 but NEL, which is a newline in some old files.
fn c1(subject: &Subject<'_>, spans: &mut Spans) {
    single(subject, spans, |c| matches!(c, '\u{80}'..='\u{84}' | '\u{86}'..='\u{9f}'));
}

fn backspace(subject: &Subject<'_>, spans: &mut Spans) {
    single(subject, spans, |c| c == '\u{8}');
}

/// The rest of C0, NEL and DEL. NUL has a rule of its own in paths; ESC is here where it introduces nothing.
fn control(subject: &Subject<'_>, spans: &mut Spans) {
    single(
        subject,
        spans,
        |c| matches!(c, '\0'..='\u{7}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{85}'),
    );
}

/// Characters outside of whole sequences.
fn single(subject: &Subject<'_>, spans: &mut Spans, is: impl Fn(char) -> bool) {
    let mut whole = escapes(subject.text).filter(|escape| escape.kind != Kind::Broken).peekable();
    for (at, c) in subject.text.char_indices().filter(|(_, c)| is(*c)) {
        while whole.next_if(|escape| escape.span.end <= at).is_some() {}
        if !whole.peek().is_some_and(|escape| escape.span.contains(&at)) {
            spans.push(at..at + c.len_utf8());
        }
    }
}

/// A carriage return with something on both sides of it in its line.
fn overwrite(subject: &Subject<'_>, spans: &mut Spans) {
    for (at, _) in subject.text.match_indices('\r') {
        let after = subject.text.get(at + 1..).and_then(|rest| rest.chars().next());
        if after.is_some_and(|c| !matches!(c, '\n' | '\r')) {
            spans.push(at..at + 1);
        }
    }
}

#[cfg(test)]
pub(super) mod pairs {
    use super::super::pairs::Pair;
    use crate::place::Place::{Path, Text};

    pub(crate) const PAIRS: &[Pair] = &[
        Pair("terminal-clipboard", Text, "\u{1b}]52;c;cm0gLXJm\u{7}", "\u{1b}]8;;https://a.example\u{7}"),
        Pair("terminal-title", Text, "\u{1b}]0;root@host\u{1b}\\", "\u{1b}]8;;\u{7}"),
        Pair("terminal-clear", Text, "\u{1b}[2J\u{1b}[H", "\u{1b}[2K"),
        Pair("terminal-clear", Text, "\u{1b}[?1049h", "\u{1b}[?25h"),
        Pair("terminal-cursor", Text, "ok\u{1b}[1A\u{1b}[2K", "\u{1b}[32mok"),
        Pair("terminal-report", Text, "\u{1b}[6n", "\u{1b}[6m"),
        Pair("terminal-conceal", Text, "\u{1b}[0;8mhidden", "\u{1b}[38;5;8mgrey\u{1b}[48;2;8;8;8m"),
        Pair("terminal-colour", Path, "\u{1b}[31ma", "[31ma"),
        Pair("terminal-link", Text, "\u{1b}]8;;https://a.example\u{7}a\u{1b}]8;;\u{7}", "\u{1b}]8;;\u{7}"),
        Pair(
            "terminal-link-mismatch",
            Text,
            "\u{1b}]8;;https://evil.example/x\u{7}https://bank.example/\u{1b}]8;;\u{7}",
            "\u{1b}]8;;https://bank.example/x\u{7}bank.example\u{1b}]8;;\u{7} \u{1b}]8;;https://b.example\u{7}here\u{1b}]8;;\u{7}",
        ),
        Pair("terminal-sequence", Text, "\u{1b}]1337;File=x\u{7}", "\u{1b}[0m"),
        Pair("terminal-c1", Text, "a\u{90}b", "a\u{85}b"),
        Pair("overwriting-return", Text, "rm -rf x\rls      ", "a\r\nb\r\n"),
        Pair("overwriting-backspace", Text, "rm\u{8}\u{8}ls", "rm ls"),
        Pair("control-character", Text, "a\u{7}b", "a\u{1b}]0;t\u{7}b"),
    ];
}
