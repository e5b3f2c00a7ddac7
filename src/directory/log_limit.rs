//! What callers can bring about as often as they like stands in the log at most
//! once a second, with how often it was.

use std::fmt::Arguments;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use log::Level;

use super::RequestId;

const PAUSE: Duration = Duration::from_secs(1);

static BUSY: LogLimit = LogLimit::new(Level::Warn);
static TIMED_OUT: LogLimit = LogLimit::new(Level::Warn);
static UNAVAILABLE: LogLimit = LogLimit::new(Level::Error);
/// Whatever another directory (LDAP) makes of a sign-in.
pub static EXTERNAL_SIGN_IN: LogLimit = LogLimit::new(Level::Warn);

/// One kind of line.
pub struct LogLimit {
    level: Level,
    state: Mutex<State>,
}

/// What was written of one kind, and what was not.
#[derive(Debug, Default)]
pub struct State {
    last: Option<Instant>,
    /// The latest line that was held back, and how many were.
    held_back: Option<(String, u64)>,
}

/// A request that found too much to do.
pub fn busy(request_id: RequestId, why: &str) {
    BUSY.log(format_args!("{request_id} busy: {why}"));
}

/// A request whose answer took too long.
pub fn timed_out(request_id: RequestId, why: &str) {
    TIMED_OUT.log(format_args!("{request_id} timed out: {why}"));
}

/// A request that found no database.
pub fn unavailable(request_id: RequestId, why: &str) {
    UNAVAILABLE.log(format_args!("{request_id} unavailable: {why}"));
}

/// Tells how many lines were held back, of the kinds of which no more came.
pub fn flush() {
    for limit in [&BUSY, &TIMED_OUT, &UNAVAILABLE, &EXTERNAL_SIGN_IN] {
        limit.flush();
    }
}

impl LogLimit {
    const fn new(level: Level) -> Self {
        Self {
            level,
            state: Mutex::new(State {
                last: None,
                held_back: None,
            }),
        }
    }

    pub fn log(&self, line: Arguments<'_>) {
        let told = self.lock().note(line, Instant::now());
        self.write(told);
    }

    fn flush(&self) {
        let told = self.lock().due(Instant::now());
        self.write(told);
    }

    fn write(&self, line: Option<String>) {
        if let Some(line) = line {
            log::log!(self.level, "{line}");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What to write now.
    pub fn note(&mut self, line: Arguments<'_>, now: Instant) -> Option<String> {
        if self.last.is_none() {
            self.last = Some(now);
            return Some(line.to_string());
        }
        let count = self.held_back.take().map_or(0, |(_, count)| count);
        self.held_back = Some((line.to_string(), count + 1));
        self.due(now)
    }

    /// What was held back, once its time has come.
    pub fn due(&mut self, now: Instant) -> Option<String> {
        if now.duration_since(self.last?) < PAUSE {
            return None;
        }
        self.last = None;
        let (line, count) = self.held_back.take()?;
        self.last = Some(now);
        Some(match count {
            1 => line,
            _ => format!("{line} (the latest of {count} such lines)"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_line_a_second_and_none_is_lost() {
        let mut state = State {
            last: None,
            held_back: None,
        };
        let begin = Instant::now();
        let after = |ms| begin + Duration::from_millis(ms);
        let mut written = Vec::new();
        for ms in (0..2500).step_by(10) {
            written.extend(state.note(format_args!("line {ms}"), after(ms)));
        }
        assert_eq!(state.due(after(2900)), None);
        written.extend(state.due(after(3000)));
        assert_eq!(
            written,
            [
                "line 0",
                "line 1000 (the latest of 100 such lines)",
                "line 2000 (the latest of 100 such lines)",
                "line 2490 (the latest of 49 such lines)",
            ]
        );
        assert_eq!(state.due(after(4000)), None);
        let next = state.note(format_args!("later"), after(5000));
        assert_eq!(next.as_deref(), Some("later"));
    }
}
