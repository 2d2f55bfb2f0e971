//! Reads what nobody shall see: without echo at a terminal, and without a copy left in a buffer.

use std::io::{self, IsTerminal as _, Write as _};

use ares_kernel::SECRET_VALUE_MAX;
use ares_services::operation::Hidden;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The longest line that a terminal hands over whole; it cuts longer ones without a word.
const LINE_MAX: usize = 4095;
/// What Control-C sends.
const CONTROL_C: u8 = 3;

/// A terminal that does not show what is typed, until this is dropped.
struct Blind(Termios);

impl Blind {
    fn new() -> io::Result<Self> {
        let usual = tcgetattr(io::stdin())?;
        let mut blind = usual.clone();
        blind.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        // Else this process would end here and leave the terminal blind: so it ends the line.
        blind.special_codes[SpecialCodeIndex::VEOL] = CONTROL_C;
        tcsetattr(io::stdin(), OptionalActions::Flush, &blind)?;
        Ok(Self(usual))
    }
}

impl Drop for Blind {
    fn drop(&mut self) {
        // There is nothing left to do when the terminal is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// A text from standard input, without the line end after it; at a terminal it is asked for and not
/// shown.
///
/// # Errors
/// When it cannot be read, is no text, is too long, or the person does not want to.
pub(crate) fn read(question: &str) -> Result<Hidden, Failure> {
    let doing = "reading the value from standard input";
    let broken = |error: io::Error| Failure::io(doing, &error);
    let mut bytes = Zeroizing::new(vec![0; SECRET_VALUE_MAX + 3]);
    let terminal = io::stdin().is_terminal();
    let length = if terminal {
        let _ = write!(io::stderr().lock(), "{question} ");
        let blind = Blind::new().map_err(broken)?;
        let length = rustix::io::read(io::stdin(), &mut **bytes).map_err(|error| broken(error.into()))?;
        drop(blind);
        let _ = writeln!(io::stderr().lock());
        if length >= LINE_MAX {
            return Err(Failure::input(
                "bad-secret",
                "a terminal cuts so long a line; give the value through a pipe",
            ));
        }
        length
    } else {
        to_the_end(&mut bytes).map_err(broken)?
    };
    bytes.truncate(length);
    if terminal && bytes.contains(&CONTROL_C) {
        return Err(Failure::input("cancelled", "nothing was stored"));
    }
    let text =
        std::str::from_utf8(&bytes).map_err(|_| Failure::input("bad-secret", "the value is no text"))?;
    Ok(Hidden::new(without_line_end(text).to_owned()))
}

/// Fills the buffer as far as the input goes: more than there may be is not read, and refused later.
fn to_the_end(bytes: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(room) = bytes.get_mut(length..).filter(|room| !room.is_empty()) {
        match rustix::io::read(io::stdin(), room) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(length)
}

/// One line end is how programs and editors end a text, and no part of it.
fn without_line_end(text: &str) -> &str {
    let line = text.strip_suffix('\n').unwrap_or(text);
    line.strip_suffix('\r').unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_no_part_of_a_value() {
        for (text, value) in
            [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("", ""), ("\n", "")]
        {
            assert_eq!(without_line_end(text), value);
        }
    }
}
