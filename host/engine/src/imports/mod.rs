//! What a guest can reach. Every import is always linked; what was not granted answers with an
//! error at the call. Each file has the same five parts: the line for the list, a marker, a view
//! built from the store's state, the getter, and the functions.

mod call;
mod config_values;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod http;
pub(crate) mod kv;
mod log;
mod progress;
pub(crate) mod secrets;
pub(crate) mod wasi;

use wasmtime::component::Linker;

use crate::state::CallState;

/// One interface of `ares:host`.
struct Import {
    name: &'static str,
    link: fn(&mut Linker<CallState>) -> wasmtime::Result<()>,
}

/// All of them.
const IMPORTS: &[Import] = &[
    log::IMPORT,
    config_values::IMPORT,
    kv::IMPORT,
    call::IMPORT,
    events::IMPORT,
    progress::IMPORT,
    secrets::IMPORT,
];

/// Links everything a guest can reach.
pub(crate) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    crate::world::link(linker)?;
    for import in IMPORTS {
        (import.link)(linker)
            .map_err(|error| error.context(format!("linking `ares:host/{}`", import.name)))?;
    }
    http::link(linker)?;
    wasi::link(linker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_what_the_world_imports() {
        let world = fs_err::read_to_string("../../wit/v0.1/world.wit").unwrap();
        let declared: Vec<&str> =
            world.lines().filter_map(|line| line.trim().strip_prefix("import ")?.strip_suffix(';')).collect();
        let linked: Vec<&str> = IMPORTS.iter().map(|import| import.name).collect();
        assert_eq!(linked, declared);
    }
}
