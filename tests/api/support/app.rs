//! The service, started for one test.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use chrono::TimeDelta;
use rolecall::auth::secret::TokenSecret;
use rolecall::config::Settings;
use rolecall::directory::access_log::NoteTokenAddress;
use rolecall::directory::credentials::{CreateFirstAdministrator, FirstAdministrator};
use rolecall::directory::permissions::PrivilegeCeiling;
use rolecall::directory::tokens::{CreateToken, TokenChanges};
use rolecall::directory::users::PasswordHash;
use rolecall::directory::{Clock, Context, Credential, Directory, DirectoryError, RequestId};
use rolecall::server::{self, Extra};
use rolecall::storage::{Empty, Store};

use super::client::Client;
use super::clock::TestClock;
use super::database::TestDatabase;

/// When every test begins.
pub const BEGIN: &str = "2026-01-02T03:04:05+00:00";
/// The first administrator's password, and its argon2id hash, made once: a
/// test should not pay for hashing unless it is about it.
pub const ADMIN_PASSWORD: &str = "correct horse";
pub(super) const ADMIN_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$cm9sZWNhbGwtdGVzdHMhIQ$fIc0DduaqrilxMrpfF6NVnf0IBC54HRAt41A1q/D6vQ";

/// How long anything that must happen may take.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct TestApp {
    pub database: Arc<TestDatabase>,
    pub directory: Arc<Directory>,
    clock: Arc<TestClock>,
    settings: Settings,
    base: String,
    admin_token: String,
    handle: ServerHandle,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl TestApp {
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    /// With other settings than the defaults.
    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::with_routes(change, |_| {})
    }

    /// With routes of the test's own beside the service's.
    pub fn with_routes(change: impl FnOnce(&mut Settings), extra: Extra) -> Self {
        let database = TestDatabase::migrated();
        let mut settings = Settings::default();
        settings.server.listen = SocketAddr::from(([127, 0, 0, 1], 0)).into();
        settings.server.workers = Some(2);
        settings.server.shutdown_seconds = 1;
        settings.database.url = database.url();
        settings.database.connections = 2;
        change(&mut settings);
        let clock = Arc::new(TestClock::at(BEGIN));
        Self::serve(Arc::new(database), clock, settings, extra, administrator)
    }

    /// Another process at the same database, with the same settings and clock.
    pub fn another(&self) -> Self {
        let (database, clock) = (self.database.clone(), self.clock.clone());
        let token = |_: &Directory| self.admin_token.clone();
        Self::serve(database, clock, self.settings.clone(), |_| {}, token)
    }

    fn serve(
        database: Arc<TestDatabase>,
        clock: Arc<TestClock>,
        settings: Settings,
        extra: Extra,
        admin_token: impl FnOnce(&Directory) -> String,
    ) -> Self {
        let store = Store::open(&settings.database, Empty::Fill).unwrap();
        let directory = Arc::new(Directory::new(store, clock.clone()));
        let admin_token = admin_token(&directory);
        let bound = server::bind(&settings, directory.clone())
            .unwrap()
            .with(extra);
        let base = format!("http://{}", bound.addresses()[0]);
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let started = bound.start().unwrap();
                sender.send(started.handle()).unwrap();
                started.ended().await.unwrap();
            });
        });
        let handle = receiver.recv().unwrap();
        Self {
            database,
            directory,
            clock,
            settings,
            base,
            admin_token,
            handle,
            thread: Some(thread),
        }
    }

    /// The address of the service with a path behind it.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    pub fn anonymous(&self) -> Client {
        Client::new(&self.base, None)
    }

    /// The first administrator, by API token. Its id is 1.
    pub fn admin(&self) -> Client {
        self.token(&self.admin_token)
    }

    /// The secret of that token.
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }

    pub fn token(&self, secret: &str) -> Client {
        Client::new(&self.base, Some(format!("Bearer {secret}")))
    }

    pub fn basic(&self, username: &str, password: &str) -> Client {
        use base64::Engine;
        let pair =
            base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
        Client::new(&self.base, Some(format!("Basic {pair}")))
    }

    /// The same database and clock, as another process would have them.
    pub fn opened_again(&self) -> Arc<Directory> {
        let mut settings = Settings::default();
        settings.database.url = self.database.url();
        let store = Store::open(&settings.database, Empty::Fill).unwrap();
        Arc::new(Directory::new(store, self.clock.clone()))
    }

    pub fn advance(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// Does something in the directory beside the service, as the program itself.
    pub fn inside<T>(
        &self,
        work: impl AsyncFnOnce(&Directory, &Context) -> Result<T, DirectoryError>,
    ) -> T {
        let context = Context::of_program(self.clock.now(), RequestId(0));
        block_on(work(&self.directory, &context)).unwrap()
    }

    /// Gives a role that ends at a moment, beside the service: it has no address for that yet.
    pub fn give_until(&self, user_id: i64, role_id: i64, until: &str) {
        self.database.execute(&format!(
            "INSERT INTO grants (user_id, role_id, valid_until, created, modified)
             VALUES ({user_id}, {role_id}, '{until}', '{BEGIN}', '{BEGIN}')"
        ));
    }

    /// A token for a user, with scopes or with all that the user may.
    pub fn token_of(&self, user_id: i64, scopes: Option<&[&str]>) -> String {
        let scopes = scopes.map(|scopes| serde_json::to_string(scopes).unwrap());
        self.inside(async |directory, context| {
            make_token(directory, context, user_id, scopes).await
        })
    }
}

/// Asks until the answer is yes; fails when it never is, however busy the machine.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        block_on(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn administrator(directory: &Directory) -> String {
    let context = Context::of_program(directory.clock().now(), RequestId(0));
    block_on(async {
        let first = CreateFirstAdministrator {
            username: "admin".into(),
            password_hash: PasswordHash::new(ADMIN_HASH.into()),
        };
        let made = directory.write(&context, first).await?;
        assert_eq!(made, FirstAdministrator::Created, "somebody is one already");
        make_token(directory, &context, 1, None).await
    })
    .unwrap()
}

async fn make_token(
    directory: &Directory,
    context: &Context,
    user_id: i64,
    scopes: Option<String>,
) -> Result<String, DirectoryError> {
    let secret = TokenSecret::random().unwrap();
    let changes = TokenChanges {
        name: Some("test".into()),
        scopes: Some(scopes),
        expires: None,
    };
    let create = CreateToken {
        hash: secret.hash(),
        user_id,
        changes,
        ceiling: PrivilegeCeiling::Everything,
        most: i64::MAX,
        is_password_confirmed: false,
        sign_in_id: None,
    };
    let token = directory.write(context, create).await?;
    // Told now, not at some time during the test.
    let mut local = context.with_credential(Credential::ApiToken);
    local.source.address = Some("127.0.0.1".parse().unwrap());
    let note = NoteTokenAddress {
        token_id: token.id,
        most: 20,
    };
    directory.write(&local, note).await?;
    Ok(secret.expose().to_owned())
}

thread_local! {
    /// One for all that a test does beside the service, so that its connections are
    /// used again. It is never dropped: nothing has to end in order with the thread.
    static RUNTIME: &'static actix_web::rt::Runtime =
        Box::leak(Box::new(actix_web::rt::Runtime::new().unwrap()));
}

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(work))
}
