//! Calls, through the kernel like every call.

use std::time::Duration;

use ares_kernel::progress::Sink;
use ares_kernel::{Caller, Request};

use super::{Answer, Operations, invocation, json, name};
use crate::operation::{Call, Problem, ProblemKind};

impl Operations {
    pub(super) async fn invoke(&self, caller: Caller, call: Call, progress: Option<Sink>) -> Answer {
        if call.rehearse && call.approval.is_some() {
            let why = "a rehearsal needs no approval: nothing of it lasts; leave `approval` out";
            return Err(Problem::invalid("rehearsal", why));
        }
        if call.snapshot && call.rehearse {
            let why = "a rehearsal needs no snapshot: it changes nothing; leave `snapshot` out";
            return Err(Problem::invalid("rehearsal", why));
        }
        if call.snapshot && !matches!(caller, Caller::Human(_)) {
            let why =
                format!("{caller} cannot ask for a snapshot, which takes room on the disk; a person can");
            return Err(Problem::new(ProblemKind::Denied, "not-a-person", why));
        }
        let capability = call.capability.parse().map_err(|error| Problem::invalid("bad-name", error))?;
        let mut request = Request::new(caller, capability, call.input);
        request.provider = call.plugin.as_deref().map(name).transpose()?;
        request.deadline = call.deadline_ms.map(Duration::from_millis);
        request.task = call.task;
        request.metadata = call.metadata;
        request.approval = call.approval.as_deref().map(invocation).transpose()?;
        request.thorough = call.thorough;
        request.rehearse = call.rehearse;
        request.snapshot = call.snapshot;
        request.progress = progress;
        json(&self.0.invoke.invoke(request).await)
    }
}
