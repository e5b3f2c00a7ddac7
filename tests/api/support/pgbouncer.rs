//! A real PgBouncer, as people put it before their PostgreSQL.

use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rolecall::config::DatabaseUrl;

use super::cluster::Cluster;
use super::slapd::free_port;

/// A machine may be slow; what takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// At work with `pool_mode = transaction`; it ends with this.
pub struct PgBouncer {
    folder: PathBuf,
    child: Option<Child>,
    port: u16,
}

impl PgBouncer {
    /// Shares so many sessions of this server among all who come.
    pub fn before(server: &Cluster, sessions: usize) -> Self {
        Self::before_port(server.port(), sessions)
    }

    /// The same for whatever listens there.
    pub fn before_port(server: u16, sessions: usize) -> Self {
        let mut bouncer = Self {
            folder: folder(),
            child: None,
            port: 0,
        };
        for _ in 0..20 {
            bouncer.port = free_port();
            bouncer.configure(server, sessions);
            if bouncer.try_start() {
                return bouncer;
            }
        }
        panic!("pgbouncer does not start");
    }

    pub fn address(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> DatabaseUrl {
        DatabaseUrl::parse(&self.address()).unwrap()
    }

    /// As `kill` names it: `-STOP`, `-CONT`.
    pub fn signal(&self, signal: &str) {
        let process = self.child.as_ref().unwrap().id().to_string();
        let sent = Command::new("kill").args([signal, &process]).status();
        assert!(sent.unwrap().success());
    }

    fn configure(&self, server: u16, sessions: usize) {
        let users = self.folder.join("users");
        std::fs::write(&users, "\"postgres\" \"\"\n").unwrap();
        let settings = format!(
            "[databases]\n\
             * = host=127.0.0.1 port={}\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {}\n\
             unix_socket_dir =\n\
             auth_type = trust\n\
             auth_file = {}\n\
             pool_mode = transaction\n\
             default_pool_size = {sessions}\n\
             max_client_conn = 500\n",
            server,
            self.port,
            users.display()
        );
        std::fs::write(self.folder.join("pgbouncer.ini"), settings).unwrap();
    }

    fn try_start(&mut self) -> bool {
        let path = Path::new("/usr/sbin/pgbouncer");
        assert!(path.exists(), "the tests need pgbouncer: .ci/prepare");
        let mut command = Command::new(path);
        // It refuses to work as root.
        if std::fs::metadata(&self.folder).unwrap().uid() == 0 {
            command.args(["-u", "nobody"]);
        }
        let child = command
            .arg("-q")
            .arg(self.folder.join("pgbouncer.ini"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let child = self.child.insert(child);
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("pgbouncer is not there after {PATIENCE:?}");
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// That everybody may read, since it works as nobody.
fn folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("rolecall_pgbouncer_{}_{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let everybody = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&folder, everybody).unwrap();
    folder
}
