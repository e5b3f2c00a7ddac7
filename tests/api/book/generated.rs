//! Pages that are made from the program. `UPDATE=1` writes them.

use std::fmt::Write;
use std::process::Command;

use super::assert_current;

const CONFIGURATION: &str = "\
# Configuration

<!-- Made from the program: UPDATE=1 cargo test --test api book::generated -->

A setting has up to three names: an environment variable, an option of the command line, and a key of the file that `--config` or `ROLECALL_CONFIG` names.
Options take precedence over environment variables, those over the file, and the file over the defaults. Unknown names are refused.

`rolecall config sample` prints a file with all settings at their defaults to start from; `rolecall config table` prints the table below. A key of the file such as `server.listen` is `listen` in the section `[server]`.

`RUST_LOG` ([env_logger](https://docs.rs/env_logger)) takes precedence over `log.level`, for example `RUST_LOG=rolecall=debug`.
";

/// The sections of the file, each with its title.
const SECTIONS: &[(&str, &str)] = &[
    ("server", "Server"),
    ("database", "Database"),
    ("auth", "Passwords, sign-ins and tokens"),
    ("ldap", "LDAP"),
    ("mail", "E-mail"),
    ("limits", "Limits"),
    ("audit", "Audit log"),
    ("backup", "Backups"),
    ("log", "Log"),
];

/// The section of a row of the table of settings; that of the file itself has none.
fn section_of(row: &str) -> Option<&str> {
    let key = row.split('|').nth(3)?.trim().trim_matches('`');
    key.split_once('.').map(|(section, _)| section)
}

#[test]
fn the_page_of_settings_is_that_of_the_program() {
    let table = rolecall::config::markdown_table();
    let mut lines = table.trim().lines();
    let head = format!("{}\n{}\n", lines.next().unwrap(), lines.next().unwrap());
    let rows: Vec<&str> = lines.collect();
    let mut page = CONFIGURATION.to_owned();
    let (unsectioned, sectioned): (Vec<&str>, Vec<&str>) =
        rows.iter().partition(|row| section_of(row).is_none());
    let _ = write!(page, "\n{head}{}\n", unsectioned.join("\n"));
    let mut written = unsectioned.len();
    for (section, title) in SECTIONS {
        let of_it: Vec<&str> = sectioned
            .iter()
            .copied()
            .filter(|row| section_of(row) == Some(section))
            .collect();
        written += of_it.len();
        let _ = write!(
            page,
            "\n## {title}\n\n`[{section}]`\n\n{head}{}\n",
            of_it.join("\n")
        );
    }
    assert_eq!(written, rows.len(), "a section has no title here");
    assert_current("docs/reference/configuration.md", &page);
}

const COMMANDS: &str = "\
# Commands

<!-- Made from the program: UPDATE=1 cargo test --test api book::generated -->

`rolecall` without a command is `rolecall serve`. Results go to standard output, remarks and failures to standard error.
The exit code is 0, 1 for a failure, and 2 for wrong usage or configuration.

Commands work with or without a running service, on the database that the [settings](configuration.md) name. In every command a number is an id first, of a user or a role, and a name only if nothing has that id.
";

fn help(path: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
    for (name, _) in std::env::vars() {
        if name.starts_with("ROLECALL_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    let output = command.args(path).arg("--help").output().unwrap();
    assert!(output.status.success(), "{path:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim().to_owned()
}

/// The commands that a help lists, without `help` itself.
fn subcommands(help: &str) -> Vec<String> {
    let Some((_, list)) = help.split_once("\nCommands:\n") else {
        return Vec::new();
    };
    let names = list.lines().take_while(|line| !line.is_empty());
    let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

fn describe(page: &mut String, path: &[&str]) {
    let text = help(path);
    let level = "#".repeat(path.len() + 1);
    let name = ["rolecall"].iter().chain(path).copied().collect::<Vec<_>>();
    let _ = write!(
        page,
        "\n{level} {}\n\n```text\n{text}\n```\n",
        name.join(" ")
    );
    for command in subcommands(&text) {
        let longer: Vec<&str> = path.iter().copied().chain([command.as_str()]).collect();
        describe(page, &longer);
    }
}

#[test]
fn the_page_of_commands_is_that_of_the_program() {
    let mut page = COMMANDS.to_owned();
    let overview = help(&[]);
    let _ = write!(page, "\n## Overview\n\n```text\n{overview}\n```\n");
    let commands = subcommands(&overview);
    assert!(commands.len() > 10, "{overview}");
    for command in commands {
        describe(&mut page, &[command.as_str()]);
    }
    assert_current("docs/reference/commands.md", &page);
}
