//! Everything a host can be asked, carried out.

mod analyze;
mod approvals;
mod attempts;
mod budgets;
mod capabilities;
mod config;
mod copies;
mod discretion;
mod doctor;
mod explain;
mod grants;
mod invoke;
mod journal;
mod life;
mod lists;
mod oversight;
mod patterns;
mod permission;
mod policy;
mod posture;
mod problem;
mod register;
mod secrets;
mod snapshots;
mod standing;
mod status;
mod tasks;
#[cfg(test)]
mod tests;
mod verify;
mod versions;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ares_kernel::facts::Plugin;
use ares_kernel::gate::Weights;
use ares_kernel::ports::{Clock, Invoke, Runtime};
use ares_kernel::progress::Sink;
use ares_kernel::text::is_visible;
use ares_kernel::{Caller, InvocationId, PluginName};
use ares_registry::LockoutChange;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;

use crate::book::Book;
use crate::integrity::Provisioned;
use crate::lifecycle::Lifecycle;
use crate::operation::{Operate, Operation, Problem, ProblemKind};
use crate::patterns::PatternSettings;
use crate::rules::RuleBook;
use crate::snapshots::Keeper;
use crate::state::State;

pub(crate) use policy::follow;
pub(crate) use problem::chain;

pub(crate) type Answer = Result<Value, Problem>;

/// Carries operations out over a host's parts. All clones are one.
#[derive(Clone)]
pub(crate) struct Operations(Arc<Parts>);

/// What operations work with.
pub(crate) struct Parts {
    pub(crate) book: Book,
    /// Every call's way in.
    pub(crate) invoke: Arc<dyn Invoke>,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) life: Lifecycle,
    pub(crate) integrity: Provisioned,
    pub(crate) rules: Arc<dyn RuleBook>,
    pub(crate) state: State,
    /// Whether this is a host that goes on running, or one command's.
    pub(crate) serving: bool,
    /// One registration or configuration at a time; see [`Operations::alone`].
    pub(crate) registering: tokio::sync::Mutex<()>,
    /// How long a person's yes to one call holds.
    pub(crate) approval: Duration,
    /// The time of day.
    pub(crate) clock: Arc<dyn Clock>,
    /// What the gate weighs how much.
    pub(crate) weights: Weights,
    /// Which patterns are recommended.
    pub(crate) patterns: PatternSettings,
    /// Snapshots of what calls may change.
    pub(crate) snapshots: Keeper,
}

impl Operations {
    /// Over these parts.
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The one place where operations meet their code.
    async fn carry_out(&self, caller: Caller, operation: Operation, progress: Option<Sink>) -> Answer {
        match operation {
            Operation::Invoke(call) => self.invoke(caller, call, progress).await,
            Operation::Register { folder, grants, grant_all, replace } => {
                self.register(caller, register::Wish { folder, grants, grant_all, replace }).await
            }
            Operation::Unregister { plugin } => self.unregister(caller, &plugin).await,
            Operation::Enable { plugin, enabled } => self.enable(caller, &plugin, enabled).await,
            Operation::List { kind, category, tag } => self.list(kind, category, tag).await,
            Operation::Info { plugin } => self.info(&plugin).await,
            Operation::Capabilities { name, find, feature } => self.capabilities(name, find, feature).await,
            Operation::Start { plugin } => self.start(&plugin).await,
            Operation::Stop { plugin } => self.stop(&plugin).await,
            Operation::Status { plugin } => self.status(plugin.as_deref()).await,
            Operation::Health { plugin } => self.health(plugin.as_deref()).await,
            Operation::Events { types, plugin, limit } => self.events(&caller, types, plugin, limit).await,
            Operation::Invocations { id, capability, limit } => {
                self.invocations(&caller, id, capability, limit).await
            }
            Operation::Explain { id } => self.explain(&caller, &id).await,
            Operation::Feedback { id, note } => self.feedback(caller, &id, said(note)).await,
            Operation::Tested { plugin, blake3, passed } => {
                self.tested(caller, &plugin, &blake3, &passed).await
            }
            Operation::Mode { mode } => self.mode(caller, mode).await,
            Operation::LockoutStatus => self.lockout().await,
            Operation::LockoutOn { reason } => self.lockout_change(caller, LockoutChange::On(reason)).await,
            Operation::LockoutAcknowledge { note } => {
                self.lockout_change(caller, LockoutChange::Acknowledge(note)).await
            }
            Operation::LockoutOff { note } => self.lockout_change(caller, LockoutChange::Off(note)).await,
            Operation::Approvals { all, limit } => self.approvals(all, limit).await,
            Operation::Approval { id } => self.approval(&id).await,
            Operation::Approve { id, note, standing, is_final } => {
                self.approve(caller, &id, approvals::Yes { note: said(note), standing, is_final }).await
            }
            Operation::Deny { id, note } => self.deny(caller, &id, said(note)).await,
            Operation::ConfigGet { plugin, key } => self.config_get(&plugin, key).await,
            Operation::ConfigSet { plugin, key, value } => {
                self.config_set(caller, &plugin, key, &value).await
            }
            Operation::ConfigUnset { plugin, key } => self.config_unset(caller, &plugin, key).await,
            Operation::GrantsShow { plugin } => self.grants_show(&plugin).await,
            Operation::GrantsAllow { plugin, grants } => self.grants_allow(caller, &plugin, &grants).await,
            Operation::GrantsRevoke { plugin, scopes } => self.grants_revoke(caller, &plugin, &scopes).await,
            Operation::SecretsList => self.secrets_list().await,
            Operation::SecretSet { name, value } => self.secret_set(caller, &name, value).await,
            Operation::SecretRotate { name, value } => self.secret_rotate(caller, &name, value).await,
            Operation::SecretRemove { name } => self.secret_remove(caller, &name).await,
            Operation::Versions { plugin } => self.versions(&plugin).await,
            Operation::Activate { plugin, version } => self.activate(caller, &plugin, &version).await,
            Operation::Verify => self.verify().await,
            Operation::Lock => self.lock().await,
            Operation::Policy { wish } => self.policy(caller, wish).await,
            Operation::Budget { wish } => self.budgets(caller, wish).await,
            Operation::Tasks { wish } => self.tasks(caller, wish).await,
            Operation::Patterns { wish } => self.patterns(caller, wish).await,
            Operation::Snapshots { wish } => self.snapshots(caller, wish).await,
            Operation::Oversight { wish } => self.oversight(caller, wish).await,
            Operation::Analyze => self.analyze(caller).await,
            Operation::Doctor => self.doctor().await,
        }
    }

