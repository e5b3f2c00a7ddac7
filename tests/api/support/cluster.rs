//! PostgreSQL servers that a test may stop, and replicas of them.

use std::path::Path;
use std::process::Command;

use rolecall::config::DatabaseUrl;

/// A PostgreSQL server of one test's own, which it may stop.
pub struct Cluster {
    folder: String,
    pub address: String,
}

impl Cluster {
    pub fn start() -> Self {
        Self::of(&script(&["start"], &[]))
    }

    /// A streaming replica of this one.
    pub fn replica(&self) -> Self {
        let primary = [
            ("ROLECALL_TEST_POSTGRES_FOLDER", self.folder.as_str()),
            ("ROLECALL_TEST_POSTGRES", self.address.as_str()),
        ];
        Self::of(&script(&["follow"], &primary))
    }

    fn of(exports: &str) -> Self {
        let value = |name: &str| {
            exports
                .lines()
                .find_map(|line| line.strip_prefix(&format!("export {name}=")))
                .unwrap_or_else(|| panic!("no {name} in {exports}"))
                .to_owned()
        };
        Self {
            folder: value("ROLECALL_TEST_POSTGRES_FOLDER"),
            address: value("ROLECALL_TEST_POSTGRES"),
        }
    }

    /// As when its machine fails: nobody gets to finish.
    pub fn halt(&self) {
        self.script("halt");
    }

    pub fn resume(&self) {
        self.script("resume");
    }

    /// As when the network is gone: nothing is refused, and nothing answered.
    pub fn freeze(&self) {
        self.script("freeze");
    }

    pub fn thaw(&self) {
        self.script("thaw");
    }

    fn script(&self, what: &str) {
        script(&[what], &[("ROLECALL_TEST_POSTGRES_FOLDER", &self.folder)]);
    }

    pub fn url(&self) -> DatabaseUrl {
        DatabaseUrl::parse(&self.address).unwrap()
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        let (_, rest) = self.address.rsplit_once(':').unwrap();
        rest.split('/').next().unwrap().parse().unwrap()
    }

    /// Runs a statement there.
    pub fn execute(&self, statement: &str) {
        super::database::sql(&self.address, statement);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.script("stop");
    }
}

fn script(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/postgres");
    let output = Command::new(path)
        .args(arguments)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
