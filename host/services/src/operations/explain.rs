//! How a call was judged, and what somebody said of its answer later.

use std::collections::BTreeMap;

use ares_kernel::Caller;
use ares_kernel::gate::Verdict;
use ares_kernel::text::escaped;
use ares_registry::RegistryError;
use serde_json::{Value, json};

use super::attempts::is_stopped;
use super::discretion::seen_by;
use super::{Answer, Operations, invocation, json as to_json, name};
use crate::operation::{Problem, ProblemKind};

/// The most that is kept of what somebody says, in bytes.
const NOTE_MAX: usize = 1000;

impl Operations {
    pub(super) async fn explain(&self, caller: &Caller, id: &str) -> Answer {
        let id = invocation(id)?;
        let found = self.0.book.with(move |registry| registry.invocation(id)).await?;
        let found = seen_by(caller, found.ok_or(RegistryError::NoSuchInvocation { id })?);
        let verdict = found.verdict.clone().ok_or_else(|| {
            let why = format!("{id} has not ended yet, so its verdict is not written down");
            Problem::new(ProblemKind::Invalid, "not-ended", why)
        })?;
        let verdict: Verdict = serde_json::from_value(verdict)
            .map_err(|error| Problem::of(ProblemKind::Failed, "unreadable-verdict", &error))?;
        let plugin = found
            .plugin
            .as_ref()
            .map(|plugin| json!({ "name": plugin, "version": found.version, "blake3": found.blake3 }));
        let error = found.code.as_ref().map(|code| json!({ "code": code, "message": found.message }));
        let mut answer = json!({
            "id": found.id,
            "at_ms": found.at_ms,
            "request": {
                "capability": found.capability,
                "caller": { "kind": found.caller_kind, "name": found.caller },
                "input_blake3": found.input_blake3,
                "input_bytes": found.input_bytes,
                "parent": found.parent,
                "depth": found.depth,
                "task": found.task,
            },
            "plugin": plugin,
            "effect": found.effect,
            "status": found.status,
            "error": error,
        });
        let explained = to_json(&verdict.explained(&id.to_string()))?;
        if let (Value::Object(answer), Value::Object(explained)) = (&mut answer, explained) {
            answer.extend(explained);
            if found.rehearsal {
                answer.insert("rehearsal".to_owned(), json!(true));
            }
            if is_stopped(&found) {
                let (attempts, options) = self.attempts(&found).await?;
                answer.insert("attempts".to_owned(), attempts);
                answer.insert("options".to_owned(), options);
            }
        }
        Ok(answer)
    }

    pub(super) async fn tested(
        &self,
        caller: Caller,
        plugin: &str,
        blake3: &str,
        passed: &BTreeMap<String, u32>,
    ) -> Answer {
        let plugin = name(plugin)?;
        let blake3 = blake3.parse().map_err(|error| Problem::invalid("bad-hash", error))?;
        let read = |(id, passed): (&String, &u32)| id.parse().map(|id| (id, *passed));
        let counts: Result<BTreeMap<_, _>, _> = passed.iter().map(read).collect();
        let counts = counts.map_err(|error| Problem::invalid("bad-name", error))?;
        let answer = json!({ "plugin": plugin, "passed": counts });
        let book = &self.0.book;
        book.with(move |registry| registry.note_tested(&plugin, blake3, counts, &caller)).await?;
        Ok(answer)
    }

    pub(super) async fn feedback(&self, caller: Caller, id: &str, note: Option<String>) -> Answer {
        let id = invocation(id)?;
        let note = note.map(|note| escaped(&note, NOTE_MAX));
        let told = self.0.book.with(move |registry| registry.called_wrong(id, note, &caller)).await?;
        let mut answer = to_json(&told)?;
        if let Value::Object(answer) = &mut answer {
            answer.insert("snapshot".to_owned(), json!(self.can_be_returned(id).await));
        }
        Ok(answer)
    }
}
