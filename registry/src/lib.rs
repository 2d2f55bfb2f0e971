//! The one database: modules, versions, capabilities, grants, status, events, configuration, the
//! plugins' stored values, and the journal of invocations.
//!
//! Everything a plugin is, is a row here. A plugin whose row is gone cannot be invoked; one whose
//! row was added a moment ago, by this process or another, can.
//!
//! [`Registry`] stands behind four ports of the kernel, which never block:
//! [`Catalog`](ares_kernel::ports::Catalog), [`Journal`](ares_kernel::ports::Journal),
//! [`Outbox`](ares_kernel::ports::Outbox) and [`KvStore`](ares_kernel::ports::KvStore). Everything else on it is administration: plain
//! functions that may wait for the disk. From async code, call them on a blocking thread.
//!
//! | concern | functions of [`Registry`] |
//! |---|---|
//! | life | [`open`](Registry::open), [`shutdown`](Registry::shutdown), [`check`](Registry::check), [`schema`](Registry::schema) |
//! | plugins | [`register`](Registry::register), [`unregister`](Registry::unregister), [`set_enabled`](Registry::set_enabled), [`modules`](Registry::modules), [`module`](Registry::module) |
//! | memory | [`snapshot`](Registry::snapshot), [`refresh`](Registry::refresh), [`report_integrity`](Registry::report_integrity), [`component_path`](Registry::component_path) |
//! | versions | [`versions`](Registry::versions), [`activate`](Registry::activate), [`manifest`](Registry::manifest), [`lock_entries`](Registry::lock_entries) |
//! | capabilities | [`capabilities`](Registry::capabilities) |
//! | dependencies | [`dependencies`](Registry::dependencies) |
//! | grants | [`grants`](Registry::grants), [`grants_allow`](Registry::grants_allow), [`grants_revoke`](Registry::grants_revoke) |
//! | configuration | [`config`](Registry::config), [`config_fits`](Registry::config_fits), [`config_set`](Registry::config_set), [`config_unset`](Registry::config_unset) |
//! | status | [`update_status`](Registry::update_status), [`record_health`](Registry::record_health), [`statuses`](Registry::statuses), [`status`](Registry::status) |
//! | events | [`add_event`](Registry::add_event), [`events`](Registry::events) |
//! | invocations | [`invocations`](Registry::invocations), [`invocation`](Registry::invocation), [`flush`](Registry::flush) |
//! | events between plugins | [`deliveries`](Registry::deliveries), [`deliveries_waiting`](Registry::deliveries_waiting), [`delivery_claim`](Registry::delivery_claim), [`delivery_postpone`](Registry::delivery_postpone), [`delivery_end`](Registry::delivery_end) |
//! | secrets | [`secrets`](Registry::secrets), [`secret_set`](Registry::secret_set), [`secret_rotate`](Registry::secret_rotate), [`secret_remove`](Registry::secret_remove) |
//! | evidence | [`called_wrong`](Registry::called_wrong), [`note_tested`](Registry::note_tested) |
//! | rules | [`policy_taken`](Registry::policy_taken), [`policies`](Registry::policies), [`policy`](Registry::policy) |
//! | mandates | [`stops`](Registry::stops), [`stop_counts`](Registry::stop_counts), [`violations`](Registry::violations), [`request_override`](Registry::request_override), [`overrides`](Registry::overrides) |
//! | skeptics | [`skeptics_record`](Registry::skeptics_record) |
//! | analysis | [`analysis`](Registry::analysis) |
//! | patterns | [`patterns`](Registry::patterns), [`pattern`](Registry::pattern), [`patterns_in`](Registry::patterns_in), [`tech_matrix`](Registry::tech_matrix), [`pattern_add`](Registry::pattern_add), [`pattern_remove`](Registry::pattern_remove), [`pattern_promote`](Registry::pattern_promote), [`pattern_used`](Registry::pattern_used) |
//! | snapshots of folders | [`kept_snapshots`](Registry::kept_snapshots), [`kept_snapshot`](Registry::kept_snapshot), [`snapshot_begun`](Registry::snapshot_begun), [`snapshot_whole`](Registry::snapshot_whole), [`snapshot_ended`](Registry::snapshot_ended), [`snapshots_due`](Registry::snapshots_due), [`snapshots_running`](Registry::snapshots_running) |
//! | stored values | [`kv_apply`](Registry::kv_apply) for the writes of hooks |
//!
//! Every change is one transaction together with its row in `events`, and is on disk when the
//! function returns. Every change takes the [`Caller`](ares_kernel::Caller) who made it.

mod analysis;
mod approvals;
mod budgets;
mod capabilities;
mod catalog;
mod check;
mod config_layers;
mod configurations;
mod connection;
mod dependencies;
mod error;
mod events;
mod file_layer;
mod grants;
mod guard_warnings;
mod history;
mod invocations;
mod journal;
mod kv;
mod migrate;
mod modules;
mod objections;
mod options;
mod outbox;
mod overrides;
mod patterns;
mod pinned;
mod policies;
mod posture;
mod readers;
mod record;
mod reference;
mod register;
mod registry;
mod rows;
mod secrets;
mod snapshot;
mod snapshots;
mod spool;
mod status;
mod stops;
mod surroundings;
mod tasks;
mod unprovided;
mod versions;
mod views;
mod watch;
mod writer;

#[cfg(test)]
mod tests;

pub mod bundle;
pub mod inspect;
pub mod knowledge;
pub mod lockfile;
pub mod manifest;
pub mod merge;
pub mod schema_form;

pub use analysis::{
    Analysis, CALLS_MAX, CallCost, CallEdge, DecisionCount, EVENTS_MAX, PluginFacts, ScopeStanding,
    VERDICTS_MAX, Waiting,
};
pub use approvals::{ApprovalView, Word};
pub use budgets::{BudgetSet, BudgetView, Payer, PayerError, Span};
pub use check::{Finding, IndexView, SchemaView};
pub use error::{OtherContent, RegistryError};
pub use file_layer::{FileLayer, NoTable};
pub use history::CalledWrong;
pub use migrate::SCHEMA_VERSION;
pub use objections::SkepticView;
pub use options::{JournalSync, Options};
pub use overrides::{FINAL_FROM, OverrideWish};
pub use patterns::{
    NewPattern, PATTERN_POINTS, PATTERNS_MAX, PatternMatch, PatternView, TechnologyView, UseOf,
};
pub use policies::{PolicyChange, PolicyView};
pub use posture::{ACKNOWLEDGED_MS, LockoutChange, LockoutView};
pub use record::{CapabilityRecord, Registration};
pub use reference::as_the_guest_reads;
pub use register::Registered;
pub use registry::Registry;
pub use snapshot::Snapshot;
pub use snapshots::{SnapshotEnd, SnapshotFolder, SnapshotView, SnapshotsHold};
pub use stops::{StopView, ViolationsView};
pub use tasks::{TaskPlan, TaskView};
pub use views::{
    CapabilityQuery, CapabilityView, ConfigView, DeliveryEnd, DeliveryView, DependencyView, EventQuery,
    EventView, GrantView, InvocationQuery, InvocationView, ModuleFilter, ModuleView, Origin, SecretView,
    State, StatusChange, StatusView, TargetView, UsageView, VersionView,
};
