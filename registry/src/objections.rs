//! The table `objections`: what skeptics held against calls, and what became of that.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;
use ares_kernel::facts::Objections;
use ares_kernel::gate::{Reviewed, Severity, Verdict};
use ares_kernel::{Blake3, InvocationId};
use rusqlite::{Connection, Row, named_params};
use serde::Serialize;

use crate::error::RegistryError;
use crate::journal::record::{Closed, Opened};
use crate::readers::Readers;
use crate::registry::Registry;
use crate::rows::{self, int, word_of};
use crate::stops::WINDOW_MS;

/// How many objections are kept at most. Older ones go.
const OBJECTIONS_MAX: i64 = 10_000;
/// What stands in a verdict where a skeptic objected: in a text of the verdict its quotes would be escaped.
const MARK: &str = "\"severity\":";

/// The next number of what changes.
const NEXT: &str = "(SELECT coalesce(max(changed), 0) + 1 FROM objections)";

/// Writes down what skeptics held against a call, in the transaction of its record.
pub(crate) fn keep(
    connection: &Connection,
    opened: &Opened<'_>,
    closed: &Closed<'_>,
) -> rusqlite::Result<()> {
    if opened.rehearsal || !closed.verdict.contains(MARK) {
        return Ok(());
    }
    let Ok(verdict) = serde_json::from_str::<Verdict>(&closed.verdict) else { return Ok(()) };
    let skeptics = verdict.judgement.map(|judgement| judgement.skeptics).unwrap_or_default();
    let became = match (&*closed.status, closed.code.as_deref()) {
        ("refused", Some("ask" | "escalate")) => "waiting",
        ("refused", _) => "refused",
        ("ok" | "failed", _) => "well",
        _ => "badly",
    };
    let ran = (closed.status != "refused").then_some(opened.id);
    for Reviewed { plugin, blake3, severity, .. } in &skeptics {
        let (Some(severity @ (Severity::Warn | Severity::Block)), Some(blake3)) = (severity, blake3) else {
            continue;
        };
        // A call that was approved is told of under the one that was held.
        let under = verdict.approval.map_or(opened.id, |held| *held.as_bytes());
        let mut insert = connection.prepare_cached(&format!(
            "INSERT INTO objections (changed, at, invocation, skeptic, blake3, severity, became, ran)
             VALUES ({NEXT}, :at, :under, :skeptic, :blake3, :severity, :became, :ran)
             ON CONFLICT (invocation, skeptic) DO UPDATE
                SET became = excluded.became, ran = excluded.ran, changed = excluded.changed"
        ))?;
        insert.execute(named_params! {
            ":at": int(opened.at), ":under": under, ":skeptic": plugin.as_str(),
            ":blake3": blake3.as_bytes(), ":severity": word_of(severity), ":became": became, ":ran": ran,
        })?;
    }
    let mut prune = connection.prepare_cached(
        "DELETE FROM objections WHERE at < ?1 OR id <= (SELECT max(id) FROM objections) - ?2",
    )?;
    prune.execute((int(opened.at.saturating_sub(WINDOW_MS)), OBJECTIONS_MAX))?;
    Ok(())
}

/// A person said no to a held call.
pub(crate) fn denied(connection: &Connection, held: InvocationId) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(&format!(
        "UPDATE objections SET became = 'denied', changed = {NEXT}
         WHERE invocation = ?1 AND became = 'waiting'"
    ))?;
    update.execute([held.as_bytes()])?;
    Ok(())
}

/// A person called the answer of this call wrong.
pub(crate) fn wrong(connection: &Connection, ran: InvocationId) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(&format!(
        "UPDATE objections SET became = 'badly', changed = {NEXT} WHERE ran = ?1 AND became = 'well'"
    ))?;
    update.execute([ran.as_bytes()])?;
    Ok(())
}

/// Calls that were made nevertheless and that a dead process left running: nobody can say that they went
/// well. Called once their records say so.
pub(crate) fn lost(connection: &Connection) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(&format!(
        "UPDATE objections SET became = 'badly', changed = {NEXT},
            ran = (SELECT used_by FROM approvals a WHERE a.id = objections.invocation)
         WHERE became = 'waiting' AND invocation IN (
             SELECT a.id FROM approvals a JOIN invocations i ON i.id = a.used_by WHERE i.status = 'lost')"
    ))?;
    update.execute(())?;
    Ok(())
}

/// The counts by component, as verdicts have them. Fed as the table changes.
#[derive(Default)]
pub(crate) struct Counts {
    of: ArcSwap<HashMap<Blake3, Objections>>,
    seen: AtomicI64,
}

impl Counts {
    /// What is known of a skeptic's component.
    pub(crate) fn of(&self, skeptic: &Blake3) -> Option<Objections> {
        self.of.load().get(skeptic).copied()
    }

