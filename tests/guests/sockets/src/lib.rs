//! Opens a connection, so that its component imports `wasi:sockets`.
use std::net::TcpStream;

use ares_sdk::Failure;

/// Connects to this machine's own web server.
#[ares_sdk::capability(effect = "network")]
pub fn connect() -> Result<bool, Failure> {
    Ok(TcpStream::connect("127.0.0.1:80").is_ok())
}

ares_sdk::plugin!(connect);
