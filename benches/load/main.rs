//! The load run: `cargo bench --bench load`.
//!
//! Starts rolecall (the release binary) on a database of its own and, beside
//! it, an actix handler that returns the very bytes of rolecall's answers from
//! memory, a program written by hand for the same requests on the same
//! database and, when asked, other servers of JSON:API; sends all the same
//! requests with `wrk`, in rounds that take turns; and prints ratios, requests
//! a second, latencies, CPU a request, memory, and how these grow with users.
//!
//! `ROLECALL_BENCH_USERS` (10000; several, parted by commas, one after the
//! other), `ROLECALL_BENCH_SECONDS` (3) a round, `ROLECALL_BENCH_ROUNDS` (3),
//! `ROLECALL_BENCH_DATABASE` (a PostgreSQL on which databases may be created;
//! SQLite when absent), `ROLECALL_BENCH_ONLY` (a part of the names of what
//! shall be measured), `ROLECALL_BENCH_PEERS` (1: Django and Node.js too),
//! `ROLECALL_BENCH_WRITE` (1: into benches/results), `ROLECALL_BENCH_PROGRAM`
//! (another rolecall than the one just built).

mod agree;
mod baseline;
mod data;
mod database;
mod handwritten;
mod http;
mod measure;
mod peers;
mod process;
mod report;
mod service;
mod settings;
mod work;
mod wrk;

use std::error::Error;

use serde_json::{Map, Value, json};

use database::Database;
use measure::{Contender, Kind};
use report::Size;
use service::Service;
use settings::Settings;
use work::Item;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().unwrap_or_default();
    match argument().as_str() {
        "baseline" => return Ok(baseline::serve(&argument())?),
        "handwritten" => return Ok(handwritten::serve(&argument())?),
        _ => {}
    }
    wrk::is_there()?;
    let settings = Settings::from_environment()?;
    let mut sizes = Vec::new();
    for users in &settings.sizes {
        sizes.push(measure_size(&settings, *users)?);
    }
    println!("{}", report::growth(&sizes));
    Ok(())
}

fn measure_size(settings: &Settings, users: usize) -> Result<Size, Box<dyn Error>> {
    let database = Database::make(settings, users)?;
    let service = Service::start(settings, &database.url, users)?;
    database.settle()?;
    let items = work::items(&service)?;
    let mut run = facts(settings, &database, &service)?;
    let (rounds, seconds) = (settings.rounds, settings.seconds);
    println!(
        "{users} users, {}, {rounds} rounds of {seconds} s\n",
        database.version()?
    );
    let (token, idle, start) = (service.token.clone(), service.idle_mib, service.start);
    let contenders = contenders(settings, &database, service, &items)?;
    agree::check(&items, &contenders, &token)?;
    let mut size = Size {
        users,
        items: Vec::new(),
    };
    println!("{}", report::head(settings.peers));
    for (number, item) in items.iter().enumerate() {
        if item.name.contains(&settings.only) {
            let figures = measure::compare(number, item, &contenders, &token, settings)?;
            println!("{}", report::row(item.name, &figures, settings.peers));
            size.items.push((item.name, figures));
        }
    }
    let ours = contenders.iter().find(|one| one.kind == Kind::Rolecall);
    let after = ours.ok_or("rolecall is gone")?.process.memory_mib()?;
    println!(
        "\nrolecall answers {} ms after its start; memory: {idle} MiB when started, {after} MiB afterwards.\n",
        start.as_millis()
    );
    run.insert("after_mib".into(), after.into());
    if settings.write {
        report::write(database.kind(), run, &size)?;
    }
    Ok(size)
}

/// Everybody who takes part; rolecall's process goes over into it.
fn contenders(
    settings: &Settings,
    database: &Database,
    service: Service,
    items: &[Item],
) -> Result<Vec<Contender>, Box<dyn Error>> {
    let answers = database.folder.join("answers");
    baseline::write_answers(&answers, items)?;
    let own = |kind: Kind, what, argument: &str| {
        let (process, address) = baseline::start(what, argument)?;
        Ok::<_, Box<dyn Error>>(Contender {
            kind,
            process,
            address,
        })
    };
    let mut contenders = vec![
        own(Kind::Memory, "baseline", &answers.to_string_lossy())?,
        own(Kind::Handwritten, "handwritten", &database.url)?,
    ];
    if settings.peers {
        let url = peers::copy(database)?;
        for name in peers::PEERS {
            contenders.push(peers::start(name, &url)?);
        }
    }
    contenders.push(Contender {
        kind: Kind::Rolecall,
        process: service.process,
        address: service.address,
    });
    Ok(contenders)
}

/// Of the whole run: the first line of its results.
fn facts(
    settings: &Settings,
    database: &Database,
    service: &Service,
) -> Result<Map<String, Value>, Box<dyn Error>> {
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let processor = processor.map(|line| line.trim_start_matches([' ', '\t', ':']));
    let facts = json!({
        "users": service.users,
        "rounds": settings.rounds,
        "seconds": settings.seconds,
        "cores": std::thread::available_parallelism()?.get(),
        "processor": processor,
        "database": database.version()?,
        "durability": database.durability()?,
        "fill_s": service.fill.as_secs_f64(),
        "start_ms": service.start.as_secs_f64() * 1e3,
        "idle_mib": service.idle_mib,
    });
    Ok(facts.as_object().cloned().unwrap_or_default())
}
