//! The program: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The child that compiles has its own limits and knows nothing of commands.
    ares_host::compile_child();
    ares_host::run(std::env::args_os()).into()
}
