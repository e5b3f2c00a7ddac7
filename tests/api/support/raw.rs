//! Requests as exact bytes, for what an HTTP client would not send.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::app::TestApp;
use super::document::{self, Asked};

/// How long an answer may take before the test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct RawAnswer {
    pub status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl RawAnswer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("a body in UTF-8")
    }
}

/// Sends these bytes and reads the answer to the end of the connection: the
/// request should say `Connection: close`.
pub fn exchange(app: &TestApp, request: &[u8]) -> RawAnswer {
    let mut stream = TcpStream::connect(app.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    // The service may refuse, and close, before it has read everything.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let mut part = [0; 8192];
    loop {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&part[..read]),
            // A reset behind the answer is an end as well.
            Err(error) if !answer.is_empty() => {
                assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "no end");
                break;
            }
            Err(error) => panic!("no answer: {error}"),
        }
    }
    parse(&answer)
}

/// A request line, header lines as they are, and a body. Host, Connection,
/// Content-Length and the administrator's credentials are added. The document
/// of the answer is checked.
#[track_caller]
pub fn as_admin(app: &TestApp, line: &str, headers: &[&[u8]], body: Option<&[u8]>) -> RawAnswer {
    let token = app.token_of(1, None);
    let mut request = format!(
        "{line}\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n",
        app.address()
    )
    .into_bytes();
    for header in headers {
        request.extend_from_slice(header);
        request.extend_from_slice(b"\r\n");
    }
    if let Some(body) = body {
        request.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    request.extend_from_slice(b"\r\n");
    request.extend_from_slice(body.unwrap_or_default());
    let answer = exchange(app, &request);
    let mut words = line.split(' ');
    let asked = Asked {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        body,
    };
    let kind = answer.header("content-type");
    document::check(asked, answer.status, kind, &answer.text());
    answer
}

pub(super) fn parse(answer: &[u8]) -> RawAnswer {
    let shown = String::from_utf8_lossy(answer);
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no end of the headers in {shown:?}"));
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default();
    let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    RawAnswer {
        status: status.unwrap_or_else(|| panic!("no status in {shown:?}")),
        headers,
        body: answer[end + 4..].to_vec(),
    }
}
