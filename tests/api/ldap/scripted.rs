//! A server that says what a test wants: results that a real one cannot be
//! brought to.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::{READER_PASSWORD, TULIP};

/// What it answers from now on.
#[derive(Clone, Default)]
pub struct Script {
    /// Of the bind of the service: a result code, and a text.
    pub service: (u8, String),
    /// Of the bind of a user with the right password, and with a wrong one.
    pub right: (u8, String),
    pub wrong: (u8, String),
    /// Of each search, behind its entry.
    pub search: u8,
    /// The attributes of the one entry that each search finds.
    pub entry: Vec<(&'static str, Vec<u8>)>,
}

pub struct Scripted {
    pub url: String,
    pub script: Arc<Mutex<Script>>,
    /// How many binds of users there were.
    pub guesses: Arc<AtomicUsize>,
}

impl Scripted {
    pub fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ldap://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(script));
        let guesses = Arc::new(AtomicUsize::new(0));
        let (shared, counted) = (script.clone(), guesses.clone());
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (script, guesses) = (shared.clone(), counted.clone());
                std::thread::spawn(move || talk(connection, &script, &guesses));
            }
        });
        Self {
            url,
            script,
            guesses,
        }
    }

    pub fn changes(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }
}

/// Tags of BER and of LDAP messages (RFC 4511, appendix B).
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const TEXT: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const BIND: u8 = 0x60;
const BOUND: u8 = 0x61;
const SEARCH: u8 = 0x63;
const FOUND: u8 = 0x64;
const DONE: u8 = 0x65;

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], content].concat()
}

fn result(tag: u8, code: u8, text: &str) -> Vec<u8> {
    let parts = [
        tlv(ENUMERATED, &[code]),
        tlv(TEXT, b""),
        tlv(TEXT, text.as_bytes()),
    ];
    tlv(tag, &parts.concat())
}

fn entry(script: &Script) -> Vec<u8> {
    let attributes: Vec<u8> = script
        .entry
        .iter()
        .flat_map(|(name, value)| {
            let values = tlv(SET, &tlv(TEXT, value));
            tlv(SEQUENCE, &[tlv(TEXT, name.as_bytes()), values].concat())
        })
        .collect();
    let dn = tlv(TEXT, b"cn=somebody,ou=people,dc=example,dc=org");
    tlv(FOUND, &[dn, tlv(SEQUENCE, &attributes)].concat())
}

/// Answers until the other side has no more questions.
fn talk(mut connection: TcpStream, script: &Mutex<Script>, guesses: &AtomicUsize) {
    while let Some(asked) = message(&mut connection) {
        // The number of the message, which the answers repeat.
        let (number, rest) = asked.split_at(3);
        let script = script.lock().unwrap().clone();
        let has = |text: &str| rest.windows(text.len()).any(|part| part == text.as_bytes());
        let answers = match rest[0] {
            BIND => {
                let is_service = has(READER_PASSWORD);
                if !is_service {
                    guesses.fetch_add(1, Ordering::SeqCst);
                }
                let (code, text) = match (is_service, has(TULIP)) {
                    (true, _) => &script.service,
                    (_, true) => &script.right,
                    _ => &script.wrong,
                };
                vec![result(BOUND, *code, text)]
            }
            SEARCH => vec![entry(&script), result(DONE, script.search, "")],
            _ => return,
        };
        for answer in answers {
            let answer = tlv(SEQUENCE, &[number, &answer].concat());
            if connection.write_all(&answer).is_err() {
                return;
            }
        }
    }
}

/// What is in the next message, which begins with its number.
fn message(connection: &mut TcpStream) -> Option<Vec<u8>> {
    let byte = |connection: &mut TcpStream| {
        let mut byte = [0];
        connection.read_exact(&mut byte).ok().map(|()| byte[0])
    };
    byte(connection)?;
    let mut length = usize::from(byte(connection)?);
    if length > 0x80 {
        let many = length - 0x80;
        length = 0;
        for _ in 0..many {
            length = length << 8 | usize::from(byte(connection)?);
        }
    }
    let mut content = vec![0; length];
    connection.read_exact(&mut content).ok()?;
    assert_eq!(content[..2], [INTEGER, 1]);
    Some(content)
}
