//! `[database]`: which database, and how hard it may be used.

use super::ConfigError;
use super::postgres::PostgresAddress;
use super::secret::Secret;
use super::table::{Kind, Preset, Setting};
use super::value;
use std::fmt;
use std::path::PathBuf;

#[derive(Clone, Debug)]
pub struct Database {
    pub url: DatabaseUrl,
    /// PostgreSQL: per worker.
    pub connections: usize,
    /// SQLite: connections beside the workers' own.
    pub slow_readers: usize,
    pub busy_timeout_ms: u64,
    /// Of each statement on PostgreSQL, of each read on SQLite; 0: none.
    pub statement_timeout_ms: u64,
    pub write_queue: usize,
    pub acquire_timeout_ms: u64,
    /// PostgreSQL: of `serve`.
    pub start_wait_seconds: u64,
    /// PostgreSQL: how long a server may be silent.
    pub connect_timeout_ms: u64,
    pub answer_timeout_ms: u64,
    /// That each connection keeps prepared.
    pub statements: usize,
    pub pooler: Pooler,
    /// PostgreSQL: past the pooler, for what needs a session of its own.
    pub direct_url: Option<DatabaseUrl>,
    /// PostgreSQL: whose certificates are believed; without it the system's.
    pub tls_ca: Option<PathBuf>,
    /// PostgreSQL: a streaming replica to read from.
    pub replica_url: Option<DatabaseUrl>,
    pub replica_max_lag_ms: u64,
    /// How long the replica answers while the primary is gone.
    pub replica_alone_seconds: u64,
    /// Callers whose own changes are waited for on the replica.
    pub replica_writers: usize,
}

/// What stands between us and PostgreSQL, and how it hands out the server's sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooler {
    /// Nothing, or something that gives each connection a session of its own.
    None,
    /// Each transaction may meet another session: PgBouncer's `pool_mode = transaction`.
    Transaction,
}

/// Where the directory is kept. Prints itself without its password and without options.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    Sqlite(PathBuf),
    /// The whole address, as the driver wants it.
    Postgres(Secret),
}

impl Default for Database {
    fn default() -> Database {
        Database {
            url: DatabaseUrl::Sqlite(PathBuf::from("rolecall.db")),
            connections: 4,
            slow_readers: 4,
            busy_timeout_ms: 5000,
            statement_timeout_ms: 30_000,
            write_queue: 1024,
            acquire_timeout_ms: 5000,
            start_wait_seconds: 30,
            connect_timeout_ms: 10_000,
            answer_timeout_ms: 10_000,
            statements: 500,
            pooler: Pooler::None,
            direct_url: None,
            tls_ca: None,
            replica_url: None,
            replica_max_lag_ms: 5000,
            replica_alone_seconds: 300,
            replica_writers: 100_000,
        }
    }
}

impl Database {
    /// What no single value can tell: these belong to PostgreSQL.
    pub(super) fn contradictions(&self) -> Vec<ConfigError> {
        if matches!(self.url, DatabaseUrl::Postgres(_)) {
            return self.needless_authority().into_iter().collect();
        }
        let given = [
            ("database.replica_url", self.replica_url.is_some()),
            ("database.direct_url", self.direct_url.is_some()),
            ("database.tls_ca", self.tls_ca.is_some()),
            ("database.pooler", self.pooler != Pooler::None),
        ];
        let needs = |(key, _)| {
            let problem = format!("needs PostgreSQL, but database.url is {}", self.url);
            ConfigError::new(key, problem)
        };
        let given = given.into_iter().filter(|(_, is_given)| *is_given);
        given.map(needs).collect()
    }

