//! What things cost here. Nothing is asserted: run with `--ignored --nocapture` and read.

use std::time::Instant;

use super::*;
use crate::journal::record::{from_bytes, to_bytes};
use crate::spool::frame;

#[test]
#[ignore = "a measurement"]
fn what_things_cost() {
    let state = State::new();
    let registry = state.open();
    let begun = Instant::now();
    for number in 0..1000 {
        let mut one =
            plugin(&format!("p{number}"), "1.0.0", "", &[("a", "pure"), ("b", "read"), ("c", "write")]);
        for (index, capability) in one.capabilities.iter_mut().enumerate() {
            capability.id = format!("cap{number}.{index}").parse().unwrap();
        }
        registry.register(one, &operator()).unwrap();
    }
    println!("register, each on disk, memory included: {:.2} ms", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    registry.set_enabled(&name("p7"), false, &operator()).unwrap();
    println!("one change among 1,000 plugins, memory included: {:.2?}", begun.elapsed());

    let begun = Instant::now();
    drop(state.open());
    println!("open and close with 1,000 plugins and 3,000 capabilities: {:.1?}", begun.elapsed());
    let begun = Instant::now();
    let second = state.open();
    println!("open alone: {:.1?}", begun.elapsed());
    drop(second);

    wait(async {
        let plugin = registry.snapshot().plugin(&name("p1")).cloned().unwrap();
        close(&registry, &opening("cap1.1"), Some(&plugin), Effect::Read, &[]).await.unwrap();
        let openings: Vec<Opening> = (0..20_000).map(|_| opening("cap1.1")).collect();
        let begun = Instant::now();
        for opening in &openings {
            close(&registry, opening, Some(&plugin), Effect::Read, &[]).await.unwrap();
        }
        println!("close through the spool: {:.2} µs", begun.elapsed().as_secs_f64() * 1e6 / 20_000.0);
        let begun = Instant::now();
        registry.flush().unwrap();
        println!("the rest of folding 20,000 records: {:.0?}", begun.elapsed());
        let openings: Vec<Opening> = (0..200).map(|_| opening("cap1.2")).collect();
        let begun = Instant::now();
        for opening in &openings {
            call(&registry, opening, Effect::Write, &[]).await;
        }
        println!(
            "a changing call, opening and closing on disk: {:.2} ms",
            begun.elapsed().as_secs_f64() * 1e3 / 200.0
        );
    });

    let begun = Instant::now();
    for number in 0..100_000 {
        let request = Request::new(operator(), format!("cap{}.1", number % 1000).parse().unwrap(), "{}");
        wait_now(ares_kernel::ports::Catalog::resolve(&registry, &request));
    }
    println!("make a request and resolve it: {:.2} µs", begun.elapsed().as_secs_f64() * 1e6 / 100_000.0);
    fold_rate(&state);
}

/// A dead process left a large spool: how fast it is folded when the next one opens.
fn fold_rate(state: &State) {
    let registry = state.open();
    let plugin = registry.snapshot().plugin(&name("p1")).cloned().unwrap();
    wait(close(&registry, &opening("cap1.1"), Some(&plugin), Effect::Read, &[])).unwrap();
    let file = state.spool_files().pop().unwrap();
    let alive = state.0.path().join("spool").join(format!("{}.alive", registry.owner.id));
    let one = fs_err::read(&file).unwrap();
    drop(registry);
    let (mut opened, closed) = from_bytes(frame::records(&one).whole[0]).unwrap();
    let mut spool = Vec::new();
    for _ in 0..50_000 {
        opened.id = *InvocationId::new().as_bytes();
        spool.extend(frame::framed(&to_bytes(&opened, &closed).unwrap()).unwrap());
    }
    fs_err::write(&alive, "").unwrap();
    fs_err::write(&file, spool).unwrap();
    let begun = Instant::now();
    let registry = state.open();
    let seconds = begun.elapsed().as_secs_f64();
    println!("one record: {} bytes; folding: {:.0} records/s", one.len(), 50_000.0 / seconds);
    drop(registry);
}

fn wait_now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("it answers from memory")
}
