//! The door with a fake host behind it, spoken to in raw lines as any client would.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ares_kernel::Caller;
use ares_kernel::progress::{Sink, Update};
use ares_services::operation::{Call, Operate, Operation, Problem, ProblemKind};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf};
use tokio::task::JoinHandle;

use super::{McpError, serve};

/// A host that answers from a table and remembers who asked for what.
#[derive(Default)]
struct Host {
    rows: Mutex<Vec<Value>>,
    asked: Mutex<Vec<(Caller, Operation)>>,
}

impl Host {
    fn with(rows: &[Value]) -> Arc<Self> {
        Arc::new(Self { rows: Mutex::new(rows.to_vec()), asked: Mutex::default() })
    }

    fn invoked(&self) -> Vec<(Caller, Operation)> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(_, operation)| matches!(operation, Operation::Invoke(_))).cloned().collect()
    }
}

impl Operate for Host {
    fn operate(&self, caller: Caller, operation: Operation) -> BoxFuture<'_, Result<Value, Problem>> {
        self.asked.lock().unwrap().push((caller, operation.clone()));
        let Operation::Invoke(Call { capability, input, .. }) = operation else {
            let rows = self.rows.lock().unwrap().clone();
            return async move { Ok(Value::Array(rows)) }.boxed();
        };
        let ended = |status: &str, more: Value| {
            let mut outcome = json!({"id": "i-1", "status": status, "capability": capability, "usage": {"fuel": 7},
                "plugin": {"name": "demo", "version": "1.0.0", "blake3": "ab"}, "verdict": {}});
            outcome.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Ok(outcome)
        };
        let error = |code: &str, more: Value| {
            let mut error = json!({"code": code, "message": "the reason"});
            error.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "error": error })
        };
        let answer = match capability.as_str() {
            "echo" => ended("ok", json!({"value": serde_json::from_str::<Value>(&input).unwrap()})),
            "count" => ended("ok", json!({"value": 3})),
            "nothing" => ended("ok", json!({"value": null})),
            "picky" => {
                ended("refused", error("bad-arguments", json!({"check": "arguments", "kind": "invalid"})))
            }
            "secret" => {
                ended("refused", error("not-granted", json!({"check": "grants", "kind": "forbidden"})))
            }
            "fragile" => ended("fault", error("trap", json!({}))),
            "crowded" => ended("fault", error("busy", json!({}))),
            "hungry" => ended("fault", error("out-of-memory", json!({}))),
            "polite" => ended("failed", error("no-such-note", json!({}))),
            "amnesiac" => ended("unrecorded", error("unrecorded", json!({}))),
            "steps" => ended("ok", json!({"value": {}})),
            "late" => {
                return tokio::time::sleep(Duration::from_secs(2))
                    .map(|()| Ok(json!({"status": "ok", "value": {}})))
                    .boxed();
            }
            "slow" => return tokio::time::sleep(Duration::from_secs(9)).map(|()| Ok(Value::Null)).boxed(),
            "buggy" => panic!("a host that panics"),
            _ => Err(Problem {
                kind: ProblemKind::Failed,
                code: "gone".to_owned(),
                message: "the host is gone".to_owned(),
            }),
        };
        async move { answer }.boxed()
    }

    fn operate_heard(
        &self,
        caller: Caller,
        operation: Operation,
        progress: Sink,
    ) -> BoxFuture<'_, Result<Value, Problem>> {
        async move {
            let update = |done, total| Update::new("demo".parse().unwrap(), done, total, "at\u{1b} work");
            // The second says no more than the first, the third begins anew.
            for (done, total) in [(1, Some(3)), (1, None), (0, None), (2, None)] {
                progress.report(update(done, total));
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
            progress.report(update(u64::MAX, Some(3)));
            self.operate(caller, operation).await
        }
        .boxed()
    }
}

fn row(name: &str, output: &Value) -> Value {
    json!({"capability": name, "plugin": "demo", "version": "1.0.0", "description": "Does it.", "effect": "pure",
        "idempotent": true, "input_schema": {"type": "object"}, "output_schema": output})
}