    /// Whoever names an authority counts on encryption.
    fn needless_authority(&self) -> Option<ConfigError> {
        let addresses = [
            Some(&self.url),
            self.direct_url.as_ref(),
            self.replica_url.as_ref(),
        ];
        let is_used = addresses
            .into_iter()
            .flatten()
            .any(DatabaseUrl::is_encrypted);
        let problem = "is of use with sslmode=verify-full in database.url only";
        (self.tls_ca.is_some() && !is_used).then(|| ConfigError::new("database.tls_ca", problem))
    }
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "database.url",
        env: "DATABASE_URL",
        flag: Some("--database"),
        kind: Kind::Text,
        preset: Preset::Value("sqlite://rolecall.db"),
        meaning: "sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME; with ?sslmode=verify-full the connection to \
                  PostgreSQL is encrypted.",
        set: |settings, text| {
            settings.database.url = DatabaseUrl::parse(text)?;
            Ok(())
        },
    },
    Setting {
        key: "database.connections",
        env: "ROLECALL_DATABASE_CONNECTIONS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("4"),
        meaning: "PostgreSQL: connections of each worker.",
        set: |settings, text| {
            settings.database.connections = value::number(text, 1..=1000)?;
            Ok(())
        },
    },
    Setting {
        key: "database.slow_readers",
        env: "ROLECALL_DATABASE_SLOW_READERS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("4"),
        meaning: "SQLite: connections for slow kinds of reading, beside the one of each worker.",
        set: |settings, text| {
            settings.database.slow_readers = value::number(text, 1..=1000)?;
            Ok(())
        },
    },
    Setting {
        key: "database.busy_timeout_ms",
        env: "ROLECALL_DATABASE_BUSY_TIMEOUT_MS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("5000"),
        meaning: "How long a request waits for locks that somebody else holds, all together, before it is answered with 503.",
        set: |settings, text| {
            settings.database.busy_timeout_ms = value::number(text, 0..=600_000)?;
            Ok(())
        },
    },
    Setting {
        key: "database.statement_timeout_ms",
        env: "ROLECALL_DATABASE_STATEMENT_TIMEOUT_MS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("30000"),
        meaning: "How long the server lets a statement (SQLite: a read) run before it is ended and answered with 503; \
                  0 sets no limit. Other commands have none.",
        set: |settings, text| {
            settings.database.statement_timeout_ms = value::number(text, 0..=3_600_000)?;
            Ok(())
        },
    },
    Setting {
        key: "database.write_queue",
        env: "ROLECALL_DATABASE_WRITE_QUEUE",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("1024"),
        meaning: "SQLite: changes that may wait for the writer; more are answered with 503.",
        set: |settings, text| {
            settings.database.write_queue = value::number(text, 1..=1_000_000)?;
            Ok(())
        },
    },
    Setting {
        key: "database.acquire_timeout_ms",
        env: "ROLECALL_DATABASE_ACQUIRE_TIMEOUT_MS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("5000"),
        meaning: "How long a request waits for a free connection before it is answered with 503.",
        set: |settings, text| {
            settings.database.acquire_timeout_ms = value::number(text, 1..=600_000)?;
            Ok(())
        },
    },
    Setting {
        key: "database.start_wait_seconds",
        env: "ROLECALL_DATABASE_START_WAIT_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("30"),
        meaning: "PostgreSQL: how long the server waits for it when it starts; 0 does not wait. Other commands do not.",
        set: |settings, text| {
            settings.database.start_wait_seconds = value::number(text, 0..=86_400)?;
            Ok(())
        },
    },
    Setting {
        key: "database.connect_timeout_ms",
        env: "ROLECALL_DATABASE_CONNECT_TIMEOUT_MS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("10000"),
        meaning: "PostgreSQL: how long making a connection may take, over all servers of the address.",
        set: |settings, text| {
            settings.database.connect_timeout_ms = value::number(text, 100..=600_000)?;
            Ok(())
        },
    },
    Setting {
        key: "database.answer_timeout_ms",
        env: "ROLECALL_DATABASE_ANSWER_TIMEOUT_MS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("10000"),
        meaning: "PostgreSQL: how long an answer may be awaited of a server that does not show that it works on it; then \
                  the connection is closed and the request answered with 503.",
        set: |settings, text| {
            settings.database.answer_timeout_ms = value::number(text, 100..=600_000)?;
            Ok(())
        },
    },
    Setting {
        key: "database.statements",
        env: "ROLECALL_DATABASE_STATEMENTS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("500"),
        meaning: "Prepared statements that a connection keeps; when there are more, it begins anew.",
        set: |settings, text| {
            settings.database.statements = value::number(text, 10..=100_000)?;
            Ok(())
        },
    },
    Setting {
        key: "database.pooler",
        env: "ROLECALL_DATABASE_POOLER",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Value("none"),
        meaning: "PostgreSQL: none, or transaction when the address is that of a pooler which gives each transaction \
                  another session, as PgBouncer does with pool_mode = transaction.",
        set: |settings, text| {
            settings.database.pooler = match text {
                "none" => Pooler::None,
                "transaction" => Pooler::Transaction,
                _ => return Err(format!("`{text}` is neither none nor transaction")),
            };
            Ok(())
        },
    },
    Setting {
        key: "database.tls_ca",
        env: "ROLECALL_DATABASE_TLS_CA",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Unset {
            example: "/etc/rolecall/postgres-ca.pem",
        },
        meaning: "PostgreSQL: file of the certificates (PEM) that the servers' must lead to; without it those that the system trusts.",
        set: |settings, text| {
            settings.database.tls_ca = Some(value::name(text)?.into());
            Ok(())
        },
    },
    Setting {
        key: "database.direct_url",
        env: "ROLECALL_DATABASE_DIRECT_URL",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Unset {
            example: "postgres://rolecall@db/rolecall",
        },
        meaning: "PostgreSQL: the same database past the pooler, for migrations and for hearing of other processes' changes.",
        set: |settings, text| {
            settings.database.direct_url = Some(postgres_only(text)?);
            Ok(())
        },
    },
    Setting {
        key: "database.replica_url",
        env: "ROLECALL_DATABASE_REPLICA_URL",
        flag: None,
        kind: Kind::Text,
        preset: Preset::Unset {
            example: "postgres://rolecall@replica/rolecall",
        },
        meaning: "PostgreSQL: a streaming replica of the database, for reads. DATABASE_REPLICA_URL means the same.",
        set: |settings, text| {
            settings.database.replica_url = Some(postgres_only(text)?);
            Ok(())
        },
    },
    Setting {
        key: "database.replica_max_lag_ms",
        env: "ROLECALL_DATABASE_REPLICA_MAX_LAG_MS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("5000"),
        meaning: "How old the state on the replica may be; older, and reads go to database.url.",
        set: |settings, text| {
            settings.database.replica_max_lag_ms = value::number(text, 500..=3_600_000)?;
            Ok(())
        },
    },
    Setting {
        key: "database.replica_alone_seconds",
        env: "ROLECALL_DATABASE_REPLICA_ALONE_SECONDS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("300"),
        meaning: "PostgreSQL: how long the replica answers reads, and who callers are, after database.url was last reached.",
        set: |settings, text| {
            settings.database.replica_alone_seconds = value::number(text, 0..=86_400)?;
            Ok(())
        },
    },
    Setting {
        key: "database.replica_writers",
        env: "ROLECALL_DATABASE_REPLICA_WRITERS",
        flag: None,
        kind: Kind::Number,
        preset: Preset::Value("100000"),
        meaning: "Callers whose changes may be waited for on the replica; when there are more, all callers wait.",
        set: |settings, text| {
            settings.database.replica_writers = value::number(text, 1..=10_000_000)?;
            Ok(())
        },
    },
];

