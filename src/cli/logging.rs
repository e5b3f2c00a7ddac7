//! The program's log. Libraries write a line for each broken connection or
//! failed attempt to accept one, which a client can cause as often as it likes:
//! of each of their modules one line a second is written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use log::{Level, Log, Metadata, Record};

use crate::server::Occasional;

/// Crates whose lines depend on what clients do.
const OF_CONNECTIONS: [&str; 4] = ["actix", "h2", "rustls", "tokio_util"];

/// Starts it, unless there is one already.
pub fn start(default_filter: &str) {
    let environment = env_logger::Env::default().default_filter_or(default_filter);
    let logger = env_logger::Builder::from_env(environment).build();
    let most = logger.filter();
    let paced = Paced {
        logger,
        modules: Mutex::default(),
    };
    if log::set_boxed_logger(Box::new(paced)).is_ok() {
        log::set_max_level(most);
    }
}

struct Paced<L> {
    logger: L,
    modules: Mutex<HashMap<String, Arc<Occasional>>>,
}

impl<L> Paced<L> {
    fn pace(&self, module: &str) -> Arc<Occasional> {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = modules.get(module) {
            return known.clone();
        }
        modules.entry(module.to_owned()).or_default().clone()
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
        if !is_paced(record.metadata()) {
            return self.logger.log(record);
        }
        self.pace(record.target()).log(|times| {
            self.logger.log(record);
            if times > 1 {
                let more = format_args!("{} more lines like this were left out", times - 1);
                let more = Record::builder()
                    .metadata(record.metadata().clone())
                    .args(more)
                    .build();
                self.logger.log(&more);
            }
        });
    }

    fn flush(&self) {
        self.logger.flush();
    }
}

fn is_paced(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let is_of_connections = OF_CONNECTIONS.iter().any(|name| target.starts_with(name));
    metadata.level() <= Level::Warn && is_of_connections
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
    fn a_flood_of_a_library_is_one_line_and_our_own_lines_all_come() {
        let paced = Paced {
            logger: Lines::default(),
            modules: Mutex::default(),
        };
        let say = |target: &str, level: Level| {
            let line = Record::builder().target(target).level(level).build();
            paced.log(&line);
            std::mem::take(&mut *paced.logger.0.lock().unwrap()).len()
        };
        assert_eq!(say("actix_server::accept", Level::Error), 1);
        assert_eq!(say("actix_server::accept", Level::Error), 0);
        assert_eq!(say("actix_http::h1::dispatcher", Level::Error), 1);
        for _ in 0..3 {
            assert_eq!(say("actix_server::accept", Level::Info), 1);
            assert_eq!(say("rolecall::server", Level::Error), 1);
        }
    }
}
