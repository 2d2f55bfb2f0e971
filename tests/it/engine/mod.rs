//! The engine alone, behind a real gate: what guests can and cannot do, and how calls can end.

mod calls;
mod faults;
mod files;
mod hooks;
mod house;
mod kv;
mod load;
mod room;
mod singleton;
