//! The write-ahead log while the service runs.

use std::fs;

use super::{Place, make_users};
use crate::program::Running;
use crate::support::{Beside, eventually};

/// What a log may be at most while somebody writes.
const LARGE: u64 = 16 * 1024 * 1024;

#[test]
fn the_log_is_short_again_when_a_long_read_is_over() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    let service = Running::start(&place.database);
    let admin = service.admin();
    make_users(&admin, &["calvin"]);
    let size = || fs::metadata(place.part("-wal")).unwrap().len();
    eventually("a quiet log is empty", || size() == 0);
    let reader = rusqlite::Connection::open(place.file()).unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM users;")
        .unwrap();
    // A reader keeps the log from being begun anew.
    let mut seed = 0;
    while size() <= LARGE {
        seed += 1;
        // Some names are there already.
        place.run(&["generate", "--users", "1500", "--seed", &seed.to_string()]);
    }
    make_users(&admin, &["hobbes"]);
    assert!(size() > LARGE);
    reader.execute_batch("COMMIT").unwrap();
    eventually("it is short", || size() == 0);
    make_users(&admin, &["susie"]);
    admin.get("/health").expect(200);
    assert!(Beside::count(&place.database, "users", "1 = 1") > 1500);
    drop(service);
    place.does(&["check"]);
}
