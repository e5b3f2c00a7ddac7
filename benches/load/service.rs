//! The release binary on a database with users.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rolecall::auth::secret::TokenSecret;
use rolecall::config::{Database, DatabaseUrl};
use rolecall::directory::clusters::{ClusterChanges, CreateCluster};
use rolecall::directory::credentials::CreateFirstAdministrator;
use rolecall::directory::delegation::Place;
use rolecall::directory::grants::{CreateGrant, GrantChanges};
use rolecall::directory::listing::{Comparison, Condition, List, Operand, Slice, Visible};
use rolecall::directory::members::Authority;
use rolecall::directory::partners::{CreatePartner, PartnerChanges};
use rolecall::directory::permissions::Reach;
use rolecall::directory::roles::{CreateRole, RoleChanges, RoleColumn, Roles};
use rolecall::directory::tokens::{CreateToken, TokenChanges};
use rolecall::directory::users::{CreateUser, PasswordHash, UserChanges};
use rolecall::directory::workspaces::{CreateWorkspace, WorkspaceChanges};
use rolecall::directory::{Context, Directory, DirectoryError, RequestId, SystemClock};
use rolecall::storage::Store;

use super::measure::Settings;

pub struct Service {
    child: Child,
    folder: std::path::PathBuf,
    pub address: String,
    pub token: String,
    /// Of somebody who sees a tenth of the users, by a grant rule.
    pub member_token: String,
    pub users: usize,
    pub idle_mib: u64,
}

