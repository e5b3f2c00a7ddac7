//! What the environment says about a run.

use std::error::Error;
use std::path::PathBuf;

pub struct Settings {
    /// Directories of these sizes are measured one after the other.
    pub sizes: Vec<usize>,
    pub seconds: u64,
    pub rounds: usize,
    /// A server of PostgreSQL; without it SQLite.
    pub postgres: Option<String>,
    /// Only work whose name holds this.
    pub only: String,
    pub program: PathBuf,
    pub peers: bool,
    pub write: bool,
}

impl Settings {
    pub fn from_environment() -> Result<Self, Box<dyn Error>> {
        let sizes = text("ROLECALL_BENCH_USERS").unwrap_or_else(|| "10000".into());
        let sizes: Result<Vec<usize>, _> = sizes.split(',').map(str::parse).collect();
        let program = text("ROLECALL_BENCH_PROGRAM");
        Ok(Self {
            sizes: sizes.map_err(|error| format!("ROLECALL_BENCH_USERS: {error}"))?,
            seconds: number("ROLECALL_BENCH_SECONDS", 3)?,
            rounds: usize::try_from(number("ROLECALL_BENCH_ROUNDS", 3)?)?.max(1),
            postgres: text("ROLECALL_BENCH_DATABASE"),
            only: text("ROLECALL_BENCH_ONLY").unwrap_or_default(),
            program: program.map_or_else(|| env!("CARGO_BIN_EXE_rolecall").into(), PathBuf::from),
            peers: text("ROLECALL_BENCH_PEERS").is_some_and(|on| on == "1"),
            write: text("ROLECALL_BENCH_WRITE").is_some_and(|on| on == "1"),
        })
    }
}

fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn number(name: &str, usual: u64) -> Result<u64, Box<dyn Error>> {
    text(name).map_or(Ok(usual), |text| {
        text.parse()
            .map_err(|error| format!("{name}: {error}").into())
    })
}
