//! Components and what pretends to be one.

use wasm_encoder::{
    Alias, CodeSection, ComponentBuilder, ComponentExportKind, ComponentOuterAliasKind, ComponentTypeRef,
    Function, FunctionSection, InstanceType, Module, TypeSection,
};

use super::*;
use crate::manifest::Permissions;

const WORLD: [&str; 4] = [
    "ares:host/capability@0.1.0",
    "ares:host/health@0.1.0",
    "ares:host/config@0.1.0",
    "ares:host/lifecycle@0.1.0",
];

/// A component that imports and exports empty interfaces of these names, around a core module with
/// so many functions.
fn component(imports: &[&str], exports: &[&str], functions: u32) -> Vec<u8> {
    let mut builder = ComponentBuilder::default();
    builder.core_module(None, &module(functions));
    let inner = builder.component(None, ComponentBuilder::default());
    let empty = builder.type_instance(None, &InstanceType::new());
    for import in imports {
        builder.import(*import, ComponentTypeRef::Instance(empty));
    }
    for export in exports {
        let nothing = std::iter::empty::<(&str, ComponentExportKind, u32)>();
        let instance = builder.instantiate(None, inner, nothing);
        builder.export(*export, ComponentExportKind::Instance, instance, None);
    }
    builder.finish()
}

fn module(functions: u32) -> Module {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let (mut declared, mut code) = (FunctionSection::new(), CodeSection::new());
    for _ in 0..functions {
        declared.function(0);
        let mut body = Function::new([]);
        body.instructions().nop().end();
        code.function(&body);
    }
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&code);
    module
}

fn permissions(kv: bool, call: &[&str]) -> Permissions {
    let call = call.iter().map(|name| name.parse().unwrap()).collect();
    Permissions { kv, call, ..Permissions::default() }
}

#[test]
fn a_plugin_is_taken_and_described() {
    let bytes = component(&["ares:host/log@0.1.0", "ares:host/kv@0.1.7", "wasi:cli/stdout@0.2.6"], &WORLD, 3);
    let inspection = inspect(&bytes).unwrap();
    assert_eq!(inspection.imports, ["ares:host/log@0.1.0", "ares:host/kv@0.1.7", "wasi:cli/stdout@0.2.6"]);
    assert_eq!(inspection.exports, WORLD);
    assert_eq!((inspection.wit_track.as_str(), inspection.functions), ("0.1", 3));
    assert_eq!(inspection.needs(), [Need::Kv].into());
}

#[test]
fn an_import_without_the_manifests_word_is_refused_with_the_fix() {
    let kv = inspect(&component(&["ares:host/kv@0.1.0"], &WORLD, 0)).unwrap();
    assert_eq!(kv.check(&permissions(true, &[])), Ok(()));
    let refused = kv.check(&permissions(false, &["other"])).unwrap_err().to_string();
    assert!(
        refused.contains("`ares:host/kv@0.1.0`") && refused.contains("`kv = true` under [permissions]"),
        "{refused}"
    );
    let call = inspect(&component(&["ares:host/call@0.1.0"], &WORLD, 0)).unwrap();
    assert_eq!(call.check(&permissions(false, &["other"])), Ok(()));
    assert!(call.check(&permissions(true, &[])).unwrap_err().to_string().contains("`call = ["));
    let events = inspect(&component(&["ares:host/events@0.1.0"], &WORLD, 0)).unwrap();
    let mut publishing = permissions(false, &[]);
    assert!(events.check(&publishing).unwrap_err().to_string().contains("`events.publish = ["));
    publishing.events.publish.insert("scan.finished".parse().unwrap());
    assert_eq!(events.check(&publishing), Ok(()));
    let plain =
        inspect(&component(&["wasi:filesystem/types@0.2.6", "ares:host/log@0.1.0"], &WORLD, 0)).unwrap();
    assert_eq!(plain.check(&permissions(false, &[])), Ok(()));
}

#[test]
fn imports_no_manifest_can_ask_for_are_refused_by_name() {
    for (import, why) in [
        ("wasi:sockets/tcp@0.2.6", "reaches the network"),
        ("wasi:http/incoming-handler@0.2.0", "takes requests from outside"),
        ("wasi:keyvalue/store@0.2.0", "does not know"),
        ("wasi:filesystem/other@0.2.0", "does not know"),
        ("wasi:cli/run@0.3.0", "WASI version"),
        ("ares:host/dreams@0.1.0", "world `plugin` does not have"),
        ("evil:thing/x@1.0.0", "does not know"),
        ("plain-name", "does not know"),
    ] {
        let error = inspect(&component(&[import], &WORLD, 0)).unwrap_err();
        let InspectError::RefusedImport { import: named, why: reason } = &error else {
            panic!("{import}: {error}")
        };
        assert!(named.contains(import) && reason.contains(why), "{error}");
    }
}

