# One-line recipes over `cargo xtask`, which needs nothing but cargo on a fresh machine.

# format, clippy and the tests of every crate without Wasmtime; about ten seconds warm
quick *args:
    cargo xtask quick {{args}}

# everything: wasm target, guests, format, clippy, all tests
test *args:
    cargo xtask test {{args}}

# from nothing to a running host: builds, registers the plugins, invokes them on real input
demo *args:
    cargo xtask demo {{args}}

# plugins/ and tests/guests/ into target/guests
guests *args:
    cargo xtask guests {{args}}

# raw Wasmtime against the full path, in one run
bench *args:
    cargo xtask bench {{args}}

# hostile inputs for everything that reads foreign bytes, for a minute
fuzz *args:
    cargo xtask fuzz {{args}}

# makes the guests' target available to the active rustc
wasm-target *args:
    cargo xtask wasm-target {{args}}

# writes down the hash of a new migration or of a released WIT track
freeze *args:
    cargo xtask freeze {{args}}

# reviews changed snapshots
accept:
    cargo insta review
