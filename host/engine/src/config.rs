//! The one `wasmtime::Config`: what guests may use of WebAssembly, and how memory is laid out.
//!
//! Threads, shared memory, garbage collection, exceptions and asynchronous components are not
//! compiled into Wasmtime here at all, so no setting can turn them on.

use ares_kernel::facts::Maxima;
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, Strategy, WasmBacktraceDetails,
};

use crate::options::Pool;

/// Core instances one component may consist of.
pub(crate) const INSTANCES_MAX: u32 = 64;
/// Linear memories one component may have.
pub(crate) const MEMORIES_MAX: u32 = 16;
/// Tables one component may have.
pub(crate) const TABLES_MAX: u32 = 32;
/// Elements one table may have.
pub(crate) const TABLE_ELEMENTS_MAX: usize = 40_000;
/// Most calls from outside the pool can be laid out for: 16 TiB of addresses at 4 GiB each.
pub(crate) const CALLS_MAX: u32 = 450;

/// A call from outside and the calls it makes in turn: the gate lets calls nest eight deep, and a
/// guest waits for each call it makes, so no more than this live for one call from outside.
const LIVE_PER_CALL: u32 = 9;
/// Pages of a guest's memory that stay mapped between calls. Handing them back to the system and
/// faulting them in again would cost more than the usual guest's whole call.
const KEEP_RESIDENT: usize = 2 << 20;
/// The same for tables.
const TABLE_KEEP_RESIDENT: usize = 64 << 10;
/// The same for the part of a stack that most guests use. All of it is zeroed after each call.
const STACK_KEEP_RESIDENT: usize = 16 << 10;

/// What decides about the compiled code. Whoever compiles and whoever runs must agree on it;
/// Wasmtime checks that when it loads an artifact.
pub(crate) fn compiling() -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .epoch_interruption(true)
        .consume_fuel(true)
        .max_wasm_stack(512 << 10)
        .async_stack_size(2 << 20)
        .async_stack_zeroing(true)
        .wasm_memory64(false)
        .wasm_tail_call(false)
        .wasm_relaxed_simd(false)
        .relaxed_simd_deterministic(true)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false)
        .cranelift_nan_canonicalization(true)
        .wasm_backtrace_max_frames(None)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .generate_address_map(false)
        .debug_info(false);
    // Multi-memory stays on: components that were composed of several need it.
    config
}

/// The same, for a process that runs guests: with memory laid out for `pool` and `maxima`.
pub(crate) fn running(pool: Pool, maxima: &Maxima) -> Config {
    let live = pool.calls * LIVE_PER_CALL + pool.singletons;
    let mut instances = PoolingAllocationConfig::new();
    instances
        .total_component_instances(live)
        .total_core_instances(live * 16)
        .total_memories(live + MEMORIES_MAX)
        .total_tables(live * 4 + TABLES_MAX)
        .total_stacks(live)
        .max_core_instances_per_component(INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .max_memories_per_module(1)
        .max_tables_per_module(2)
        .max_memory_size(usize::try_from(maxima.memory_bytes).unwrap_or(usize::MAX))
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .max_unused_warm_slots(pool.calls)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(TABLE_KEEP_RESIDENT)
        .async_stack_keep_resident(STACK_KEEP_RESIDENT)
        // Finds the pages a call has touched; kernels without it clear the kept pages instead.
        .pagemap_scan(Enabled::Auto);
    let mut config = compiling();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(instances));
    config
}