    /// Waits until nobody else, in this process or another, registers or configures here: between
    /// copying a component and writing its row, nobody may clear copies away.
    async fn alone(&self) -> Result<Alone<'_>, Problem> {
        let here = self.0.registering.lock().await;
        let state = self.0.state.clone();
        let everywhere = blocking(move || copies::Exclusive::take(&state)).await?;
        let everywhere = everywhere.map_err(|error| io("waiting for other registrations", &error))?;
        Ok(Alone { _here: here, _everywhere: everywhere })
    }

    /// The active version of a registered plugin.
    fn plugin(&self, name: &PluginName) -> Result<Arc<Plugin>, Problem> {
        let found = crate::records::Records::plugin(&self.0.book, name);
        found.ok_or_else(|| ares_registry::RegistryError::NoSuchPlugin { name: name.clone() }.into())
    }
}

/// See [`Operations::alone`].
struct Alone<'a> {
    _here: tokio::sync::MutexGuard<'a, ()>,
    _everywhere: copies::Exclusive,
}

impl Operate for Operations {
    fn operate(&self, caller: Caller, operation: Operation) -> BoxFuture<'_, Answer> {
        self.begin(caller, operation, None)
    }

    fn operate_heard(&self, caller: Caller, operation: Operation, progress: Sink) -> BoxFuture<'_, Answer> {
        self.begin(caller, operation, Some(progress))
    }
}

impl Operations {
    fn begin(&self, caller: Caller, operation: Operation, progress: Option<Sink>) -> BoxFuture<'_, Answer> {
        let this = self.clone();
        async move {
            // Who gives themselves a stored value for a name is known by its placeholder.
            let caller = caller.without(&**this.0.book.registry());
            permission::permitted(&caller, &operation)?;
            // What was begun is done to its end, whoever waits for it.
            let task = tokio::spawn(async move { this.carry_out(caller, operation, progress).await });
            task.await.unwrap_or_else(|error| {
                tracing::error!(%error, "an operation failed in the middle");
                Err(Problem::internal())
            })
        }
        .boxed()
    }
}

/// What somebody said, if there is anything in it that can be seen.
fn said(words: Option<String>) -> Option<String> {
    words.filter(|words| is_visible(words))
}

/// A plugin's name as it was written.
fn name(text: &str) -> Result<PluginName, Problem> {
    text.parse().map_err(|error| Problem::invalid("bad-name", error))
}

/// An invocation's id as it was written.
fn invocation(text: &str) -> Result<InvocationId, Problem> {
    text.parse().map_err(|error| Problem::invalid("bad-id", error))
}

/// Something done where waiting for the disk is allowed.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Problem::internal())
}

/// A value as JSON.
fn json(value: &impl serde::Serialize) -> Answer {
    serde_json::to_value(value).map_err(|error| Problem::of(ProblemKind::Failed, "unwritable", &error))
}

/// An answer with what is worth knowing beside it, as `note`.
fn noted(mut answer: Value, notes: &[String]) -> Answer {
    if let Some(answer) = answer.as_object_mut().filter(|_| !notes.is_empty()) {
        answer.insert("note".to_owned(), notes.join("; ").into());
    }
    Ok(answer)
}

/// A file or folder we could not work with. `fs_err` names it.
fn io(doing: &str, error: &std::io::Error) -> Problem {
    Problem::new(ProblemKind::Failed, "io", format!("{doing} failed: {error}"))
}

/// Scope → place, as they were written.
type Places = BTreeMap<String, Option<String>>;
