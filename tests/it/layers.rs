//! Defence in depth: the same attack against each layer alone, with those before it out of the way.

use serde_json::{Value, json};

use crate::harness::{Installation, Ran, guest};
use crate::servers::{Names, Server};

/// A courier with another manifest.
struct Courier {
    installation: Installation,
    names: Names,
    server: Server,
}

impl Courier {
    fn new() -> Self {
        let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nprize");
        let names = Names::fixed(&[("prize.test", &["127.0.0.1"])]);
        Self { installation: Installation::new(), names, server }
    }

    fn register(&self, edit: impl Fn(String) -> String, grant: Option<&str>) -> Ran {
        let folder = self.installation.place("courier");
        let built = guest("courier");
        std::fs::copy(built.join("courier.wasm"), folder.join("courier.wasm")).unwrap();
        let manifest = edit(std::fs::read_to_string(built.join("plugin.toml")).unwrap());
        std::fs::write(folder.join("plugin.toml"), manifest).unwrap();
        let mut arguments = vec!["register".into(), folder.into_os_string(), "--replace".into()];
        if let Some(grant) = grant {
            arguments.extend(["--grant".into(), format!("net:any={grant}").into()]);
        }
        self.installation.ares(arguments)
    }

    /// Asks for the prize, by the name of its host; answers who refused it and how, if anybody did.
    fn attack(&self) -> Option<(&'static str, String)> {
        let input = json!({ "url": format!("http://prize.test:{}/", self.server.address.port()) });
        let nameserver = format!("network.nameserver={}", self.names.address);
        let arguments = ["--set", &nameserver, "invoke", "fetch", "--input", &input.to_string(), "--json"];
        let outcome = self.installation.ares(arguments).json();
        let code = |at: &str| outcome.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let gate = code("/error/code").map(|code| ("gate", code));
        gate.or_else(|| code("/value/error").map(|code| ("host", code)))
    }
}

#[test]
fn each_layer_stops_the_attack_by_itself() {
    let courier = Courier::new();
    let port = courier.server.address.port();
    let same = |manifest: String| manifest;
    let target = |manifest: String| {
        manifest.replacen(
            "needs = [\"net:any\"]",
            "needs = [\"net:any\"]\ntargets = { url = \"net:any\" }",
            1,
        )
    };
    // Who imports the network without asking for it is not registered.
    let silent = |manifest: String| {
        let (before, after) = manifest.split_once("[[permissions.net]]").unwrap();
        let (_, limits) = after.split_once("[limits]").unwrap();
        format!("{}[limits]{limits}", before.replace("needs = [\"net:any\"]", "needs = []"))
    };
    let refused = courier.register(silent, None);
    assert!(refused.code == 7 && refused.stderr.contains("permissions.net"), "{refused:?}");
    // Who asks has nothing before somebody grants it.
    courier.register(same, None).exits(0);
    assert_eq!(courier.attack(), Some(("gate", "not-granted".to_owned())));
    // What was granted is not what the argument says.
    courier.register(target, Some("http://other.test")).exits(0);
    assert_eq!(courier.attack(), Some(("gate", "out-of-scope".to_owned())));
    // Nobody told the gate which argument is an address.
    courier.register(same, Some("http://other.test")).exits(0);
    assert_eq!(courier.attack(), Some(("host", "http-request-denied".to_owned())));
    // The name was granted, but not where it leads.
    courier.register(same, Some(&format!("http://prize.test:{port}"))).exits(0);
    assert_eq!(courier.attack(), Some(("host", "destination-ip-prohibited".to_owned())));
    assert!(courier.server.requests().is_empty());
    // The attack is a real one: with all of it granted it gets through.
    courier.register(same, Some(&format!("http://prize.test:{port}@127.0.0.1"))).exits(0);
    assert_eq!(courier.attack(), None);
    assert_eq!(courier.server.requests().len(), 1);
}
