//! What the terminal shows, and the lines of benches/results.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::measure::{Figures, Kind};
use super::peers::PEERS;

/// The figures of one size, by the names of the work.
pub struct Size {
    pub users: usize,
    pub items: Vec<(&'static str, Vec<Figures>)>,
}

pub fn head(peers: bool) -> String {
    let peers = if peers { PEERS } else { &[] };
    let names = ["memory", "by hand"].iter().chain(peers);
    let ratios: String = names.map(|name| format!(" ÷ {name} |")).collect();
    let rule = "---|".repeat(7 + peers.len());
    format!("| work |{ratios} rolecall /s | p50 | p99 | CPU a request |\n|{rule}")
}

pub fn row(name: &str, figures: &[Figures], peers: bool) -> String {
    let of = |kind| figures.iter().find(|one: &&Figures| one.kind == kind);
    let Some(ours) = of(Kind::Rolecall) else {
        return String::new();
    };
    let mut others = vec![Kind::Memory, Kind::Handwritten];
    if peers {
        others.extend(PEERS.iter().map(|name| Kind::Peer(name)));
    }
    let ratios: String = others
        .into_iter()
        .map(|kind| match of(kind) {
            Some(other) if other.rate > 0.0 => {
                let failed = failed(other);
                format!(" {}{failed} |", ratio(ours.rate / other.rate))
            }
            _ => " |".to_owned(),
        })
        .collect();
    format!(
        "| {name} |{ratios} {:.0}{} | {} | {} | {:.0} us |",
        ours.rate,
        failed(ours),
        latency(ours.p50),
        latency(ours.p99),
        ours.cpu
    )
}

fn failed(figures: &Figures) -> String {
    match figures.failures {
        0 => String::new(),
        failures => format!(" ({failures} failed)"),
    }
}

fn ratio(ratio: f64) -> String {
    match ratio {
        ..0.01 => format!("{ratio:.4}"),
        0.01..10.0 => format!("{ratio:.2}"),
        _ => format!("{ratio:.0}"),
    }
}

fn latency(micros: f64) -> String {
    if micros < 1e3 {
        format!("{micros:.0} us")
    } else {
        format!("{:.2} ms", micros / 1e3)
    }
}

/// Median latencies of rolecall by size; nothing where there is but one.
pub fn growth(sizes: &[Size]) -> String {
    let (Some(first), Some(last)) = (sizes.first(), sizes.last()) else {
        return String::new();
    };
    if sizes.len() < 2 {
        return String::new();
    }
    let heads: String = sizes
        .iter()
        .map(|size| format!(" {} users |", size.users))
        .collect();
    let rule = "---|".repeat(sizes.len() + 2);
    let ends = format!("{} : {}", last.users, first.users);
    let mut text = format!("| median latency |{heads} {ends} |\n|{rule}\n");
    for (name, _) in &first.items {
        let medians: Vec<Option<f64>> = sizes.iter().map(|size| median(size, name)).collect();
        let cells: String = medians
            .iter()
            .map(|median| format!(" {} |", median.map_or_else(String::new, latency)))
            .collect();
        let grown = match (medians.first(), medians.last()) {
            (Some(Some(first)), Some(Some(last))) if *first > 0.0 => ratio(last / first),
            _ => String::new(),
        };
        text.push_str(&format!("| {name} |{cells} {grown} |\n"));
    }
    text
}

fn median(size: &Size, name: &str) -> Option<f64> {
    let (_, figures) = size.items.iter().find(|(other, _)| *other == name)?;
    let ours = figures.iter().find(|one| one.kind == Kind::Rolecall)?;
    Some(ours.p50)
}

/// One JSON object a line: first the run, then each work.
pub fn write(database: &str, run: Map<String, Value>, size: &Size) -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/results");
    std::fs::create_dir_all(&folder)?;
    let name = format!("{database}-{}.json", size.users);
    let mut file = std::fs::File::create(folder.join(name))?;
    writeln!(file, "{}", Value::Object(run))?;
    for (name, figures) in &size.items {
        let servers: Map<String, Value> = figures
            .iter()
            .map(|one| (one.kind.name().to_owned(), numbers(one)))
            .collect();
        writeln!(file, "{}", json!({"work": name, "servers": servers}))?;
    }
    Ok(())
}

fn numbers(figures: &Figures) -> Value {
    let tenths = |number: f64| (number * 10.0).round() / 10.0;
    json!({
        "rate": tenths(figures.rate),
        "p50_us": tenths(figures.p50),
        "p99_us": tenths(figures.p99),
        "cpu_us": tenths(figures.cpu),
        "failures": figures.failures,
    })
}
