//! What a command says: lines and tables that survive a closed pipe.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal, Write};

use super::error::CommandError;

/// Writes to standard output; whoever closed it has read enough.
pub fn print(text: &str) -> Result<(), CommandError> {
    try_print(text).map_err(unwritten)
}

pub fn try_print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes a secret that is shown only now, alone on its line. Here a closed
/// pipe is a failure: `otherwise` tells what to do about it.
pub fn print_secret(secret: &str, otherwise: &str) -> Result<(), CommandError> {
    try_print(&format!("{secret}\n")).map_err(|error| {
        CommandError::failed(format!("cannot show the secret ({error}): {otherwise}"))
    })
}

/// A sentence for people, on standard error, so that scripts get the result alone.
pub fn remark(sentence: &str) {
    let _ = writeln!(io::stderr(), "{sentence}");
}

pub fn unwritten(error: io::Error) -> CommandError {
    match error.kind() {
        ErrorKind::BrokenPipe => CommandError::OutputClosed,
        _ => CommandError::failed(format!("cannot write to standard output: {error}")),
    }
}

/// Rows that are written as they come. For people the columns are aligned and
/// have a header; for programs there are tabs and nothing else.
pub struct Table<W> {
    out: W,
    is_for_people: bool,
    header: Option<Vec<String>>,
    widths: Vec<usize>,
}

impl Table<io::Stdout> {
    pub fn on_stdout(header: &[&str]) -> Self {
        let out = io::stdout();
        let is_for_people = out.is_terminal();
        Self::new(out, is_for_people, header)
    }
}

impl<W: Write> Table<W> {
    pub fn new(out: W, is_for_people: bool, header: &[&str]) -> Self {
        let header = header.iter().map(ToString::to_string).collect();
        Self {
            out,
            is_for_people,
            header: Some(header),
            widths: Vec::new(),
        }
    }

    /// Writes these rows. Columns may get wider, never narrower, from call to call.
    pub fn write(&mut self, rows: &[Vec<String>]) -> Result<(), CommandError> {
        let mut rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| printable(cell)).collect())
            .collect();
        if let Some(header) = self.header.take().filter(|_| self.is_for_people) {
            rows.insert(0, header);
        }
        let mut text = String::new();
        if self.is_for_people {
            self.widen(&rows);
            rows.iter().for_each(|row| self.align(row, &mut text));
        } else {
            rows.iter()
                .for_each(|row| text.push_str(&(row.join("\t") + "\n")));
        }
        let written = self
            .out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.flush());
        written.map_err(unwritten)
    }

    #[cfg(test)]
    pub fn into_inner(self) -> W {
        self.out
    }

    fn widen(&mut self, rows: &[Vec<String>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        self.widths.resize(columns.max(self.widths.len()), 0);
        for row in rows {
            for (width, cell) in self.widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
    }

    fn align(&self, row: &[String], text: &mut String) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&self.widths) {
            // Writing to a string cannot fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

/// Names may hold any character: tabs and line ends would break the table, and
/// others would command the terminal.
pub fn printable(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    for letter in cell.chars() {
        if letter.is_control() || turns_text(letter) {
            text.extend(letter.escape_default());
        } else {
            text.push(letter);
        }
    }
    text
}

/// Whether a character ends a line or changes the direction of the text behind
/// it, so that another name is read than the one that stands there.
fn turns_text(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(ToString::to_string).collect()
    }

    fn written(is_for_people: bool, slices: &[&[Vec<String>]]) -> String {
        let mut table = Table::new(Vec::new(), is_for_people, &["ID", "NAME", "NOTE"]);
        slices.iter().for_each(|rows| table.write(rows).unwrap());
        String::from_utf8(table.into_inner()).unwrap()
    }

    #[test]
    fn people_see_a_header_and_aligned_columns() {
        let text = written(
            true,
            &[
                &[row(&["1", "zoë", "x"]), row(&["20", "b", ""])],
                &[row(&["3", "longer", "y"])],
            ],
        );
        assert_eq!(text, "ID  NAME  NOTE\n1   zoë   x\n20  b\n3   longer  y\n");
    }

    #[test]
    fn programs_get_tabs_and_no_header() {
        let text = written(
            false,
            &[&[row(&["1", "a b", ""])], &[row(&["2", "c", "y"])]],
        );
        assert_eq!(text, "1\ta b\t\n2\tc\ty\n");
    }

    #[test]
    fn an_empty_table_has_a_header_for_people_only() {
        assert_eq!(written(true, &[&[]]), "ID  NAME  NOTE\n");
        assert_eq!(written(false, &[&[]]), "");
    }

    #[test]
    fn a_name_can_neither_break_the_table_nor_command_the_terminal() {
        assert_eq!(printable("a\tb\nc\u{1b}[2J"), r"a\tb\nc\u{1b}[2J");
        assert_eq!(
            printable("nimda\u{202e}x\u{2028}y"),
            r"nimda\u{202e}x\u{2028}y"
        );
        assert_eq!(
            printable("Zoë Ωmega \u{5d0}\u{5d1}"),
            "Zoë Ωmega \u{5d0}\u{5d1}"
        );
    }

    #[test]
    fn a_closed_pipe_is_no_failure_and_a_full_disk_is_one() {
        let failed = |kind: ErrorKind| unwritten(io::Error::from(kind));
        assert!(matches!(
            failed(ErrorKind::BrokenPipe),
            CommandError::OutputClosed
        ));
        assert!(matches!(
            failed(ErrorKind::StorageFull),
            CommandError::Failed(_)
        ));
    }
}
