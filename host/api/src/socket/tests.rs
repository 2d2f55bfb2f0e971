//! The control socket against clients of every sort.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ares_kernel::Caller;
use ares_kernel::progress::{Progress, Sink, Update};
use ares_services::operation::{Call, Operate, Operation, Problem, ProblemKind};
use ares_services::state::{Lock, State};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::{Notify, oneshot};

use super::{
    CONNECTIONS_MAX, IN_FLIGHT_MAX, PATIENCE, REPLY_BYTES_MAX, REQUEST_BYTES_MAX, Remote, bind, serve,
};

/// Answers with what it was asked, or does what the plugin's name says.
#[derive(Default)]
struct Echo {
    running: AtomicUsize,
    most: AtomicUsize,
    done: AtomicUsize,
    go: Notify,
}

impl Operate for Echo {
    fn operate(&self, caller: Caller, operation: Operation) -> BoxFuture<'_, Result<Value, Problem>> {
        async move {
            let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(running, Ordering::SeqCst);
            let name = match &operation {
                Operation::Info { plugin } => plugin.clone(),
                _ => String::new(),
            };
            match name.as_str() {
                "wait" => self.go.notified().await,
                "panic" => panic!("as asked"),
                _ => {}
            }
            self.running.fetch_sub(1, Ordering::SeqCst);
            self.done.fetch_add(1, Ordering::SeqCst);
            match name.as_str() {
                "null" => Ok(Value::Null),
                "huge" => Ok(Value::String("x".repeat(REPLY_BYTES_MAX))),
                "nobody" => Err(Problem {
                    kind: ProblemKind::NotFound,
                    code: "not-registered".to_owned(),
                    message: "no such plugin".to_owned(),
                }),
                _ => Ok(json!({ "caller": caller, "operation": operation })),
            }
        }
        .boxed()
    }

    fn operate_heard(
        &self,
        caller: Caller,
        operation: Operation,
        progress: Sink,
    ) -> BoxFuture<'_, Result<Value, Problem>> {
        async move {
            for done in 1..=2 {
                progress.report(Update::new("demo".parse().unwrap(), done, Some(2), "at work"));
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
            self.operate(caller, operation).await
        }
        .boxed()
    }
}

struct Fixture {
    echo: Arc<Echo>,
    lock: Lock,
    stop: Option<oneshot::Sender<()>>,
    server: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::host(&State::prepare(&folder.path().join("s")).unwrap()).unwrap();
        let (echo, (stop, stopped)) = (Arc::new(Echo::default()), oneshot::channel());
        let server = tokio::spawn(serve(bind(&lock).unwrap(), echo.clone(), stopped.map(drop)));
        Self { echo, lock, stop: Some(stop), server, _folder: folder }
    }

    async fn remote(&self) -> Remote {
        Remote::connect(&self.lock.state().socket()).await.unwrap()
    }

    async fn raw(&self) -> UnixStream {
        UnixStream::connect(self.lock.state().socket()).await.unwrap()
    }
}

fn info(plugin: &str) -> Operation {
    Operation::Info { plugin: plugin.to_owned() }
}

fn human() -> Caller {
    Caller::Human("operator".to_owned())
}

async fn reply(reader: &mut (impl AsyncBufReadExt + Unpin)) -> Value {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).await.unwrap();
        let frame: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        if frame.get("host").is_none() {
            return frame;
        }
    }
}

