//! One request at a time, with its answer as it came: what `wrk` does not show.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

pub struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub token: &'a str,
    pub body: &'a str,
}

pub struct Answer {
    pub head: String,
    pub body: Vec<u8>,
}

/// The answer if it is a 200. `host`: whom the request names, which is in every link.
pub fn ask(address: &str, host: &str, request: &Request<'_>) -> Result<Answer, Box<dyn Error>> {
    let Request {
        method,
        path,
        token,
        body,
    } = request;
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let media_type = "application/vnd.api+json";
    let content = match body.len() {
        0 => String::new(),
        length => format!("Content-Type: {media_type}\r\nContent-Length: {length}\r\n"),
    };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Accept: {media_type}\r\n{content}Connection: close\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    if !answer.starts_with(b"HTTP/1.1 200") {
        let answer = String::from_utf8_lossy(&answer).into_owned();
        return Err(format!("{method} {address}{path}: {answer}").into());
    }
    let start = answer.windows(4).position(|part| part == b"\r\n\r\n");
    let body = answer.split_off(start.ok_or("no body")? + 4);
    let head = String::from_utf8_lossy(&answer).into_owned();
    Ok(Answer { head, body })
}

/// An address of this machine that nobody listens at.
pub fn free_address() -> Result<String, Box<dyn Error>> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    Ok(format!("127.0.0.1:{port}"))
}

/// Waits until somebody accepts connections there.
pub fn await_listener(address: &str, longest: Duration) -> Result<(), Box<dyn Error>> {
    let end = Instant::now() + longest;
    while TcpStream::connect(address).is_err() {
        if Instant::now() > end {
            return Err(format!("nobody listens at {address}").into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
