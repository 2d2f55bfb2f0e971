//! Reads a TOML document key by key: every problem is kept with its place, and a key nobody asked
//! for is one of them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

use ares_kernel::text::{escaped, quoted};
use serde::de::{Deserialize, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One thing wrong with a TOML document, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What is wrong and what to do about it.
    pub message: String,
}

/// The most problems that are told one by one: nobody mends more at once, and each costs a search.
const PROBLEMS_MAX: usize = 100;

/// What is wrong with a document so far.
#[derive(Default)]
pub(crate) struct Document {
    problems: RefCell<Vec<(usize, String)>>,
    untold: Cell<usize>,
}

impl Document {
    /// Reads the whole text with `read`; answers its value only when nothing was wrong.
    pub(crate) fn read<T>(text: &str, read: impl FnOnce(Table<'_>) -> Option<T>) -> Result<T, Vec<Problem>> {
        let document = Document::default();
        let value = match DeTable::parse(text) {
            Ok(tree) => read(Table::new(&document, String::new(), tree.span(), tree.get_ref())),
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                document.wrong(at, format!("not TOML: {}", escaped(error.message(), 300)));
                None
            }
        };
        let mut problems = document.problems.take();
        if problems.is_empty() {
            if let Some(value) = value {
                return Ok(value);
            }
            problems.push((0, "the document is not complete".to_owned()));
        }
        problems.sort();
        let untold = document.untold.get();
        if untold > 0 {
            problems.push((text.len(), format!("and {untold} more problems; mend these first")));
        }
        Err(problems.into_iter().map(|(at, message)| place(text, at, message)).collect())
    }

    fn wrong(&self, at: usize, message: String) {
        if self.is_full() {
            self.untold.set(self.untold.get().saturating_add(1));
        } else {
            self.problems.borrow_mut().push((at, message));
        }
    }

    fn is_full(&self) -> bool {
        self.problems.borrow().len() >= PROBLEMS_MAX
    }
}

pub(super) fn place(text: &str, at: usize, message: String) -> Problem {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Problem {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        message,
    }
}

/// A value, where it stands and what it is called.
#[derive(Clone)]
pub(crate) struct Value<'t> {
    document: &'t Document,
    name: String,
    span: Range<usize>,
    value: &'t DeValue<'t>,
}

impl<'t> Value<'t> {
    /// Notes that something is wrong here.
    pub(crate) fn wrong(&self, message: impl Display) {
        self.document.wrong(self.span.start, format!("`{}`: {message}", self.name));
    }

    fn expected<T>(&self, what: impl Display) -> Option<T> {
        self.wrong(format_args!("expected {what}, found {}", kind(self.value)));
        None
    }

    /// A string.
    pub(crate) fn text(&self) -> Option<&'t str> {
        match self.value {
            DeValue::String(text) => Some(text.as_ref()),
            _ => self.expected("a string"),
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self) -> Option<bool> {
        match self.value {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.expected("true or false"),
        }
    }

    /// A whole number inside a range.
    pub(crate) fn whole(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let DeValue::Integer(number) = self.value else { return self.expected("a whole number") };
        match u64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if range.contains(&number) => Some(number),
            _ => {
                self.wrong(format_args!("{number} is not between {} and {}", range.start(), range.end()));
                None
            }
        }
    }

    /// A number inside a range, whole or not.
    pub(crate) fn number(&self, range: RangeInclusive<f64>) -> Option<f64> {
        let number = match self.value {
            DeValue::Integer(number) => number.as_str().parse().ok(),
            DeValue::Float(number) => number.as_str().replace('_', "").parse().ok(),
            _ => return self.expected("a number"),
        };
        if let Some(number) = number.filter(|number| range.contains(number)) {
            return Some(number);
        }
        self.wrong(format_args!("must be between {} and {}", range.start(), range.end()));
        None
    }

    /// A string that a type parses itself.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&self) -> Option<T> {
        match self.text()?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(escaped(&format!("{error}"), 300));
                None
            }
        }
    }

    /// One of the words of an enum.
    pub(crate) fn word<T: Deserialize<'t>>(&self) -> Option<T> {
        let text = self.text()?;
        let word: Result<T, serde::de::value::Error> = T::deserialize(text.into_deserializer());
        word.map_err(|error| self.wrong(escaped(&error.to_string(), 300))).ok()
    }

    /// A list, at most `most` long.
    pub(crate) fn items(&self, most: usize) -> Option<Vec<Value<'t>>> {
        let DeValue::Array(array) = self.value else { return self.expected("a list") };
        if array.len() > most {
            self.wrong(format_args!("{} entries; the most is {most}", array.len()));
            return None;
        }
        let item = |item: &'t Spanned<DeValue<'t>>| Value {
            document: self.document,
            name: self.name.clone(),
            span: item.span(),
            value: item.get_ref(),
        };
        Some(array.iter().map(item).collect())
    }

    /// A list of which every entry is read by `read`.
    pub(crate) fn list<T>(&self, most: usize, read: impl Fn(&Value<'t>) -> Option<T>) -> Option<Vec<T>> {
        self.items(most)?.iter().map(read).collect()
    }

    /// A table.
    pub(crate) fn table(&self) -> Option<Table<'t>> {
        match self.value {
            DeValue::Table(table) => {
                Some(Table::new(self.document, self.name.clone(), self.span.clone(), table))
            }
            _ => self.expected("a table"),
        }
    }

    /// Whether this is a table.
    pub(crate) fn is_table(&self) -> bool {
        matches!(self.value, DeValue::Table(_))
    }

    /// The value as JSON. What JSON cannot hold is noted.
    pub(crate) fn json(&self) -> Option<serde_json::Value> {
        json(self.value).map_err(|why| self.wrong(why)).ok()
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// TOML nests at most 80 deep (the parser's own bound), so this recursion ends.
pub(crate) fn json(value: &DeValue<'_>) -> Result<serde_json::Value, String> {
    Ok(match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Boolean(flag) => (*flag).into(),
        DeValue::Integer(number) => {
            let whole = i64::from_str_radix(number.as_str(), number.radix());
            whole.map_err(|_| format!("{number} does not fit 64 bits"))?.into()
        }
        DeValue::Float(number) => {
            let finite = number.as_str().replace('_', "").parse().ok().and_then(serde_json::Number::from_f64);
            finite.ok_or_else(|| format!("{number} is not a number JSON can hold"))?.into()
        }
        DeValue::Datetime(date) => return Err(format!("JSON has no dates: write \"{date}\" as a string")),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect::<Result<_, _>>()?,
        DeValue::Table(table) => {
            let mut object = serde_json::Map::new();
            for (key, value) in table.iter() {
                object.insert(key.get_ref().as_ref().to_owned(), json(value.get_ref())?);
            }
            object.into()
        }
    })
}

