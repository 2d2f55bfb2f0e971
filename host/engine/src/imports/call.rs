//! `ares:host/call`: another capability, through the same gate as every other caller.

use ares_kernel::flow::Outcome;
use ares_kernel::gate::Kind;
use ares_kernel::{CapabilityId, Permit, Status};
use wasmtime::component::HasData;

use super::Import;
use crate::authority::Authority;
use crate::limits::Meter;
use crate::log::Denials;
use crate::state::{CallState, Parts};
use crate::world::v0_1::call::{self, Error, Problem};

pub(super) const IMPORT: Import = Import {
    name: "call",
    link: |linker| call::add_to_linker::<CallState, Call>(linker, CallState::call_view),
};

struct Call;

/// The way back in. Only a running call has one; hooks have not.
pub(crate) struct CallView<'a> {
    permit: Option<&'a Permit>,
    meter: &'a mut Meter,
    denials: Denials<'a>,
}

impl HasData for Call {
    type Data<'a> = CallView<'a>;
}

impl CallState {
    fn call_view(&mut self) -> CallView<'_> {
        let Parts { authority, meter, log, surroundings, .. } = self.parts();
        let permit = match authority {
            Authority::Call(permit) => Some(&**permit),
            Authority::Hook { .. } | Authority::Unknown { .. } => None,
        };
        CallView { permit, meter, denials: Denials { log, surroundings, authority } }
    }
}

fn refused(code: &str, message: String) -> Error {
    Error::Refused(Problem { code: code.to_owned(), message })
}

fn answer(outcome: &Outcome) -> Result<String, Error> {
    let status = outcome.status();
    let problem = || Problem {
        code: status.code().unwrap_or_default().to_owned(),
        message: status.message().unwrap_or_default().to_owned(),
    };
    match status {
        Status::Ok(text) => Ok(text.clone()),
        Status::Refused(_) => Err(Error::Refused(problem())),
        Status::Failed(_) => Err(Error::Failed(problem())),
        Status::Fault(_) | Status::Unrecorded => Err(Error::Fault(problem())),
    }
}

impl call::Host for CallView<'_> {
    async fn invoke(&mut self, capability: String, input: String) -> wasmtime::Result<Result<String, Error>> {
        self.meter.count()?;
        let Some(permit) = self.permit else {
            let message = "hooks of a plugin's life cannot call other capabilities".to_owned();
            self.denials.note(&format!("call: {message}"));
            return Ok(Err(refused("not-in-a-hook", message)));
        };
        let Ok(id) = capability.parse::<CapabilityId>() else {
            let name = self.denials.quoted(&capability, 80);
            let message = format!("{name} is not the name of a capability");
            self.denials.note(&format!("call: {message}"));
            return Ok(Err(refused("no-provider", message)));
        };
        let outcome = permit.reentry().invoke(id, input).await;
        if let Status::Refused(refusal) = outcome.status()
            && refusal.kind == Kind::Forbidden
        {
            self.denials.note(&format!("call: {}", refusal.message));
        }
        Ok(answer(&outcome))
    }
}