#[test]
fn other_worlds_and_tracks_are_told_apart() {
    assert!(
        matches!(inspect(&component(&[], &["a:b/c@1.0.0"], 0)), Err(InspectError::OtherWorld(found)) if found.contains("a:b/c@1.0.0"))
    );
    assert!(
        matches!(inspect(&component(&[], &[], 0)), Err(InspectError::OtherWorld(found)) if found == "nothing")
    );
    assert_eq!(
        inspect(&component(&[], &WORLD[..2], 0)),
        Err(InspectError::MissingExports("`ares:host/config`, `ares:host/lifecycle`".to_owned()))
    );
    for (import, found) in
        [("ares:host/log@0.2.0", "0.2"), ("ares:host/log@1.3.0", "1"), ("ares:host/log", "without a version")]
    {
        let error = inspect(&component(&[import], &WORLD, 0)).unwrap_err();
        assert_eq!(error, InspectError::OtherTrack { found: found.to_owned(), supported: "0.1" });
    }
}

#[test]
fn hostile_bytes_are_told_apart() {
    let good = component(&[], &WORLD, 2);
    let half = &good[..good.len() / 2];
    let mut unknown = good.clone();
    unknown[4] = 0x0e;
    let mut wrong_body = good.clone();
    let nop = wrong_body.windows(3).position(|bytes| bytes == [0x00, 0x01, 0x0b]).unwrap();
    wrong_body[nop + 1] = 0x6a;
    type Expected = fn(&InspectError) -> bool;
    let table: [(&str, &[u8], Expected); 17] = [
        ("empty", b"", |e| *e == InspectError::Empty),
        ("component text", b";; note\n  (component)", |e| *e == InspectError::Text),
        ("module text", b"(module (func))", |e| *e == InspectError::Text),
        ("core module", &module(1).finish(), |e| *e == InspectError::CoreModule),
        ("cwasm", b"\x7fELF\x02\x01\x01\0\0\0\0\0", |e| *e == InspectError::Precompiled),
        ("two bytes of magic", b"\0a", |e| *e == InspectError::Truncated(2)),
        ("magic alone", b"\0asm", |e| *e == InspectError::Truncated(4)),
        ("half", half, |e| matches!(e, InspectError::Truncated(_))),
        ("header alone", &good[..8], |e| matches!(e, InspectError::OtherWorld(_))),
        ("unknown version", &unknown, |e| matches!(e, InspectError::UnknownVersion(_))),
        ("random", b"\x13\x37hello", |e| matches!(e, InspectError::NotWasm(_))),
        ("script", b"#!/bin/sh\n", |e| matches!(e, InspectError::NotWasm(_))),
        ("zip", b"PK\x03\x04", |e| matches!(e, InspectError::NotWasm(_))),
        ("bad function body", &wrong_body, |e| matches!(e, InspectError::Invalid { .. })),
        ("section longer than the file", b"\0asm\x0d\0\x01\0\x01\x20\0asm", |e| {
            matches!(e, InspectError::Truncated(_))
        }),
        ("section of 4 GiB", b"\0asm\x0d\0\x01\0\x01\xff\xff\xff\xff\x0f", |e| {
            matches!(e, InspectError::Invalid { .. })
        }),
        (
            "hidden name",
            &component(&["ares:host/log@0.1.0\u{202e}"], &WORLD, 0),
            |e| matches!(e, InspectError::Invalid { why, .. } if !why.contains('\u{202e}')),
        ),
    ];
    for (name, bytes, expected) in table {
        let error = inspect(bytes).unwrap_err();
        assert!(expected(&error), "{name}: {error:?}");
        assert!(error.to_string().len() > 15 && !error.to_string().chars().any(char::is_control), "{name}");
    }
}

fn around(module: &Module) -> Vec<u8> {
    let mut builder = ComponentBuilder::default();
    builder.core_module(None, module);
    builder.finish()
}

fn memory(memory64: bool, shared: bool) -> Vec<u8> {
    let mut memories = wasm_encoder::MemorySection::new();
    let kind =
        wasm_encoder::MemoryType { minimum: 1, maximum: Some(1), memory64, shared, page_size_log2: None };
    memories.memory(kind);
    around(Module::new().section(&memories))
}

#[test]
fn what_the_engine_leaves_out_is_not_valid() {
    let mut types = TypeSection::new();
    types.ty().struct_([]);
    let gc = around(Module::new().section(&types));
    let mut tags = wasm_encoder::TagSection::new();
    tags.tag(wasm_encoder::TagType { kind: wasm_encoder::TagKind::Exception, func_type_idx: 0 });
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let exceptions = around(Module::new().section(&types).section(&tags));
    for (bytes, feature) in [
        (gc, "gc"),
        (exceptions, "exceptions"),
        (memory(true, false), "memory64"),
        (memory(false, true), "threads"),
    ] {
        let error = inspect(&bytes).unwrap_err();
        assert!(
            matches!(&error, InspectError::Invalid { why, .. } if why.contains(feature)),
            "{feature}: {error}"
        );
    }
    assert!(matches!(inspect(&memory(false, false)), Err(InspectError::OtherWorld(_))));
}

