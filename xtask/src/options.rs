//! Reads `--name value` options and plain names; what is not known is an error.

use crate::failure::{Failure, Result};

/// The arguments of one task, taken out one by one.
pub(crate) struct Options {
    rest: Vec<String>,
}

impl Options {
    pub(crate) fn new(arguments: &[String]) -> Self {
        Self { rest: arguments.to_vec() }
    }

    /// The value after `name`, or after `name=`.
    pub(crate) fn value(&mut self, name: &str) -> Result<Option<String>> {
        let equals = format!("{name}=");
        let Some(at) =
            self.rest.iter().position(|argument| argument == name || argument.starts_with(&equals))
        else {
            return Ok(None);
        };
        let found = self.rest.remove(at);
        if let Some(value) = found.strip_prefix(&equals) {
            return Ok(Some(value.to_owned()));
        }
        if at < self.rest.len() {
            return Ok(Some(self.rest.remove(at)));
        }
        Err(Failure::new(format!("{name} needs a value")))
    }

    /// What is left, which must be plain names.
    pub(crate) fn names(self) -> Result<Vec<String>> {
        match self.rest.iter().find(|argument| argument.starts_with('-')) {
            Some(unknown) => Err(Failure::new(format!("there is no option `{unknown}` here; see --help"))),
            None => Ok(self.rest),
        }
    }

    /// Nothing may be left.
    pub(crate) fn end(self) -> Result<()> {
        match self.names()?.first() {
            Some(surplus) => Err(Failure::new(format!("`{surplus}` is not expected here; see --help"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> Options {
        Options { rest: text.split_whitespace().map(str::to_owned).collect() }
    }

    #[test]
    fn values_are_taken_in_both_spellings() {
        let mut given = options("--from debian --sysroot=/x name");
        assert_eq!(given.value("--from").unwrap().as_deref(), Some("debian"));
        assert_eq!(given.value("--sysroot").unwrap().as_deref(), Some("/x"));
        assert_eq!(given.names().unwrap(), ["name"]);
    }

    #[test]
    fn what_is_not_known_or_not_complete_is_an_error() {
        assert!(options("--frm debian").names().is_err());
        assert!(options("--from").value("--from").is_err());
        assert!(options("surplus").end().is_err());
    }
}
