//! Asks running plugins how they fare: each as often and as patiently as its `[health]` says.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ares_kernel::PluginName;
use ares_kernel::facts::Plugin;
use ares_kernel::ports::{Health, Hook};
use futures::StreamExt;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use crate::lifecycle::{Lifecycle, describe};

/// How often the loop looks who is due.
const TICK: Duration = Duration::from_secs(1);
/// How many plugins are asked at a time.
const AT_A_TIME: usize = 4;

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Checkup {
    /// Who.
    pub plugin: PluginName,
    /// How it fares.
    pub health: Health,
    /// What is missing; empty when healthy.
    pub detail: String,
}

/// Asks one plugin now and writes the answer down. A plugin that breaks over the question or takes
/// too long is unhealthy.
pub async fn check(life: &Lifecycle, plugin: &Arc<Plugin>) -> Checkup {
    let patience = plugin.health.timeout;
    let (health, detail) = match timeout(patience, life.runtime().hook(plugin, Hook::Health)).await {
        Ok(report) => report.result.unwrap_or_else(|ended| (Health::Unhealthy, describe(&ended))),
        Err(_) => (Health::Unhealthy, format!("no answer within {patience:?}")),
    };
    if let Err(error) = life.records().health(&plugin.name, health, detail.clone()).await {
        tracing::error!(plugin = %plugin.name, %error, source = %error.source, "its health is not written down");
    }
    Checkup { plugin: plugin.name.clone(), health, detail }
}

/// Asks several plugins now, a few at a time. In the order given.
pub async fn check_all(life: &Lifecycle, plugins: Vec<Arc<Plugin>>) -> Vec<Checkup> {
    let checks = plugins.into_iter().map(|plugin| {
        let life = life.clone();
        async move { check(&life, &plugin).await }
    });
    futures::stream::iter(checks).buffered(AT_A_TIME).collect().await
}

/// Asks whoever runs, again and again. Never returns.
pub async fn watch(life: Lifecycle) {
    let mut due = HashMap::new();
    let mut ticks = interval(TICK);
    // After a slow answer the next look comes a tick later, not several at once.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let now = ticks.tick().await;
        let asked = take_due(&mut due, life.running(), now);
        check_all(&life, asked).await;
    }
}

/// Those whose time has come; their next time is set. Whoever is new is asked an interval from now.
fn take_due(
    due: &mut HashMap<PluginName, Instant>,
    running: Vec<Arc<Plugin>>,
    now: Instant,
) -> Vec<Arc<Plugin>> {
    due.retain(|name, _| running.iter().any(|plugin| &plugin.name == name));
    let mut asked = Vec::new();
    for plugin in running {
        let next = now + plugin.health.interval;
        let time = due.entry(plugin.name.clone()).or_insert(next);
        if *time <= now {
            *time = next;
            asked.push(plugin);
        }
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Mode;
    use crate::testing::{FakeRecords, FakeRuntime, plugin};
    use ares_kernel::{Ended, Failure};

    async fn running(runtime: FakeRuntime) -> (Lifecycle, Arc<FakeRecords>, Arc<FakeRuntime>, Arc<Plugin>) {
        let plugin = Arc::new(plugin(|_| {}));
        let (records, runtime) = (Arc::new(FakeRecords::of(&plugin)), Arc::new(runtime));
        let life = Lifecycle::new(records.clone(), runtime.clone(), Mode::Serving);
        life.start(&plugin).await.unwrap();
        records.taken();
        (life, records, runtime, plugin)
    }

    #[tokio::test(start_paused = true)]
    async fn a_plugin_is_asked_at_its_own_interval_while_it_runs() {
        let (life, records, runtime, plugin) = running(FakeRuntime::default()).await;
        let watching = tokio::spawn(watch(life.clone()));
        let asked = || runtime.hooks.lock().unwrap().len();
        tokio::time::sleep(Duration::from_millis(29_500)).await;
        assert_eq!(asked(), 0);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(asked(), 2);
        assert_eq!(records.taken(), ["demo Healthy: "; 2]);
        life.stop(&plugin.name).await.unwrap();
        tokio::time::sleep(Duration::from_secs(120)).await;
        assert_eq!(asked(), 2);
        watching.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn silence_and_breaking_are_unhealthy() {
        let (life, records, ..) =
            running(FakeRuntime { slow_hook: Duration::from_secs(11), ..FakeRuntime::default() }).await;
        let checkup = check_all(&life, life.running()).await.remove(0);
        assert_eq!((checkup.health, checkup.detail.as_str()), (Health::Unhealthy, "no answer within 10s"));
        assert_eq!(records.taken(), ["demo Unhealthy: no answer within 10s"]);

        let no = Err(Ended::Failed(Failure::new("no", "not today")));
        let (life, _, _, plugin) =
            running(FakeRuntime { ends: std::sync::Mutex::new([no].into()), ..FakeRuntime::default() }).await;
        assert_eq!(check(&life, &plugin).await.health, Health::Unhealthy);
    }
}
