//! The world of `wit/v0.1`: the bindings, and what turns them into the kernel's own types.

use std::time::Instant;

use ares_kernel::facts::Effect;
use ares_kernel::ports::{Described, Health, Hook};
use ares_kernel::text::{FOREIGN_TEXT_MAX, escaped};
use ares_kernel::{Caller, Failure, Permit};
use wasmtime::Store;
use wasmtime::component::{HasSelf, Linker};

use crate::state::CallState;

mod generated {
    #![allow(missing_docs, unreachable_pub, reason = "written by a macro")]

    wasmtime::component::bindgen!({
        path: "../../wit/v0.1",
        world: "plugin",
        imports: {
            "ares:host/kv": async | trappable,
            "ares:host/call": async | trappable,
            "ares:host/events": async | trappable,
            "ares:host/secrets": async | trappable,
            default: trappable,
        },
        exports: { default: async },
        with: { "ares:host/secrets.secret": crate::imports::secrets::Secret },
    });
}

use generated::ares::host::types;
use generated::exports::ares::host::health;

pub(crate) use generated::ares::host::{call, config_values, events, kv, log, progress, secrets};
pub(crate) use generated::{Plugin, PluginPre};

/// The name of this track.
pub(crate) const TRACK: &str = "0.1";

impl types::Host for CallState {}

/// Links the types; the functions are in `imports`.
pub(crate) fn link(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    types::add_to_linker::<CallState, HasSelf<CallState>>(linker, |state| state)
}

/// `capability.invoke`
pub(crate) async fn invoke(
    plugin: &Plugin,
    store: &mut Store<CallState>,
    permit: &Permit,
) -> wasmtime::Result<Result<String, Failure>> {
    let (name, request) = (permit.capability().id.as_str(), permit.request());
    let context = context(permit);
    let answer =
        plugin.ares_host_capability().call_invoke(&mut *store, name, &request.input, &context).await?;
    Ok(answer.map_err(|said| failure(store, &said)))
}

fn context(permit: &Permit) -> types::Context {
    let request = permit.request();
    let left = permit.deadline().saturating_duration_since(Instant::now()).as_millis();
    types::Context {
        invocation: permit.id().to_string(),
        caller: match &request.caller {
            Caller::Human(name) => types::Caller::Human(name.clone()),
            Caller::Agent(name) => types::Caller::Agent(name.clone()),
            Caller::Plugin(name) => types::Caller::Plugin(name.as_str().to_owned()),
        },
        parent: permit.parent_id().map(|id| id.to_string()),
        task: request.task.clone(),
        depth: permit.depth(),
        remaining_ms: u64::try_from(left).unwrap_or(u64::MAX),
        metadata: request.metadata.clone().unwrap_or_else(|| "{}".to_owned()),
    }
}

/// `capability.describe`
pub(crate) async fn describe(
    plugin: &Plugin,
    store: &mut Store<CallState>,
) -> wasmtime::Result<Vec<Described>> {
    let descriptors = plugin.ares_host_capability().call_describe(store).await?;
    let described = descriptors.into_iter().map(|descriptor| Described {
        name: descriptor.name,
        description: descriptor.description,
        input_schema: descriptor.input_schema,
        output_schema: descriptor.output_schema,
        effect: match descriptor.effect {
            types::Effect::Pure => Effect::Pure,
            types::Effect::Read => Effect::Read,
            types::Effect::Write => Effect::Write,
            types::Effect::Network => Effect::Network,
            types::Effect::Message => Effect::Message,
            types::Effect::Destructive => Effect::Destructive,
        },
    });
    Ok(described.collect())
}

/// The function behind a hook.
pub(crate) async fn hook(
    plugin: &Plugin,
    store: &mut Store<CallState>,
    hook: &Hook,
) -> wasmtime::Result<Result<(Health, String), Failure>> {
    let done = match hook {
        Hook::Setup => plugin.ares_host_lifecycle().call_setup(&mut *store).await?,
        Hook::Teardown => plugin.ares_host_lifecycle().call_teardown(&mut *store).await?,
        Hook::Validate(values) => plugin.ares_host_config().call_validate(&mut *store, values).await?,
        Hook::Apply(values) => plugin.ares_host_config().call_apply(&mut *store, values).await?,
        Hook::Health => {
            let report = plugin.ares_host_health().call_check(&mut *store).await?;
            let health = match report.state {
                health::State::Healthy => Health::Healthy,
                health::State::Degraded => Health::Degraded,
                health::State::Unhealthy => Health::Unhealthy,
            };
            let detail = store.data().secrets().scrub(&report.detail);
            return Ok(Ok((health, escaped(&detail, FOREIGN_TEXT_MAX))));
        }
    };
    Ok(done.map(|()| (Health::Healthy, String::new())).map_err(|said| failure(store, &said)))
}

/// Without secrets before it is cut: what is left of a value by a cut could not be found any more.
fn failure(store: &Store<CallState>, failure: &types::Failure) -> Failure {
    Failure::new(&failure.code, &store.data().secrets().scrub(&failure.message))
}
