//! The yardstick: the same component under plain Wasmtime, tuned as well as we know how, with the
//! same limits, a fresh store and a pooled instance for each call, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wasmtime::component::{Component, HasSelf, Linker, Resource, ResourceTable};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, ResourceLimiter, Store,
};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

wasmtime::component::bindgen!({
    path: "../wit/v0.1",
    world: "plugin",
    imports: { default: async },
    exports: { default: async },
});

use ares::host::{call, config_values, events, kv, log, progress, secrets, types};

/// Memory of one call, in bytes; the default of a plugin that asks for nothing.
const MEMORY: usize = 100 << 20;
/// Fuel of one call; the same.
const FUEL: u64 = 10_000_000_000;
/// Time between two ticks of the epoch.
const TICK: Duration = Duration::from_millis(10);

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    memory: usize,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.memory += desired - current;
        Ok(self.memory <= MEMORY)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= 10_000)
    }
}

impl types::Host for State {}

impl log::Host for State {
    async fn write(&mut self, _: log::Level, _: String) {}
}

impl config_values::Host for State {
    async fn get(&mut self, _: String) -> Option<String> {
        None
    }

    async fn all(&mut self) -> String {
        "{}".to_owned()
    }
}

impl kv::Host for State {
    async fn get(&mut self, _: String) -> Result<Option<Vec<u8>>, kv::Error> {
        Ok(None)
    }

    async fn set(&mut self, _: String, _: Vec<u8>) -> Result<(), kv::Error> {
        Ok(())
    }

    async fn delete(&mut self, _: String) -> Result<bool, kv::Error> {
        Ok(false)
    }

    async fn keys(&mut self, _: String, _: Option<String>, _: u32) -> Result<Vec<String>, kv::Error> {
        Ok(Vec::new())
    }
}

impl progress::Host for State {
    async fn report(&mut self, _: u64, _: Option<u64>, _: String) {}
}

impl call::Host for State {
    async fn invoke(&mut self, _: String, _: String) -> Result<String, call::Error> {
        Ok("{}".to_owned())
    }
}

impl secrets::Host for State {
    async fn open(&mut self, name: String) -> Result<Resource<secrets::Secret>, secrets::Error> {
        Err(secrets::Error::NotGranted(name))
    }
}

impl secrets::HostSecret for State {
    async fn placeholder(&mut self, _: Resource<secrets::Secret>) -> String {
        String::new()
    }

    async fn drop(&mut self, _: Resource<secrets::Secret>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl events::Host for State {
    async fn publish(&mut self, _: String, _: String) -> Result<(), events::Error> {
        Ok(())
    }
}

/// One component, ready to be called.
pub(crate) struct Raw {
    engine: Engine,
    plugin: PluginPre<State>,
    input: String,
    stop: Arc<AtomicBool>,
}

impl Raw {
    /// Compiles and links; every call gets this input.
    pub(crate) fn new(component: &[u8], input: &str) -> wasmtime::Result<Self> {
        let engine = Engine::new(&config())?;
        let component = Component::from_binary(&engine, component)?;
        let mut linker = Linker::<State>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        Plugin::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
        let plugin = PluginPre::new(linker.instantiate_pre(&component)?)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (ticked, stopped) = (engine.weak(), Arc::clone(&stop));
        std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(TICK);
                let Some(engine) = ticked.upgrade() else { break };
                engine.increment_epoch();
            }
        });
        Ok(Self { engine, plugin, input: input.to_owned(), stop })
    }

    /// One call: a fresh store, a pooled instance, one typed call.
    pub(crate) async fn call(&self, capability: &str) -> wasmtime::Result<String> {
        let state = State { wasi: WasiCtxBuilder::new().build(), table: ResourceTable::new(), memory: 0 };
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| state);
        store.set_fuel(FUEL)?;
        store.epoch_deadline_async_yield_and_update(1);
        store.set_epoch_deadline(1);
        let plugin = self.plugin.instantiate_async(&mut store).await?;
        let context = exports::ares::host::capability::Context {
            invocation: "0198a8c0-0000-7000-8000-000000000000".to_owned(),
            caller: types::Caller::Human("bench".to_owned()),
            parent: None,
            task: None,
            depth: 0,
            remaining_ms: 30_000,
            metadata: "{}".to_owned(),
        };
        let answer =
            plugin.ares_host_capability().call_invoke(&mut store, capability, &self.input, &context).await?;
        answer.map_err(|failure| wasmtime::Error::msg(failure.message))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The host's own knobs where they make calls faster; not those it pays for (canonical NaNs, zeroed
/// stacks).
fn config() -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(64)
        .total_core_instances(512)
        .total_memories(128)
        .total_tables(256)
        .total_stacks(64)
        .max_memory_size(256 << 20)
        .table_elements(10_000)
        .max_unused_warm_slots(16)
        .linear_memory_keep_resident(2 << 20)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .epoch_interruption(true)
        .consume_fuel(true);
    config
}
