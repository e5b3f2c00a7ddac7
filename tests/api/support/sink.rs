//! A real mail server that keeps nothing, and tells what it was sent.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

/// A machine may be slow; a test that waits longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// `tests/mail/sink.py` at work; it ends with this.
pub struct Sink {
    pub port: u16,
    child: Child,
    mails: Receiver<Received>,
}

/// One attempt at a mail, whatever was answered.
#[derive(Clone, Debug)]
pub struct Received {
    pub to: Vec<String>,
    /// Header and body, as they came.
    pub data: String,
    pub answer: String,
    pub said: Value,
}

impl Received {
    fn of(line: &str) -> Self {
        let said: Value = serde_json::from_str(line).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            to: said["to"].as_array().unwrap().iter().map(text).collect(),
            data: text(&said["data"]),
            answer: text(&said["answer"]),
            said,
        }
    }

    /// The only line of the header with this name.
    #[track_caller]
    pub fn header(&self, name: &str) -> String {
        let (head, _) = self.data.split_once("\r\n\r\n").unwrap();
        let head = head.replace("\r\n ", " ");
        let lines: Vec<_> = head
            .split("\r\n")
            .filter_map(|line| line.split_once(": "))
            .collect();
        let found: Vec<_> = lines.iter().filter(|(found, _)| *found == name).collect();
        assert_eq!(found.len(), 1, "{name} in {head}");
        found[0].1.to_owned()
    }

    pub fn body(&self) -> &str {
        self.data.split_once("\r\n\r\n").unwrap().1
    }
}

impl Sink {
    pub fn start(arguments: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/mail/bin/python");
        assert!(python.exists(), "the tests need a mail server: .ci/prepare");
        let mut child = Command::new(python)
            .arg(root.join("tests/mail/sink.py"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        said.read_line(&mut port).unwrap();
        let (sender, mails) = channel();
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                let _ = sender.send(Received::of(&line));
            }
        });
        Self {
            port: port.trim().parse().unwrap(),
            child,
            mails,
        }
    }

    /// The next attempt at a mail.
    #[track_caller]
    pub fn next(&self) -> Received {
        self.mails.recv_timeout(PATIENCE).expect("no mail came")
    }

    /// Ends it, and tells what else has come.
    pub fn finish(mut self) -> Vec<Received> {
        self.end();
        self.mails.iter().collect()
    }

    fn end(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.end();
    }
}
