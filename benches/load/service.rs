//! rolecall itself, on a database with users.

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::data;
use super::http::{self, Answer, Request};
use super::process::Process;
use super::settings::Settings;

/// Starts of which the quickest counts.
const STARTS: usize = 5;

pub struct Service {
    pub process: Process,
    pub address: String,
    pub token: String,
    /// Of somebody who sees a tenth of the users, by a grant rule.
    pub member_token: String,
    pub users: usize,
    pub fill: Duration,
    /// From the start of the program to the first 200 of `/health`.
    pub start: Duration,
    pub idle_mib: u64,
}

impl Service {
    pub fn start(settings: &Settings, url: &str, users: usize) -> Result<Self, Box<dyn Error>> {
        let program = &settings.program;
        let began = Instant::now();
        data::fill(command(program, url), users)?;
        let fill = began.elapsed();
        let (token, member_token) = (token(program, url, "admin")?, token(program, url, "user0")?);
        let mut start = Duration::MAX;
        for _ in 1..STARTS {
            start = start.min(serve(program, url)?.2);
        }
        let (process, address, last) = serve(program, url)?;
        Ok(Self {
            idle_mib: process.memory_mib()?,
            process,
            address,
            token,
            member_token,
            users,
            fill,
            start: start.min(last),
        })
    }

    /// The body of a 200 answer.
    pub fn get(&self, path: &str) -> Result<Vec<u8>, Box<dyn Error>> {
        Ok(self.ask(path, &self.token)?.body)
    }

    /// The same for the member.
    pub fn get_as_member(&self, path: &str) -> Result<Vec<u8>, Box<dyn Error>> {
        Ok(self.ask(path, &self.member_token)?.body)
    }

    pub fn etag(&self, path: &str) -> Result<String, Box<dyn Error>> {
        let head = self.ask(path, &self.token)?.head;
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

    fn ask(&self, path: &str, token: &str) -> Result<Answer, Box<dyn Error>> {
        let request = Request {
            method: "GET",
            path,
            token,
            body: "",
        };
        http::ask(&self.address, &self.address, &request)
    }
}

fn command(program: &Path, url: &str) -> Command {
    let mut command = Command::new(program);
    // The program refuses names that it does not know.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ROLECALL_")) {
        command.env_remove(name);
    }
    command.env("DATABASE_URL", url).env("RUST_LOG", "warn");
    command
}

fn token(program: &Path, url: &str, username: &str) -> Result<String, Box<dyn Error>> {
    let output = command(program, url)
        .args(["token", "create", username, "--name", "load"])
        .stderr(Stdio::null())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let secret = text.lines().last().filter(|line| line.starts_with("rc_"));
    Ok(secret.ok_or("no token was made")?.to_owned())
}

/// A running program, where it listens, and how long it took to answer.
fn serve(program: &Path, url: &str) -> Result<(Process, String, Duration), Box<dyn Error>> {
    let address = http::free_address()?;
    let began = Instant::now();
    let child = command(program, url)
        .arg("serve")
        .env("ROLECALL_LISTEN", &address)
        .stdout(Stdio::null())
        .spawn()?;
    let process = Process::new(child);
    let health = Request {
        method: "GET",
        path: "/health",
        token: "",
        body: "",
    };
    while let Err(error) = http::ask(&address, &address, &health) {
        if began.elapsed() > Duration::from_secs(60) {
            return Err(error);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok((process, address, began.elapsed()))
}
