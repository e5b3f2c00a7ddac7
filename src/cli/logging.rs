//! The program's log. What goes wrong can go wrong with every request, at every
//! attempt or with every connection of a client: of the warnings and errors from
//! one place in the sources one line a second is written, with how many there were.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::Instant;

use log::{Level, Log, Metadata, Record};

use crate::directory::log_limit;

/// Lines of one place that are written at once, whatever follows: a start may
/// have several remarks of a kind.
const AT_ONCE: u32 = 3;

/// Limits its own lines, by what they are about.
const LIMITED: &str = "rolecall::directory::log_limit";

/// Starts it, unless there is one already.
pub fn start(default_filter: &str) {
    let logger = Replaceable(RwLock::new(made(default_filter)));
    let most = logger.current().filter();
    let _ = LOGGER.set(logger);
    let Some(logger) = LOGGER.get() else {
        return;
    };
    let paced = Paced {
        logger,
        places: Mutex::default(),
    };
    if log::set_boxed_logger(Box::new(paced)).is_ok() {
        log::set_max_level(most);
    }
}

/// Logs what this filter lets through from now on, unless `RUST_LOG` says what.
pub fn set_level(filter: &str) {
    let Some(logger) = LOGGER.get() else {
        return;
    };
    let new = made(filter);
    let most = new.filter();
    *logger.0.write().unwrap_or_else(PoisonError::into_inner) = new;
    log::set_max_level(most);
}

fn made(default_filter: &str) -> env_logger::Logger {
    let environment = env_logger::Env::default().default_filter_or(default_filter);
    env_logger::Builder::from_env(environment).build()
}

/// The one of this process.
static LOGGER: OnceLock<Replaceable> = OnceLock::new();

/// A logger whose filter can change.
struct Replaceable(RwLock<env_logger::Logger>);

impl Replaceable {
    fn current(&self) -> RwLockReadGuard<'_, env_logger::Logger> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for Replaceable {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.current().enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        self.current().log(record);
    }

    fn flush(&self) {
        self.current().flush();
    }
}

/// Where a line comes from.
type Place = (String, Option<u32>);

struct Paced<L> {
    logger: L,
    places: Mutex<HashMap<Place, Pace>>,
}

/// What one place has said.
struct Pace {
    level: Level,
    written: u32,
    state: log_limit::State,
}

impl<L: Log> Paced<L> {
    fn places(&self) -> MutexGuard<'_, HashMap<Place, Pace>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to write instead of this line, if anything.
    fn pace(&self, record: &Record<'_>) -> Option<String> {
        let place = (record.target().to_owned(), record.line());
        let mut places = self.places();
        let pace = places.entry(place).or_insert_with(|| Pace {
            level: record.level(),
            written: 0,
            state: log_limit::State::default(),
        });
        if pace.written < AT_ONCE {
            pace.written += 1;
            return Some(record.args().to_string());
        }
        pace.state.note(*record.args(), Instant::now())
    }

    fn write(&self, level: Level, target: &str, line: &str) {
        let mut record = Record::builder();
        record.level(level).target(target);
        self.logger
            .log(&record.args(format_args!("{line}")).build());
    }
}

impl<L: Log> Log for Paced<L> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.logger.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        if record.level() > Level::Warn || record.target() == LIMITED {
            return self.logger.log(record);
        }
        if let Some(line) = self.pace(record) {
            self.write(record.level(), record.target(), &line);
        }
    }

    /// Writes what was held back, once its time has come.
    fn flush(&self) {
        let now = Instant::now();
        let due: Vec<(Level, String, String)> = self
            .places()
            .iter_mut()
            .filter_map(|((target, _), pace)| {
                Some((pace.level, target.clone(), pace.state.due(now)?))
            })
            .collect();
        for (level, target, line) in due {
            self.write(level, &target, &line);
        }
        self.logger.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Lines(Mutex<Vec<String>>);

    impl Log for Lines {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &Record<'_>) {
            self.0.lock().unwrap().push(record.args().to_string());
        }

        fn flush(&self) {}
    }

    #[test]
    fn failures_of_one_place_come_once_a_second_and_all_else_at_once() {
        let paced = Paced {
            logger: Lines::default(),
            places: Mutex::default(),
        };
        let written = || std::mem::take(&mut *paced.logger.0.lock().unwrap());
        let say = |target: &str, line: u32, level: Level| {
            let mut record = Record::builder();
            record.target(target).level(level).line(Some(line));
            paced.log(&record.args(format_args!("again")).build());
            written().len()
        };
        for (target, line) in [
            ("actix_server::accept", 1),
            ("rolecall::mail::sender", 1),
            ("rolecall::mail::sender", 2),
        ] {
            let lines: usize = (0..100).map(|_| say(target, line, Level::Warn)).sum();
            // One more when a second has passed meanwhile.
            let most = usize::try_from(AT_ONCE).unwrap() + 2;
            assert!(lines <= most, "{target}: {lines}");
        }
        for _ in 0..20 {
            assert_eq!(say("rolecall::server", 1, Level::Info), 1);
            assert_eq!(say(LIMITED, 1, Level::Error), 1);
        }
    }

    #[test]
    fn what_was_held_back_is_counted_at_last() {
        let paced = Paced {
            logger: Lines::default(),
            places: Mutex::default(),
        };
        for _ in 0..10 {
            let line = Record::builder().level(Level::Error).target("x").build();
            paced.log(&line);
        }
        let later = Instant::now() + std::time::Duration::from_secs(2);
        let mut places = paced.places();
        let pace = places.values_mut().next().unwrap();
        let held_back = pace.state.due(later).unwrap();
        assert!(
            held_back.contains("the latest of 6 such lines"),
            "{held_back}"
        );
    }
}
