//! A file where nothing can be written, and a disk without room.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use super::{Place, both, new_user};
use crate::program::{Running, free_address, rolecall};
use crate::storage::SmallDisk;
use crate::support::eventually;

/// A folder that can only be read, gone with the value.
struct ReadOnly(std::path::PathBuf);

impl ReadOnly {
    /// `None` where mounting is not allowed.
    fn mount(folder: &Path) -> Option<Self> {
        let bind = Command::new("mount")
            .arg("--bind")
            .args([folder, folder])
            .output();
        if !bind.is_ok_and(|output| output.status.success()) {
            return None;
        }
        let mounted = Self(folder.to_owned());
        let only = Command::new("mount")
            .args(["-o", "remount,bind,ro"])
            .arg(folder)
            .output();
        only.is_ok_and(|output| output.status.success())
            .then_some(mounted)
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// What a backup, and a database as a clean stop left it, are on such a medium.
fn is_checked(run: impl Fn(&str) -> Output) {
    for name in ["backup.db", "stopped.db"] {
        let output = run(name);
        let said = both(&output);
        assert!(output.status.success(), "{name}: {said}");
        assert!(said.starts_with("file: right\n"), "{name}: {said}");
        assert!(said.contains("search index: right"), "{name}: {said}");
    }
    let output = run("damaged.db");
    assert_eq!(output.status.code(), Some(1), "{}", both(&output));
    assert!(both(&output).contains("restore a backup"));
}

/// Files to check in a folder of their own.
fn files(place: &Place) -> std::path::PathBuf {
    place.does(&["generate", "--users", "300"]);
    let folder = place.beside("medium");
    fs::create_dir(&folder).unwrap();
    let backup = folder.join("backup.db");
    place.does(&["backup", backup.to_str().unwrap()]);
    fs::copy(place.file(), folder.join("stopped.db")).unwrap();
    let mut damaged = fs::read(&backup).unwrap();
    damaged[20 * 4096..21 * 4096].fill(0);
    fs::write(folder.join("damaged.db"), damaged).unwrap();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        fs::set_permissions(path, fs::Permissions::from_mode(0o444)).unwrap();
    }
    folder
}

fn check_of(file: &Path, place: &Place) -> Command {
    let mut command = rolecall(&place.database, &["check"]);
    command.env("DATABASE_URL", format!("sqlite://{}", file.display()));
    command
}

#[test]
fn a_file_is_checked_on_a_file_system_that_is_only_read() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    let folder = files(&place);
    let Some(medium) = ReadOnly::mount(&folder) else {
        eprintln!("SKIPPED: no right to mount");
        return;
    };
    is_checked(|name| check_of(&folder.join(name), &place).output().unwrap());
    drop(medium);
}

#[test]
fn a_file_is_checked_in_a_folder_that_may_only_be_read() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    let folder = files(&place);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    let is_for_us = fs::File::create(folder.join("probe")).is_ok();
    is_checked(|name| {
        let check = check_of(&folder.join(name), &place);
        if !is_for_us {
            let mut check = check;
            return check.output().unwrap();
        }
        // Who may write everywhere has to become somebody else for this.
        as_nobody(&check, &folder)
    });
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
}

fn as_nobody(check: &Command, folder: &Path) -> Output {
    let _ = fs::remove_file(folder.join("probe"));
    let program = folder.parent().unwrap().join("program");
    if !program.exists() {
        fs::copy(check.get_program(), &program).unwrap();
        let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o755));
        open(&program).unwrap();
        open(folder.parent().unwrap()).unwrap();
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(program)
        .args(check.get_args());
    for (name, value) in check.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir("/").output().unwrap()
}

#[test]
fn a_start_on_a_full_disk_says_so_in_one_sentence() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("SKIPPED: no right to mount a small file system");
        return;
    };
    let on_disk = |name: &str, arguments: &[&str]| {
        let url = format!("sqlite://{}", disk.path().join(name).display());
        let mut command = rolecall(&place.database, arguments);
        command.env("DATABASE_URL", url).output().unwrap()
    };
    let made = on_disk("there.db", &["user", "add", "calvin"]);
    assert!(made.status.success(), "{}", both(&made));
    disk.fill();
    for name in ["there.db", "new.db"] {
        for arguments in [&["serve"][..], &["migrate"], &["user", "add", "hobbes"]] {
            let output = on_disk(name, arguments);
            // An existing directory with room in its log may well be served.
            if output.status.success() {
                continue;
            }
            let said = both(&output);
            assert_eq!(
                output.status.code(),
                Some(1),
                "{name} {arguments:?}: {said}"
            );
            assert!(
                said.contains("the disk is full"),
                "{name} {arguments:?}: {said}"
            );
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
    disk.make_room();
    let made = on_disk("new.db", &["user", "add", "hobbes"]);
    assert!(made.status.success(), "{}", both(&made));
}

#[test]
fn a_limit_of_the_size_of_files_is_a_503_and_no_end() {
    let Some(place) = Place::on_sqlite() else {
        return;
    };
    place.does(&["user", "add", "calvin"]);
    let address = free_address();
    let program = rolecall(&place.database, &["serve", "--listen", &address]);
    // In blocks of 512 bytes: 2 MiB.
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -f 4096; exec \"$0\" \"$@\""])
        .arg(program.get_program())
        .args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let service = Running::run(command, address);
    let admin = service.admin();
    let mut made = 0;
    let refused = loop {
        let answer = admin.post("/users", &new_user(&format!("person{made}")));
        if answer.status != 201 {
            break answer;
        }
        made += 1;
        assert!(made < 10_000, "no limit");
    };
    assert_eq!(refused.status, 503, "{}", refused.text);
    eventually("reads go on", || admin.get("/users").status == 200);
    drop(service);
    place.does(&["check"]);
    assert_eq!(place.usernames().len(), made + 2);
}
