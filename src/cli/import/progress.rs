//! One line on the terminal that tells how far an import has come.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// How often the line is written anew, at most.
const EVERY: Duration = Duration::from_millis(200);

pub struct Progress {
    is_shown: bool,
    began: Instant,
    last: Option<Instant>,
    rows: u64,
}

impl Progress {
    /// Quiet unless somebody looks.
    pub fn begin() -> Self {
        Self {
            is_shown: stderr().is_terminal(),
            began: Instant::now(),
            last: None,
            rows: 0,
        }
    }

    pub fn add(&mut self, rows: u64) {
        self.rows += rows;
        let elapsed = self.began.elapsed();
        let is_due = self.last.is_none_or(|last| last.elapsed() >= EVERY);
        if self.is_shown && is_due {
            let rate = self.rows as f64 / elapsed.as_secs_f64().max(0.001);
            let _ = write!(stderr(), "\r{} rows, {rate:.0} a second\x1b[K", self.rows);
            self.last = Some(self.began + elapsed);
        }
    }

    /// Takes the line away.
    pub fn end(&mut self) {
        if self.is_shown && self.last.take().is_some() {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}
