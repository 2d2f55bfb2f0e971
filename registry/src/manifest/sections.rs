//! The small sections: metadata, component, lifecycle, behavior, limits, retry, health.

use std::path::{Component, Path};
use std::time::Duration;

use ares_kernel::facts::{Claim, Claimed, HealthPolicy, Hooks, Limits};
use ares_kernel::text::quoted;

use super::reader::{Table, Value};
use super::root::{PLANNED, short, tags};
use super::{Behavior, ComponentFile, Metadata, Retry, words};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const GIB: u64 = 1 << 30;
/// More calls at one time than any host has room for.
const CALLS_MAX: u64 = 4096;

pub(super) const DEFAULT_HEALTH: HealthPolicy =
    HealthPolicy { interval: Duration::from_secs(30), timeout: Duration::from_secs(10) };

pub(super) fn metadata(mut table: Table<'_>) -> Metadata {
    let metadata = Metadata {
        created: table.get("created").and_then(|value| short(&value)),
        tags: table.get("tags").and_then(|value| tags(&value)).unwrap_or_default(),
        category: table.get("category").and_then(|value| value.word()),
    };
    table.finish(&PLANNED);
    metadata
}

pub(super) fn component(mut table: Table<'_>) -> Option<ComponentFile> {
    let path = table.required("path").and_then(|value| path_inside(&value));
    let hash = table.get("hash").and_then(|value| value.parsed());
    if let Some(world) = table.required("world")
        && world.text().is_some_and(|text| text != "plugin")
    {
        world.wrong("the only world of this version is `plugin`");
    }
    table.finish(&PLANNED);
    Some(ComponentFile { path: path?, hash })
}

/// A file of the plugin's own folder, by a plain relative path.
fn path_inside(value: &Value<'_>) -> Option<String> {
    let text = value.text()?;
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    let inside = !text.is_empty() && !text.contains(['\\', '\0']) && Path::new(text).components().all(plain);
    if !inside {
        let shown = quoted(text, 100);
        value.wrong(format_args!("{shown} leaves the plugin's folder or is no plain relative path"));
        return None;
    }
    words::check(text, 255, false).map_err(|error| value.wrong(error)).ok()?;
    Some(text.to_owned())
}

pub(super) fn hooks(mut table: Table<'_>) -> Hooks {
    let hooks =
        Hooks { setup: flag(&mut table, "setup", false), teardown: flag(&mut table, "teardown", false) };
    table.finish(&PLANNED);
    hooks
}

pub(super) fn behavior(mut table: Table<'_>) -> Behavior {
    let usual = Behavior::default();
    if let (Some(_), Some(again)) = (table.get("auto_start"), table.get("auto_load")) {
        again.wrong("means the same as `auto_start`; write one of them");
    }
    let behavior = Behavior {
        auto_start: flag(&mut table, "auto_start", false) || flag(&mut table, "auto_load", false),
        enabled: flag(&mut table, "enabled", usual.enabled),
        singleton: flag(&mut table, "singleton", usual.singleton),
        priority: table.get("priority").and_then(|value| value.word()).unwrap_or(usual.priority),
        cache_results: flag(&mut table, "cache_results", usual.cache_results),
    };
    table.finish(&PLANNED);
    behavior
}

pub(super) fn flag(table: &mut Table<'_>, key: &'static str, usual: bool) -> bool {
    table.get(key).and_then(|value| value.flag()).unwrap_or(usual)
}

pub(super) fn whole(table: &mut Table<'_>, key: &'static str, least: u64, most: u64, usual: u64) -> u64 {
    table.get(key).and_then(|value| value.whole(least..=most)).unwrap_or(usual)
}

