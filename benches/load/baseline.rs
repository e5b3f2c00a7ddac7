//! An actix handler that returns given bytes from memory: what HTTP alone costs.

use std::error::Error;
use std::net::TcpStream;
use std::process::{Child, Command};
use std::time::Duration;

use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, HttpServer, web};

use super::work::Item;

pub struct Baseline {
    child: Child,
    pub address: String,
    folder: std::path::PathBuf,
}

impl Baseline {
    /// A process like the service's own; `/0`, `/1`, ... are the items' answers.
    pub fn start(items: &[Item]) -> Result<Self, Box<dyn Error>> {
        let folder = std::env::temp_dir().join(format!("rolecall-base-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        for (number, item) in items.iter().enumerate() {
            std::fs::write(folder.join(number.to_string()), &item.answer)?;
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .port();
        let address = format!("127.0.0.1:{port}");
        let child = Command::new(std::env::current_exe()?)
            .arg("baseline")
            .arg(format!("{address} {}", folder.display()))
            .spawn()?;
        while TcpStream::connect(&address).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Self {
            child,
            address,
            folder,
        })
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Baseline {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Serves until it is killed. `argument`: an address, a blank, a folder.
pub fn serve(argument: &str) -> std::io::Result<()> {
    let (address, folder) = argument.split_once(' ').unwrap_or((argument, "."));
    let mut answers = Vec::new();
    while let Ok(bytes) = std::fs::read(format!("{folder}/{}", answers.len())) {
        answers.push(Bytes::from(bytes));
    }
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let server = HttpServer::new(move || {
        answers
            .iter()
            .enumerate()
            .fold(App::new(), |app, (number, bytes)| {
                let bytes = bytes.clone();
                // The body is read as any handler must, or the connection is closed.
                let handler = move |_: Bytes| {
                    let bytes = bytes.clone();
                    async move {
                        HttpResponse::Ok()
                            .content_type("application/vnd.api+json")
                            .body(bytes)
                    }
                };
                app.route(&format!("/{number}"), web::route().to(handler))
            })
    });
    actix_web::rt::System::new()
        .block_on(async move { server.workers(cores).bind(address)?.run().await })
}