    /// Makes memory what the table is. Does nothing when it is so already.
    pub(crate) fn refresh(&self, readers: &Readers) -> Result<(), RegistryError> {
        let seen = self.seen.load(Ordering::Acquire);
        let loaded = readers.read("counting objections", |connection| {
            let last = "SELECT coalesce(max(changed), 0) FROM objections";
            let changed: i64 = connection.prepare_cached(last)?.query_row((), |row| row.get(0))?;
            if changed == seen {
                return Ok(None);
            }
            let mut select = connection.prepare_cached(
                "SELECT blake3, count(*) FILTER (WHERE became = 'well'),
                    count(*) FILTER (WHERE became = 'badly'), count(*) FILTER (WHERE became = 'denied'),
                    count(*) FILTER (WHERE became = 'waiting')
                 FROM objections GROUP BY blake3",
            )?;
            let counts = select.query_map((), |row| {
                let (well, badly, denied, unanswered) = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
                Ok((rows::blake3(row, 0)?, Objections { well, badly, denied, unanswered }))
            })?;
            Ok(Some((changed, counts.collect::<rusqlite::Result<HashMap<_, _>>>()?)))
        })?;
        if let Some((changed, counts)) = loaded {
            self.of.store(counts.into());
            self.seen.store(changed, Ordering::Release);
        }
        Ok(())
    }
}

/// What became of the objections of one skeptic's component in the last 30 days, for people.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SkepticView {
    /// The skeptic.
    pub skeptic: String,
    /// Its component, as hexadecimal text.
    pub blake3: String,
    /// How many times it warned.
    pub warned: u32,
    /// How many times it had a person asked.
    pub blocked: u32,
    /// Of both, the call was made nevertheless and went well.
    pub well: u32,
    /// The call was made nevertheless, and broke or was called wrong.
    pub badly: u32,
    /// A person said no.
    pub denied: u32,
    /// Nobody answered in time.
    pub expired: u32,
    /// The call waits for a person or runs.
    pub waiting: u32,
    /// The gate refused the call for other reasons.
    pub refused: u32,
}

impl Registry {
    /// The skeptics and what became of their objections: those that objected in the last 30 days, and those
    /// that are enabled.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn skeptics_record(&self) -> Result<Vec<SkepticView>, RegistryError> {
        self.flush()?;
        let (now, snapshot) = (self.now(), self.snapshot());
        let mut views = self.readers.read("reading objections", |connection| {
            let mut select = connection.prepare_cached(
                "SELECT o.skeptic, o.blake3,
                    count(*) FILTER (WHERE o.severity = 'warn') AS warned,
                    count(*) FILTER (WHERE o.severity = 'block') AS blocked,
                    count(*) FILTER (WHERE o.became = 'well') AS well,
                    count(*) FILTER (WHERE o.became = 'badly') AS badly,
                    count(*) FILTER (WHERE o.became = 'denied') AS denied,
                    count(*) FILTER (WHERE o.became = 'waiting' AND coalesce(a.expires_at, 0) <= :now
                        AND coalesce(a.state, 'gone') <> 'used') AS expired,
                    count(*) FILTER (WHERE o.became = 'waiting' AND (a.expires_at > :now
                        OR a.state = 'used')) AS waiting,
                    count(*) FILTER (WHERE o.became = 'refused') AS refused
                 FROM objections o LEFT JOIN approvals a ON a.id = o.invocation
                 WHERE o.at >= :since AND o.became <> 'withdrawn' GROUP BY o.skeptic, o.blake3 ORDER BY o.skeptic, max(o.id)",
            )?;
            let since = int(now.saturating_sub(WINDOW_MS));
            let found = select.query_map(named_params! { ":now": int(now), ":since": since }, view)?;
            found.collect::<rusqlite::Result<Vec<SkepticView>>>()
        })?;
        for skeptic in snapshot.skeptics().iter().filter_map(|name| snapshot.plugin(name)) {
            let blake3 = skeptic.blake3.to_string();
            if views.iter().all(|view| view.blake3 != blake3) {
                let skeptic = skeptic.name.to_string();
                views.push(SkepticView { skeptic, blake3, ..SkepticView::default() });
            }
        }
        Ok(views)
    }
}

fn view(row: &Row<'_>) -> rusqlite::Result<SkepticView> {
    Ok(SkepticView {
        skeptic: row.get("skeptic")?,
        blake3: rows::blake3(row, "blake3")?.to_string(),
        warned: row.get("warned")?,
        blocked: row.get("blocked")?,
        well: row.get("well")?,
        badly: row.get("badly")?,
        denied: row.get("denied")?,
        expired: row.get("expired")?,
        waiting: row.get("waiting")?,
        refused: row.get("refused")?,
    })
}
