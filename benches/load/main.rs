//! The load run: `cargo bench --bench load`.
//!
//! Starts rolecall (the release binary) on a database of its own and, beside
//! it, an actix handler that returns the very bytes of rolecall's answers from
//! memory; sends both the same requests with `wrk`, in rounds that take turns;
//! and prints requests a second, CPU a request, memory and the ratio.
//!
//! `ROLECALL_BENCH_USERS` (10000), `ROLECALL_BENCH_SECONDS` (3) a round,
//! `ROLECALL_BENCH_ROUNDS` (3), `ROLECALL_BENCH_DATABASE` (an address of
//! PostgreSQL with an empty database; SQLite when absent),
//! `ROLECALL_BENCH_ONLY` (a part of the names of what shall be measured).

mod baseline;
mod measure;
mod service;
mod work;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("baseline") {
        let file = arguments.next().ok_or("baseline needs a file")?;
        return Ok(baseline::serve(&file)?);
    }
    measure::wrk_is_there()?;
    let settings = measure::Settings::from_environment();
    let service = service::Service::start(&settings)?;
    let items = work::items(&service)?;
    let baseline = baseline::Baseline::start(&items)?;
    println!(
        "{} users, {} rounds of {} s each",
        settings.users, settings.rounds, settings.seconds
    );
    println!();
    println!("| work | rolecall /s | memory handler /s | ratio | CPU a request | p50 | p99 |");
    println!("|---|---|---|---|---|---|---|");
    for item in items
        .iter()
        .filter(|item| item.name.contains(&settings.only))
    {
        let row = measure::compare(item, &service, &baseline, &settings)?;
        println!("{row}");
    }
    println!();
    println!(
        "Memory of rolecall: {} MiB when started, {} MiB afterwards.",
        service.idle_mib,
        service.memory_mib()?
    );
    Ok(())
}
