//! The engine alone, behind a real gate: what guests can and cannot do, and how calls can end.

mod calls;
mod disk;
mod events;
mod faults;
mod files;
mod hooks;
mod host_calls;
mod house;
mod http;
mod kv;
mod limits;
mod load;
mod loading;
mod paths;
mod progress;
mod quotas;
mod rehearsal;
mod room;
mod singleton;
mod smith;