fn host() -> Arc<Host> {
    let object = json!({"type": "object"});
    let named = [
        "polite", "echo", "picky", "secret", "fragile", "hungry", "amnesiac", "slow", "late", "buggy",
        "lost", "steps", "crowded",
    ];
    let mut rows: Vec<Value> = named.iter().map(|name| row(name, &object)).collect();
    rows.extend([row("count", &json!({"type": "integer"})), row("nothing", &json!({"type": "null"}))]);
    // Another provider of `echo`, ranked after the first.
    rows.push(row("echo", &json!({"type": "integer"})));
    Host::with(&rows)
}

/// A client that knows nothing but lines.
struct Client {
    write: WriteHalf<DuplexStream>,
    read: Lines<BufReader<ReadHalf<DuplexStream>>>,
    server: JoinHandle<Result<(), McpError>>,
    /// What a 2026-07-28 client sends with every request.
    meta: Option<Value>,
    id: u64,
}

impl Client {
    fn connected(host: &Arc<Host>) -> Self {
        Self::stopped_by(host, std::future::pending())
    }

    /// Of a server that is told to stop some day.
    fn stopped_by(host: &Arc<Host>, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        let (near, far) = tokio::io::duplex(1 << 16);
        let (server_read, server_write) = tokio::io::split(far);
        let operate: Arc<dyn Operate> = Arc::<Host>::clone(host);
        let server = tokio::spawn(serve(operate, server_read, server_write, stop));
        let (read, write) = tokio::io::split(near);
        Self { write, read: BufReader::new(read).lines(), server, meta: None, id: 0 }
    }

    /// In the era of handshakes.
    async fn initialized(host: &Arc<Host>) -> Self {
        Self::connected(host).shaking_hands().await
    }

    async fn shaking_hands(mut self) -> Self {
        let client = &mut self;
        let info = json!({"name": "old\u{1b}client", "version": "1"});
        let answer = client
            .ask(
                "initialize",
                json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info}),
            )
            .await;
        assert_eq!(answer["result"]["protocolVersion"], "2025-11-25", "{answer}");
        assert_eq!(answer["result"]["capabilities"], json!({"tools": {"listChanged": true}}));
        client.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        self
    }

    /// In the era after it.
    async fn discovered(host: &Arc<Host>) -> Self {
        let mut client = Self::connected(host);
        client.meta = Some(json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "new-client", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }));
        let answer = client.ask("server/discover", json!({})).await;
        let versions = answer["result"]["supportedVersions"].as_array().unwrap();
        assert!(
            versions.contains(&json!("2026-07-28")) && versions.contains(&json!("2025-11-25")),
            "{answer}"
        );
        client
    }

    async fn send(&mut self, message: &Value) {
        self.write.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    async fn next(&mut self) -> Value {
        let line = tokio::time::timeout(Duration::from_secs(10), self.read.next_line()).await;
        serde_json::from_str(&line.expect("an answer in time").unwrap().expect("an open connection")).unwrap()
    }

    async fn ask(&mut self, method: &str, mut params: Value) -> Value {
        self.id += 1;
        if let Some(meta) = &self.meta {
            params["_meta"] = meta.clone();
        }
        self.send(&json!({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params})).await;
        let answer = self.next().await;
        assert_eq!(answer["id"], self.id, "{answer}");
        answer
    }

    async fn call(&mut self, name: &str) -> Value {
        let answer = self.ask("tools/call", json!({"name": name, "arguments": {"a": 1}})).await;
        answer.get("result").unwrap_or_else(|| panic!("{answer}")).clone()
    }

    /// Closes the input and waits for the server's end.
    async fn leave(mut self) -> Result<(), McpError> {
        self.write.shutdown().await.unwrap();
        tokio::time::timeout(Duration::from_secs(3), self.server).await.expect("an end in time").unwrap()
    }
}

