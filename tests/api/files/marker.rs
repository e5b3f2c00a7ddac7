//! A place that had a directory is not taken for a new one.

use std::fs;

use super::{Place, make_users};
use crate::program::Running;

/// The database as it is left behind by a clean stop, with its file gone.
fn gone() -> Option<Place> {
    let place = Place::on_sqlite()?;
    place.does(&["user", "add", "calvin", "--role", "admin"]);
    assert!(place.part(".marker").exists());
    fs::remove_file(place.file()).unwrap();
    Some(place)
}

#[test]
fn where_a_directory_was_nothing_makes_another_one_unasked() {
    let Some(place) = gone() else { return };
    let import = place.beside("rows.ndjson");
    fs::write(&import, "{\"username\": \"hobbes\"}\n").unwrap();
    let copy = place.beside("copy.db");
    for arguments in [
        &["serve"][..],
        &["migrate"],
        &["user", "add", "hobbes"],
        &["import", import.to_str().unwrap()],
        &["generate", "--users", "3"],
        &["user", "list"],
        &["check"],
        &["export"],
        &["backup", copy.to_str().unwrap()],
    ] {
        let said = place.fails(arguments);
        assert!(said.contains("the file is gone"), "{arguments:?}: {said}");
        assert!(said.contains("restore"), "{arguments:?}: {said}");
        assert!(said.contains("migrate --new"), "{arguments:?}: {said}");
        assert!(!place.file().exists(), "{arguments:?}");
    }
    // An empty file is as good as none.
    fs::write(place.file(), "").unwrap();
    assert!(place.fails(&["serve"]).contains("the file is gone"));
    assert_eq!(fs::read(place.file()).unwrap(), b"");
}

#[test]
fn a_new_directory_is_made_where_that_is_what_is_wanted() {
    let Some(place) = gone() else { return };
    place.does(&["migrate", "--new"]);
    assert_eq!(place.usernames(), [""; 0]);
    let service = Running::start(&place.database);
    make_users(&service.admin(), &["hobbes"]);
    drop(service);
    // Not over what is there.
    assert!(place.fails(&["migrate", "--new"]).contains("exists"));
    assert_eq!(place.usernames(), ["admin", "hobbes"]);
    // A new name is a new place, and so is one without the marker.
    fs::remove_file(place.file()).unwrap();
    fs::remove_file(place.part(".marker")).unwrap();
    place.does(&["migrate"]);
}

#[test]
fn a_backup_is_restored_where_the_directory_is_gone() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    place.does(&["user", "add", "calvin"]);
    let copy = place.beside("copy.db");
    place.does(&["backup", copy.to_str().unwrap()]);
    assert!(!place.beside("copy.db.marker").exists());
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(place.part(suffix));
    }
    place.does(&["restore", copy.to_str().unwrap()]);
    assert_eq!(place.usernames(), ["calvin"]);
    assert!(place.part(".marker").exists());
    let folder = fs::read_dir(place.file().parent().unwrap()).unwrap();
    let names: Vec<String> = folder
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        !names.iter().any(|name| name.contains("restoring")),
        "{names:?}"
    );
}

#[test]
fn a_first_start_on_a_new_place_makes_a_directory_and_marks_it() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    let service = Running::start(&place.database);
    make_users(&service.admin(), &["calvin"]);
    assert!(place.part(".marker").exists());
}