impl Service {
    pub fn start(settings: &Settings) -> Result<Self, Box<dyn Error>> {
        let folder = std::env::temp_dir().join(format!("rolecall-load-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let url = match &settings.database {
            Some(url) => url.clone(),
            None => format!("sqlite://{}", folder.join("load.db").display()),
        };
        let (token, member_token) = fill(&url, settings.users)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .port();
        let address = format!("127.0.0.1:{port}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
        // The program refuses names that it does not know.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ROLECALL_")) {
            command.env_remove(name);
        }
        let child = command
            .arg("serve")
            .env("DATABASE_URL", &url)
            .env("ROLECALL_LISTEN", &address)
            .stdout(Stdio::null())
            .spawn()?;
        let mut service = Self {
            child,
            folder,
            address,
            token,
            member_token,
            users: settings.users,
            idle_mib: 0,
        };
        service.wait()?;
        service.idle_mib = service.memory_mib()?;
        Ok(service)
    }

    fn wait(&self) -> Result<(), Box<dyn Error>> {
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(&self.address).is_err() {
            if Instant::now() > end {
                return Err("rolecall did not start".into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// The body of a 200 answer.
    pub fn get(&self, path: &str) -> Result<Vec<u8>, Box<dyn Error>> {
        Ok(self.exchange(path, &self.token)?.1)
    }

    /// The same for the member.
    pub fn get_as_member(&self, path: &str) -> Result<Vec<u8>, Box<dyn Error>> {
        Ok(self.exchange(path, &self.member_token)?.1)
    }

    pub fn etag(&self, path: &str) -> Result<String, Box<dyn Error>> {
        let (head, _) = self.exchange(path, &self.token)?;
        let line = head
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with("etag:"));
        let (_, tag) = line
            .and_then(|line| line.split_once(' '))
            .ok_or("no ETag")?;
        Ok(tag.trim().to_owned())
    }

    /// The address of a page in the middle of all users, by cursor.
    pub fn deep_cursor(&self) -> Result<String, Box<dyn Error>> {
        let middle = format!("/users?page%5Bnumber%5D={}", (self.users / 40).max(1));
        let page: serde_json::Value = serde_json::from_slice(&self.get(&middle)?)?;
        let id = page.pointer("/data/0/id").and_then(|id| id.as_str());
        let id = id.ok_or("no user there")?;
        let cursor = base64::Engine::encode(
            &base64::engine::general_purpose::URL_SAFE_NO_PAD,
            format!("[1,\"\",[],{id}]"),
        );
        Ok(format!("/users?page%5Bafter%5D={cursor}"))
    }

    /// Head and body of a 200 answer.
    fn exchange(&self, path: &str, token: &str) -> Result<(String, Vec<u8>), Box<dyn Error>> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            self.address, token
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        if !answer.starts_with(b"HTTP/1.1 200") {
            return Err(format!("{path}: {}", String::from_utf8_lossy(&answer)).into());
        }
        let start = answer
            .windows(4)
            .position(|part| part == b"\r\n\r\n")
            .ok_or("no body")?;
        let body = answer.split_off(start + 4);
        Ok((String::from_utf8_lossy(&answer).into_owned(), body))
    }

    /// Resident memory.
    pub fn memory_mib(&self) -> Result<u64, Box<dyn Error>> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .ok_or("no VmRSS")?;
        let kib: u64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
        Ok(kib / 1024)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Users with two roles each, every tenth of one partner; an administrator and
/// a member of that partner, with a token each for the run.
fn fill(url: &str, users: usize) -> Result<(String, String), Box<dyn Error>> {
    let settings = Database {
        url: DatabaseUrl::parse(url)?,
        write_queue: 4096,
        ..Database::default()
    };
    let store = Store::open(&settings)?;
    let directory = Directory::new(store, std::sync::Arc::new(SystemClock));
    let context = Context::of_program(directory.clock().now(), RequestId(0));
    let secret = TokenSecret::random().map_err(|error| error.to_string())?;
    let member_secret = TokenSecret::random().map_err(|error| error.to_string())?;
    let runtime = actix_web::rt::Runtime::new()?;
    runtime.block_on(async {
        let first = CreateFirstAdministrator {
            username: "admin".into(),
            password_hash: PasswordHash::new(String::new()),
        };
        directory.write(&context, first).await?;
        let (partner, place) = places(&directory, &context).await?;
        let mut roles = Vec::new();
        for name in ["Huguenots", "Marketing"] {
            let changes = RoleChanges {
                name: Some(name.into()),
                ..RoleChanges::default()
            };
            let create = CreateRole {
                changes,
                includes: None,
                users: None,
                reach: Reach::Everything,
            };
            roles.push(directory.write(&context, create).await?.id);
        }
        for start in (0..users).step_by(256) {
            let batch = (start..(start + 256).min(users)).map(|number| {
                let changes = UserChanges {
                    username: Some(format!("user{number}")),
                    name: Some(Some("John".into())),
                    surname: Some(Some(format!("Doe {}", number % 1000))),
                    email: Some(Some(format!("user{number}@example.org"))),
                    partner_id: (number % 10 == 0).then_some(Some(partner)),
                    ..UserChanges::default()
                };
                let create = CreateUser {
                    changes,
                    roles: Some(roles.clone()),
                    reach: Reach::Everything,
                    sees_trash: true,
                };
                directory.write(&context, create)
            });
            futures_util::future::try_join_all(batch).await?;
        }
        let create = CreateGrant {
            visible: Visible::All,
            user_id: 2,
            role_id: role(&directory, &context, "CLUSTER_MEMBER").await?,
            place,
            changes: GrantChanges::default(),
            authority: Authority::Reach(Reach::Everything),
        };
        directory.write(&context, create).await?;
        for (user_id, secret) in [(1, &secret), (2, &member_secret)] {
            let changes = TokenChanges {
                name: Some("load".into()),
                ..TokenChanges::default()
            };
            let create = CreateToken {
                hash: secret.hash(),
                user_id,
                changes,
                reach: Reach::Everything,
            };
            directory.write(&context, create).await?;
        }
        Ok::<_, DirectoryError>(())
    })?;
    Ok((
        secret.expose().to_owned(),
        member_secret.expose().to_owned(),
    ))
}

/// A partner, and a cluster as a place.
async fn places(directory: &Directory, context: &Context) -> Result<(i64, Place), DirectoryError> {
    let workspace = CreateWorkspace {
        changes: WorkspaceChanges {
            title: Some("Kenya".into()),
            code: Some("KEN".into()),
        },
    };
    let workspace = directory.write(context, workspace).await?.id;
    let cluster = CreateCluster {
        changes: ClusterChanges {
            title: Some("Health".into()),
            cluster_type: Some("health".into()),
            workspace_id: Some(workspace),
            ..ClusterChanges::default()
        },
        partners: None,
    };
    let cluster = directory.write(context, cluster).await?.id;
    let partner = CreatePartner {
        changes: PartnerChanges {
            title: Some("ACME".into()),
            ..PartnerChanges::default()
        },
        clusters: None,
    };
    let place = Place {
        cluster: Some(cluster),
        ..Place::UN_SCOPED
    };
    Ok((directory.write(context, partner).await?.id, place))
}

async fn role(directory: &Directory, context: &Context, name: &str) -> Result<i64, DirectoryError> {
    let named = Condition::Test {
        column: RoleColumn::Name,
        comparison: Comparison::Equal,
        operands: vec![Operand::Text(name.into())],
    };
    let slice = Slice {
        offset: 0,
        limit: 1,
    };
    let list: List<Roles> = List {
        visible: Visible::All,
        condition: Some(named),
        ..List::new(slice)
    };
    let rows = directory.read(context, list).await?.rows;
    rows.first()
        .map(|role| role.id)
        .ok_or(DirectoryError::NotFound)
}