fn postgres_only(text: &str) -> Result<DatabaseUrl, String> {
    match DatabaseUrl::parse(text)? {
        DatabaseUrl::Sqlite(_) => Err("must be a postgres:// address".to_owned()),
        url => Ok(url),
    }
}

impl DatabaseUrl {
    /// Messages never repeat more of the text than its scheme: the rest may hold a password.
    pub fn parse(text: &str) -> Result<DatabaseUrl, String> {
        let (scheme, rest) = text.split_once(':').ok_or(
            "is not a database address; write sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME",
        )?;
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => {
                sqlite_path(rest.strip_prefix("//").unwrap_or(rest)).map(DatabaseUrl::Sqlite)
            }
            "postgres" | "postgresql" => match rest.strip_prefix("//") {
                Some(target) if !target.is_empty() => {
                    PostgresAddress::read(text)?;
                    Ok(DatabaseUrl::Postgres(Secret::new(text)))
                }
                _ => Err("is incomplete; write postgres://USER:PASSWORD@HOST/NAME".to_owned()),
            },
            scheme if is_scheme(scheme) => Err(format!(
                "`{scheme}:` is not supported, only sqlite:// and postgres:// are"
            )),
            _ => Err("begins with neither sqlite:// nor postgres://".to_owned()),
        }
    }
}

