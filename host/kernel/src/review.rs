//! Asking the skeptics: each is a plugin whose capability `review` looks at what is known of a call and
//! says what speaks against it. It is called like any other: through the gate, in the sandbox, on
//! record; only that nobody reviews a review.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use crate::Kernel;
use crate::facts::{History, Use};
use crate::flow::{Status, Weighed};
use crate::gate::{Answer, Depth, Review};
use crate::name::{CapabilityId, PluginName};
use crate::request::{Caller, Request};
use crate::text::escaped;

/// What every skeptic's capability is called.
pub(crate) const REVIEW: &str = "review";
/// Who asks: the gate itself.
const GATE: &str = "ares-host/gate";
/// How long one skeptic may take, its start included,
const EACH: Duration = Duration::from_secs(1);
/// and all of them together.
const TOGETHER: Duration = Duration::from_secs(2);
/// How much of the arguments a skeptic sees, in bytes.
const ARGUMENTS_MAX: usize = 4096;

/// What a skeptic is told.
#[derive(Serialize)]
struct Brief<'a> {
    capability: &'a str,
    plugin: &'a str,
    version: String,
    blake3: String,
    effect: &'a str,
    caller: String,
    origin: String,
    /// Without secrets, escaped and cut.
    arguments: String,
    score: u16,
    level: &'a str,
    tier: &'a str,
    history: &'a History,
    /// The last uses, oldest first.
    recent: Vec<Recent>,
    findings: Vec<&'a str>,
}

/// A past use, as a skeptic is told of it.
#[derive(Serialize)]
struct Recent {
    came: crate::facts::Came,
    seconds_ago: u64,
    same_arguments: bool,
    same_sort_of_arguments: bool,
}

/// How many past uses a skeptic is told of.
const RECENT_MAX: usize = 20;

impl Kernel {
    /// Lets every skeptic speak, where the call is looked at closely enough. Without skeptics this does
    /// nothing.
    pub(crate) async fn reviewed(&self, mut weighed: Weighed) -> Weighed {
        let skeptics = self.parts().catalog.skeptics();
        let request = weighed.draft().request();
        let plain = request.reviewed_by_nobody || weighed.judgement().depth == Depth::Quick;
        if skeptics.is_empty() || plain {
            return weighed;
        }
        let brief = self.brief(&weighed);
        let until = Instant::now() + TOGETHER;
        for skeptic in skeptics.iter() {
            if skeptic == &weighed.route().plugin.name {
                continue;
            }
            let left = until.saturating_duration_since(Instant::now()).min(EACH);
            let review = self.ask(skeptic, &brief, left).await;
            weighed.hear(review);
        }
        weighed
    }

    async fn ask(&self, skeptic: &PluginName, brief: &str, left: Duration) -> Review {
        let silent = |why: &str| Review {
            plugin: skeptic.clone(),
            blake3: None,
            record: (0, 0),
            held_against: None,
            said: Err(why.to_owned()),
        };
        let Ok(capability) = REVIEW.parse::<CapabilityId>() else { return silent("it has no name") };
        if left.is_zero() {
            return silent("no time was left for it");
        }
        let mut request = Request::new(Caller::Agent(GATE.to_owned()), capability.clone(), brief);
        request.provider = Some(skeptic.clone());
        request.deadline = Some(left);
        request.reviewed_by_nobody = true;
        // A review that asked for a review would wait for itself: the future is of a size of its own.
        let outcome = Box::pin(self.invoke(request)).await;
        let said = match outcome.status() {
            Status::Ok(text) => serde_json::from_str::<Answer>(text).map_err(|error| error.to_string()),
            other => Err(other.message().unwrap_or("it gave no answer").to_owned()),
        };
        let plugin = outcome.plugin();
        let history = plugin
            .and_then(|plugin| plugin.capability(&capability))
            .map(|capability| capability.track.history(0, 0))
            .unwrap_or_default();
        let blake3 = plugin.map(|plugin| plugin.blake3);
        let held_against = blake3.and_then(|blake3| self.parts().catalog.objections(&blake3));
        Review { plugin: skeptic.clone(), blake3, record: (history.good, history.uses), held_against, said }
    }

    fn brief(&self, weighed: &Weighed) -> String {
        let (draft, route, judgement) = (weighed.draft(), weighed.route(), weighed.judgement());
        let (plugin, capability) = (&route.plugin, &route.capability);
        let arguments = weighed.arguments().to_string();
        let arguments = self.parts().secrets.scrub(&arguments).into_owned();
        let uses = capability.track.uses();
        let last = uses.get(uses.len().saturating_sub(RECENT_MAX)..).unwrap_or(&uses);
        let recent = |one: &Use| Recent {
            came: one.came,
            seconds_ago: draft.received_ms().saturating_sub(one.at_ms) / 1000,
            same_arguments: one.input == draft.input_mark(),
            same_sort_of_arguments: one.shape == draft.shape(),
        };
        let brief = Brief {
            capability: capability.id.as_str(),
            plugin: plugin.name.as_str(),
            version: plugin.version.to_string(),
            blake3: plugin.blake3.to_string(),
            effect: capability.effect.as_str(),
            caller: draft.request().caller.to_string(),
            origin: draft.first_caller().to_string(),
            arguments: escaped(&arguments, ARGUMENTS_MAX),
            score: judgement.score,
            level: judgement.level.as_str(),
            tier: judgement.tier.as_str(),
            history: &judgement.history,
            recent: last.iter().map(recent).collect(),
            findings: judgement.findings.iter().map(|finding| finding.text.as_str()).collect(),
        };
        serde_json::to_value(brief).unwrap_or(Value::Null).to_string()
    }
}
