//! `rolecall --server URL`: the commands for users and tokens through a running
//! service, with the rights of an API token.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use crate::program::{Running, free_address, rolecall};
use crate::support::{TestDatabase, TestFolder};

/// A running service, and a file with a token for it.
struct Service {
    database: TestDatabase,
    running: Running,
    folder: TestFolder,
}

impl Service {
    fn start() -> Self {
        let database = TestDatabase::create();
        let running = Running::start(&database);
        let service = Self {
            database,
            running,
            folder: TestFolder::create(),
        };
        service.keep_token("admin", &[]);
        service
    }

    fn token_file(&self) -> PathBuf {
        self.folder.path().join("token")
    }

    /// Puts a new token of this user into the file.
    fn keep_token(&self, username: &str, more: &[&str]) {
        let create = ["token", "create", username, "--name", "remote"];
        let made = rolecall(&self.database, &[&create, more].concat()).output();
        std::fs::write(self.token_file(), made.unwrap().stdout).unwrap();
    }

    /// Runs a command through the service, with no database that it could use.
    fn run(&self, arguments: &[&str]) -> Output {
        let url = format!("http://{}", self.running.address);
        self.run_at(&url, arguments)
    }

    fn run_at(&self, url: &str, arguments: &[&str]) -> Output {
        let file = self.token_file().display().to_string();
        let service = ["--server", url, "--token-file", &file];
        rolecall(&self.database, &[&service, arguments].concat())
            .env("DATABASE_URL", "sqlite:///nowhere/rolecall.db")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// What a command prints that succeeds: its result, then its remarks.
    fn says(&self, arguments: &[&str]) -> (String, String) {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        texts(&output)
    }

    /// The one sentence of a command that fails.
    fn refuses(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        let (result, sentence) = texts(&output);
        assert_eq!(result, "", "{arguments:?}");
        sentence
    }

    /// The result of the same command on the database itself.
    fn local(&self, arguments: &[&str]) -> String {
        texts(&rolecall(&self.database, arguments).output().unwrap()).0
    }
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_user_is_added_with_roles_and_signs_in_with_the_printed_password() {
    let service = Service::start();
    let names = ["--name", "Calvin", "--email", "calvin@example.org"];
    let add = ["user", "add", "calvin", "--role", "admin"];
    let (password, remark) = service.says(&[&add[..], &names].concat());
    assert_eq!(remark, "Added the user \"calvin\" with the id 2.\n");
    let calvin = service.running.client("calvin", password.trim());
    let me = calvin.get("/auth/user").expect(200).data();
    assert_eq!(me["attributes"]["name"], "Calvin");
    assert_eq!(me["attributes"]["email"], "calvin@example.org");
    let list = service.says(&["user", "list"]).0;
    assert_eq!(list, "1\tadmin\tyes\tadmin\n2\tcalvin\tyes\tadmin\n");
}

#[test]
fn lists_are_those_of_the_command_on_the_database() {
    let service = Service::start();
    let generated = rolecall(&service.database, &["generate", "--users", "230"]).status();
    assert!(generated.unwrap().success());
    for arguments in [
        &["user", "list"][..],
        &["user", "list", "--limit", "120"],
        &["user", "list", "--role", "admin"],
        &["user", "list", "--name", "adm"],
        &["user", "trash"],
        &["token", "list", "admin"],
    ] {
        let (through, _) = service.says(arguments);
        assert_eq!(through, service.local(arguments), "{arguments:?}");
    }
    assert_eq!(service.says(&["user", "list"]).0.lines().count(), 231);
}

#[test]
fn roles_are_given_and_taken_and_what_was_so_already_is_told() {
    let service = Service::start();
    service.says(&["user", "add", "calvin"]);
    let change = |verb| service.says(&["user", verb, "calvin", "admin"]).1;
    assert_eq!(
        change("grant"),
        "\"calvin\" now holds the role \"admin\".\n"
    );
    assert_eq!(
        change("grant"),
        "\"calvin\" already held the role \"admin\".\n"
    );
    assert_eq!(
        change("revoke"),
        "\"calvin\" no longer holds the role \"admin\".\n"
    );
    assert_eq!(
        change("revoke"),
        "\"calvin\" did not hold the role \"admin\".\n"
    );
}

#[test]
fn a_user_goes_into_the_trash_and_comes_back() {
    let service = Service::start();
    service.says(&["user", "add", "calvin"]);
    service.says(&["user", "delete", "calvin"]);
    assert!(
        service
            .says(&["user", "trash"])
            .0
            .starts_with("2\tcalvin\t")
    );
    service.says(&["user", "restore", "calvin", "--username", "susie"]);
    assert!(service.says(&["user", "list"]).0.contains("2\tsusie\tyes"));
    service.says(&["user", "delete", "susie", "--purge"]);
    assert_eq!(service.says(&["user", "trash"]).0, "");
}

#[test]
fn a_new_password_signs_in_and_the_former_does_not() {
    let service = Service::start();
    let former = service.says(&["user", "add", "calvin"]).0;
    let (password, remark) = service.says(&["user", "password", "calvin"]);
    assert!(
        remark.starts_with("Changed the password of \"calvin\""),
        "{remark}"
    );
    let status = |text: &str| {
        service
            .running
            .client("calvin", text.trim())
            .get("/home")
            .status
    };
    assert_eq!((status(&password), status(&former)), (200, 401));
}

#[test]
fn a_token_is_made_shown_once_and_revoked() {
    let service = Service::start();
    let create = ["token", "create", "admin", "--name", "backup"];
    let (secret, _) = service.says(&[&create[..], &["--scope", "users:read"]].concat());
    let program = service.running.token(secret.trim());
    program.get("/users").expect(200);
    program.get("/events").expect(403);
    let list = service.says(&["token", "list"]).0;
    assert!(
        list.contains("admin\tbackup\tusers:read\tnever\t"),
        "{list}"
    );
    let revoked = service.says(&["token", "revoke", "2"]).1;
    assert_eq!(revoked, "Revoked the token 2.\n");
    program.get("/users").expect(401);
    assert_eq!(
        service.refuses(&["token", "revoke", "2"]),
        "rolecall: there is no token 2\n"
    );
}

#[test]
fn a_refusal_is_the_sentence_of_the_service() {
    let service = Service::start();
    service.keep_token("admin", &["--scope", "users:read"]);
    service.refuses(&["user", "add", "calvin"]);
    assert_eq!(service.says(&["user", "list"]).0, "1\tadmin\tyes\tadmin\n");
    let nobody = service.refuses(&["user", "delete", "nobody"]);
    assert_eq!(nobody, "rolecall: there is no user \"nobody\"\n");
    std::fs::write(service.token_file(), "rc_0\n").unwrap();
    service.refuses(&["user", "list"]);
}

#[test]
fn wrong_usage_is_exit_2_and_sends_nothing() {
    let service = Service::start();
    let url = format!("http://{}", service.running.address);
    for (address, arguments) in [
        (url.as_str(), &["export"][..]),
        (&url, &["user", "list", "--database", "sqlite://x"]),
        ("localhost:8080", &["user", "list"]),
        ("http://admin:secret@localhost", &["user", "list"]),
    ] {
        let output = service.run_at(address, arguments);
        assert_eq!(output.status.code(), Some(2), "{address} {arguments:?}");
    }
    std::fs::write(service.token_file(), "\n").unwrap();
    assert_eq!(service.run(&["user", "list"]).status.code(), Some(2));
    let alone = rolecall(&service.database, &["--server", &url, "user", "list"]);
    let output = { alone }.output().unwrap();
    assert!(texts(&output).1.contains("--token-file"), "{output:?}");
}

#[test]
fn an_address_where_nobody_listens_is_a_failure() {
    let service = Service::start();
    let output = service.run_at(&format!("http://{}", free_address()), &["user", "list"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}
