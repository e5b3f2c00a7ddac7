//! What packages are made of: completions, manual pages, the systemd unit and containers.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use rolecall::config::settings;
use yaml_rust2::YamlLoader;

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

/// Every file under `packaging/`, with its text.
fn packaged(folder: &Path) -> Vec<(std::path::PathBuf, String)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .flat_map(|entry| {
            let path = entry.path();
            match path.is_dir() {
                true => packaged(&path),
                false => vec![(path.clone(), fs::read_to_string(path).unwrap())],
            }
        })
        .collect()
}

fn packaging() -> Vec<(std::path::PathBuf, String)> {
    packaged(&Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging"))
}

#[test]
fn every_variable_that_packages_name_is_a_setting() {
    let mut seen = 0;
    for (path, text) in packaging() {
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let words = text.split(|letter| !is_part(letter));
        for name in words.filter(|word| {
            word.starts_with("ROLECALL_") || (word.starts_with("DATABASE_") && *word != "DATABASE_")
        }) {
            let known = name == rolecall::config::CONFIG_FILE_VARIABLE
                || settings().any(|setting| setting.env == name);
            assert!(known, "{}: {name} is no setting", path.display());
            seen += 1;
        }
    }
    assert!(seen > 4, "only {seen} variables were found");
}

#[test]
fn yaml_in_packages_can_be_read() {
    let mut read = 0;
    for (path, text) in packaging() {
        if path.extension().is_some_and(|ending| ending == "yml") {
            let documents = YamlLoader::load_from_str(&text);
            let documents = documents.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(documents.len(), 1, "{}", path.display());
            read += 1;
        }
    }
    assert!(read >= 2, "{read}");
}

#[test]
fn the_services_of_the_compose_file_are_checked_and_confined() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/docker/compose.yml");
    let text = fs::read_to_string(file).unwrap();
    let compose = YamlLoader::load_from_str(&text).unwrap().remove(0);
    let dockerfile = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/docker/Dockerfile"),
    )
    .unwrap();
    for (name, service) in compose["services"].as_hash().unwrap() {
        let name = name.as_str().unwrap();
        assert_eq!(service["read_only"].as_bool(), Some(true), "{name}");
        let is_checked = match service["build"].is_badvalue() {
            true => !service["healthcheck"].is_badvalue(),
            false => dockerfile.contains("HEALTHCHECK") && dockerfile.contains("\"health\""),
        };
        assert!(is_checked, "{name} has no health check");
    }
    assert!(!compose["services"]["rolecall"].is_badvalue());
    assert!(!compose["services"]["postgres"].is_badvalue());
}