async fn until(what: impl Fn() -> bool) {
    while !what() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn answers_and_problems_come_back_as_they_are() {
    let host = Fixture::new();
    let remote = host.remote().await;
    let answer = remote.operate(human(), Operation::Verify).await.unwrap();
    assert_eq!(
        answer,
        json!({ "caller": { "kind": "human", "name": "operator" }, "operation": { "operation": "verify" } })
    );
    assert_eq!(remote.operate(human(), info("null")).await, Ok(Value::Null));
    let problem = remote.operate(human(), info("nobody")).await.unwrap_err();
    assert_eq!((problem.kind, problem.code.as_str()), (ProblemKind::NotFound, "not-registered"));
    let problem = remote.operate(human(), info("huge")).await.unwrap_err();
    assert_eq!(problem.code, "reply-too-large");
}

fn invoke() -> Operation {
    let (capability, input) = ("x".to_owned(), "{}".to_owned());
    Operation::Invoke(Call { capability, input, ..Call::default() })
}

#[tokio::test]
async fn progress_comes_before_the_answer_and_a_client_may_pass_it_over() {
    #[derive(Clone, Default)]
    struct Heard(Arc<std::sync::Mutex<Vec<u64>>>);
    impl Progress for Heard {
        fn report(&self, update: Update) {
            self.0.lock().unwrap().push(update.done);
        }
    }
    let host = Fixture::new();
    let (remote, heard) = (host.remote().await, Heard::default());
    let answer = remote.operate_heard(human(), invoke(), Sink::new(heard.clone())).await.unwrap();
    assert_eq!(
        (answer["caller"]["name"].as_str(), heard.0.lock().unwrap().clone()),
        (Some("operator"), vec![1, 2])
    );
    // Whoever does not want to hear gets the answer alone, and nothing of the next request.
    assert!(remote.operate(human(), invoke()).await.is_ok());
    assert!(remote.operate_heard(human(), Operation::Verify, Sink::new(heard.clone())).await.is_ok());
    assert_eq!(heard.0.lock().unwrap().len(), 2);

    let mut stream = host.raw().await;
    let ask = json!({ "id": 7, "caller": human(), "operation": invoke() });
    stream.write_all(format!("{ask}\n").as_bytes()).await.unwrap();
    let mut reader = BufReader::new(stream);
    let update = json!({"plugin": "demo", "done": 1, "total": 2, "message": "at work"});
    assert_eq!(reply(&mut reader).await, json!({"id": 7, "progress": update}));
    assert_eq!(reply(&mut reader).await["progress"]["done"], 2);
    assert!(reply(&mut reader).await["ok"].is_object());
}

#[tokio::test]
async fn requests_run_side_by_side_and_a_panic_is_one_request_s_own() {
    let host = Fixture::new();
    let remote = Arc::new(host.remote().await);
    let waiting = tokio::spawn({
        let remote = Arc::clone(&remote);
        async move { remote.operate(human(), info("wait")).await }
    });
    until(|| host.echo.running.load(Ordering::SeqCst) == 1).await;
    assert!(remote.operate(human(), info("other")).await.is_ok());
    assert_eq!(remote.operate(human(), info("panic")).await.unwrap_err().code, "internal");
    host.echo.go.notify_one();
    assert!(waiting.await.unwrap().is_ok());
}

#[tokio::test]
async fn one_connection_cannot_start_any_number() {
    let host = Fixture::new();
    let mut stream = host.raw().await;
    for id in 0..IN_FLIGHT_MAX * 2 {
        let ask = json!({ "id": id, "caller": human(), "operation": info("wait") });
        stream.write_all(format!("{ask}\n").as_bytes()).await.unwrap();
    }
    until(|| host.echo.running.load(Ordering::SeqCst) == IN_FLIGHT_MAX).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(host.echo.most.load(Ordering::SeqCst), IN_FLIGHT_MAX);
    for _ in 0..IN_FLIGHT_MAX * 2 {
        host.echo.go.notify_one();
        reply(&mut BufReader::with_capacity(1, &mut stream)).await;
    }
    assert_eq!(host.echo.done.load(Ordering::SeqCst), IN_FLIGHT_MAX * 2);
}

#[tokio::test]
async fn nobody_calls_as_a_plugin_or_without_a_name() {
    let host = Fixture::new();
    let remote = host.remote().await;
    let plugin = Caller::Plugin("notes".parse().unwrap());
    let problem = remote.operate(plugin, Operation::Verify).await.unwrap_err();
    assert_eq!((problem.kind, problem.code.as_str()), (ProblemKind::Denied, "unauthenticated"));
    let problem = remote.operate(Caller::Agent(String::new()), Operation::Verify).await.unwrap_err();
    assert_eq!(problem.code, "bad-label");
    // The connection lives on.
    assert!(remote.operate(human(), Operation::Verify).await.is_ok());
    assert_eq!(host.echo.done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_is_no_request_is_told_so_and_closed() {
    let host = Fixture::new();
    let unknown_key =
        r#"{"id":1,"caller":{"kind":"human","name":"a"},"operation":{"operation":"verify"},"x":1}"#;
    let misspelt = r#"{"id":1,"caller":{"kind":"human","name":"a"},"operation":{"operation":"info","plugin":"a","x":1}}"#;
    let deep = "[".repeat(100_000);
    for bad in ["", "{}", "null", "\u{0}\u{7f}", r#"{"id":-1}"#, unknown_key, misspelt, &deep] {
        let mut stream = host.raw().await;
        stream.write_all(bad.as_bytes()).await.unwrap();
        stream.write_all(b"\n").await.unwrap();
        let mut reader = BufReader::new(stream);
        let reply = reply(&mut reader).await;
        assert_eq!(reply["id"], Value::Null, "{bad:.60}");
        assert_eq!(reply["problem"]["code"], "frame-invalid", "{bad:.60}");
        assert_eq!(reader.read(&mut [0]).await.unwrap(), 0);
    }
    let mut stream = host.raw().await;
    stream.write_all(b"\xff\xfe\n").await.unwrap();
    assert_eq!(reply(&mut BufReader::new(stream)).await["problem"]["code"], "frame-invalid");
    assert!(host.remote().await.operate(human(), Operation::Verify).await.is_ok());
}

#[tokio::test]
async fn a_line_without_end_is_cut_off() {
    let host = Fixture::new();
    let stream = host.raw().await;
    let (reader, mut writer) = stream.into_split();
    let flood = tokio::spawn(async move {
        let piece = vec![b' '; 1 << 20];
        for _ in 0..=REQUEST_BYTES_MAX >> 20 {
            if writer.write_all(&piece).await.is_err() {
                return;
            }
        }
    });
    let reply = reply(&mut BufReader::new(reader)).await;
    assert_eq!(reply["problem"]["code"], "frame-too-large");
    flood.await.unwrap();
}

#[tokio::test]
async fn a_large_request_gets_through() {
    let host = Fixture::new();
    let name = "x".repeat(REQUEST_BYTES_MAX - 1000);
    let answer = host.remote().await.operate(human(), info(&name)).await.unwrap();
    assert_eq!(answer["operation"]["plugin"].as_str().map(str::len), Some(name.len()));
    let too_large = "x".repeat(REQUEST_BYTES_MAX);
    let problem = host.remote().await.operate(human(), info(&too_large)).await.unwrap_err();
    assert_eq!(problem.code, "frame-too-large");
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_is_sent_away() {
    let host = Fixture::new();
    let mut stream = host.raw().await;
    stream.write_all(b"{").await.unwrap();
    let before = tokio::time::Instant::now();
    let reply = reply(&mut BufReader::new(stream)).await;
    assert_eq!(reply["problem"]["code"], "frame-too-slow");
    assert!(before.elapsed() >= PATIENCE);
}

#[tokio::test]
async fn the_client_after_the_last_place_is_told_so() {
    let host = Fixture::new();
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        clients.push(host.raw().await);
    }
    let remote = host.remote().await;
    let problem = remote.operate(human(), Operation::Verify).await.unwrap_err();
    assert_eq!(problem.code, "too-many-connections");
    clients.truncate(CONNECTIONS_MAX / 2);
    // The same client connects anew.
    while remote.operate(human(), Operation::Verify).await.is_err() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn what_runs_ends_though_its_client_has_left() {
    let host = Fixture::new();
    let mut stream = host.raw().await;
    let ask = json!({ "id": 1, "caller": human(), "operation": info("wait") });
    stream.write_all(format!("{ask}\n").as_bytes()).await.unwrap();
    until(|| host.echo.running.load(Ordering::SeqCst) == 1).await;
    drop(stream);
    tokio::time::sleep(Duration::from_millis(20)).await;
    host.echo.go.notify_one();
    until(|| host.echo.done.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test]
async fn closing_waits_for_what_runs_and_sends_its_reply() {
    let mut host = Fixture::new();
    let remote = host.remote().await;
    let idle = host.raw().await;
    let asked = remote.operate(human(), info("wait"));
    let closing = async {
        until(|| host.echo.running.load(Ordering::SeqCst) == 1).await;
        host.stop.take().unwrap().send(()).unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!host.server.is_finished());
        host.echo.go.notify_one();
    };
    let (answer, ()) = tokio::join!(asked, closing);
    assert!(answer.is_ok());
    host.server.await.unwrap();
    drop(idle);
    let problem = remote.operate(human(), Operation::Verify).await.unwrap_err();
    assert_eq!(problem.code, "no-host");
}

#[tokio::test]
async fn only_the_holder_of_the_lock_takes_a_stale_socket_away() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let state = State::prepare(&folder.path().join("s")).unwrap();
    let lock = Lock::host(&state).unwrap();
    drop(bind(&lock).unwrap());
    assert!(state.socket().exists());
    let listener = bind(&lock).unwrap();
    let mode = fs_err::metadata(state.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    drop(listener);
    fs_err::remove_file(state.socket()).unwrap();
    fs_err::write(state.socket(), "mine").unwrap();
    assert!(matches!(bind(&lock), Err(super::BindError::Occupied(_))));
    let deep = State::prepare(&folder.path().join("d".repeat(100))).unwrap();
    let error = bind(&Lock::host(&deep).unwrap()).unwrap_err();
    assert!(matches!(error, super::BindError::TooLong { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_says_nothing_is_not_waited_for_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("silent");
    // As with a process that was stopped: the system takes the connection, nobody reads it.
    let _listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let error = Remote::connect(&socket).await.err().expect("no connection");
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}
