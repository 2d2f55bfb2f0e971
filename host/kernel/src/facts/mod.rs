//! Facts: what the registry knows about a plugin when a request comes in. Anyone may state a fact;
//! what may be done with it is decided in `flow` and `gate`.

mod approval;
mod cost;
mod drift;
mod effect;
mod extent;
mod grants;
mod history;
mod limits;
mod net;
mod objections;
mod plugin;
mod posture;
mod quota;
mod rate;
mod schema;
mod secret;
mod shelf;
mod task;
mod warnings;

pub use approval::{Approval, ApprovalState, Binding};
pub use cost::{Budget, Cost, Money, MoneyError, OverBudget};
pub use drift::Drift;
pub use effect::Effect;
pub use extent::{Extent, Spot};
pub use grants::{Access, Folder, Grants, Place, Scope, ScopeError};
pub use history::{Came, History, Pace, RECENT, Streak, Track, USE_MS_MAX, Use};
pub use limits::{Limits, Maxima};
pub use net::{Host, Method, MethodError, NetAsk, NetRule, Origin, OriginError, Scheme, special};
pub use objections::Objections;
pub use plugin::{
    About, Capability, Claim, Claimed, HealthPolicy, Hooks, Integrity, Plugin, Postcheck, Priority,
    Sequencing, Target,
};
pub use posture::{Lockout, Mode, Posture};
pub use quota::{FileLimit, Quota};
pub use rate::{Rate, TooOften};
pub use schema::{SCHEMA_BYTES_MAX, Schema, SchemaError};
pub use secret::SecretGrant;
pub use shelf::{CUTS_MAX, NOS_MAX, REHEARSALS_MAX, USES_MAX, kept_uses};
pub use task::Task;
pub use warnings::{WARNING_MS_MAX, Warnings};
