//! What a guest reaches of the network, and what comes back to it.

use std::io::Write as _;
use std::time::{Duration, Instant};

use ares_engine::{EngineOptions, NetworkOptions};
use ares_kernel::facts::{Effect, Grants, Limits, Method, NetRule};
use serde_json::{Value, json};

use super::house::{House, Registration};
use crate::servers::{Names, Server};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

fn may_ask(origins: &[&str]) -> Grants {
    let rule = NetRule {
        name: "any".parse().unwrap(),
        origins: origins.iter().map(|origin| origin.parse().unwrap()).collect(),
        methods: [Method::Get, Method::Head, Method::Post].into(),
    };
    Grants::none().with_net(vec![rule])
}

async fn house_with(grants: Grants, limits: Limits, change: impl FnOnce(&mut EngineOptions)) -> House {
    let house = House::with(change);
    let limits = Limits { deadline: Duration::from_secs(30), ..limits };
    house.register(Registration { grants, limits, ..Registration::of("courier") }).await;
    house
}

async fn house(origins: &[&str]) -> House {
    house_with(may_ask(origins), Limits::default(), |_| {}).await
}

async fn fetch(house: &House, url: &str) -> Value {
    house.answer("fetch", &json!({ "url": url })).await
}

fn origin(server: &Server) -> String {
    format!("http://{}", server.address)
}

#[tokio::test]
async fn a_granted_host_is_reached_and_counted() {
    let server = Server::answering(OK);
    let house = house(&[&origin(&server)]).await;
    let outcome = house.invoke("fetch", &json!({ "url": server.url("/a?b=c#d") })).await;
    let value: Value = serde_json::from_str(outcome.status().value().unwrap()).unwrap();
    assert_eq!((&value["status"], &value["body"]), (&json!(200), &json!("hello")));
    let usage = outcome.usage();
    assert_eq!(usage.http_requests, 1);
    assert!(usage.http_sent_bytes > 10 && usage.http_received_bytes >= 5, "{usage:?}");
    let requests = server.requests();
    let expected = format!("GET /a?b=c HTTP/1.1\r\nhost: {}\r\n", server.address);
    assert!(requests[0].starts_with(&expected), "{requests:?}");
    let log = house.log_after_the_end("courier");
    let line = log.iter().find(|line| line["source"] == "http").unwrap();
    let message = line["message"].as_str().unwrap();
    assert!(message.contains("GET ") && message.ends_with(": 200"), "{message}");
}

#[tokio::test]
async fn without_a_rule_for_scheme_host_port_and_method_nothing_leaves() {
    let (server, other) = (Server::answering(OK), Server::answering(OK));
    let house = house(&[&origin(&server), "https://granted.test"]).await;
    let port = server.address.port();
    for url in [
        other.url("/"),
        format!("https://127.0.0.1:{port}/"),
        format!("http://127.0.0.2:{port}/"),
        format!("http://localhost:{port}/"),
        "http://granted.test/".to_owned(),
        "https://granted.test:8443/".to_owned(),
        "https://sub.granted.test/".to_owned(),
    ] {
        assert_eq!(fetch(&house, &url).await["error"], "http-request-denied", "{url}");
    }
    for method in ["DELETE", "PUT", "CONNECT", "TRACE", "get", "FROB"] {
        let answer = house.answer("fetch", &json!({ "url": server.url("/"), "method": method })).await;
        assert!(answer["error"].is_string(), "{method}: {answer}");
    }
    assert_eq!((server.requests().len(), other.requests().len()), (0, 0));
    let log = house.log_after_the_end("courier");
    assert_eq!(log.iter().filter(|line| line["message"].as_str().unwrap().contains("refused")).count(), 13);
}

