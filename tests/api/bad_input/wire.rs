//! Bytes as they are: for requests that no client library would send.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::support::TestApp;

pub struct Wire(TcpStream);

impl Wire {
    pub fn open(app: &TestApp) -> Self {
        let stream = TcpStream::connect(app.address()).unwrap();
        // Only so that a defect ends the test: nothing depends on the time.
        stream
            .set_read_timeout(Some(Duration::from_secs(50)))
            .unwrap();
        Self(stream)
    }

    /// The service may have hung up already; then what it said counts.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let _ = self.0.write_all(bytes.as_ref());
        self
    }

    pub fn end(&mut self) -> &mut Self {
        let _ = self.0.shutdown(Shutdown::Write);
        self
    }

    /// All that comes until the service hangs up.
    pub fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let mut some = [0; 4096];
        loop {
            match self.0.read(&mut some) {
                Ok(0) => break,
                Ok(length) => bytes.extend_from_slice(&some[..length]),
                // Reset: it hung up while we were still talking.
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
                Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&bytes)),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// One whole answer, while the connection stays open.
    pub fn one(&mut self) -> String {
        let mut bytes = Vec::new();
        let mut some = [0; 4096];
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .filter_map(|line| line.split_once(": "))
                    .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                    .map_or(0, |(_, length)| length.parse().unwrap());
                if body.len() >= length {
                    return text;
                }
            }
            match self.0.read(&mut some) {
                Ok(0) => return text,
                Ok(length) => bytes.extend_from_slice(&some[..length]),
                Err(error) => panic!("{error} after {text:?}"),
            }
        }
    }
}

/// One request with exactly these bytes, and the whole answer.
pub fn ask(app: &TestApp, bytes: impl AsRef<[u8]>) -> String {
    Wire::open(app).send(bytes).end().rest()
}

/// The head of a request by the administrator.
pub fn head(app: &TestApp, line: &str, headers: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nAccept: application/vnd.api+json\r\n\
         Authorization: Bearer {}\r\n{headers}\r\n",
        app.admin_token()
    )
}

#[track_caller]
pub fn status(answer: &str) -> u16 {
    let status = answer
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    status
        .and_then(|status| status.parse().ok())
        .unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

/// An error document with this status, as far as the body tells.
#[track_caller]
pub fn is_error_document(answer: &str, expected: u16) {
    assert_eq!(status(answer), expected, "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.to_ascii_lowercase()
            .contains("content-type: application/vnd.api+json"),
        "{answer}"
    );
    let document: serde_json::Value = serde_json::from_str(body).unwrap();
    let errors = document["errors"].as_array().unwrap();
    assert_eq!(errors[0]["status"], expected.to_string(), "{answer}");
}
