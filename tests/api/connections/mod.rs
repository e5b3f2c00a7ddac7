//! What connections themselves can do: TLS, HTTP/2, compression. Those of
//! callers are driven with curl, since the other tests' client speaks plain
//! HTTP/1.1.

mod compression;
mod database;
mod hsts;
mod tls;

pub use tls::Caller;

use std::process::Command;

/// What curl has to say: its standard output, or its complaint.
fn curl(arguments: &[&str]) -> Result<Vec<u8>, String> {
    let said = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "30"])
        .args(arguments)
        .output()
        .expect("the tests need curl: .ci/prepare");
    match said.status.success() {
        true => Ok(said.stdout),
        false => Err(String::from_utf8_lossy(&said.stderr).into_owned()),
    }
}
