//! What packages are made of: completions, manual pages and the systemd unit.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::program::rolecall;
use crate::support::{TestDatabase, TestFolder};

fn run(arguments: &[&str]) -> Output {
    rolecall(&TestDatabase::create(), arguments)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn bash_completes_commands_and_options() {
    let script = text(&run(&["completions", "bash"]));
    let ask = |words: &str| {
        let last = words.split(' ').count() - 1;
        let program = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD={last}
             _rolecall rolecall \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        text(
            &Command::new("bash")
                .args(["-c", &program])
                .output()
                .unwrap(),
        )
    };
    assert_eq!(ask("rolecall us"), "user\n");
    assert_eq!(ask("rolecall user pas"), "password\n");
    assert_eq!(ask("rolecall import --dry"), "--dry-run\n");
}

#[test]
fn other_shells_have_completions_and_unknown_ones_are_refused() {
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = text(&run(&["completions", shell]));
        assert!(
            script.contains("rolecall") && script.contains("restore"),
            "{shell}"
        );
    }
    let refused = run(&["completions", "csh"]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn each_command_has_a_manual_page_that_groff_reads_without_a_warning() {
    let folder = TestFolder::create();
    text(&run(&["man", folder.path().to_str().unwrap()]));
    let mut names = Vec::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let output = Command::new("groff")
            .args(["-man", "-ww", "-z"])
            .arg(&path)
            .output()
            .unwrap();
        let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(warnings, "", "{}", path.display());
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    for name in [
        "rolecall.1",
        "rolecall-serve.1",
        "rolecall-user-add.1",
        "rolecall-import.1",
    ] {
        assert!(names.iter().any(|found| found == name), "{name}: {names:?}");
    }
}

#[test]
fn manual_pages_go_only_into_a_folder_that_exists() {
    let output = run(&["man", "/nowhere/at/all"]);
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("/nowhere/at/all"), "{complaint}");
}

fn unit() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/systemd/rolecall.service")
}

#[test]
fn the_systemd_unit_is_valid() {
    let folder = TestFolder::create();
    let path = folder.path().join("rolecall.service");
    let unit = fs::read_to_string(unit()).unwrap();
    fs::write(
        &path,
        unit.replace("/usr/bin/rolecall", env!("CARGO_BIN_EXE_rolecall")),
    )
    .unwrap();
    let output = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .arg(&path)
        .output()
        .unwrap();
    text(&output);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn the_systemd_unit_is_confined() {
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=20", "--no-pager"])
        .arg(unit())
        .output()
        .unwrap();
    // An exposure of 2.0 at most.
    text(&output);
}
