//! Calls, through the kernel like every call.

use std::time::Duration;

use ares_kernel::progress::Sink;
use ares_kernel::{Caller, Request};

use super::{Answer, Operations, json, name};
use crate::operation::Problem;

/// One call as it was asked for.
pub(super) struct Call {
    pub(super) capability: String,
    pub(super) plugin: Option<String>,
    pub(super) input: String,
    pub(super) deadline_ms: Option<u64>,
    pub(super) task: Option<String>,
    pub(super) metadata: Option<String>,
    pub(super) progress: Option<Sink>,
}

impl Operations {
    pub(super) async fn invoke(&self, caller: Caller, call: Call) -> Answer {
        let capability = call.capability.parse().map_err(|error| Problem::invalid("bad-name", error))?;
        let mut request = Request::new(caller, capability, call.input);
        request.provider = call.plugin.as_deref().map(name).transpose()?;
        request.deadline = call.deadline_ms.map(Duration::from_millis);
        request.task = call.task;
        request.metadata = call.metadata;
        request.progress = call.progress;
        json(&self.0.invoke.invoke(request).await)
    }
}
