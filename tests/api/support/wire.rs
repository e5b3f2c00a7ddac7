//! Connections held by a test: how much is sent, and when, is its own choice.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use super::app::{block_on, eventually};
use super::raw::{RawAnswer, parse};

/// How long anything may take before the test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a client speaks through: TCP, or TLS over it.
pub struct Wire<S = TcpStream> {
    stream: S,
}

impl Wire {
    pub fn to(address: &str) -> Self {
        Self::over(TcpStream::connect(address).unwrap())
    }

    /// From an address of its own; all of 127.0.0.0/8 are this machine's.
    pub fn from(source: &str, address: &str) -> Self {
        let source = SocketAddr::new(source.parse::<IpAddr>().unwrap(), 0);
        let address = address.parse().unwrap();
        let stream = block_on(async {
            let socket = tokio::net::TcpSocket::new_v4()?;
            socket.bind(source)?;
            socket.connect(address).await?.into_std()
        });
        let stream: TcpStream = stream.unwrap();
        stream.set_nonblocking(false).unwrap();
        Self::over(stream)
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream }
    }

    /// Whether there is no answer yet.
    pub fn is_silent(&self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).unwrap();
        peeked.is_err_and(|error| is_slow(error.kind()))
    }

    /// Sends the same again and again, and reads nothing, until the other side
    /// has closed the connection.
    #[track_caller]
    pub fn floods_until_closed(mut self, bytes: &[u8]) {
        let soon = Duration::from_millis(10);
        self.stream.set_write_timeout(Some(soon)).unwrap();
        let mut at = 0;
        eventually("the connection is closed", || {
            match self.stream.write(&bytes[at..]) {
                Ok(sent) => at = (at + sent) % bytes.len(),
                Err(error) => return !is_slow(error.kind()),
            }
            false
        });
    }
}

fn is_slow(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

impl<S: Read + Write> Wire<S> {
    pub fn new(stream: S) -> Self {
        Self { stream }
    }

    /// Whether the other side still takes it.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let sent = self.stream.write_all(bytes.as_ref());
        sent.and_then(|()| self.stream.flush()).is_ok()
    }

    /// The answer up to the end of the connection.
    #[track_caller]
    pub fn last_answer(mut self) -> RawAnswer {
        parse(&self.rest())
    }

    /// The next answer, which tells its length.
    #[track_caller]
    pub fn answer(&mut self) -> RawAnswer {
        let mut said = Vec::new();
        loop {
            let mut byte = [0];
            assert_eq!(self.stream.read(&mut byte).unwrap(), 1, "an answer");
            said.push(byte[0]);
            if said.ends_with(b"\r\n\r\n") {
                break;
            }
        }
        let length = parse(&said).header("content-length").map(str::to_owned);
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.stream.read_exact(&mut body).unwrap();
        said.extend(body);
        parse(&said)
    }

    pub fn read_exact(&mut self, length: usize) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// All that comes until the connection ends, as it must.
    #[track_caller]
    pub fn rest(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        let mut part = [0; 8192];
        loop {
            match self.stream.read(&mut part) {
                Ok(0) => return all,
                Ok(read) => all.extend_from_slice(&part[..read]),
                Err(error) if is_slow(error.kind()) => panic!("the connection stays open"),
                // A reset is an end as well, and TLS may lack its last word.
                Err(_) => return all,
            }
        }
    }
}