#[tokio::test]
async fn loopback_is_closed_in_every_spelling() {
    let server = Server::answering(OK);
    let port = server.address.port();
    let names = Names::fixed(&[
        ("v4.test", &["127.0.0.1"]),
        ("mapped.test", &["::ffff:127.0.0.1"]),
        ("metadata.test", &["169.254.169.254"]),
        ("private.test", &["10.0.0.1"]),
        ("both.test", &["93.184.216.34", "127.0.0.1"]),
        ("v6.test", &["::1"]),
        ("nat.test", &["64:ff9b::7f00:1"]),
    ]);
    let nameserver = Some(names.address);
    let known = ["v4", "mapped", "metadata", "private", "both", "v6", "nat"];
    let rules: Vec<String> = known.iter().map(|name| format!("http://{name}.test:{port}")).collect();
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let network = NetworkOptions { nameserver, authorities: None };
    let house = house_with(may_ask(&rules), Limits::default(), |options| options.network = network).await;
    for name in known {
        let answer = fetch(&house, &format!("http://{name}.test:{port}/")).await;
        assert_eq!(answer["error"], "destination-ip-prohibited", "{name}: {answer}");
    }
    for host in [
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0",
        "0x7f000001",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "127.0.0.1",
        "localhost",
        "v4.test.",
        "V4.TEST@127.0.0.1",
        "0.0.0.0",
        "[::]",
        "127.0.0.1.",
        "①②⑦.⓪.⓪.①",
    ] {
        let answer = fetch(&house, &format!("http://{host}:{port}/")).await;
        assert!(answer["error"].is_string(), "{host}: {answer}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn an_inner_address_opens_when_it_is_named_and_the_name_is_asked_once() {
    let server = Server::answering(OK);
    let port = server.address.port();
    let turn = std::sync::atomic::AtomicUsize::new(0);
    let names = Names::start(move |_| {
        // The second time it would lead elsewhere.
        let again = turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 1;
        vec![if again { "169.254.169.254" } else { "127.0.0.1" }.parse().unwrap()]
    });
    let network = NetworkOptions { nameserver: Some(names.address), authorities: None };
    let rule = format!("http://inner.test:{port}@127.0.0.0/8");
    let house = house_with(may_ask(&[&rule]), Limits::default(), |options| options.network = network).await;
    assert_eq!(fetch(&house, &format!("http://INNER.test:{port}/")).await["status"], 200);
    let asked = names.asked();
    assert_eq!(asked.iter().filter(|question| question.starts_with("A ")).count(), 1, "{asked:?}");
    let answer = fetch(&house, &format!("http://inner.test:{port}/")).await;
    assert_eq!(answer["error"], "destination-ip-prohibited", "{answer}");
    assert!(server.requests()[0].contains(&format!("host: inner.test:{port}\r\n")));
}

#[tokio::test]
async fn a_name_nobody_knows_and_a_silent_nameserver_are_errors() {
    let names = Names::fixed(&[]);
    let network = NetworkOptions { nameserver: Some(names.address), authorities: None };
    let none = house_with(may_ask(&["http://none.test"]), Limits::default(), |o| o.network = network).await;
    assert_eq!(fetch(&none, "http://none.test/").await["error"], "destination-not-found");
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let network = NetworkOptions { nameserver: Some(silent.local_addr().unwrap()), authorities: None };
    let house = house_with(may_ask(&["http://none.test"]), Limits::default(), |o| o.network = network).await;
    let started = Instant::now();
    let answer = fetch(&house, "http://none.test/").await;
    assert!(["connection-timeout", "dns-timeout"].contains(&answer["error"].as_str().unwrap()), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn redirects_are_handed_back_and_not_followed() {
    let target = Server::answering(OK);
    let location = target.url("/secret");
    let server = Server::start(move |_, peer| {
        let _ = write!(peer, "HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    });
    let house = house(&[&origin(&server)]).await;
    let answer = fetch(&house, &server.url("/")).await;
    assert_eq!(answer["status"], 302);
    assert_eq!(fetch(&house, &target.url("/secret")).await["error"], "http-request-denied");
    assert!(target.requests().is_empty());
}

#[tokio::test]
async fn headers_of_the_host_and_credentials_are_not_the_guests() {
    let server = Server::answering(OK);
    let house = house(&[&origin(&server)]).await;
    for name in [
        "Host",
        "connection",
        "Proxy-Authorization",
        "X-Forwarded-For",
        "forwarded",
        "te",
        "upgrade",
        "transfer-encoding",
        "expect",
        "bad name",
        "",
    ] {
        let answer =
            house.answer("fetch", &json!({ "url": server.url("/"), "headers": [[name, "x"]] })).await;
        assert_eq!(answer["error"], "bad-header", "{name}: {answer}");
    }
    for value in ["a\r\nx-forwarded-for: 1", "a\nb", "a\0b"] {
        let answer =
            house.answer("fetch", &json!({ "url": server.url("/"), "headers": [["x-a", value]] })).await;
        assert_eq!(answer["error"], "bad-header", "{value:?}: {answer}");
    }
    for name in ["Authorization", "cookie", "X-Api-Key"] {
        let answer =
            house.answer("fetch", &json!({ "url": server.url("/"), "headers": [[name, "x"]] })).await;
        assert_eq!(answer["error"], "http-request-denied", "{name}: {answer}");
    }
    let many: Vec<_> = (0..1000).map(|number| [format!("x-{number}"), "y".repeat(100)]).collect();
    let outcome = house.invoke("fetch", &json!({ "url": server.url("/"), "headers": many })).await;
    let told = outcome.status().value().map_or_else(|| super::house::fault(&outcome).1, str::to_owned);
    assert!(told.contains("size"), "{told}");
    assert!(server.requests().is_empty());
    house.answer("fetch", &json!({ "url": server.url("/"), "headers": [["accept", "a/b"]] })).await;
    let request = server.requests()[0].to_lowercase();
    assert!(
        request.contains("accept: a/b\r\n") && request.contains("accept-encoding: gzip\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn what_goes_out_is_what_was_judged() {
    let server = Server::answering(OK);
    let authority = server.address.to_string();
    let house = house(&[&origin(&server)]).await;
    let raw = async |path: &str, headers: Value, trailers: Value| {
        let body = if trailers == json!([]) { "" } else { "body" };
        let input = json!({ "authority": authority, "path": path, "headers": headers, "trailers": trailers, "body": body });
        house.answer("raw", &input).await
    };
    for path in ["http://169.254.169.254/latest", "/a b", "/a\r\nx: y", "a@evil.test/", "//evil.test/"] {
        let answer = raw(path, json!([]), json!([])).await;
        let error = answer["error"].is_string();
        let request = server.requests().pop().unwrap_or_default();
        let line = request.lines().next().unwrap_or_default();
        assert!(error || line == format!("GET {path} HTTP/1.1"), "{path}: {answer} {line}");
        assert!(!line.contains("169.254") && request.matches("host: ").count() <= 1, "{request}");
    }
    let twice = json!([["content-length", "4"], ["content-length", "5"]]);
    assert!(raw("/", twice, json!([])).await["error"].is_string());
    let before = server.requests().len();
    let answer = raw("/", json!([]), json!([["x-late", "1"]])).await;
    let request = server.requests().into_iter().skip(before).collect::<String>();
    assert!(answer["error"].is_string() || !request.to_lowercase().contains("x-late"), "{answer} {request}");
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn packed_answers_arrive_unpacked_and_count_so() {
    let answer = |body: &[u8], coding: &str| {
        let mut answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: {coding}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        answer.extend_from_slice(body);
        Server::answering(answer)
    };
    let limits = || Limits { http_received_bytes: 1 << 20, ..Limits::default() };
    let sound = answer(&packed(b"hello"), "gzip");
    let bomb = answer(&packed(&vec![0; 64 << 20]), "gzip");
    let torn = answer(b"\x1f\x8b no gzip at all", "gzip");
    let other = answer(b"hello", "br");
    let all = [&sound, &bomb, &torn, &other].map(origin);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let house = house_with(may_ask(&all), limits(), |_| {}).await;
    let got = fetch(&house, &sound.url("/")).await;
    assert_eq!(got["body"], "hello");
    assert!(!got["headers"].to_string().contains("content-encoding"), "{got}");
    let outcome = house.invoke("fetch", &json!({ "url": bomb.url("/") })).await;
    assert!(outcome.status().value().unwrap().contains("http-response-body-size"), "{:?}", outcome.status());
    assert!(outcome.usage().http_received_bytes <= 1 << 20);
    assert_eq!(fetch(&house, &torn.url("/")).await["error"], "http-response-content-coding");
    assert_eq!(fetch(&house, &other.url("/")).await["error"], "http-response-content-coding");
}

#[tokio::test]
async fn answers_without_end_and_without_a_word_end() {
    let endless = Server::start(|_, peer| {
        let _ = peer.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        while peer.write_all(chunk.as_bytes()).is_ok() {}
    });
    let head = Server::start(|_, peer| {
        let _ = peer.write_all(b"HTTP/1.1 200 OK\r\n");
        for number in 0.. {
            if write!(peer, "x-{number}: {}\r\n", "y".repeat(1000)).is_err() {
                break;
            }
        }
    });
    let announcing =
        Server::start(
            |_, peer| {
                while peer.write_all(&b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1000)).is_ok() {}
            },
        );
    let cut = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello");
    let nonsense = Server::answering("no HTTP at all\r\n\r\n");
    let all = [&endless, &head, &announcing, &cut, &nonsense].map(origin);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let house =
        house_with(may_ask(&all), Limits { http_received_bytes: 1 << 20, ..Limits::default() }, |_| {}).await;
    for (server, code) in [
        (&endless, "http-response-body-size"),
        (&head, "http-response-header-section-size"),
        (&announcing, "http-response-body-size"),
        (&cut, "http-response-incomplete"),
        (&nonsense, "http-protocol-error"),
    ] {
        let answer = fetch(&house, &server.url("/")).await;
        assert_eq!(answer["error"], code, "{answer}");
    }
}

#[tokio::test]
async fn a_slow_answer_ends_with_the_pause_or_the_call() {
    let dripping = Server::start(|_, peer| {
        let _ = peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
        while peer.write_all(b"x").and_then(|()| peer.flush()).is_ok() {
            std::thread::sleep(Duration::from_millis(300));
        }
    });
    let silent = Server::start(|_, peer| {
        let _ = peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx");
        let _ = peer.flush();
        std::thread::sleep(Duration::from_secs(15));
    });
    let all = [&dripping, &silent].map(origin);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let house = house(&all).await;
    let started = Instant::now();
    assert_eq!(fetch(&house, &silent.url("/")).await["error"], "connection-read-timeout");
    assert!(started.elapsed() < Duration::from_secs(14));
    let mut request = super::house::request("fetch", &json!({ "url": dripping.url("/") }));
    request.deadline = Some(Duration::from_secs(2));
    let outcome = house.kernel.invoke(request).await;
    assert_eq!(super::house::fault(&outcome).0, ares_kernel::FaultKind::Deadline);
}

#[tokio::test]
async fn requests_and_bytes_of_a_call_have_a_limit() {
    let server = Server::answering(OK);
    let limits = Limits { http_requests: 5, http_sent_bytes: 2000, ..Limits::default() };
    let house = house_with(may_ask(&[&origin(&server)]), limits, |_| {}).await;
    let answer = house.answer("fetch_many", &json!({ "url": server.url("/"), "count": 300 })).await;
    assert_eq!(answer, json!({ "came": 5, "error": "connection-limit-reached" }));
    assert_eq!(server.requests().len(), 5);
    let leak = format!("{}{}", server.url("/?"), "x".repeat(2000));
    assert_eq!(fetch(&house, &leak).await["error"], "http-request-header-section-size");
    let big = json!({ "url": server.url("/"), "method": "POST", "body": "x".repeat(100), "times": 100 });
    let answer = house.answer("fetch", &big).await;
    assert_eq!(answer["error"], "http-request-body-size", "{answer}");
    let log = house.log_after_the_end("courier");
    let refused = log.iter().filter(|line| line["message"].as_str().unwrap().contains("`http_requests`"));
    assert_eq!(refused.count(), 1);
}

#[tokio::test]
async fn tls_is_checked_by_the_name_that_was_granted() {
    let (server, authority) = Server::start_tls("sound.test", |_, peer| {
        let _ = peer.write_all(OK.as_bytes());
    });
    let port = server.address.port();
    let names = Names::fixed(&[("sound.test", &["127.0.0.1"]), ("other.test", &["127.0.0.1"])]);
    let rules = ["sound", "other"].map(|name| format!("https://{name}.test:{port}@127.0.0.1"));
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let with = |authorities: Option<Vec<u8>>| NetworkOptions { nameserver: Some(names.address), authorities };
    let trusting = with(Some(authority.into_bytes()));
    let house = house_with(may_ask(&rules), Limits::default(), |options| options.network = trusting).await;
    assert_eq!(fetch(&house, &format!("https://sound.test:{port}/")).await["body"], "hello");
    let answer = fetch(&house, &format!("https://other.test:{port}/")).await;
    assert_eq!(answer["error"], "tls-certificate-error", "{answer}");
    let wary = with(None);
    let house = house_with(may_ask(&rules), Limits::default(), |options| options.network = wary).await;
    let answer = fetch(&house, &format!("https://sound.test:{port}/")).await;
    assert_eq!(answer["error"], "tls-certificate-error", "{answer}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_kept_answer_ends_with_its_call() {
    let server = Server::start(|_, peer| {
        let _ = peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhello");
        let _ = peer.flush();
        std::thread::sleep(Duration::from_secs(3));
        let _ = peer.write_all(&[b'x'; 995]);
    });
    let house = House::new();
    let grants = may_ask(&[&origin(&server)]);
    house.register(Registration { grants, singleton: true, ..Registration::of("courier") }).await;
    let keep = json!({ "authority": server.address.to_string(), "path": "/", "keep": true });
    assert_eq!(house.answer("raw", &keep).await["status"], 200);
    let answer = house.answer("peek", &json!({})).await;
    assert_eq!(answer["kept"], true);
    assert!(answer["error"].is_string() && answer["body"].is_null(), "{answer}");
}

#[tokio::test]
async fn who_is_of_a_weaker_class_reaches_nothing() {
    let server = Server::answering(OK);
    for effect in [Effect::Pure, Effect::Read, Effect::Write] {
        let house = House::new();
        let grants = may_ask(&[&origin(&server)]);
        house.register(Registration { grants, effect: Some(effect), ..Registration::of("courier") }).await;
        let answer = fetch(&house, &server.url("/")).await;
        assert_eq!(answer["error"], "http-request-denied", "{effect}: {answer}");
    }
    assert!(server.requests().is_empty());
}
