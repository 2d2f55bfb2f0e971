//! Secrets where they are spent: what leaves the host, what does not, and what of it comes back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Installation, guest};
use crate::servers::Server;

const VALUE: &str = "s3cr3t+value/of the&edge";
const IN_ADDRESS: &str = "s3cr3t%2Bvalue%2Fof%20the%26edge";

/// A courier that may spend `API_KEY` through `any` and reach `other` without it.
fn courier(installation: &Installation, any: &Server, other: &Server) {
    let folder = installation.place("courier");
    let built = guest("courier");
    std::fs::copy(built.join("courier.wasm"), folder.join("courier.wasm")).unwrap();
    let manifest = std::fs::read_to_string(built.join("plugin.toml")).unwrap();
    let needs = "needs = [\"net:any\", \"net:other\", \"secret:API_KEY\", \"secret:UNSET\"]";
    let asks = "[[permissions.net]]\nname = \"other\"\nmethods = [\"GET\"]\n\n\
                [[permissions.secrets]]\nname = \"API_KEY\"\nnet = [\"any\"]\n\n\
                [[permissions.secrets]]\nname = \"UNSET\"\nnet = [\"any\"]\n\n[limits]";
    let changed = manifest.replace("needs = [\"net:any\"]", needs).replace("[limits]", asks);
    // One of its capabilities reaches the same servers and needs no secret.
    let raw = "name = \"raw\"\neffects = \"network\"\n";
    let without = format!("{raw}needs = [\"net:any\", \"net:other\"]");
    let changed = changed.replacen(&format!("{raw}{needs}"), &without, 1);
    assert!(changed.contains(&without));
    std::fs::write(folder.join("plugin.toml"), changed).unwrap();
    let grant = |name: &str, server: &Server| format!("net:{name}=http://{}", server.address);
    installation.register_folder(&folder, &[&grant("any", any), &grant("other", other)]);
    installation.ares_with(["secrets", "set", "API_KEY"], VALUE.as_bytes()).exits(0);
}

fn fetch(installation: &Installation, url: &str, headers: &[(&str, &str)]) -> Value {
    installation.invoke("fetch", &json!({ "url": url, "headers": headers }).to_string())
}

/// A server that gives back all it was sent, byte by byte where it holds the value, also in a header.
fn echo() -> Server {
    Server::start(|request, peer| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nx-echo: you are <{VALUE}>\r\ncontent-length: {}\r\n\r\n",
            request.len()
        );
        let _ = peer.write_all(head.as_bytes());
        for byte in request.as_bytes() {
            let _ = peer.write_all(&[*byte]);
            let _ = peer.flush();
            if *byte == b'3' {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    })
}

#[test]
fn the_value_reaches_the_service_and_never_comes_back_to_the_guest() {
    let installation = Installation::new();
    let (any, other) = (echo(), Server::answering("HTTP/1.1 204 No Content\r\n\r\n"));
    courier(&installation, &any, &other);
    let url = any.url("/v1/{{API_KEY}}?key=%7B%7BAPI_KEY%7D%7D&plain={{plain}}");
    let outcome = fetch(&installation, &url, &[("authorization", "Bearer {{API_KEY}}")]);
    let sent = any.requests().concat();
    let line = format!("GET /v1/{IN_ADDRESS}?key={IN_ADDRESS}&plain={{{{plain}}}} HTTP/1.1\r\n");
    assert!(sent.starts_with(&line), "{sent}");
    assert!(sent.contains(&format!("authorization: Bearer {VALUE}\r\n")), "{sent}");

    let value = &outcome["value"];
    let body = value["body"].as_str().unwrap_or_else(|| panic!("{outcome}"));
    assert!(body.contains("authorization: Bearer {{API_KEY}}\r\n"), "{body}");
    assert!(body.starts_with("GET /v1/{{API_KEY}}?key={{API_KEY}}&plain={{plain}} HTTP"), "{body}");
    assert!(value["headers"].to_string().contains("you are <{{API_KEY}}>"), "{value}");
    // The guest itself was never told: it sees as many bytes as it answers.
    assert_eq!(value["bytes"], body.len());
    assert!(!outcome.to_string().contains("s3cr3t"), "{outcome}");
    let log = std::fs::read_to_string(installation.state().join("logs/courier.log")).unwrap();
    assert!(log.contains("API_KEY") && !log.contains("s3cr3t"), "{log}");
}

