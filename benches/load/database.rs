//! A database of the run's own for each size, and what its server says of durability.

use std::error::Error;
use std::path::PathBuf;

use tokio_postgres::{Client, NoTls};

use super::settings::Settings;

/// Gone when dropped.
pub struct Database {
    /// Of this size's run: the database of SQLite, and what else needs a file.
    pub folder: PathBuf,
    pub url: String,
    /// The server where it was made, and its name there.
    postgres: Option<(String, String)>,
}

impl Database {
    pub fn make(settings: &Settings, users: usize) -> Result<Self, Box<dyn Error>> {
        let name = format!("rolecall_load_{}_{users}", std::process::id());
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder)?;
        let Some(server) = &settings.postgres else {
            let url = format!("sqlite://{}", folder.join("load.db").display());
            return Ok(Self {
                folder,
                url,
                postgres: None,
            });
        };
        postgres(server, &format!("CREATE DATABASE {name}"))?;
        let (front, _) = server.rsplit_once('/').ok_or("no database is named")?;
        Ok(Self {
            folder,
            url: format!("{front}/{name}"),
            postgres: Some((server.clone(), name)),
        })
    }

    pub fn kind(&self) -> &'static str {
        if self.postgres.is_some() {
            "postgres"
        } else {
            "sqlite"
        }
    }

    /// So that PostgreSQL does not look after its tables in the midst of a round.
    pub fn settle(&self) -> Result<(), Box<dyn Error>> {
        match &self.postgres {
            Some(_) => postgres(&self.url, "VACUUM ANALYZE"),
            None => Ok(()),
        }
    }

    /// Which database it is.
    pub fn version(&self) -> Result<String, Box<dyn Error>> {
        match &self.postgres {
            Some(_) => Ok(format!("PostgreSQL {}", self.shown("server_version")?)),
            None => Ok(format!("SQLite {}", rusqlite::version())),
        }
    }

    /// When it counts a change as done.
    pub fn durability(&self) -> Result<String, Box<dyn Error>> {
        if self.postgres.is_none() {
            return Ok("synchronous=FULL".into());
        }
        let (fsync, commit) = (self.shown("fsync")?, self.shown("synchronous_commit")?);
        Ok(format!("fsync={fsync}, synchronous_commit={commit}"))
    }

    /// A setting of PostgreSQL.
    fn shown(&self, name: &str) -> Result<String, Box<dyn Error>> {
        run(async {
            let client = connect(&self.url).await?;
            let row = client.query_one(&format!("SHOW {name}"), &[]).await?;
            row.try_get(0)
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.postgres {
            let _ = postgres(server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Runs statements without parameters.
pub fn postgres(url: &str, statements: &str) -> Result<(), Box<dyn Error>> {
    run(async { connect(url).await?.batch_execute(statements).await })
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    actix_web::rt::spawn(connection);
    Ok(client)
}

fn run<T>(
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Box<dyn Error>> {
    Ok(actix_web::rt::Runtime::new()?.block_on(work)?)
}