#[test]
fn several_memories_are_fine() {
    let mut memories = wasm_encoder::MemorySection::new();
    for _ in 0..2 {
        memories.memory(wasm_encoder::MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
    }
    let mut builder = ComponentBuilder::default();
    builder.core_module(None, Module::new().section(&memories));
    assert!(matches!(inspect(&builder.finish()), Err(InspectError::OtherWorld(_))));
}

#[test]
fn the_caps_hold_before_the_work_is_done() {
    let started = std::time::Instant::now();
    let huge = vec![0; COMPONENT_BYTES_MAX + 1];
    assert!(matches!(inspect(&huge), Err(InspectError::TooLarge { .. })));
    let many = component(&[], &WORLD, u32::try_from(FUNCTIONS_MAX).unwrap() + 1);
    assert!(matches!(inspect(&many), Err(InspectError::TooMany { what: "core functions", .. })));
    let mut modules = ComponentBuilder::default();
    let mut nested = ComponentBuilder::default();
    for _ in 0..=MODULES_MAX {
        modules.core_module(None, &module(0));
        nested.component(None, ComponentBuilder::default());
    }
    assert!(matches!(inspect(&modules.finish()), Err(InspectError::TooMany { what: "core modules", .. })));
    assert!(matches!(
        inspect(&nested.finish()),
        Err(InspectError::TooMany { what: "nested components", .. })
    ));
    let mut deep = ComponentBuilder::default().finish();
    for _ in 0..200 {
        let mut outer = ComponentBuilder::default();
        outer.component_raw(None, &deep);
        deep = outer.finish();
    }
    assert!(matches!(inspect(&deep), Err(InspectError::TooMany { what: "nested components", .. })));
    assert!(started.elapsed().as_secs() < 20, "took {:?}", started.elapsed());
}

/// A small generator of its own: the cases have to be the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }
}

/// Instance types that double: the last stands for two to the power of `levels` functions.
fn doubling(builder: &mut ComponentBuilder, levels: u32) -> u32 {
    let mut last = builder.type_instance(None, &InstanceType::new());
    for _ in 0..levels {
        let mut double = InstanceType::new();
        double.alias(Alias::Outer { kind: ComponentOuterAliasKind::Type, count: 1, index: last });
        double.export("a", ComponentTypeRef::Instance(0)).export("b", ComponentTypeRef::Instance(0));
        last = builder.type_instance(None, &double);
    }
    last
}

#[test]
fn type_checks_cannot_be_piled_up() {
    let started = std::time::Instant::now();
    for (levels, instances, part) in [
        (30, 1, "effective type size exceeds"),
        (17, 100, "another world"),
        (17, 101, "more than 100 checks of component types"),
        (1, 100_000, "more than 100 checks of component types"),
        (17_000, 1, "more than 262144 bytes of component types"),
    ] {
        let mut inner = ComponentBuilder::default();
        let wanted = doubling(&mut inner, levels);
        inner.import("x", ComponentTypeRef::Instance(wanted));
        let mut builder = ComponentBuilder::default();
        let inner = builder.component(None, inner);
        let given = doubling(&mut builder, levels);
        let given = builder.import("y", ComponentTypeRef::Instance(given));
        for _ in 0..instances {
            builder.instantiate(None, inner, [("x", ComponentExportKind::Instance, given)]);
        }
        let error = inspect(&builder.finish()).unwrap_err().to_string();
        assert!(error.contains(part), "{levels} levels, {instances} instances: {error}");
    }
    assert!(started.elapsed().as_secs() < 20, "took {:?}", started.elapsed());
}

/// Flips, cuts and stuffs a few places.
fn mutated(good: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len());
        match random.below(4) {
            0 => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            1 => bytes[at] ^= 1 << random.below(8),
            2 => drop(bytes.remove(at)),
            _ => bytes.insert(at, 0xff),
        }
    }
    bytes
}

/// Some of these are still fine; what matters is that there is an answer, and a clean one.
fn answers(bytes: &[u8]) {
    if let Err(error) = inspect(bytes) {
        assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
    }
}

#[test]
fn no_bytes_make_it_panic_or_hang() {
    let good = component(&["ares:host/kv@0.1.0", "wasi:io/poll@0.2.6"], &WORLD, 20);
    assert!(inspect(&good).is_ok());
    let started = std::time::Instant::now();
    for length in 0..good.len() {
        assert!(inspect(&good[..length]).is_err(), "the first {length} bytes");
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        answers(&mutated(&good, &mut random));
    }
    for _ in 0..2_000 {
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        bytes.extend((0..random.below(300)).map(|_| u8::try_from(random.below(256)).unwrap()));
        answers(&bytes);
    }
    // A real plugin has more kinds of sections; it is there once the guests are built.
    let real = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/guests/notes/notes.wasm");
    if let Ok(good) = fs_err::read(real) {
        assert_eq!(inspect(&good).unwrap().needs(), [Need::Kv].into());
        for _ in 0..300 {
            answers(&mutated(&good, &mut random));
            let length = random.below(good.len());
            assert!(inspect(&good[..length]).is_err(), "the first {length} bytes of {real}");
        }
    }
    assert!(started.elapsed().as_secs() < 120, "took {:?}", started.elapsed());
}
