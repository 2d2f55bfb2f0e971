//! From bytes to names: caps first, then one pass that counts, validates and collects.

use ares_kernel::text::{escaped, quoted};
use wasmparser::{
    BinaryReaderError, Encoding, FuncValidatorAllocations, Parser, Payload, ValidPayload, Validator,
    WasmFeatures,
};

use super::InspectError;

/// The longest component, in bytes.
pub const COMPONENT_BYTES_MAX: usize = 32 << 20;
/// The most core functions with a body, over all modules. Compiling 20,000 takes seconds.
pub const FUNCTIONS_MAX: u64 = 100_000;
/// The most core modules.
pub const MODULES_MAX: u64 = 100;
/// The most components inside the component.
pub const NESTED_COMPONENTS_MAX: u64 = 100;
/// The most items of one kind a section may announce, over the whole component.
const ITEMS_MAX: u64 = 1_000_000;
/// The most places where one component type is checked against another: instances of components
/// and exports with a type of their own. One check of types made to be slow takes a twentieth of a
/// second; a plugin built for wasm32-wasip2 has eleven.
pub const TYPE_CHECKS_MAX: u64 = 100;
/// The most bytes all sections with component types may have together. Types that name resources
/// are copied at every instance.
pub const TYPE_BYTES_MAX: u64 = 256 * 1024;
/// The most names the component itself may import or export.
const NAMES_MAX: usize = 1000;

/// What the engine is built with, and nothing beyond: threads, 64-bit memories, garbage
/// collection, exceptions, tail calls, relaxed SIMD and asynchronous components are left out.
/// Several memories stay: adapters in composed components need them.
const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::COMPONENT_MODEL);

/// The names at a component's surface.
pub(super) struct Surface {
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
    pub(super) functions: u64,
}

pub(super) fn read(bytes: &[u8]) -> Result<Surface, InspectError> {
    if bytes.len() > COMPONENT_BYTES_MAX {
        return Err(InspectError::TooLarge { found: bytes.len(), most: COMPONENT_BYTES_MAX });
    }
    is_component(bytes)?;
    let mut pass = Pass::new();
    for payload in Parser::new(0).parse_all(bytes) {
        pass.take(&payload.map_err(|error| invalid(&error, bytes.len()))?, bytes.len())?;
    }
    Ok(Surface { imports: pass.imports, exports: pass.exports, functions: pass.functions })
}

/// Tells by the first bytes what it is.
fn is_component(bytes: &[u8]) -> Result<(), InspectError> {
    const MAGIC: &[u8] = b"\0asm";
    if bytes.is_empty() {
        return Err(InspectError::Empty);
    }
    if bytes.starts_with(b"\x7fELF") {
        return Err(InspectError::Precompiled);
    }
    let Some(version) = bytes.strip_prefix(MAGIC) else {
        return Err(if MAGIC.starts_with(bytes) {
            InspectError::Truncated(bytes.len())
        } else if is_text(bytes) {
            InspectError::Text
        } else {
            InspectError::NotWasm(beginning(bytes))
        });
    };
    match version {
        [1, 0, 0, 0, ..] => Err(InspectError::CoreModule),
        [0x0d, 0, 1, 0, ..] => Ok(()),
        [_, _, _, _, ..] => Err(InspectError::UnknownVersion(beginning(version))),
        _ => Err(InspectError::Truncated(bytes.len())),
    }
}

/// `(module …)` or `(component …)`, after spaces and `;;` comments.
fn is_text(bytes: &[u8]) -> bool {
    let start = bytes.get(..4096).unwrap_or(bytes);
    let text = String::from_utf8_lossy(start);
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with(";;"));
    first.is_some_and(|line| line.starts_with("(module") || line.starts_with("(component"))
}

fn beginning(bytes: &[u8]) -> String {
    let start: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    start.join(" ")
}

fn invalid(error: &BinaryReaderError, length: usize) -> InspectError {
    // The parser knows every byte there is, so an unexpected end is the end of the file, or of a
    // section that says it is longer than it is.
    let text = error.message();
    if text.contains("unexpected end") && error.offset() >= length {
        return InspectError::Truncated(length);
    }
    InspectError::Invalid { offset: error.offset(), why: escaped(text, 300) }
}

struct Pass {
    validator: Validator,
    allocations: FuncValidatorAllocations,
    imports: Vec<String>,
    exports: Vec<String>,
    /// How deep inside other modules and components.
    depth: u32,
    functions: u64,
    modules: u64,
    components: u64,
    items: u64,
    type_checks: u64,
    type_bytes: u64,
}