#[test]
fn where_a_secret_was_not_granted_for_nothing_is_sent() {
    let installation = Installation::new();
    let (any, other) = (echo(), echo());
    courier(&installation, &any, &other);
    installation.ares_with(["secrets", "set", "NOT_ASKED"], b"of somebody else").exits(0);
    for (server, path, headers, why) in [
        (&other, "/", vec![("authorization", "Bearer {{API_KEY}}")], "API_KEY may not be spent here"),
        (&other, "/?k={{API_KEY}}", vec![], "API_KEY may not be spent here"),
        (&any, "/", vec![("x-api-key", "{{NOT_ASKED}}")], "NOT_ASKED was not granted"),
        (&any, "/?k=%7b%7bNOT_ASKED%7d%7d", vec![], "NOT_ASKED was not granted"),
        (&any, "/", vec![("x-api-key", "{{UNSET}}")], "UNSET is not set"),
        (&any, "/", vec![("x-api-key", "{{API_KEY}}"), ("range", "bytes=0-3")], "asks for whole answers"),
        (&any, "/", vec![("authorization", "Bearer of my own")], "carries credentials"),
        (&any, "/", vec![("cookie", "session=mine")], "carries credentials"),
    ] {
        let outcome = fetch(&installation, &server.url(path), &headers);
        assert_eq!(outcome["value"]["error"], "http-request-denied", "{why}: {outcome}");
        let log = std::fs::read_to_string(installation.state().join("logs/courier.log")).unwrap();
        assert!(log.lines().last().unwrap().contains(why), "{why}: {log}");
    }
    assert_eq!((any.requests().len(), other.requests().len()), (0, 0));
    let free = fetch(&installation, &other.url("/"), &[("accept", "text/plain")]);
    assert_eq!(free["value"]["status"], 200, "without a secret the way is open: {free}");
}

/// A server that answers with what the address says, and breaks off.
fn parrot() -> Server {
    Server::start(|request, peer| {
        let guess = request.split(['=', ' ']).nth(2).unwrap_or_default();
        let filling = ".".repeat(2000);
        let behind = if request.contains("?whole=") { &*filling } else { "" };
        let _ = write!(peer, "HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n{filling}{guess}{behind}");
    })
}

#[test]
fn no_guess_tells_how_a_value_begins() {
    let installation = Installation::new();
    let (any, other) = (parrot(), parrot());
    courier(&installation, &any, &other);
    installation.ares_with(["secrets", "set", "OF_OTHERS"], b"zk9-wholly-unknown").exits(0);
    let shown = |server: &Server, guess: &str| {
        let input = json!({ "authority": server.address.to_string(), "path": format!("/?g={guess}") });
        let outcome = installation.invoke("raw", &input.to_string());
        outcome["value"]["body"].as_str().unwrap_or_else(|| panic!("{outcome}")).len()
    };
    let whole = json!({ "authority": any.address.to_string(), "path": format!("/?whole={IN_ADDRESS}") });
    let whole = installation.invoke("raw", &whole.to_string())["value"]["body"].to_string();
    assert!(whole.contains(".{{API_KEY}}."), "also where the capability needs no secret: {whole}");
    for (right, wrong) in [("s3cr3t", "s3cr3x"), ("s3cr3t%2Bv", "s3cr3t%2Bw"), ("zk9-wholly", "zk9-wholla")] {
        for server in [&any, &other] {
            assert_eq!(shown(server, right), shown(server, wrong), "{right}");
        }
    }
}

#[test]
fn doctor_names_secrets_that_cannot_be_opened_or_are_not_set() {
    let installation = Installation::new();
    let server = echo();
    courier(&installation, &server, &server);
    let told = |installation: &Installation| {
        let rows = installation.ares(["doctor", "--json"]).json();
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| row["code"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert!(told(&installation).contains(&"secret-not-set".to_owned()), "UNSET is granted");
    std::fs::remove_file(installation.state().join("keys/secrets.key")).unwrap();
    assert!(told(&installation).contains(&"secret".to_owned()));
}
