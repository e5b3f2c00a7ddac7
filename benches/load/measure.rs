//! Rounds that take turns between the servers, and their medians.

use std::error::Error;
use std::time::{Duration, Instant};

use super::http::{self, Request};
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

impl Contender {
    /// Waits until it has done what the end of a round left it with, so that
    /// the next is measured alone: it answers at once and uses no time.
    fn calm_down(&self, token: &str) {
        let request = Request {
            method: "GET",
            path: "/users/1",
            token,
            body: "",
        };
        let end = Instant::now() + LONGEST_CALM;
        while Instant::now() < end {
            let (began, before) = (Instant::now(), self.process.cpu_micros());
            let answered = self.kind == Kind::Memory
                || http::ask(&self.address, &self.address, &request).is_ok();
            let quick = began.elapsed() < GLANCE;
            std::thread::sleep(GLANCE);
            // A tick of the kernel's clock may fall into any glance.
            let idle = self.process.cpu_micros().saturating_sub(before) <= 10_000;
            if answered && quick && idle {
                return;
            }
        }
    }
}

const GLANCE: Duration = Duration::from_millis(50);
const LONGEST_CALM: Duration = Duration::from_secs(15);

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
            contender.calm_down(token);
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
