//! The control socket: frames of any sort against the real door.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arbitrary::Unstructured;
use ares_api::socket;
use ares_kernel::Caller;
use ares_services::operation::{Operate, Operation, Problem};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Runtime;

use super::{Examine, Target, holds, plain};
use crate::finding::Finding;
use crate::generate::{mutated_bytes, value, word};

pub(super) const TARGET: Target = Target { name: "socket", open };

/// How long the host may take to say its last word.
const PATIENCE: Duration = Duration::from_secs(20);

/// Says back what was asked.
struct Echo;

impl Operate for Echo {
    fn operate(&self, caller: Caller, operation: Operation) -> BoxFuture<'_, Result<Value, Problem>> {
        async move { Ok(json!({ "caller": caller, "operation": operation })) }.boxed()
    }
}

struct Door {
    runtime: Runtime,
    folder: TempDir,
}

fn open(_: &Path) -> anyhow::Result<Box<dyn Examine>> {
    let (runtime, folder) = (Runtime::new()?, tempfile::tempdir()?);
    let listener = {
        let _inside = runtime.enter();
        UnixListener::bind(folder.path().join("s"))?
    };
    runtime.spawn(socket::serve(listener, Arc::new(Echo), std::future::pending()));
    Ok(Box::new(Door { runtime, folder }))
}

const OPERATIONS: &[&str] = &[
    "status",
    "list",
    "info",
    "register",
    "unregister",
    "grants_allow",
    "invoke",
    "verify",
    "events",
    "capabilities",
    "config_set",
    "grants-allow",
    "start",
    "stop",
    "invocations",
    "lock",
    "enable",
];

fn frame(u: &mut Unstructured<'_>) -> arbitrary::Result<Value> {
    let mut operation = value(u, 3)?;
    if !operation.is_object() {
        operation = json!({});
    }
    if let Value::Object(object) = &mut operation {
        object.insert("operation".to_owned(), (*u.choose(OPERATIONS)?).into());
        for key in ["plugin", "capability", "input", "folder", "grants", "scopes", "deadline_ms"] {
            if u.ratio(1, 4)? {
                object.insert(key.to_owned(), value(u, 2)?);
            }
        }
    }
    let kind = *u.choose(&["human", "agent", "plugin", "god"])?;
    let name: Value = if u.ratio(1, 4)? { value(u, 1)? } else { "someone".into() };
    let mut frame = json!({
        "id": u.arbitrary::<u64>()?, "caller": { "kind": kind, "name": name }, "operation": operation,
    });
    if u.ratio(1, 6)?
        && let Some(object) = frame.as_object_mut()
    {
        let key = *u.choose(&["id", "caller", "operation", "more"])?;
        object.insert(key.to_owned(), value(u, 3)?);
    }
    Ok(frame)
}

impl Examine for Door {
    fn generate(&self, u: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
        let mut all = Vec::new();
        for _ in 0..u.int_in_range(1..=40)? {
            let mut line = frame(u)?.to_string().into_bytes();
            if u.ratio(1, 8)? {
                line = mutated_bytes(line, u)?;
            }
            if u.ratio(1, 20)? {
                line = word(u)?.into_bytes();
            }
            all.extend(line);
            all.push(b'\n');
        }
        Ok(all)
    }

    fn examine(&self, input: &[u8]) -> Result<(), Finding> {
        let said = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, self.say(input)).await });
        let said = said.map_err(|_| Finding("the host did not end the conversation".to_owned()))?;
        let said = said.map_err(|error| Finding(format!("the socket failed: {error}")))?;
        for line in said.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let reply: Value = serde_json::from_slice(line)
                .map_err(|error| Finding(format!("{error}: {}", String::from_utf8_lossy(line))))?;
            if let Some(problem) = reply.get("problem") {
                plain(problem.get("message").and_then(Value::as_str).unwrap_or_default())?;
            }
            let plugin = reply.pointer("/ok/caller/kind") == Some(&json!("plugin"));
            holds(!plugin, || format!("a client spoke for a plugin: {reply}"))?;
        }
        Ok(())
    }
}

impl Door {
    /// Everything the host says until it closes.
    async fn say(&self, input: &[u8]) -> std::io::Result<Vec<u8>> {
        let stream = UnixStream::connect(self.folder.path().join("s")).await?;
        let (mut reader, mut writer) = stream.into_split();
        let send = async {
            // A host that has heard enough closes; what it said is there to be read.
            if writer.write_all(input).await.is_ok() {
                let _ = writer.shutdown().await;
            }
            drop(writer);
        };
        let mut said = Vec::new();
        let (_, read) = tokio::join!(send, reader.read_to_end(&mut said));
        match read {
            Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => Err(error),
            _ => Ok(said),
        }
    }
}