impl DatabaseUrl {
    fn is_encrypted(&self) -> bool {
        match self {
            DatabaseUrl::Sqlite(_) => false,
            DatabaseUrl::Postgres(url) => PostgresAddress::read(url.expose())
                .is_ok_and(|address| address.encryption.is_some()),
        }
    }
}

fn is_scheme(text: &str) -> bool {
    text.len() <= 16
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
}

fn sqlite_path(path: &str) -> Result<PathBuf, String> {
    if path.is_empty() {
        return Err("names no file; write sqlite://rolecall.db".to_owned());
    }
    if path.contains(":memory:") || path.contains("mode=memory") {
        // Each connection would see a database of its own.
        return Err("an in-memory database is not supported; write sqlite://PATH".to_owned());
    }
    if path.starts_with("file:") || path.contains('?') {
        return Err("takes a plain path without options; write sqlite://PATH".to_owned());
    }
    if path.contains('\0') {
        return Err("holds a NUL character".to_owned());
    }
    Ok(PathBuf::from(path))
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Sqlite(path) => write!(out, "sqlite://{}", path.display()),
            DatabaseUrl::Postgres(url) => out.write_str(&without_secrets(url.expose())),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// Keeps scheme, user, host and name. Everything up to the last `@` counts as user and password, so that
/// a badly escaped password comes out too short rather than visible.
fn without_secrets(url: &str) -> String {
    let target = url.split_once("://").map_or("", |(_, target)| target);
    let (credentials, place) = target.rsplit_once('@').unwrap_or(("", target));
    let place = place.split(['?', '#']).next().unwrap_or_default();
    match credentials.split([':', '/', '?', '#', '@']).next() {
        Some(user) if !user.is_empty() => format!("postgres://{user}@{place}"),
        _ => format!("postgres://{place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_address_is_a_path() {
        let path = |text| match DatabaseUrl::parse(text) {
            Ok(DatabaseUrl::Sqlite(path)) => path,
            other => panic!("{other:?}"),
        };
        assert_eq!(path("sqlite://rolecall.db"), PathBuf::from("rolecall.db"));
        assert_eq!(path("sqlite:rolecall.db"), PathBuf::from("rolecall.db"));
        assert_eq!(
            path("sqlite:///var/lib/people.db"),
            PathBuf::from("/var/lib/people.db")
        );
    }

    #[test]
    fn a_database_in_memory_is_refused_in_words() {
        for text in [
            "sqlite::memory:",
            "sqlite://:memory:",
            "sqlite://file:x?mode=memory",
        ] {
            let problem = DatabaseUrl::parse(text).unwrap_err();
            assert_eq!(
                problem,
                "an in-memory database is not supported; write sqlite://PATH"
            );
        }
    }

    #[test]
    fn what_is_no_address_of_ours_is_refused() {
        for text in [
            "",
            "rolecall.db",
            "sqlite:",
            "sqlite://",
            "sqlite://a.db?mode=rwc",
            "mysql://localhost/people",
            "postgres:",
            "postgres://",
            "postgres:people",
        ] {
            assert!(DatabaseUrl::parse(text).is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn a_postgres_address_prints_without_its_password() {
        let shown = |text| DatabaseUrl::parse(text).unwrap().to_string();
        assert_eq!(
            shown("postgresql://me:hunter2@db:5432/people"),
            "postgres://me@db:5432/people"
        );
        assert_eq!(
            shown("postgres://me:hun/ter?2@db/people"),
            "postgres://me@db/people"
        );
        assert_eq!(
            shown("postgres://db/people?password=hunter2"),
            "postgres://db/people"
        );
        assert_eq!(
            shown("postgres:///people?host=/run/postgresql"),
            "postgres:///people"
        );
        assert_eq!(
            shown("postgres://me:hun@ter2@db/people"),
            "postgres://me@db/people"
        );
    }

    #[test]
    fn a_wrong_address_is_not_repeated() {
        for text in [
            "mysql://me:hunter2@db/people",
            "me:hunter2@db",
            "me hunter2: x",
        ] {
            let problem = DatabaseUrl::parse(text).unwrap_err();
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }
}
