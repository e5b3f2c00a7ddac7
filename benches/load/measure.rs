//! Rounds that take turns between the servers, and their medians.

use std::error::Error;

use super::process::Process;
use super::settings::Settings;
use super::work::Item;
use super::wrk::{self, Round};

/// A server that takes part.
pub struct Contender {
    pub kind: Kind,
    pub process: Process,
    pub address: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Rolecall,
    Memory,
    Handwritten,
    Peer(&'static str),
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Rolecall => "rolecall",
            Self::Memory => "memory",
            Self::Handwritten => "handwritten",
            Self::Peer(name) => name,
        }
    }

    pub fn takes(self, item: &Item) -> bool {
        match self {
            Self::Rolecall | Self::Memory => true,
            Self::Handwritten => item.by_hand,
            Self::Peer(_) => item.by_peers,
        }
    }
}

/// Medians over the rounds of one server.
pub struct Figures {
    pub kind: Kind,
    pub rate: f64,
    /// Microseconds.
    pub p50: f64,
    pub p99: f64,
    pub cpu: f64,
    pub failures: u64,
}

/// `number`: the item's place among all, which is the baseline's path.
pub fn compare(
    number: usize,
    item: &Item,
    contenders: &[Contender],
    token: &str,
    settings: &Settings,
) -> Result<Vec<Figures>, Box<dyn Error>> {
    let taking: Vec<&Contender> = contenders
        .iter()
        .filter(|contender| contender.kind.takes(item))
        .collect();
    let mut rounds: Vec<Vec<(Round, f64)>> = taking.iter().map(|_| Vec::new()).collect();
    for turn in 0..settings.rounds {
        // Each round begins with another, so that none always follows the same.
        for place in 0..taking.len() {
            let place = (turn + place) % taking.len();
            let (Some(contender), Some(rounds)) = (taking.get(place), rounds.get_mut(place)) else {
                continue;
            };
            let path = match contender.kind {
                Kind::Memory => format!("/{number}"),
                _ => item.path.clone(),
            };
            let url = format!("http://{}{path}", contender.address);
            let before = contender.process.cpu_micros();
            let round = wrk::round(item, &url, token, settings)?;
            let used = contender.process.cpu_micros().saturating_sub(before) as f64;
            let each = used / round.requests.max(1.0);
            rounds.push((round, each));
        }
    }
    let figures = taking.iter().zip(&rounds).map(|(contender, rounds)| {
        let of = |part: fn(&(Round, f64)) -> f64| median(rounds.iter().map(part).collect());
        Figures {
            kind: contender.kind,
            rate: of(|(round, _)| round.rate),
            p50: of(|(round, _)| round.p50),
            p99: of(|(round, _)| round.p99),
            cpu: of(|(_, cpu)| *cpu),
            failures: rounds.iter().map(|(round, _)| round.failures).sum(),
        }
    });
    Ok(figures.collect())
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}