#[tokio::test]
async fn tools_are_listed_by_name_and_the_first_provider_wins() {
    let host = host();
    for mut client in [Client::initialized(&host).await, Client::discovered(&host).await] {
        let answer = client.ask("tools/list", json!({})).await;
        let tools = answer["result"]["tools"].as_array().unwrap();
        let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
        assert!(names.is_sorted(), "{names:?}");
        assert_eq!(names.len(), 15);
        let echo = tools.iter().find(|tool| tool["name"] == "echo").unwrap();
        assert_eq!(echo["outputSchema"], json!({"type": "object"}));
        assert_eq!(echo["annotations"]["readOnlyHint"], true);
        client.leave().await.unwrap();
    }
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let rows: Vec<Value> =
        (0..1001).map(|n| row(&format!("tool{n:04}"), &json!({"type": "object"}))).collect();
    let host = Host::with(&rows);
    let mut client = Client::initialized(&host).await;
    let first = client.ask("tools/list", json!({})).await;
    assert_eq!(first["result"]["tools"].as_array().unwrap().len(), 1000);
    let second = client.ask("tools/list", json!({"cursor": first["result"]["nextCursor"]})).await;
    assert_eq!(second["result"]["tools"][0]["name"], "tool1000");
    assert_eq!(second["result"]["nextCursor"], Value::Null);
    client.leave().await.unwrap();
}

#[tokio::test]
async fn a_good_answer_is_structured_and_carries_its_record() {
    let host = host();
    for mut client in [Client::initialized(&host).await, Client::discovered(&host).await] {
        let result = client.call("echo").await;
        assert_eq!(result["structuredContent"], json!({"a": 1}));
        assert_eq!(result["content"], json!([{"type": "text", "text": "{\"a\":1}"}]));
        assert_eq!(result["isError"], false);
        let record = &result["_meta"]["ares-host/outcome"];
        assert_eq!((&record["id"], &record["usage"]["fuel"]), (&json!("i-1"), &json!(7)));
        assert_eq!(record["plugin"], json!({"name": "demo", "version": "1.0.0", "blake3": "ab"}));
        assert_eq!(record.get("value"), None);
        assert_eq!(client.call("count").await["structuredContent"], json!({"result": 3}));
        assert_eq!(client.call("nothing").await["structuredContent"], json!({"result": null}));
        client.leave().await.unwrap();
    }
    let callers: Vec<Caller> = host.invoked().into_iter().map(|(caller, _)| caller).collect();
    assert_eq!(callers[0], Caller::Agent("old\\u{1b}client".to_owned()));
    assert_eq!(callers[3], Caller::Agent("new-client".to_owned()));
}

#[tokio::test]
async fn whatever_goes_wrong_says_what_to_do() {
    let host = host();
    for mut client in [Client::initialized(&host).await, Client::discovered(&host).await] {
        for (tool, words) in [
            ("picky", ["Refused by the check `arguments` (bad-arguments), nothing ran", "input schema"]),
            ("secret", ["Refused by the check `grants` (not-granted)", "Do not repeat the call"]),
            ("fragile", ["The plugin broke (trap): the reason", "Try others"]),
            ("hungry", ["The plugin broke (out-of-memory)", "Ask for less"]),
            ("crowded", ["Not run (busy): the reason", "Wait, then call again"]),
            ("polite", ["The plugin declined (no-such-note): the reason", "Change the arguments"]),
            ("amnesiac", ["Not recorded (unrecorded)", "Whether it ran is unknown"]),
            ("buggy", ["The host broke", "Whether it ran is unknown"]),
            ("lost", ["Not carried out (gone): the host is gone", "Whether it ran is unknown"]),
        ] {
            let result = client.call(tool).await;
            assert_eq!(result["isError"], true, "{result}");
            assert_eq!(result.get("structuredContent"), None, "{result}");
            let text = result["content"][0]["text"].as_str().unwrap();
            assert!(words.iter().all(|words| text.contains(words)), "{tool}: {text}");
        }
        client.leave().await.unwrap();
    }
}

