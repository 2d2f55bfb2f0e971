//! Findings about the host as a whole.

use super::super::finding::{Finding, Sure};
use super::super::ground::Ground;

/// So many calls that wait at once are a pile,
const PILE: u64 = 10;
/// and so many one nobody looks at.
const LARGE_PILE: u64 = 100;
/// An hour, in milliseconds.
const HOUR_MS: u64 = 60 * 60 * 1000;

/// The emergency stop holds.
pub(super) fn lockout(ground: &Ground) -> Vec<Finding> {
    let stop = &ground.lockout;
    if !stop.locked {
        return Vec::new();
    }
    let why = stop.reason.as_deref().unwrap_or("no reason was given");
    let text = format!("the emergency stop holds, so every call is refused: {why}");
    let finding = Finding::new("lockout", Sure::High, "host", text)
        .row("lockouts", stop.since_at_ms.unwrap_or(0).to_string())
        .against("an acknowledgement that lifts it was looked for; none holds now")
        .so("`ares-host lockout acknowledge --note TEXT` lifts it for a day, `off` ends it");
    vec![finding]
}

/// Files are not what was registered.
pub(super) fn integrity(ground: &Ground) -> Vec<Finding> {
    let finding = |(plugin, what): &(String, String)| {
        Finding::new("integrity", Sure::High, plugin.clone(), what.clone())
            .row("module_versions", plugin.clone())
            .against("the hashes of all registered versions were compared; it is none of them")
            .so(format!("find out who changed it; then `ares-host register` the folder again, or `unregister {plugin}`"))
    };
    ground.differences.iter().map(finding).collect()
}

/// Plugins that do not take their configuration.
pub(super) fn misconfigured(ground: &Ground) -> Vec<Finding> {
    let wrong = ground.snapshot.plugins().filter_map(|plugin| {
        let why = plugin.misconfigured.as_ref()?;
        let name = plugin.name.as_str();
        let text = format!("`{name}` does not take its configuration and does not run: {why}");
        Some(
            Finding::new("misconfigured", Sure::High, name, text)
                .row("configurations", name)
                .against("all three layers of its configuration were merged; together they are not taken")
                .so(format!("`ares-host config effective {name}` shows where each value comes from")),
        )
    });
    wrong.collect()
}

/// The rules permit nothing, or are not the ones the operator wrote.
pub(super) fn rules(ground: &Ground) -> Vec<Finding> {
    let rules = &ground.rules;
    let mut found = Vec::new();
    let asked: Vec<&str> = rules.said.iter().map(|(question, _)| question.as_str()).collect();
    if !rules.said.is_empty() && rules.said.iter().all(|(_, stance)| stance == "never") {
        let text = "the rules permit nothing, not even what computes or reads".to_owned();
        let finding = Finding::new("rules-deny-all", Sure::High, "host", text)
            .row("policies", "newest")
            .against(format!("asked for {}; each is refused", asked.join(", ")))
            .so("`ares-host policy test read` names the rule that refuses");
        found.push(finding);
    }
    if let Some(problem) = &rules.problem {
        let text = format!("the operator's file of rules is not in force as it stands: {problem}");
        let finding = Finding::new("rules-broken", Sure::High, "host", text)
            .row("policies", "newest")
            .against("the file was read again just now")
            .so("put the file right; `ares-host policy set FILE` checks it first");
        found.push(finding);
    }
    found
}

/// Questions nobody answers.
pub(super) fn approvals(ground: &Ground) -> Vec<Finding> {
    let waiting = ground.facts.waiting;
    if waiting.calls < PILE {
        return Vec::new();
    }
    let sure = if waiting.calls >= LARGE_PILE { Sure::High } else { Sure::Medium };
    let hours = waiting.since_ms.map_or(0, |since| ground.now_ms.saturating_sub(since) / HOUR_MS);
    let text = format!("{} calls wait for a person, the first for {hours} hours", waiting.calls);
    let finding = Finding::new("approvals-pile-up", sure, "host", text)
        .row("approvals", "pending")
        .against("those that ran out of time were not counted")
        .so("`ares-host approvals list` shows them; a rule can decide what is always the same: `ares-host policy allow`");
    vec![finding]
}
