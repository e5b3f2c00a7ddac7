//! `examples/cfengine.sh` against a running service.

use std::process::Command;

use crate::support::{ADMIN_PASSWORD, TestApp};

#[test]
fn the_example_runs_and_leaves_nothing_behind() {
    let app = TestApp::start();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/cfengine.sh");
    let run = |password: &str| {
        let mut command = Command::new("bash");
        command
            .arg(script)
            .env("ROLECALL_URL", app.url(""))
            .env("ROLECALL_USER", "admin")
            .env("ROLECALL_PASSWORD", password);
        command.output().unwrap()
    };
    let output = run(ADMIN_PASSWORD);
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.contains("All answers were as expected."), "{said}");
    assert_eq!(super::ids(super::get(&app.admin(), "/user")), ["admin"]);
    assert!(!run("wrong").status.success());
}