/// The bounds here keep numbers sensible; the host's own maxima are checked at registration.
pub(super) fn limits(mut table: Table<'_>) -> Limits {
    let usual = Limits::default();
    let deadline_ms = u64::try_from(usual.deadline.as_millis()).unwrap_or(DAY_MS);
    let limits = Limits {
        memory_bytes: whole(&mut table, "memory_mb", 1, 4096, usual.memory_bytes >> 20) << 20,
        fuel: whole(&mut table, "fuel", 1, u64::MAX, usual.fuel),
        deadline: Duration::from_millis(whole(&mut table, "deadline_ms", 1, DAY_MS, deadline_ms)),
        input_bytes: whole(&mut table, "input_bytes", 2, GIB, usual.input_bytes),
        output_bytes: whole(&mut table, "output_bytes", 2, GIB, usual.output_bytes),
        http_requests: whole(&mut table, "http_requests", 1, 10_000, usual.http_requests),
        http_sent_bytes: whole(&mut table, "http_sent_bytes", 1, GIB, usual.http_sent_bytes),
        http_received_bytes: whole(&mut table, "http_received_bytes", 1, GIB, usual.http_received_bytes),
        table_elements: whole(&mut table, "table_elements", 1, u64::MAX, usual.table_elements),
        host_calls: whole(&mut table, "host_calls", 0, u64::MAX, usual.host_calls),
        log_lines: whole(&mut table, "log_lines", 0, u64::MAX, usual.log_lines),
        kv_bytes: whole(&mut table, "kv_bytes", 0, GIB, usual.kv_bytes),
        concurrency: table
            .get("concurrency")
            .and_then(|value| value.whole(1..=CALLS_MAX))
            .and_then(|calls| u32::try_from(calls).ok()),
        file_bytes: whole(&mut table, "file_bytes", 0, u64::MAX, usual.file_bytes),
        files: whole(&mut table, "files", 0, u64::MAX, usual.files),
        folders: whole(&mut table, "folders", 0, u64::MAX, usual.folders),
        kv_total_bytes: whole(&mut table, "kv_total_bytes", 1, 1 << 40, usual.kv_total_bytes),
        kv_keys: whole(&mut table, "kv_keys", 1, 10_000_000, usual.kv_keys),
        per_minute: table.get("per_minute").and_then(|value| times(&value)),
        per_hour: table.get("per_hour").and_then(|value| times(&value)),
    };
    if let Some(cores) = table.get("cpu_cores")
        && cores.whole(1..=1024).is_some_and(|count| count != 1)
    {
        cores.wrong("a component runs on one core, so the only value is 1");
    }
    if let Some(gpu) = table.get("gpu")
        && gpu.flag() == Some(true)
    {
        gpu.wrong("the sandbox has no way to a GPU, so the only value is false");
    }
    table.finish(&PLANNED);
    limits
}

/// How often in some time.
fn times(value: &Value<'_>) -> Option<u32> {
    u32::try_from(value.whole(1..=u64::from(u32::MAX))?).ok()
}

pub(super) fn retry(mut table: Table<'_>) -> Retry {
    let retries = whole(&mut table, "max_retries", 0, 10, 3);
    let seconds = table.get("backoff_seconds").and_then(|value| value.number(0.0..=60.0)).unwrap_or(1.0);
    table.finish(&PLANNED);
    Retry { max_retries: u32::try_from(retries).unwrap_or(0), backoff: Duration::from_secs_f64(seconds) }
}

/// What the author says of it that the host can measure.
pub(super) fn claims(mut table: Table<'_>) -> Vec<Claim> {
    let latency = table.get("latency_p95_ms").and_then(|value| value.whole(1..=DAY_MS));
    let success = table.get("success_rate").and_then(|value| value.number(0.0..=1.0));
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 1")]
    let basis_points = |share: f64| (share * 10_000.0).round() as u32;
    let claims = [
        latency.map(|ms| Claim { what: Claimed::LatencyP95Ms, value: small(ms) }),
        success.map(|share| Claim { what: Claimed::SuccessRate, value: basis_points(share) }),
    ];
    table.finish(&PLANNED);
    claims.into_iter().flatten().collect()
}

pub(super) fn health(mut table: Table<'_>) -> HealthPolicy {
    let interval = whole(&mut table, "interval_s", 1, 86_400, DEFAULT_HEALTH.interval.as_secs());
    let timeout = whole(&mut table, "timeout_s", 1, 600, DEFAULT_HEALTH.timeout.as_secs());
    if timeout > interval {
        table.wrong(format_args!(
            "[health] timeout_s {timeout} is longer than interval_s {interval}: checks would overlap"
        ));
    }
    table.finish(&PLANNED);
    HealthPolicy { interval: Duration::from_secs(interval), timeout: Duration::from_secs(timeout) }
}
