//! Components made to hurt: a good plugin with one more module that attacks when it is set up.

use wasm_encoder::{
    BlockType, CodeSection, ComponentSection as _, ComponentSectionId, Function, FunctionSection, HeapType,
    InstanceSection, MemorySection, MemoryType, Module, ModuleArg, RawSection, RefType, StartSection,
    TableSection, TableType, TagKind, TagSection, TagType, TypeSection,
};

/// A page of linear memory.
const PAGE: u64 = 64 << 10;

/// The plugin, with this module instantiated so many times when it is set up.
pub(crate) fn with(plugin: &[u8], module: &Module, instances: u32) -> Vec<u8> {
    with_bytes(plugin, module.as_slice(), instances)
}

/// The same with a module that is there as bytes.
pub(crate) fn with_bytes(plugin: &[u8], module: &[u8], instances: u32) -> Vec<u8> {
    let index = core_modules(plugin);
    let mut component = plugin.to_vec();
    RawSection { id: ComponentSectionId::CoreModule.into(), data: module }
        .append_to_component(&mut component);
    let mut all = InstanceSection::new();
    for _ in 0..instances {
        all.instantiate(index, std::iter::empty::<(&str, ModuleArg)>());
    }
    all.append_to_component(&mut component);
    component
}

/// How many core modules a component has, each a section of its own with the number 1.
fn core_modules(component: &[u8]) -> u32 {
    let (mut found, mut at) = (0, 8);
    while at < component.len() {
        found += u32::from(component[at] == 1);
        at += 1;
        let (mut size, mut shift) = (0, 0);
        loop {
            let byte = component[at];
            size |= usize::from(byte & 0x7f) << shift;
            (at, shift) = (at + 1, shift + 7);
            if byte < 0x80 {
                break;
            }
        }
        at += size;
    }
    found
}

/// A module that runs this as soon as it is set up.
pub(crate) fn starting(mut body: Function) -> Module {
    body.instructions().end();
    module(&[], &[], Some(body))
}

/// A module with memories of so many bytes each.
pub(crate) fn memories(bytes: &[u64]) -> Module {
    module(bytes, &[], None)
}

/// A module with tables of so many elements each.
pub(crate) fn tables(elements: &[u64]) -> Module {
    module(&[], elements, None)
}

/// A module that breaks as soon as it is set up.
pub(crate) fn breaks() -> Module {
    let mut body = Function::new([]);
    body.instructions().unreachable();
    starting(body)
}

/// A module that computes for ever as soon as it is set up.
pub(crate) fn spins() -> Module {
    let mut body = Function::new([]);
    body.instructions().loop_(BlockType::Empty).br(0).end();
    starting(body)
}

/// A module that lets each of two tables grow by so many elements, and breaks when it may not.
pub(crate) fn grows_tables(by: i32) -> Module {
    let mut body = Function::new([]);
    for table in [0, 1] {
        body.instructions()
            .ref_null(HeapType::FUNC)
            .i32_const(by)
            .table_grow(table)
            .i32_const(-1)
            .i32_eq()
            .if_(BlockType::Empty)
            .unreachable()
            .end();
    }
    body.instructions().end();
    module(&[], &[0, 0], Some(body))
}

/// A module with so many functions.
pub(crate) fn functions(count: u32) -> Module {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let (mut declared, mut code) = (FunctionSection::new(), CodeSection::new());
    for _ in 0..count {
        declared.function(0);
        let mut body = Function::new([]);
        body.instructions().end();
        code.function(&body);
    }
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&code);
    module
}

/// Modules that use what the engine is built without, and what an error calls it.
pub(crate) fn beyond_the_engine() -> [(Module, &'static str); 5] {
    let mut types = TypeSection::new();
    types.ty().struct_([]);
    let mut collected = Module::new();
    collected.section(&types);

    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut tags = TagSection::new();
    tags.tag(TagType { kind: TagKind::Exception, func_type_idx: 0 });
    let mut throwing = Module::new();
    throwing.section(&types).section(&tags);

    let mut body = Function::new([]);
    body.instructions().return_call(0);
    let memory = |memory64, shared| {
        let mut memories = MemorySection::new();
        memories.memory(MemoryType { minimum: 1, maximum: Some(1), memory64, shared, page_size_log2: None });
        let mut module = Module::new();
        module.section(&memories);
        module
    };
    [
        (collected, "gc"),
        (throwing, "exceptions"),
        (starting(body), "tail call"),
        (memory(true, false), "memory64"),
        (memory(false, true), "threads"),
    ]
}

fn module(memories: &[u64], tables: &[u64], start: Option<Function>) -> Module {
    let mut module = Module::new();
    if start.is_some() {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut functions = FunctionSection::new();
        functions.function(0);
        module.section(&types).section(&functions);
    }
    let mut section = TableSection::new();
    for minimum in tables {
        section.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: *minimum,
            maximum: None,
            shared: false,
        });
    }
    module.section(&section);
    let mut section = MemorySection::new();
    for bytes in memories {
        section.memory(MemoryType {
            minimum: bytes / PAGE,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
    }
    module.section(&section);
    if let Some(body) = start {
        let mut code = CodeSection::new();
        code.function(&body);
        module.section(&StartSection { function_index: 0 }).section(&code);
    }
    module
}