impl Pass {
    fn new() -> Self {
        Self {
            validator: Validator::new_with_features(FEATURES),
            allocations: FuncValidatorAllocations::default(),
            imports: Vec::new(),
            exports: Vec::new(),
            depth: 0,
            functions: 0,
            modules: 0,
            components: 0,
            items: 0,
            type_checks: 0,
            type_bytes: 0,
        }
    }

    fn take(&mut self, payload: &Payload<'_>, length: usize) -> Result<(), InspectError> {
        let wrong = |error: BinaryReaderError| invalid(&error, length);
        // Counted before it is validated: the caps are there to keep validation short.
        self.count(payload)?;
        let valid = self.validator.payload(payload).map_err(wrong)?;
        match payload {
            Payload::ComponentImportSection(section) if self.depth == 0 => {
                for import in section.clone() {
                    keep(&mut self.imports, import.map_err(wrong)?.name.name, "imports")?;
                }
            }
            Payload::ComponentExportSection(section) if self.depth == 0 => {
                for export in section.clone() {
                    keep(&mut self.exports, export.map_err(wrong)?.name.name, "exports")?;
                }
            }
            _ => {}
        }
        match valid {
            ValidPayload::Func(function, body) => {
                let mut function = function.into_validator(std::mem::take(&mut self.allocations));
                function.validate(&body).map_err(wrong)?;
                self.allocations = function.into_allocations();
            }
            ValidPayload::Parser(_) => self.depth += 1,
            ValidPayload::End(_) => self.depth = self.depth.saturating_sub(1),
            ValidPayload::Ok => {}
        }
        Ok(())
    }

    fn count(&mut self, payload: &Payload<'_>) -> Result<(), InspectError> {
        let add = |total: &mut u64, more: u64, what, most| {
            *total = total.saturating_add(more);
            if *total > most { Err(InspectError::TooMany { what, most }) } else { Ok(()) }
        };
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } => {
                add(&mut self.modules, 1, "core modules", MODULES_MAX)
            }
            Payload::ComponentSection { .. } => {
                add(&mut self.components, 1, "nested components", NESTED_COMPONENTS_MAX)
            }
            Payload::CodeSectionStart { count, .. } => {
                add(&mut self.functions, u64::from(*count), "core functions", FUNCTIONS_MAX)
            }
            Payload::ComponentTypeSection(section) => add(
                &mut self.type_bytes,
                length_of(&section.range()),
                "bytes of component types",
                TYPE_BYTES_MAX,
            ),
            Payload::CoreTypeSection(section) => add(
                &mut self.type_bytes,
                length_of(&section.range()),
                "bytes of component types",
                TYPE_BYTES_MAX,
            ),
            Payload::ComponentInstanceSection(section) => add(
                &mut self.type_checks,
                u64::from(section.count()),
                "checks of component types",
                TYPE_CHECKS_MAX,
            ),
            Payload::ComponentExportSection(section) => {
                let typed = section
                    .clone()
                    .into_iter()
                    .filter(|export| export.as_ref().is_ok_and(|export| export.ty.is_some()));
                let typed = u64::try_from(typed.count()).unwrap_or(u64::MAX);
                add(&mut self.type_checks, typed, "checks of component types", TYPE_CHECKS_MAX)
            }
            other => add(&mut self.items, announced(other), "items in its sections", ITEMS_MAX),
        }
    }
}

fn length_of(range: &std::ops::Range<usize>) -> u64 {
    u64::try_from(range.len()).unwrap_or(u64::MAX)
}

/// How many items a section says it has.
fn announced(payload: &Payload<'_>) -> u64 {
    u64::from(match payload {
        Payload::TypeSection(section) => section.count(),
        Payload::ImportSection(section) => section.count(),
        Payload::FunctionSection(section) => section.count(),
        Payload::TableSection(section) => section.count(),
        Payload::MemorySection(section) => section.count(),
        Payload::GlobalSection(section) => section.count(),
        Payload::ExportSection(section) => section.count(),
        Payload::ElementSection(section) => section.count(),
        Payload::DataSection(section) => section.count(),
        Payload::InstanceSection(section) => section.count(),
        Payload::ComponentAliasSection(section) => section.count(),
        Payload::ComponentCanonicalSection(section) => section.count(),
        Payload::ComponentImportSection(section) => section.count(),
        _ => 0,
    })
}

fn keep(names: &mut Vec<String>, name: &str, what: &'static str) -> Result<(), InspectError> {
    if names.len() >= NAMES_MAX {
        return Err(InspectError::TooMany { what, most: NAMES_MAX as u64 });
    }
    if name.len() > 256 {
        return Err(InspectError::Invalid {
            offset: 0,
            why: format!("the name {} is too long", quoted(name, 60)),
        });
    }
    names.push(name.to_owned());
    Ok(())
}
