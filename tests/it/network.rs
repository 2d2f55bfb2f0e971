//! The way to the network as operators and callers meet it: asked for, granted by host, judged,
//! recorded, and taken back.

use serde_json::json;

use crate::harness::{Installation, guest};
use crate::servers::Server;

const PAGE: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\nconnection: close\r\n\r\n\
<title>News</title><p>First line.</p><a href=/more>more</a>";

fn fetch(installation: &Installation, url: &str) -> serde_json::Value {
    installation.invoke("fetch_page", &json!({ "url": url }).to_string())
}

#[test]
fn a_page_is_fetched_once_its_host_is_granted() {
    let installation = Installation::new();
    let registered = installation.register("web-fetch", &[]);
    assert_eq!(registered["missing"], json!(["net:pages"]), "`all` chooses no host");
    let told = installation.ares(["register".as_ref(), guest("web-fetch").as_os_str()]).exits(0);
    let out = &told.stdout;
    assert!(out.contains("send requests (GET) to hosts you choose"), "{out}");
    assert!(out.contains("grants allow web-fetch net:pages=https://HOST"), "{out}");
    let server = Server::answering(PAGE);
    let url = server.url("/today");
    let refused = fetch(&installation, &url);
    assert_eq!(refused["error"]["code"], "not-granted", "{refused}");
    let grant = format!("net:pages=http://{}", server.address);
    let allowed = installation.ares(["grants", "allow", "web-fetch", &grant, "--json"]).exits(0).json();
    assert_eq!(allowed["grants"][0]["origins"], json!([format!("http://{}", server.address)]));
    let fetched = fetch(&installation, &url);
    assert_eq!(fetched["value"]["page"]["title"], "News", "{fetched}");
    assert_eq!(fetched["value"]["page"]["links"], json!([{ "url": server.url("/more"), "text": "more" }]));
    assert_eq!(fetched["usage"]["http_requests"], 1);
    // The gate refuses what the argument says; nothing runs.
    let outside = fetch(&installation, "https://example.org/");
    assert_eq!(outside["error"]["code"], "out-of-scope", "{outside}");
    let records = installation.ares(["invocations", "--json"]).exits(0).json();
    let records = records.as_array().unwrap_or_else(|| records["invocations"].as_array().unwrap());
    let ended: Vec<_> = records.iter().map(|record| record["status"].as_str().unwrap()).collect();
    assert_eq!(ended, ["refused", "ok", "refused"]);
    assert_eq!(records[1]["usage"]["http_requests"], 1);
    assert!(records[1]["usage"]["http_received_bytes"].as_u64().unwrap() > 50);
    installation.ares(["grants", "revoke", "web-fetch", "net:pages"]).exits(0);
    assert_eq!(fetch(&installation, &url)["error"]["code"], "not-granted");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_redirect_to_another_host_is_another_decision() {
    let installation = Installation::new();
    let target = Server::answering(PAGE);
    let location = target.url("/there");
    let server = Server::start(move |request, peer| {
        let location = if request.starts_with("GET /inside") { "/end" } else { &location };
        let _ = match request.starts_with("GET /end") {
            true => peer.write_all(PAGE.as_bytes()),
            false => write!(peer, "HTTP/1.1 301 Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"),
        };
    });
    installation.register("web-fetch", &[&format!("net:pages=http://{}", server.address)]);
    let inside = fetch(&installation, &server.url("/inside"));
    assert_eq!(inside["value"]["redirected_from"], json!([server.url("/inside")]), "{inside}");
    let outside = fetch(&installation, &server.url("/outside"));
    assert_eq!(outside["error"]["code"], "redirect-not-granted", "{outside}");
    assert!(target.requests().is_empty());
    let log = std::fs::read_to_string(installation.state().join("logs/web-fetch.log")).unwrap();
    let refused = log.lines().filter(|line| line.contains("refused") && line.contains(&target.url("/there")));
    assert_eq!(refused.count(), 1, "{log}");
}

#[test]
fn hosts_are_written_in_one_way_only() {
    let installation = Installation::new();
    installation.register("web-fetch", &[]);
    for (place, code) in [
        ("https://*", 2),
        ("http://2130706433", 2),
        ("https://example.org/path", 2),
        ("example.org", 2),
        ("", 2),
    ] {
        let grant = format!("net:pages={place}");
        let told = installation.ares(["grants", "allow", "web-fetch", &grant]).exits(code);
        assert!(told.stderr.contains("is not an origin"), "{place}: {}", told.stderr);
    }
    let told = installation.ares(["grants", "allow", "web-fetch", "net:pages"]).exits(2);
    assert!(told.stderr.contains("net:pages=https://HOST"), "{}", told.stderr);
    let several = "net:pages=https://example.org, https://*.example.net:8443";
    let shown = installation.ares(["grants", "allow", "web-fetch", several]).exits(0).stdout;
    assert!(shown.contains("https://*.example.net:8443") && shown.contains("GET"), "{shown}");
}

#[test]
fn a_running_host_outlives_servers_that_mean_harm() {
    let installation = Installation::new();
    let endless = Server::start(|_, peer| {
        let _ = peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n");
        while peer.write_all(&[b'\x1b'; 65536]).is_ok() {}
    });
    installation.register("courier", &[&format!("net:any=http://{}", endless.address)]);
    let mut host = installation.run();
    let peak = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", host.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let before = peak();
    let answer = installation.invoke("fetch", &json!({ "url": endless.url("/") }).to_string());
    assert_eq!(answer["value"]["error"], "http-response-body-size", "{answer}");
    let grown = peak() - before;
    assert!(grown < (100 + 64) << 10, "{grown} KiB");
    assert!(host.is_alive());
    let metadata = installation.invoke("fetch", r#"{"url":"http://169.254.169.254/latest/meta-data"}"#);
    assert_eq!(metadata["value"]["error"], "http-request-denied");
    assert_eq!(host.stop(), 0);
}
