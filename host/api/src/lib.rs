//! The doors through which requests come in.

pub mod mcp;
pub mod socket;
