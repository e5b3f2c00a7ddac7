//! The same requests answered by a program written by hand for them, with the
//! same database and the same bytes: what a service in general costs.
//!
//! It knows rolecall's tables and nothing else: no policy beyond "is an
//! administrator", no filters, sorts or fields but those that are measured. It
//! checks the token, keeps the audit log, and commits as durably as rolecall.

mod document;
mod postgres;
mod request;
mod sqlite;

/// Serves until it is killed. `argument`: an address, a blank, the database's URL.
pub fn serve(argument: &str) -> std::io::Result<()> {
    let (address, url) = argument.split_once(' ').unwrap_or((argument, ""));
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    actix_web::rt::System::new().block_on(async {
        match url.strip_prefix("sqlite://") {
            Some(path) => sqlite::serve(address, path, workers).await,
            None => postgres::serve(address, url, workers).await,
        }
    })
}
