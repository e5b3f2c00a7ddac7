//! A file that is deleted, moved or replaced under the service: no change is
//! acknowledged that is lost, and what is there now is not harmed.

use std::fs;
use std::path::Path;

use super::{Place, is_not_ready, lines_of, make_users, new_user};
use crate::program::Running;
use crate::support::{Client, eventually};

/// The service at a directory with a few users, whose last changes are in the log.
fn served(place: &Place) -> (Running, Client) {
    let service = Running::with_log(&place.database, &place.beside("log.txt"));
    let admin = service.admin();
    make_users(&admin, &["calvin", "hobbes", "susie"]);
    (service, admin)
}

/// From the first change on all is 503, for reads too as soon as it was noticed.
fn is_out_of_use(place: &Place, service: &Running, admin: &Client, what: &str) {
    assert_eq!(
        admin.post("/users", &new_user("late")).status,
        503,
        "{what}"
    );
    assert_eq!(admin.get("/users").status, 503, "{what}");
    assert_eq!(admin.get("/users?filter[name][contains]=x").status, 503);
    is_not_ready(service);
    for number in 0..50 {
        let name = format!("later{number}");
        assert_eq!(admin.post("/users", &new_user(&name)).status, 503, "{what}");
    }
    let log = lines_of(&place.beside("log.txt"));
    let told = log
        .iter()
        .filter(|line| line.contains("ERROR") && line.contains(what));
    assert!(told.clone().count() >= 1, "{log:#?}");
    // Once, and then with the refusals of at most a few seconds.
    assert!(told.count() < 20, "{log:#?}");
}

fn stop(mut service: Running) {
    service.signal("-TERM");
    service.child.wait().unwrap();
}

/// A way to put a file in the place of the database.
type Put = fn(&Path, &Path);

const PUTS: &[(&str, &str, Put)] = &[
    ("rename", "replaced", |from, to| {
        fs::rename(from, to).unwrap()
    }),
    ("copy", "overwritten", |from, to| {
        fs::copy(from, to).unwrap();
    }),
    ("delete and copy", "replaced", |from, to| {
        fs::remove_file(to).unwrap();
        fs::copy(from, to).unwrap();
    }),
    ("move away and copy", "replaced", |from, to| {
        fs::rename(to, to.with_file_name("former.db")).unwrap();
        fs::copy(from, to).unwrap();
    }),
    ("delete all and copy", "replaced", |from, to| {
        for suffix in ["", "-wal", "-shm"] {
            fs::remove_file(format!("{}{suffix}", to.display())).unwrap();
        }
        fs::copy(from, to).unwrap();
    }),
];

#[test]
fn a_directory_that_is_put_in_the_place_of_one_in_use_is_intact_afterwards() {
    for (how, what, put) in PUTS {
        for is_killed in [false, true] {
            let Some(place) = Place::on_sqlite() else {
                return;
            };
            let (copy, users) = place.another_directory();
            let (mut service, admin) = served(&place);
            put(&copy, &place.file());
            is_out_of_use(&place, &service, &admin, what);
            eventually("the former log is out of the way", || {
                !place.part("-wal").exists() && !place.part("-shm").exists()
            });
            if is_killed {
                service.child.kill().unwrap();
                service.child.wait().unwrap();
            } else {
                stop(service);
            }
            place.does(&["check"]);
            assert_eq!(place.usernames(), users, "{how}");
            // And it is served after a restart.
            let again = Running::start(&place.database);
            make_users(&again.admin(), &["later"]);
        }
    }
}

#[test]
fn a_directory_that_was_replaced_while_nobody_asked_is_intact_too() {
    for (how, _, put) in PUTS {
        let Some(place) = Place::on_sqlite() else {
            return;
        };
        let (copy, users) = place.another_directory();
        let (service, _) = served(&place);
        put(&copy, &place.file());
        eventually("it was noticed", || {
            service.admin().get("/health").status == 503
        });
        stop(service);
        let check = place.run(&["check"]);
        let log = lines_of(&place.beside("log.txt"));
        assert!(check.status.success(), "{how}: {check:?} {log:#?}");
        assert_eq!(place.usernames(), users, "{how}");
    }
}

#[test]
fn a_deleted_file_takes_no_more_changes_and_no_new_directory_takes_its_place() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    let (service, admin) = served(&place);
    fs::remove_file(place.file()).unwrap();
    is_out_of_use(&place, &service, &admin, "deleted or moved away");
    stop(service);
    assert!(!place.file().exists());
    assert!(place.fails(&["serve"]).contains("the file is gone"));
    assert!(!place.file().exists());
}

#[test]
fn a_file_that_was_moved_away_has_all_that_was_acknowledged_and_serves_after_a_restart() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    let (service, admin) = served(&place);
    let away = place.beside("away.db");
    fs::rename(place.file(), &away).unwrap();
    is_out_of_use(&place, &service, &admin, "deleted or moved away");
    eventually("its log is in the file", || !place.part("-wal").exists());
    // Back again it is not trusted: others may have changed it meanwhile.
    fs::rename(&away, place.file()).unwrap();
    assert_eq!(admin.post("/users", &new_user("late")).status, 503);
    is_not_ready(&service);
    stop(service);
    place.does(&["check"]);
    assert_eq!(place.usernames(), ["admin", "calvin", "hobbes", "susie"]);
    make_users(&Running::start(&place.database).admin(), &["later"]);
}

#[test]
fn without_its_write_ahead_log_nothing_is_lost() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    let (service, admin) = served(&place);
    fs::remove_file(place.part("-wal")).unwrap();
    is_out_of_use(&place, &service, &admin, "write-ahead log");
    eventually("all is in the file", || !place.part("-shm").exists());
    stop(service);
    place.does(&["check"]);
    assert_eq!(place.usernames(), ["admin", "calvin", "hobbes", "susie"]);
}

#[test]
fn changes_of_other_processes_and_of_the_log_itself_are_no_replacement() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    let (service, admin) = served(&place);
    for round in 0..3 {
        // Some names are there already.
        place.run(&["generate", "--users", "2000", "--seed", &round.to_string()]);
        place.does(&["check"]);
        make_users(&admin, &[&format!("round{round}")]);
        eventually("the log was emptied", || {
            fs::metadata(place.part("-wal")).unwrap().len() == 0
        });
        admin.get("/health").expect(200);
    }
    stop(service);
    place.does(&["check"]);
}

#[test]
fn a_command_at_work_does_not_write_into_a_file_that_was_replaced() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    use std::io::Write;
    use std::process::Stdio;
    place.does(&["migrate"]);
    let (copy, users) = place.another_directory();
    let mut import = crate::program::rolecall(&place.database, &["import", "-", "--batch", "1"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut rows = import.stdin.take().unwrap();
    let mut number = 0;
    let mut feed = || {
        number += 1;
        rows.write_all(format!("{{\"username\": \"row{number}\"}}\n").as_bytes())
    };
    (0..5000).for_each(|_| feed().unwrap());
    eventually("some rows are in", || {
        crate::support::Beside::count(&place.database, "users", "1 = 1") > 10
    });
    fs::rename(&copy, place.file()).unwrap();
    // Until it has noticed and does not read any more.
    while feed().is_ok() {}
    let output = import.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = super::text(&output.stderr);
    assert!(said.contains("was replaced"), "{said}");
    place.does(&["check"]);
    assert_eq!(place.usernames(), users);
}
