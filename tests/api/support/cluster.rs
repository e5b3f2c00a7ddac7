//! PostgreSQL servers that a test may stop, and replicas of them.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use rolecall::config::DatabaseUrl;

use super::identity::Identity;

type Blocking =
    diesel_async::async_connection_wrapper::AsyncConnectionWrapper<diesel_async::AsyncPgConnection>;

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

    /// From now on its write-ahead log is archived.
    pub fn archive(&self) {
        self.script("archive");
    }

    /// A base backup, to recover from.
    pub fn back_up(&self) {
        let server = [
            ("ROLECALL_TEST_POSTGRES_FOLDER", self.folder.as_str()),
            ("ROLECALL_TEST_POSTGRES", self.address.as_str()),
        ];
        script(&["backup"], &server);
    }

    /// Another server with what this one held at a time, or last archived; with
    /// the word `backup`, with what the base backup holds.
    pub fn recover(&self, time: Option<&str>) -> Self {
        let folder = [("ROLECALL_TEST_POSTGRES_FOLDER", self.folder.as_str())];
        Self::of(&script(&["recover", time.unwrap_or_default()], &folder))
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

    /// The same until the value is dropped, also by a test that fails: a frozen
    /// server cannot be stopped.
    pub fn frozen(&self) -> Frozen<'_> {
        self.freeze();
        Frozen(self)
    }

    /// From now on it takes only connections that this line of `pg_hba.conf`
    /// lets in, and shows them this certificate. `execute` is over with that.
    pub fn encrypt(&self, identity: &Identity, line: &str) {
        let data = Path::new(&self.folder).join("data");
        let owner = std::fs::metadata(&data).unwrap();
        for (name, text) in [
            ("server.crt", &identity.certificate),
            ("server.key", &identity.key),
        ] {
            let path = data.join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            std::os::unix::fs::chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        std::fs::write(data.join("pg_hba.conf"), format!("{line}\n")).unwrap();
        self.execute("ALTER SYSTEM SET ssl = on");
        // Commits do not wait for the disk here, and halting is a crash.
        self.execute("CHECKPOINT");
        self.script("halt");
        self.script("resume");
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

    /// Runs statements there, not prepared and in no transaction of ours.
    pub fn script_sql(&self, statements: &str) {
        use diesel::Connection;
        use diesel::connection::SimpleConnection;
        let mut connection = Blocking::establish(&self.address).unwrap();
        connection.batch_execute(statements).unwrap();
    }

    /// Whether this query finds a row there.
    pub fn has(&self, query: &str) -> bool {
        use diesel::{Connection, RunQueryDsl};
        let mut connection = Blocking::establish(&self.address).unwrap();
        let found = diesel::sql_query(query).execute(&mut connection);
        found.unwrap() > 0
    }

    /// Runs a statement there.
    pub fn execute(&self, statement: &str) {
        super::database::sql(&self.address, statement);
    }
}

/// A server that is frozen.
pub struct Frozen<'a>(&'a Cluster);

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        self.0.thaw();
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