#[tokio::test]
async fn who_gives_a_token_hears_of_progress_before_the_answer_and_no_other() {
    let host = host();
    for mut client in [Client::initialized(&host).await, Client::discovered(&host).await] {
        // Without a token the very next line is the answer.
        assert_eq!(client.call("steps").await["isError"], false);
        let mut meta = client.meta.clone().unwrap_or_else(|| json!({}));
        meta["progressToken"] = json!("t-1");
        client
            .send(&json!({"jsonrpc": "2.0", "id": 77, "method": "tools/call",
            "params": {"name": "steps", "arguments": {}, "_meta": meta}}))
            .await;
        let mut told = Vec::new();
        let answer = loop {
            let line = client.next().await;
            if line["method"] != "notifications/progress" {
                break line;
            }
            told.push(line["params"].clone());
        };
        assert_eq!((&answer["id"], &answer["result"]["isError"]), (&json!(77), &json!(false)), "{answer}");
        let steps: Vec<f64> = told.iter().map(|told| told["progress"].as_f64().unwrap()).collect();
        assert_eq!(steps, [1.0, 2.0, 18_446_744_073_709_551_616.0], "{told:?}");
        assert!(told.iter().all(|told| told["progressToken"] == "t-1"), "{told:?}");
        assert_eq!((&told[0]["total"], told[1].get("total")), (&json!(3.0), None), "{told:?}");
        assert_eq!(told[0]["message"], "demo: at\\u{1b} work");
        client.leave().await.unwrap();
    }
}

#[tokio::test]
async fn arguments_may_be_absent() {
    let host = host();
    let mut client = Client::initialized(&host).await;
    let answer = client.ask("tools/call", json!({"name": "echo"})).await;
    assert_eq!(answer["result"]["structuredContent"], json!({}));
    client.leave().await.unwrap();
}

#[tokio::test]
async fn the_last_line_needs_no_end() {
    let host = host();
    let mut client = Client::initialized(&host).await;
    let last = json!({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {"name": "echo"}});
    client.write.write_all(last.to_string().as_bytes()).await.unwrap();
    client.write.shutdown().await.unwrap();
    assert_eq!(client.next().await["result"]["isError"], false);
    client.leave().await.unwrap();
}

#[tokio::test]
async fn unknown_tools_and_methods_are_protocol_errors() {
    let host = host();
    for mut client in [Client::initialized(&host).await, Client::discovered(&host).await] {
        for name in ["no_such_tool", "register", "grants-allow", "../echo", ""] {
            let answer = client.ask("tools/call", json!({"name": name, "arguments": {}})).await;
            assert_eq!(answer["error"]["code"], -32602, "{answer}");
        }
        let answer = client.ask("tools/call", json!({"name": "echo", "arguments": [1]})).await;
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
        assert_eq!(client.ask("grants/allow", json!({})).await["error"]["code"], -32601);
        client.leave().await.unwrap();
    }
    assert_eq!(host.invoked(), []);
}

