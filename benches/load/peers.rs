//! Other servers of JSON:API over the same people, with tables of their own.

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::database::{self, Database};
use super::http;
use super::measure::{Contender, Kind};
use super::process::Process;

/// Each is a folder of benches/peers with a program `start ADDRESS DATABASE_URL`.
pub const PEERS: &[&str] = &["drf", "node"];
/// The first start installs what they need.
const INSTALLING: Duration = Duration::from_secs(600);
const TABLES: &str = include_str!("../peers/tables.sql");

/// Copies users, roles and tokens into the peers' tables; where these are.
pub fn copy(database: &Database) -> Result<String, Box<dyn Error>> {
    if database.kind() == "postgres" {
        let tables = TABLES.replace("source.", "public.");
        // As rolecall's: the order of the bytes.
        let tables = tables.replace(" TEXT", " TEXT COLLATE \"C\"");
        let statements = format!("CREATE SCHEMA peers; SET search_path = peers; {tables} ANALYZE");
        database::postgres(&database.url, &statements)?;
        return Ok(database.url.clone());
    }
    let path = database.folder.join("peers.db");
    let connection = rusqlite::Connection::open(&path)?;
    let ours = database.folder.join("load.db");
    connection.execute("ATTACH ?1 AS source", [ours.to_string_lossy()])?;
    connection.execute_batch(&format!(
        "PRAGMA main.journal_mode = WAL; BEGIN; {TABLES} ANALYZE main; COMMIT;"
    ))?;
    Ok(format!("sqlite://{}", path.display()))
}

pub fn start(name: &'static str, url: &str) -> Result<Contender, Box<dyn Error>> {
    let address = http::free_address()?;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    let child = Command::new(folder.join(name).join("start"))
        .args([&address, url])
        .stdout(Stdio::null())
        .spawn()?;
    let process = Process::new(child);
    http::await_listener(&address, INSTALLING)?;
    Ok(Contender {
        kind: Kind::Peer(name),
        process,
        address,
    })
}
