//! Files that change, vanish and come back under a host.

use std::sync::Arc;

use ares_kernel::facts::{Integrity, Plugin};
use ares_kernel::ports::{Catalog, Provision};
use ares_kernel::{Blake3, Kernel, Ports};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::{Files, Provisioned, Sources};
use crate::records::RecordsError;
use crate::testing::{FakeEngine, NoJournal, Noted, Only, Still, plugin, request, trusting};

struct Fixed(Files);

impl Sources for Fixed {
    fn files<'a>(&'a self, _: &'a Plugin) -> BoxFuture<'a, Result<Files, RecordsError>> {
        std::future::ready(Ok(self.0.clone())).boxed()
    }
}

struct Fixture {
    folder: tempfile::TempDir,
    plugin: Arc<Plugin>,
    noted: Arc<Noted>,
    catalog: Provisioned,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let mut plugin = plugin(|_| {});
    plugin.component = folder.path().join("copy.wasm");
    let source = folder.path().join("source.wasm");
    for path in [&plugin.component, &source] {
        fs_err::write(path, "demo").unwrap();
    }
    let plugin = Arc::new(plugin);
    let files = Files { source, registered: vec![plugin.blake3, Blake3::of(b"older")] };
    let noted = Arc::new(Noted::default());
    let catalog = Provisioned::new(Arc::new(Only(plugin.clone())), Arc::new(Fixed(files)), noted.clone());
    Fixture { folder, plugin, noted, catalog }
}

impl Fixture {
    async fn route(&self) -> Integrity {
        match self.catalog.resolve(&request()).await.provision {
            Provision::Ready(route) => route.integrity,
            other => panic!("{other:?}"),
        }
    }

    fn write(&self, name: &str, text: &str) {
        fs_err::write(self.folder.path().join(name), text).unwrap();
    }

    fn told(&self) -> Vec<String> {
        self.noted.taken().iter().map(|n| n.data["integrity"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn one_flipped_byte_refuses_the_call_and_is_told_once() {
    let f = fixture();
    f.write("copy.wasm", "dema");
    let ports = Ports {
        journal: Arc::new(NoJournal),
        clock: Arc::new(Still),
        catalog: Arc::new(f.catalog.clone()),
        policy: Arc::new(ares_kernel::ports::NoRules),
        engine: Arc::new(FakeEngine::default()),
        secrets: Arc::new(ares_kernel::ports::NoSecrets),
        machine: Arc::new(ares_kernel::ports::UnknownMachine),
    };
    let kernel = Kernel::new(ports, trusting());
    for _ in 0..3 {
        let outcome = kernel.invoke(request()).await;
        assert_eq!((outcome.status().as_str(), outcome.status().code()), ("refused", Some("changed")));
    }
    assert_eq!(f.told(), ["changed"]);
}

#[tokio::test]
async fn a_change_while_the_host_runs_is_seen_and_so_is_its_end() {
    let f = fixture();
    assert_eq!(f.route().await, Integrity::Intact);
    f.write("source.wasm", "changed");
    assert_eq!(f.route().await, Integrity::Intact, "no file is read on the way of a call");
    f.catalog.look_again().await;
    let Integrity::Changed(what) = f.route().await else { panic!() };
    assert!(what.contains("source.wasm") && what.contains(&Blake3::of(b"changed").to_string()), "{what}");
    f.catalog.look_again().await;
    f.write("source.wasm", "older");
    f.catalog.look_again().await;
    assert_eq!(f.route().await, Integrity::Intact, "an older registered version is no foreign byte");
    assert_eq!(f.told(), ["changed", "intact"]);
}

#[tokio::test]
async fn the_copy_must_be_there_and_the_source_need_not() {
    let f = fixture();
    fs_err::remove_file(f.folder.path().join("source.wasm")).unwrap();
    assert_eq!(f.route().await, Integrity::Intact);
    fs_err::remove_file(&f.plugin.component).unwrap();
    f.catalog.look_again().await;
    assert!(matches!(f.route().await, Integrity::Missing(what) if what.contains("copy.wasm")));
    assert_eq!(f.told(), ["missing"]);
}

#[tokio::test]
async fn what_is_no_file_is_not_waited_for() {
    let f = fixture();
    let source = f.folder.path().join("source.wasm");
    fs_err::remove_file(&source).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &source, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .unwrap();
    assert!(matches!(f.route().await, Integrity::Changed(_)));
}

#[tokio::test]
async fn a_forgotten_plugin_is_looked_at_anew() {
    let f = fixture();
    f.write("copy.wasm", "dema");
    assert_ne!(f.route().await, Integrity::Intact);
    f.write("copy.wasm", "demo");
    f.catalog.forget(&"other".parse().unwrap());
    assert_ne!(f.route().await, Integrity::Intact);
    f.catalog.forget(&f.plugin.name);
    assert_eq!(f.route().await, Integrity::Intact);
}