#[tokio::test]
async fn lines_that_read_in_two_ways_never_become_requests() {
    let host = host();
    let mut client = Client::initialized(&host).await;
    let call = |arguments: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{{"name":"echo","arguments":{arguments}}}}}"#
        )
    };
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(80), "]".repeat(80));
    for (line, code, id) in [
        (call(r#"{"a":1,"a":2}"#), -32600, json!("x")),
        (call(r#"{"a":123456789012345678901234567890}"#), -32600, json!("x")),
        (call(&deep), -32600, json!("x")),
        ("{\"jsonrpc\"".to_owned(), -32700, Value::Null),
        ("[]".to_owned(), -32600, Value::Null),
        (" ".repeat(17 << 20), -32600, Value::Null),
    ] {
        client.write.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        let answer = client.next().await;
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(code), &id), "{answer}");
    }
    client.send(&json!({"jsonrpc": "2.0", "method": "something/else"})).await;
    assert_eq!(client.call("echo").await["structuredContent"], json!({"a": 1}), "the connection still works");
    client.leave().await.unwrap();
    assert_eq!(host.invoked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn another_list_is_announced_in_both_eras() {
    let host = host();
    let mut old = Client::initialized(&host).await;
    let mut new = Client::discovered(&host).await;
    new.id += 1;
    let params = json!({"notifications": {"toolsListChanged": true}, "_meta": new.meta});
    new.send(&json!({"jsonrpc": "2.0", "id": 99, "method": "subscriptions/listen", "params": params})).await;
    assert_eq!(new.next().await["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(old.ask("tools/list", json!({})).await["result"]["tools"].as_array().unwrap().len(), 15);
    assert_eq!(new.ask("tools/list", json!({})).await["result"]["tools"].as_array().unwrap().len(), 15);
    host.rows.lock().unwrap().pop();
    host.rows.lock().unwrap().push(row("fresh", &json!({"type": "object"})));
    for client in [&mut old, &mut new] {
        assert_eq!(client.next().await["method"], "notifications/tools/list_changed");
    }
    assert_eq!(old.call("echo").await["isError"], false);
    old.leave().await.unwrap();
    new.leave().await.unwrap();
}

#[tokio::test]
async fn a_cancelled_call_is_not_answered_and_holds_nobody_up() {
    let host = host();
    let mut client = Client::initialized(&host).await;
    client
        .send(&json!({"jsonrpc": "2.0", "id": 50, "method": "tools/call", "params": {"name": "slow"}}))
        .await;
    client
        .send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 50}}))
        .await;
    assert_eq!(client.call("echo").await["isError"], false);
    client.leave().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_running_call_gets_a_few_seconds_after_the_end_of_input() {
    let host = host();
    let mut client = Client::initialized(&host).await;
    for (id, name) in [(70, "late"), (71, "slow")] {
        let params = json!({"name": name});
        client.send(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})).await;
    }
    client.write.shutdown().await.unwrap();
    assert_eq!(client.next().await["id"], 70);
    let start = tokio::time::Instant::now();
    client.server.await.unwrap().unwrap();
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_client_that_leaves_is_no_error_and_one_that_speaks_otherwise_is() {
    let host = host();
    Client::connected(&host).leave().await.unwrap();
    let mut other = Client::connected(&host);
    other.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    assert!(matches!(other.leave().await, Err(McpError::Opening(_))));
}

#[tokio::test(start_paused = true)]
async fn a_server_told_to_stop_answers_what_runs_and_takes_nothing_more() {
    let host = host();
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let stop = async { told.await.unwrap() };
    let mut client = Client::stopped_by(&host, stop).shaking_hands().await;
    let call =
        |id, name| json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": name}});
    client.send(&call(80, "late")).await;
    // Longer than the end of input would leave it.
    client.send(&call(81, "slow")).await;
    assert_eq!(client.ask("ping", json!({})).await["result"], json!({}));
    tell.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    client.send(&call(82, "echo")).await;
    assert_eq!(
        (client.next().await["id"].clone(), client.next().await["id"].clone()),
        (json!(80), json!(81))
    );
    client.server.await.unwrap().unwrap();
    assert_eq!(host.invoked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asks_and_never_reads_is_not_read_for_ever() {
    let host = host();
    let mut client = Client::initialized(&host).await;
    let padding = "x".repeat(4000);
    for id in 100..400 {
        let params = json!({"name": "echo", "arguments": {"padding": padding}});
        let call = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params});
        let sent = tokio::time::timeout(Duration::from_secs(5), client.send(&call));
        if sent.await.is_err() {
            break;
        }
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let begun = host.invoked().len();
    assert!(begun < 110, "{begun} calls for a client that takes no answer");
    // And once it reads, it gets what it asked for.
    for _ in 0..begun {
        assert_eq!(client.next().await["result"]["isError"], false);
    }
}

#[tokio::test]
async fn an_id_of_another_kind_is_answered_all_the_same() {
    let mut client = Client::initialized(&host()).await;
    for id in [json!(1.5), json!({}), json!(null), json!([1])] {
        client.send(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/list"})).await;
        let answer = client.next().await;
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(-32600), &Value::Null), "{answer}");
    }
    assert_eq!(client.call("echo").await["isError"], false);
}
