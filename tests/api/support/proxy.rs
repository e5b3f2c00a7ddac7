//! Something between the service and its server that goes wrong: a router that
//! forgets connections without a word.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use rolecall::config::DatabaseUrl;

/// Passes on what comes, to a port of this machine.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    target: AtomicU16,
    is_over: AtomicBool,
    swallows_all: AtomicBool,
    connections: Mutex<Vec<Connection>>,
}

struct Connection {
    swallows: Arc<AtomicBool>,
    sides: [TcpStream; 2],
}

impl Proxy {
    pub fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            target: AtomicU16::new(target),
            is_over: AtomicBool::new(false),
            swallows_all: AtomicBool::new(false),
            connections: Mutex::default(),
        });
        let accepting = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if accepting.is_over.load(Ordering::SeqCst) {
                    return;
                }
                accepting.take(stream);
            }
        });
        Self { port, shared }
    }

    pub fn address(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    pub fn url(&self) -> DatabaseUrl {
        DatabaseUrl::parse(&self.address()).unwrap()
    }

    /// The connections that are there stay open, and carry nothing any more; new
    /// ones work.
    pub fn swallow(&self) {
        for connection in &*self.shared.connections.lock().unwrap() {
            connection.swallows.store(true, Ordering::SeqCst);
        }
    }

    /// The same, and new ones carry nothing either, until this is undone.
    pub fn swallow_all(&self, is_on: bool) {
        self.shared.swallows_all.store(is_on, Ordering::SeqCst);
        if is_on {
            self.swallow();
        }
    }

    /// New connections lead there, and those that are there end.
    pub fn lead_to(&self, target: u16) {
        self.shared.target.store(target, Ordering::SeqCst);
        self.shared.end_all();
    }
}

impl Shared {
    fn take(&self, client: TcpStream) {
        let target = ("127.0.0.1", self.target.load(Ordering::SeqCst));
        let Ok(server) = TcpStream::connect(target) else {
            return;
        };
        let is_swallowed = self.swallows_all.load(Ordering::SeqCst);
        let swallows = Arc::new(AtomicBool::new(is_swallowed));
        for (from, to) in [(&client, &server), (&server, &client)] {
            let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            let swallows = swallows.clone();
            std::thread::spawn(move || pass(from, to, &swallows));
        }
        let sides = [client, server];
        let connection = Connection { swallows, sides };
        self.connections.lock().unwrap().push(connection);
    }

    fn end_all(&self) {
        for connection in self.connections.lock().unwrap().drain(..) {
            for side in connection.sides {
                let _ = side.shutdown(Shutdown::Both);
            }
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, swallows: &AtomicBool) {
    let mut bytes = [0; 8192];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        if !swallows.load(Ordering::SeqCst) && to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    // Not even an end is passed on.
    if !swallows.load(Ordering::SeqCst) {
        let _ = to.shutdown(Shutdown::Both);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        self.shared.end_all();
        // Wakes who accepts.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}
