//! `rolecall generate`: a directory that looks like one, from a number.

mod people;
mod random;
mod words;

use std::io::{self, IsTerminal, Read};

use serde_json::Value;

use super::arguments::{GenerateFlags, ImportFlags};
use super::error::CommandError;
use super::import::{self, Format};
use super::output;
use super::progress::Progress;
use crate::config::Settings;
use people::Generator;

const MAX_LINE: usize = 64 * 1024;
/// Lines that are written at once.
const CHUNK: usize = 256;

pub fn run(
    flags: &GenerateFlags,
    settings: impl FnOnce() -> Result<Settings, CommandError>,
) -> Result<(), CommandError> {
    let rows = Generator::new(flags.users, flags.seed, flags.roles_per_user);
    if flags.to.is_some() {
        return print(rows);
    }
    let wanted = ImportFlags {
        max_line_bytes: MAX_LINE,
        ..ImportFlags::default()
    };
    let input = Box::new(Text::new(rows));
    import::take(
        input,
        "what was generated",
        Format::Ndjson,
        &wanted,
        settings()?,
    )
}

fn print(mut rows: Generator) -> Result<(), CommandError> {
    // On the same terminal the rows themselves tell how far it is.
    let mut progress = (!io::stdout().is_terminal()).then(Progress::begin);
    loop {
        let lines: Vec<String> = rows.by_ref().take(CHUNK).map(line).collect();
        if lines.is_empty() {
            return Ok(());
        }
        output::print(&lines.concat())?;
        if let Some(progress) = &mut progress {
            progress.add(lines.len() as u64);
        }
    }
}

fn line(row: Value) -> String {
    format!("{row}\n")
}

/// Rows as the text of a file that nobody has written.
struct Text {
    rows: Generator,
    line: io::Cursor<Vec<u8>>,
}

impl Text {
    fn new(rows: Generator) -> Self {
        Self {
            rows,
            line: io::Cursor::default(),
        }
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.line.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.rows.next() {
                Some(row) => self.line = io::Cursor::new(line(row).into_bytes()),
                None => return Ok(0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(users: u64, seed: u64) -> String {
        let mut text = String::new();
        let mut rows = Text::new(Generator::new(users, seed, 2));
        rows.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn the_same_seed_makes_the_same_rows_and_another_others() {
        assert_eq!(text(200, 7), text(200, 7));
        assert_ne!(text(200, 7), text(200, 8));
        let users = text(200, 7).matches(r#""kind":"users""#).count();
        assert_eq!(users, 200);
    }
}
