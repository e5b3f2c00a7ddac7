//! Open files: each connection is one, and the databases need theirs.

use crate::config::Settings;

/// Standard streams, the listener, event queues, libraries, files that are read
/// now and then.
const OURS: u64 = 64;
/// The database, its log and its index, and a spare one.
const PER_DATABASE_CONNECTION: u64 = 4;
/// Fewer connections than this would be no service.
const FEWEST: usize = 16;

/// Raises the limit of open files as far as this process may, and tells it.
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

/// How many connections there can be at a time, by the setting and by the limit
/// of open files.
pub fn connections(settings: &Settings) -> usize {
    match limit() {
        Some(files) => within(settings, files),
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

fn within(settings: &Settings, files: u64) -> usize {
    let wanted = settings.limits.connections;
    let free = files.saturating_sub(OURS + of_databases(settings));
    let free = usize::try_from(free).unwrap_or(usize::MAX);
    if free < wanted {
        let most = free.max(FEWEST);
        log::warn!(
            "at most {most} connections at a time instead of limits.connections ({wanted}): \
             this process can have {files} open files"
        );
        return most;
    }
    wanted
}

fn of_databases(settings: &Settings) -> u64 {
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
        let most = within(&settings, 1024);
        assert!((500..1000).contains(&most), "{most}");
        assert_eq!(within(&settings, 1_048_576), settings.limits.connections);
    }

    #[test]
    fn there_are_some_connections_however_few_files_there_are() {
        assert_eq!(within(&settings(), 40), FEWEST);
    }
}
