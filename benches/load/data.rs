//! Who is in the directory that is measured: rows as `rolecall import` reads them.

use std::error::Error;
use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};

/// An administrator, who is user 1, and this many users with two roles each,
/// every tenth of one partner; the first is a member of a cluster too.
pub fn fill(mut import: Command, users: usize) -> Result<(), Box<dyn Error>> {
    let mut child = import
        .args(["import", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let input = child.stdin.take().ok_or("no input")?;
    let written = write(BufWriter::with_capacity(1 << 16, input), users);
    let status = child.wait()?;
    written?;
    if status.success() {
        Ok(())
    } else {
        Err("the directory could not be filled".into())
    }
}

fn write(mut out: impl Write, users: usize) -> std::io::Result<()> {
    out.write_all(HEAD.as_bytes())?;
    for number in 0..users {
        let partner = if number % 10 == 0 {
            r#","partner":"ACME""#
        } else {
            ""
        };
        writeln!(
            out,
            r#"{{"kind":"users","username":"user{number}","name":"John","surname":"Doe {}","email":"user{number}@example.org","roles":["Huguenots","Marketing"]{partner}}}"#,
            number % 1000
        )?;
    }
    out.write_all(TAIL.as_bytes())?;
    out.flush()
}

const HEAD: &str = r#"{"kind":"workspaces","code":"KEN","title":"Kenya"}
{"kind":"clusters","workspace":"KEN","cluster_type":"health","title":"Health"}
{"kind":"partners","title":"ACME"}
{"kind":"roles","name":"Huguenots"}
{"kind":"roles","name":"Marketing"}
{"kind":"users","username":"admin","name":"Ann","surname":"Able","roles":["admin"]}
"#;
const TAIL: &str = r#"{"kind":"grants","user":"user0","role":"CLUSTER_MEMBER","cluster":"KEN/health/Health"}
"#;
