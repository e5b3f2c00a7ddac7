//! The limit of open files, which connections and databases share.

use crate::config::Settings;

/// Standard streams, the listener, event queues, libraries and other files.
const RESERVED: u64 = 64;
/// The database, its WAL and shared memory, and a spare one.
const PER_DATABASE_CONNECTION: u64 = 4;
/// The least number of connections, however low the limit is.
const MIN_CONNECTIONS: usize = 16;

/// Raises the limit of open files as far as possible, and logs it.
pub fn raise_limit() {
    let before = limit();
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(now) => match before {
            Some(before) if before < now => {
                log::info!("raised the limit of open files from {before} to {now}");
            }
            _ => log::info!("the limit of open files is {now}"),
        },
        Err(error) => log::warn!("cannot raise the limit of open files: {error}"),
    }
}

/// The maximum number of connections, by the setting and the limit of open files.
pub fn connections(settings: &Settings) -> usize {
    match limit() {
        Some(files) => connections_for(settings, files),
        None => settings.limits.connections,
    }
}

#[cfg(unix)]
fn limit() -> Option<u64> {
    rlimit::Resource::NOFILE.get_soft().ok()
}

#[cfg(not(unix))]
fn limit() -> Option<u64> {
    None
}

fn connections_for(settings: &Settings, files: u64) -> usize {
    let wanted = settings.limits.connections;
    let free = files.saturating_sub(RESERVED + database_files(settings));
    let free = usize::try_from(free).unwrap_or(usize::MAX);
    if free < wanted {
        let max = free.max(MIN_CONNECTIONS);
        log::warn!(
            "at most {max} connections at a time instead of limits.connections ({wanted}): \
             this process can have {files} open files"
        );
        return max;
    }
    wanted
}

fn database_files(settings: &Settings) -> u64 {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let workers = settings.server.workers.unwrap_or(cores);
    let database = &settings.database;
    // PostgreSQL: primary and replica; SQLite: a reader for each worker.
    let connections = workers * database.connections * 2 + database.slow_readers + 4;
    connections as u64 * PER_DATABASE_CONNECTION
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let mut settings = Settings::default();
        settings.server.workers = Some(2);
        settings
    }

    #[test]
    fn connections_leave_room_for_the_database() {
        let settings = settings();
        let max = connections_for(&settings, 1024);
        assert!((500..1000).contains(&max), "{max}");
        assert_eq!(
            connections_for(&settings, 1_048_576),
            settings.limits.connections
        );
    }

    #[test]
    fn a_low_limit_of_files_leaves_some_connections() {
        assert_eq!(connections_for(&settings(), 40), MIN_CONNECTIONS);
    }
}