/// A table being read.
pub(crate) struct Table<'t> {
    document: &'t Document,
    name: String,
    span: Range<usize>,
    entries: &'t DeTable<'t>,
    read: BTreeSet<&'static str>,
}

impl<'t> Table<'t> {
    fn new(document: &'t Document, name: String, span: Range<usize>, entries: &'t DeTable<'t>) -> Self {
        Self { document, name, span, entries, read: BTreeSet::new() }
    }

    /// The value of a key, if it is there.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<Value<'t>> {
        self.read.insert(key);
        let (found, value) = self.entries.get_key_value(key)?;
        Some(Value {
            document: self.document,
            name: key.to_owned(),
            span: found.span(),
            value: value.get_ref(),
        })
    }

    /// The value of a key that has to be there.
    pub(crate) fn required(&mut self, key: &'static str) -> Option<Value<'t>> {
        let value = self.get(key);
        if value.is_none() {
            self.wrong(format_args!("`{key}` is missing{}", self.inside()));
        }
        value
    }

    /// The table of this key, empty tables and missing ones being the same.
    pub(crate) fn section(&mut self, key: &'static str) -> Option<Table<'t>> {
        self.get(key)?.table()
    }

    /// Every entry, for tables whose keys are free.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'t str, Value<'t>)> + use<'t> {
        let document = self.document;
        self.entries.iter().map(move |(key, value)| {
            let name: &str = key.get_ref().as_ref();
            let shown = escaped(name, 80);
            (name, Value { document, name: shown, span: key.span(), value: value.get_ref() })
        })
    }

    /// Notes that something is wrong with the table as a whole.
    pub(crate) fn wrong(&self, message: impl Display) {
        self.document.wrong(self.span.start, message.to_string());
    }

    fn inside(&self) -> String {
        if self.name.is_empty() { String::new() } else { format!(" in [{}]", self.name) }
    }

    /// Ends reading: a key that was never asked for is a problem. `planned` are words that mean
    /// something elsewhere; the message says that they do nothing here.
    pub(crate) fn finish(self, planned: &[&str]) {
        for (key, value) in self.all().filter(|(key, _)| !self.read.contains(key)) {
            if self.document.is_full() {
                self.document.wrong(value.span.start, String::new());
                continue;
            }
            let inside = self.inside();
            let message = if planned.contains(&key) {
                format!("`{key}`{inside} is not supported by this version; take it out")
            } else {
                let near = self.read.iter().map(|known| (strsim::jaro_winkler(known, key), known));
                match near.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(likeness, _)| *likeness > 0.75) {
                    Some((_, near)) => {
                        format!("unknown key {}{inside}; did you mean `{near}`?", quoted(key, 60))
                    }
                    None => {
                        let known: Vec<&str> = self.read.iter().copied().collect();
                        format!("unknown key {}{inside}; known are {}", quoted(key, 60), known.join(", "))
                    }
                }
            };
            self.document.wrong(value.span.start, message);
        }
    }
}
