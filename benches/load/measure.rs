//! Rounds of `wrk` that take turns between the two servers.

use std::error::Error;
use std::process::Command;

use super::baseline::Baseline;
use super::service::Service;
use super::work::Item;

pub struct Settings {
    pub users: usize,
    pub seconds: u64,
    pub rounds: usize,
    pub database: Option<String>,
    /// Only work whose name holds this.
    pub only: String,
}

impl Settings {
    pub fn from_environment() -> Self {
        let number = |name: &str, usual: u64| {
            std::env::var(name)
                .ok()
                .and_then(|text| text.parse().ok())
                .unwrap_or(usual)
        };
        Self {
            users: usize::try_from(number("ROLECALL_BENCH_USERS", 10_000)).unwrap_or(10_000),
            seconds: number("ROLECALL_BENCH_SECONDS", 3),
            rounds: usize::try_from(number("ROLECALL_BENCH_ROUNDS", 3)).unwrap_or(3),
            database: std::env::var("ROLECALL_BENCH_DATABASE").ok(),
            only: std::env::var("ROLECALL_BENCH_ONLY").unwrap_or_default(),
        }
    }
}

pub fn wrk_is_there() -> Result<(), Box<dyn Error>> {
    match Command::new("wrk").arg("-v").output() {
        Ok(_) => Ok(()),
        Err(_) => Err("this needs wrk: apt-get install wrk".into()),
    }
}

struct Round {
    rate: f64,
    micros_of_cpu: f64,
    p50: String,
    p99: String,
    failures: u64,
}

/// One line of the table: medians over the rounds.
pub fn compare(
    item: &Item,
    service: &Service,
    baseline: &Baseline,
    settings: &Settings,
) -> Result<String, Box<dyn Error>> {
    let number = super::work::items(service)?
        .iter()
        .position(|other| other.name == item.name)
        .ok_or("an unknown item")?;
    let base_path = format!("/{number}");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..settings.rounds {
        theirs.push(round(
            item,
            &baseline.address,
            &base_path,
            "",
            baseline.process(),
            settings,
        )?);
        let token = &service.token;
        ours.push(round(
            item,
            &service.address,
            &item.path,
            token,
            service.process(),
            settings,
        )?);
    }
    let rate = |rounds: &[Round]| median(rounds.iter().map(|round| round.rate).collect());
    let cpu = median(ours.iter().map(|round| round.micros_of_cpu).collect());
    let failures: u64 = ours.iter().map(|round| round.failures).sum();
    let last = ours.last().ok_or("no rounds")?;
    let failed = if failures > 0 {
        format!(" ({failures} failed)")
    } else {
        String::new()
    };
    Ok(format!(
        "| {} | {:.0}{failed} | {:.0} | {:.2} | {:.0} us | {} | {} |",
        item.name,
        rate(&ours),
        rate(&theirs),
        rate(&ours) / rate(&theirs),
        cpu,
        last.p50,
        last.p99
    ))
}

fn round(
    item: &Item,
    address: &str,
    path: &str,
    token: &str,
    process: u32,
    settings: &Settings,
) -> Result<Round, Box<dyn Error>> {
    let script = std::env::temp_dir().join(format!("rolecall-{}.lua", std::process::id()));
    std::fs::write(&script, lua(item, token))?;
    let before = cpu_micros(process)?;
    let output = Command::new("wrk")
        .args(["-t1", "--latency"])
        .arg(format!("-c{}", item.connections))
        .arg(format!("-d{}s", settings.seconds))
        .arg("-s")
        .arg(&script)
        .arg(format!("http://{address}{path}"))
        .output()?;
    let used = cpu_micros(process)? - before;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let word = |marker: &str, place: usize| {
        let line = text.lines().find(|line| line.contains(marker))?;
        line.split_whitespace().nth(place).map(str::to_owned)
    };
    let requests: f64 = word("requests in", 0)
        .ok_or_else(|| text.clone())?
        .parse()?;
    Ok(Round {
        rate: word("Requests/sec", 1)
            .ok_or_else(|| text.clone())?
            .parse()?,
        micros_of_cpu: used as f64 / requests.max(1.0),
        p50: word(" 50%", 1).unwrap_or_default(),
        p99: word(" 99%", 1).unwrap_or_default(),
        failures: word("Non-2xx", 4).and_then(|n| n.parse().ok()).unwrap_or(0),
    })
}

fn lua(item: &Item, token: &str) -> String {
    let body = match &item.lua {
        Some(arguments) => format!(
            "math.randomseed(os.time() + {})\nlocal run, count = math.random(1, 1e9), 0\n\
             function unique() count = count + 1; return run .. 'x' .. count end\n\
             function turn() count = count + 1; return count % 2 == 0 end\n\
             function request() return wrk.format({arguments}) end\n",
            std::process::id()
        ),
        None => String::new(),
    };
    let headers: String = item
        .headers
        .iter()
        .map(|(name, value)| format!("wrk.headers['{name}'] = '{value}'\n"))
        .collect();
    format!(
        "wrk.method = '{}'\nwrk.headers['Authorization'] = 'Bearer {token}'\n\
         wrk.headers['Content-Type'] = 'application/vnd.api+json'\n\
         wrk.headers['Accept'] = 'application/vnd.api+json'\n{headers}{body}",
        item.method
    )
}

/// User and system time of a process so far.
fn cpu_micros(process: u32) -> Result<u64, Box<dyn Error>> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields = stat.rsplit_once(") ").ok_or("no fields")?.1;
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap_or(0))
        .sum();
    // Linux counts in hundredths of a second on every machine we know.
    Ok(ticks * 10_000)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}
