//! How far a long command has come: one line that is written anew on a
//! terminal, a line now and then elsewhere.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use crate::directory::plural::pluralize;

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
        Self::begun_at(Instant::now(), stderr().is_terminal())
    }

    fn begun_at(now: Instant, is_terminal: bool) -> Self {
        Self {
            is_terminal,
            began: now,
            last: now,
            is_standing: false,
            rows: 0,
        }
    }

    pub fn add(&mut self, rows: u64) {
        if let Some(text) = self.pluralize(rows, Instant::now()) {
            // Progress is no reason to fail.
            let _ = write!(stderr(), "{text}");
        }
    }

    /// What is to be written when so many more rows are done.
    fn pluralize(&mut self, rows: u64, now: Instant) -> Option<String> {
        self.rows += rows;
        let every = if self.is_terminal { ANEW } else { ANOTHER };
        if now.duration_since(self.last) < every {
            return None;
        }
        self.last = now;
        let elapsed = now.duration_since(self.began).as_secs_f64();
        let rate = self.rows as f64 / elapsed.max(0.001);
        let rows = pluralize(self.rows, "row", "rows");
        let told = format!("{rows}, {rate:.0} a second");
        Some(if self.is_terminal {
            self.is_standing = true;
            format!("\r{told}\x1b[K")
        } else {
            format!("{told}\n")
        })
    }

    /// Takes the line away.
    pub fn end(&mut self) {
        if std::mem::take(&mut self.is_standing) {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_a_terminal_there_is_a_whole_line_every_few_seconds() {
        let began = Instant::now();
        let mut progress = Progress::begun_at(began, false);
        let after = |millis| began + Duration::from_millis(millis);
        assert_eq!(progress.pluralize(10_000, after(2_000)), None);
        assert_eq!(progress.pluralize(10_000, after(4_900)), None);
        let told = progress.pluralize(10_000, after(5_000));
        assert_eq!(told.as_deref(), Some("30000 rows, 6000 a second\n"));
        assert_eq!(progress.pluralize(10_000, after(9_900)), None);
        let told = progress.pluralize(10_000, after(10_000));
        assert_eq!(told.as_deref(), Some("50000 rows, 5000 a second\n"));
    }

    #[test]
    fn on_a_terminal_one_line_is_written_anew() {
        let began = Instant::now();
        let mut progress = Progress::begun_at(began, true);
        let after = |millis| began + Duration::from_millis(millis);
        assert_eq!(progress.pluralize(100, after(100)), None);
        let told = progress.pluralize(100, after(200));
        assert_eq!(told.as_deref(), Some("\r200 rows, 1000 a second\x1b[K"));
        assert!(progress.is_standing);
    }
}
