//! TLS to PostgreSQL: `sslmode` in `database.url`, and `database.tls_ca`.

use std::path::PathBuf;

use rolecall::config::{Database, DatabaseUrl, Pooler};
use rolecall::storage::{Empty, migrations};
use serde_json::json;

use crate::bulk::Scratch;
use crate::scaling::{hears, is_skipped};
use crate::support::{Cluster, Identity, TestApp, a_new};

/// Only those who encrypt, and then without a password.
const ENCRYPTED: &str = "hostssl all all 127.0.0.1/32 trust";
const PASSWORD: &str = "hostssl all all 127.0.0.1/32 scram-sha-256";

struct World {
    server: Cluster,
    authority: Scratch,
    foreign: Scratch,
}

impl World {
    /// `prepare`: what is done while nothing is encrypted.
    fn with(line: &str, prepare: impl FnOnce(&Cluster)) -> Self {
        let identity = Identity::of(&["localhost"]);
        let server = Cluster::start();
        prepare(&server);
        server.encrypt(&identity, line);
        Self {
            server,
            authority: Scratch::file(&identity.authority),
            foreign: Scratch::file(&identity.foreign),
        }
    }

    fn start() -> Self {
        Self::with(ENCRYPTED, |_| {})
    }

    fn url(&self, who: &str, host: &str, parameters: &str) -> DatabaseUrl {
        let port = self.server.port();
        let url = format!("postgres://{who}@{host}:{port}/postgres{parameters}");
        DatabaseUrl::parse(&url).unwrap()
    }

    fn settings(&self, host: &str, parameters: &str, tls_ca: Option<&Scratch>) -> Database {
        Database {
            url: self.url("postgres", host, parameters),
            tls_ca: tls_ca.map(|file| PathBuf::from(file.path())),
            ..Database::default()
        }
    }
}

/// What is said of a server that is not connected to.
#[track_caller]
fn complaint(settings: &Database) -> String {
    migrations::migrate(settings, Empty::Fill)
        .unwrap_err()
        .to_string()
}

#[test]
fn the_service_works_encrypted_and_hears_of_others() {
    if is_skipped() {
        return;
    }
    let world = World::start();
    let app = TestApp::with(|settings| {
        settings.database = Database {
            connections: 2,
            ..world.settings("localhost", "?sslmode=verify-full", Some(&world.authority))
        };
    });
    hears(&app);
    let role = a_new("roles", json!({"name": "HR"}));
    let made = app.admin().post("/roles", &role).expect(201);
    let path = format!("/roles/{}", made.id());
    app.admin().get(&path).expect(200);
}

#[test]
fn a_pooler_s_kind_of_connection_is_encrypted_too() {
    if is_skipped() {
        return;
    }
    let world = World::start();
    let app = TestApp::with(|settings| {
        settings.database = Database {
            pooler: Pooler::Transaction,
            connections: 2,
            ..world.settings("localhost", "?sslmode=require", Some(&world.authority))
        };
    });
    app.admin().get("/users").expect(200);
}

#[test]
fn the_authority_may_be_named_in_the_address() {
    if is_skipped() {
        return;
    }
    let world = World::start();
    for mode in ["require", "verify-ca", "verify-full"] {
        let path = world.authority.path();
        let parameters = format!("?sslmode={mode}&sslrootcert={path}");
        let settings = world.settings("localhost", &parameters, None);
        migrations::migrate(&settings, Empty::Fill).unwrap();
    }
}

#[test]
fn a_password_is_bound_to_the_encrypted_channel() {
    if is_skipped() {
        return;
    }
    let world = World::with(PASSWORD, |server| {
        server.execute("CREATE ROLE keeper SUPERUSER LOGIN PASSWORD 'hunter2'");
    });
    let settings = |who: &str| Database {
        url: world.url(who, "localhost", "?sslmode=require&channel_binding=require"),
        ..world.settings("localhost", "", Some(&world.authority))
    };
    migrations::migrate(&settings("keeper:hunter2"), Empty::Fill).unwrap();
    let told = complaint(&settings("keeper:hunter3"));
    assert!(told.contains("password authentication failed"), "{told}");
}

#[test]
fn whoever_cannot_show_a_certificate_that_is_trusted_is_refused_in_words() {
    if is_skipped() {
        return;
    }
    let world = World::start();
    for mode in ["require", "verify-ca", "verify-full"] {
        let parameters = format!("?sslmode={mode}");
        let told = complaint(&world.settings("localhost", &parameters, Some(&world.foreign)));
        assert!(
            told.contains("no authority that is trusted here; name its file in database.tls_ca"),
            "{told}"
        );
        let elsewhere = world.settings("127.0.0.1", &parameters, Some(&world.authority));
        let told = complaint(&elsewhere);
        assert!(
            told.contains("another name than the one in database.url"),
            "{told}"
        );
    }
}

#[test]
fn who_does_not_encrypt_is_told_what_the_server_says() {
    if is_skipped() {
        return;
    }
    let world = World::start();
    for parameters in ["", "?sslmode=disable"] {
        let told = complaint(&world.settings("localhost", parameters, None));
        assert!(told.contains("no encryption"), "{told}");
    }
}

#[test]
fn a_server_that_cannot_encrypt_is_not_spoken_to_in_the_clear() {
    if is_skipped() {
        return;
    }
    let server = Cluster::start();
    let authority = Scratch::file(&Identity::of(&["localhost"]).authority);
    let url = format!("{}?sslmode=require", server.address);
    let told = complaint(&Database {
        url: DatabaseUrl::parse(&url).unwrap(),
        tls_ca: Some(authority.path().into()),
        ..Database::default()
    });
    assert!(told.contains("server does not support TLS"), "{told}");
}
