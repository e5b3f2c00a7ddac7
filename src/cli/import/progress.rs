//! How far an import has come: one line that is written anew on a terminal, a
//! line now and then elsewhere.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// How often the line is written anew on a terminal, at most.
const ANEW: Duration = Duration::from_millis(200);
/// How often there is another line in a log.
const ANOTHER: Duration = Duration::from_secs(5);

pub struct Progress {
    is_terminal: bool,
    began: Instant,
    last: Instant,
    is_standing: bool,
    rows: u64,
}

impl Progress {
    pub fn begin() -> Self {
        Self {
            is_terminal: stderr().is_terminal(),
            began: Instant::now(),
            last: Instant::now(),
            is_standing: false,
            rows: 0,
        }
    }

    pub fn add(&mut self, rows: u64) {
        self.rows += rows;
        let every = if self.is_terminal { ANEW } else { ANOTHER };
        if self.last.elapsed() < every {
            return;
        }
        self.last = Instant::now();
        let rate = self.rows as f64 / self.began.elapsed().as_secs_f64().max(0.001);
        let told = format!("{} rows, {rate:.0} a second", self.rows);
        // Progress is no reason to fail.
        let _ = if self.is_terminal {
            self.is_standing = true;
            write!(stderr(), "\r{told}\x1b[K")
        } else {
            writeln!(stderr(), "{told}")
        };
    }

    /// Takes the line away.
    pub fn end(&mut self) {
        if std::mem::take(&mut self.is_standing) {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}
