//! A server as a process that ends with its owner, and what the kernel tells of it.

use std::error::Error;
use std::process::Child;
use std::time::{Duration, Instant};

pub struct Process(Child);

impl Process {
    pub fn new(child: Child) -> Self {
        Self(child)
    }

    /// User and system time so far, those of its children included.
    pub fn cpu_micros(&self) -> u64 {
        family(self.0.id()).into_iter().filter_map(cpu_micros).sum()
    }

    /// Resident memory.
    pub fn memory_mib(&self) -> Result<u64, Box<dyn Error>> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1));
        Ok(kib.ok_or("no VmRSS")?.parse::<u64>()? / 1024)
    }

    /// Asks it to end, as a service manager would, and sees to it.
    fn stop(&mut self) {
        let id = self.0.id().to_string();
        let _ = std::process::Command::new("kill").arg(&id).status();
        let end = Instant::now() + Duration::from_secs(10);
        while let Ok(None) = self.0.try_wait() {
            if Instant::now() > end {
                let _ = self.0.kill();
                let _ = self.0.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

fn family(process: u32) -> Vec<u32> {
    let path = format!("/proc/{process}/task/{process}/children");
    let children = std::fs::read_to_string(path).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|id| id.parse().ok());
    std::iter::once(process)
        .chain(children.flat_map(family))
        .collect()
}

fn cpu_micros(process: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.map(|field| field.parse::<u64>().unwrap_or(0)).sum();
    // Linux counts in hundredths of a second on every machine we know.
    Some(ticks * 10_000)
}
