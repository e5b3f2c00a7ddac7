//! A copy made in the midst of a storm: it holds all that was acknowledged before
//! it was begun, and nothing by half.

use std::collections::BTreeSet;

use super::found::Found;
use super::people::Change;
use super::storm::{Acknowledged, Ground};
use super::{is_sound, start, storms};
use crate::backup::postgres::{Folder, done, server_program};
use crate::bulk::run;
use crate::support::{TestDatabase, eventually, is_postgres};

/// After how many answers the service is killed; the copy is begun after half.
const KILLED_AFTER: [usize; 5] = [200, 600, 1000, 1500, 2000];

#[test]
fn a_copy_made_in_a_storm_holds_what_was_acknowledged_before_it() {
    copies_in_storms(&[80]);
}

#[test]
#[ignore = "takes minutes: .ci/torture"]
fn copies_made_in_long_storms_hold_what_was_acknowledged_before_them() {
    copies_in_storms(&KILLED_AFTER);
}

struct Copy {
    folder: Folder,
    acknowledged: BTreeSet<Change>,
}

fn copies_in_storms(killed_after: &[usize]) {
    let (ground, copies) = storms(killed_after, |database, so_far, answers| {
        copy(database, so_far, answers / 2)
    });
    for copy in copies {
        is_whole(&copy, &ground);
    }
}

fn copy(database: &TestDatabase, so_far: &Acknowledged, after: usize) -> Copy {
    eventually("the storm goes on", || so_far.requests() >= after);
    let (acknowledged, folder) = (so_far.changes(), Folder::create());
    let file = folder.0.join("copy");
    if is_postgres() {
        let mut dump = server_program("pg_dump");
        done(
            dump.args(["--format=custom", "--file"])
                .arg(file)
                .arg(database.address()),
        );
    } else {
        run(database, &["backup", file.to_str().unwrap()]).well();
    }
    Copy {
        folder,
        acknowledged,
    }
}

fn is_whole(copy: &Copy, ground: &Ground) {
    let (database, file) = (TestDatabase::create(), copy.folder.0.join("copy"));
    if is_postgres() {
        let mut restore = server_program("pg_restore");
        restore.args(["--exit-on-error", "--dbname", &database.address()]);
        done(restore.arg(file));
    } else {
        run(&database, &["restore", file.to_str().unwrap()]).well();
    }
    let service = start(&database);
    let found = Found::by(&service.token(&ground.token));
    let changes = found.changes();
    let lost: Vec<_> = copy.acknowledged.difference(&changes).collect();
    assert!(lost.is_empty(), "{lost:?}");
    found.follows_from_the_log();
    is_sound(&database);
}
