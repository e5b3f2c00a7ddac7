//! What an orchestrator asks: `/health/live`, `/health/ready` and `rolecall health`.

use std::path::Path;
use std::process::Output;

use rolecall::storage::Obstacle;
use serde_json::Value;

use crate::program::{Running, free_address, rolecall};
use crate::start_stop::Logged;
use crate::support::{Client, TestApp, TestDatabase, eventually, is_postgres, unique};

/// Why requests should not be sent there; null when they may.
fn reason(client: &Client) -> Value {
    let answer = client.get("/health/ready");
    match answer.status {
        200 => {
            assert_eq!(answer.json()["meta"]["status"], "ok");
            Value::Null
        }
        status => {
            assert_eq!(status, 503, "{answer:?}");
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
            let error = answer.errors()[0].clone();
            assert!(error["detail"].as_str().unwrap().ends_with('.'));
            error["meta"]["reason"].clone()
        }
    }
}

#[test]
fn both_probes_succeed_while_all_is_well() {
    let app = TestApp::start();
    assert!(reason(&app.anonymous()).is_null());
    let live = app.anonymous().get("/health/live").expect(200).json();
    assert_eq!(live["meta"]["status"], "ok");
    assert_eq!(live["meta"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_missing_migration_makes_the_service_unready_but_not_dead() {
    let app = TestApp::start();
    app.database.execute(
        "UPDATE __diesel_schema_migrations SET version = 'gone'
         WHERE version = (SELECT MAX(version) FROM __diesel_schema_migrations)",
    );
    eventually("it is noticed", || reason(&app.anonymous()) == "migrations");
    app.anonymous().get("/health/live").expect(200);
    app.anonymous().get("/health").expect(200);
}

#[test]
fn a_database_that_takes_no_changes_makes_the_service_unready_but_not_dead() {
    let app = TestApp::start();
    if is_postgres() {
        let name = app.database.address();
        let name = name.rsplit('/').next().unwrap();
        let name = name.split('?').next().unwrap();
        app.database.execute(&format!(
            "ALTER DATABASE {name} SET default_transaction_read_only = on"
        ));
        app.database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        eventually("it is noticed", || reason(&app.anonymous()) == "read_only");
    } else {
        app.directory.readiness().report(Obstacle::Damaged);
        assert_eq!(reason(&app.anonymous()), "damaged");
    }
    app.anonymous().get("/health/live").expect(200);
}

#[test]
fn a_probe_takes_no_other_method() {
    let app = TestApp::start();
    for path in ["/health/live", "/health/ready"] {
        let answer = app.admin().post(path, &serde_json::json!({}));
        assert_eq!(answer.status, 405, "{path}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{path}");
    }
}

#[test]
fn a_service_that_is_about_to_stop_is_unready_and_goes_on_answering() {
    let database = TestDatabase::create();
    let mut program = Logged::serving(&database, &[("ROLECALL_UNREADY_SECONDS", "3600")]);
    let client = Client::new(&format!("http://{}", program.address), None);
    assert!(reason(&client).is_null());
    program.signal("-TERM");
    eventually("it is unready", || reason(&client) == "stopping");
    client.get("/health/live").expect(200);
    client.get("/health").expect(200);
    client.get("/home").expect(401);
    assert!(program.child.try_wait().unwrap().is_none(), "it serves on");
    program.signal("-TERM");
    assert_eq!(program.code(), Some(143));
}

#[test]
fn the_service_stops_by_itself_when_the_time_of_being_unready_is_over() {
    let database = TestDatabase::create();
    let mut program = Logged::serving(&database, &[("ROLECALL_UNREADY_SECONDS", "1")]);
    program.signal("-TERM");
    assert_eq!(program.code(), Some(0), "{}", program.log());
    assert!(program.log().contains("not ready any more"));
}

fn health(database: &TestDatabase, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let arguments = [&["health"], arguments].concat();
    let mut command = rolecall(database, &arguments);
    command.envs(environment.iter().copied()).output().unwrap()
}

#[track_caller]
fn is_ready(output: &Output) {
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"ready\n");
}

#[track_caller]
fn is_not_ready(output: &Output, sentence: &str) {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let complaint = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(complaint.contains(sentence), "{complaint}");
}

#[test]
fn the_command_says_by_its_exit_code_whether_a_service_is_ready() {
    let app = TestApp::start();
    let url = app.url("");
    is_ready(&health(&app.database, &["--url", &url], &[]));
    let live = app.url("/health/live");
    is_ready(&health(&app.database, &["--url", &live], &[]));
    // By the settings, as in a container.
    let here = [("ROLECALL_LISTEN", app.address())];
    is_ready(&health(&app.database, &[], &here));
    app.database.execute(
        "UPDATE __diesel_schema_migrations SET version = 'gone'
         WHERE version = (SELECT MAX(version) FROM __diesel_schema_migrations)",
    );
    eventually("it is noticed", || reason(&app.anonymous()) == "migrations");
    let sentence = "lack a migration of this version";
    is_not_ready(&health(&app.database, &["--url", &url], &[]), sentence);
    is_not_ready(&health(&app.database, &[], &here), sentence);
    let absent = app.url("/nothing");
    let output = health(&app.database, &["--url", &absent], &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn the_command_fails_where_nobody_listens_and_for_what_is_no_address() {
    let database = TestDatabase::create();
    let nobody = free_address();
    let output = health(&database, &["--url", &format!("http://{nobody}")], &[]);
    is_not_ready(&output, "not ready: http://");
    is_not_ready(
        &health(&database, &[], &[("ROLECALL_LISTEN", &nobody)]),
        &nobody,
    );
    let output = health(&database, &["--url", "localhost:8080"], &[]);
    is_not_ready(&output, "--url: `localhost:8080`");
}

#[test]
fn the_command_asks_a_service_with_a_certificate_of_another_name() {
    let folder = std::env::temp_dir().join(unique("rolecall_probe_"));
    std::fs::create_dir_all(&folder).unwrap();
    let (certificate, key) = certificate(&folder, "one");
    let (other, _) = self::certificate(&folder, "other");
    let database = TestDatabase::create();
    let address = free_address();
    let environment = [
        ("ROLECALL_LISTEN", address.as_str()),
        ("ROLECALL_TLS_CERTIFICATE", &certificate),
        ("ROLECALL_TLS_KEY", &key),
    ];
    let mut command = rolecall(&database, &["serve"]);
    command.envs(environment);
    let running = Running::run(command, address.clone());
    is_ready(&health(&database, &[], &environment));
    // Another certificate is another service.
    let mut changed = environment;
    changed[1].1 = &other;
    let output = health(&database, &[], &changed);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    drop(running);
    std::fs::remove_dir_all(folder).unwrap();
}

/// Files of a certificate for a name that this machine does not have, and its key.
fn certificate(folder: &Path, name: &str) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["people.example.org".to_owned()]).unwrap();
    let paths = [format!("{name}.pem"), format!("{name}.key")].map(|file| folder.join(file));
    std::fs::write(&paths[0], made.cert.pem()).unwrap();
    std::fs::write(&paths[1], made.signing_key.serialize_pem()).unwrap();
    let [certificate, key] = paths.map(|path| path.display().to_string());
    (certificate, key)
}
