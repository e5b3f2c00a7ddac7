//! Servers of this program's own, each a process like rolecall.

use std::error::Error;
use std::process::Command;
use std::time::Duration;

use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, HttpServer, web};

use super::http;
use super::process::Process;
use super::work::Item;

/// This program as another server: `what` is `baseline` or `handwritten`.
pub fn start(what: &str, argument: &str) -> Result<(Process, String), Box<dyn Error>> {
    let address = http::free_address()?;
    let child = Command::new(std::env::current_exe()?)
        .arg(what)
        .arg(format!("{address} {argument}"))
        .spawn()?;
    let process = Process::new(child);
    http::await_listener(&address, Duration::from_secs(30))?;
    Ok((process, address))
}

/// Where the baseline finds what it answers: `/0`, `/1`, ... are the items'.
pub fn write_answers(folder: &std::path::Path, items: &[Item]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (number, item) in items.iter().enumerate() {
        std::fs::write(folder.join(number.to_string()), &item.answer)?;
    }
    Ok(())
}

/// An actix handler that returns given bytes from memory: what HTTP alone
/// costs. Serves until it is killed. `argument`: an address, a blank, a folder.
pub fn serve(argument: &str) -> std::io::Result<()> {
    let (address, folder) = argument.split_once(' ').unwrap_or((argument, "."));
    let mut answers = Vec::new();
    while let Ok(bytes) = std::fs::read(format!("{folder}/{}", answers.len())) {
        answers.push(Bytes::from(bytes));
    }
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let server = HttpServer::new(move || {
        let handler = |bytes: &Bytes| {
            let bytes = bytes.clone();
            // The body is read as any handler must, or the connection is closed.
            move |_: Bytes| {
                let bytes = bytes.clone();
                async move {
                    HttpResponse::Ok()
                        .content_type("application/vnd.api+json")
                        .body(bytes)
                }
            }
        };
        // Requests that choose their address themselves are about one user, as the first item.
        let first = answers.first().cloned().unwrap_or_default();
        let app = App::new().default_service(web::to(handler(&first)));
        answers
            .iter()
            .enumerate()
            .fold(app, |app, (number, bytes)| {
                app.route(&format!("/{number}"), web::route().to(handler(bytes)))
            })
    });
    actix_web::rt::System::new()
        .block_on(async move { server.workers(cores).bind(address)?.run().await })
}
