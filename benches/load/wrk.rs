//! One round of `wrk` against one server.

use std::error::Error;
use std::process::Command;

use super::settings::Settings;
use super::work::Item;

pub fn is_there() -> Result<(), Box<dyn Error>> {
    match Command::new("wrk").arg("-v").output() {
        Ok(_) => Ok(()),
        Err(_) => Err("this needs wrk: apt-get install wrk".into()),
    }
}

pub struct Round {
    /// Requests answered, and how many a second.
    pub requests: f64,
    pub rate: f64,
    /// Latencies in microseconds.
    pub p50: f64,
    pub p99: f64,
    /// Answers that were no 2xx or 3xx, and connections that broke.
    pub failures: u64,
}

pub fn round(
    item: &Item,
    url: &str,
    token: &str,
    settings: &Settings,
) -> Result<Round, Box<dyn Error>> {
    let script = std::env::temp_dir().join(format!("rolecall-{}.lua", std::process::id()));
    std::fs::write(&script, lua(item, token))?;
    let output = Command::new("wrk")
        .args(["-t1", "--latency"])
        .arg(format!("-c{}", item.connections))
        .arg(format!("-d{}s", settings.seconds))
        .arg("-s")
        .arg(&script)
        .arg(url)
        .output()?;
    let _ = std::fs::remove_file(&script);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    read(&text).ok_or_else(|| format!("wrk said: {text}").into())
}

fn read(text: &str) -> Option<Round> {
    let line = |marker: &str| text.lines().find(|line| line.contains(marker));
    let word = |marker: &str, place| line(marker)?.split_whitespace().nth(place);
    let broken = line("Socket errors").map_or(0, |line| {
        let kinds = line.split(',').filter(|kind| !kind.contains("timeout"));
        let counts = kinds.filter_map(|kind| kind.rsplit(' ').next()?.parse::<u64>().ok());
        counts.sum()
    });
    let refused = word("Non-2xx", 4).and_then(|count| count.parse::<u64>().ok());
    Some(Round {
        requests: word("requests in", 0)?.parse().ok()?,
        rate: word("Requests/sec", 1)?.parse().ok()?,
        p50: micros(word(" 50%", 1)?)?,
        p99: micros(word(" 99%", 1)?)?,
        failures: broken + refused.unwrap_or(0),
    })
}

/// `wrk` writes 428.00us, 2.75ms, 1.05s, 1.20m.
fn micros(text: &str) -> Option<f64> {
    let start = text.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(start);
    let factor = match unit {
        "us" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        "m" => 6e7,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

fn lua(item: &Item, token: &str) -> String {
    let body = match &item.lua {
        Some(arguments) => format!(
            "math.randomseed(os.time() + {})\nlocal run, count = math.random(1, 1e9), 0\n\
             function unique() count = count + 1; return run .. 'x' .. count end\n\
             function turn() count = count + 1; return count % 2 == 0 end\n\
             local chosen\n\
             function somebody(last) chosen = math.random(2, last); return chosen end\n\
             function the_same() return chosen end\n\
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
