//! The hard checks. Their order is fixed: a refusal reveals as little and costs as little as
//! possible. Who asks comes before what there is, what there is before whether it is sound,
//! whether it is allowed before what exactly was said.

mod arguments;
mod caller;
mod capacity;
mod depth;
mod grants;
pub(crate) mod guard;
mod integrity;
mod lockout;
mod mode;
mod policy;
mod provider;
mod rules;
mod sequencing;
mod standing;
mod targets;

use super::Check;

/// All of them, in order.
pub const CHECKS: &[&dyn Check] = &[
    &lockout::Lockout,
    &caller::Caller,
    &mode::Mode,
    &provider::Provider,
    &integrity::Integrity,
    &depth::Depth,
    &policy::Policy,
    &grants::Grants,
    &arguments::Arguments,
    &targets::Targets,
    &guard::Guard,
    &rules::Rules,
    &standing::Standing,
    &sequencing::Sequencing,
    &capacity::Capacity,
];
