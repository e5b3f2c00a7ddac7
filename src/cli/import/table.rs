//! Records of a CSV file (RFC 4180), read with `csv-core` from the stream of
//! the file: no line is joined or cut by hand. What that reader would take
//! though it means something else is refused here: a quote that is never
//! closed, one that ends before its cell, a carriage return inside a cell.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::lines::{Lines, RecordError};

/// What may part cells; the header tells which one does.
const DELIMITERS: &[u8] = b",;\t";
/// The most cells of a record.
const CELLS: usize = 1000;

pub const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The cells of a record, or why there are none.
pub type Cells = Result<Vec<String>, RecordError>;

pub struct Table {
    reader: Reader,
    delimiter: u8,
    /// Lines end with a carriage return alone, as the first does.
    ends_with_return: bool,
    is_first: bool,
    text: Vec<u8>,
    ends: Vec<usize>,
    record: Record,
}

/// The bytes of a record as they stand in the file.
#[derive(Default)]
struct Record {
    raw: Vec<u8>,
    is_too_long: bool,
    line_ends: u64,
    last: Option<u8>,
}

impl Record {
    fn add(&mut self, bytes: &[u8], most: usize) {
        for byte in bytes {
            let ends_line = *byte == b'\r' || *byte == b'\n' && self.last != Some(b'\r');
            self.line_ends += u64::from(ends_line);
            self.last = Some(*byte);
        }
        if self.raw.len() + bytes.len() > most {
            self.is_too_long = true;
        } else {
            self.raw.extend_from_slice(bytes);
        }
    }

    fn is_blank(&self) -> bool {
        !self.is_too_long && self.raw.iter().all(|byte| is_line_end(*byte))
    }

    /// Lines between the record before and this one.
    fn blank_lines(&self) -> u64 {
        let mut blank = Self::default();
        let leading = self.raw.iter().take_while(|byte| is_line_end(**byte));
        for byte in leading {
            blank.add(&[*byte], 0);
        }
        blank.line_ends
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// How a record came to its end.
enum RecordEnd {
    Well,
    /// With a carriage return, where lines end otherwise.
    InCell,
    /// With the file, between quotes.
    Open,
}

impl Table {
    /// Of a file that is at its beginning.
    pub fn new(lines: &mut Lines) -> Result<Self, RecordError> {
        let start = lines.fill().map_err(RecordError::Input)?;
        let header = start
            .split(|byte| is_line_end(*byte))
            .find(|line| !line.is_empty());
        let header = header.unwrap_or_default();
        let count = |one: &u8| header.iter().filter(|byte| *byte == one).count();
        // The first of those that stand there equally often.
        let most = DELIMITERS.iter().rev().max_by_key(|one| count(one));
        let delimiter = most.copied().unwrap_or(b',');
        Ok(Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            delimiter,
            ends_with_return: false,
            is_first: true,
            text: vec![0; 4096],
            ends: vec![0; 64],
            record: Record::default(),
        })
    }

    /// The line where the next record begins, and its cells; none at the end.
    pub fn next(&mut self, lines: &mut Lines) -> Option<(u64, Cells)> {
        self.record = Record::default();
        let before = lines.lines;
        let mut is_cut = false;
        let (ended, length, cells) = loop {
            match self.read(lines) {
                Err(error) => return Some((before + 1, Err(RecordError::Input(error)))),
                Ok(None) if self.record.is_blank() => {
                    lines.lines += self.record.line_ends;
                    return None;
                }
                Ok(None) => break (RecordEnd::Open, 0, 0),
                // The rest of the record is read as one of its own.
                Ok(Some((RecordEnd::InCell, ..))) => is_cut = true,
                Ok(Some(read)) => break read,
            }
        };
        let first = before + 1 + self.record.blank_lines();
        let is_unended = !self.record.last.is_some_and(is_line_end);
        lines.lines = before + self.record.line_ends + u64::from(is_unended);
        self.is_first = false;
        if self.record.is_too_long {
            return Some((first, Err(RecordError::TooLong)));
        }
        if matches!(ended, RecordEnd::Open) {
            return Some((first, Err(RecordError::OpenQuote { to: lines.lines })));
        }
        if is_cut {
            return Some((first, Err(RecordError::CarriageReturn)));
        }
        if !are_quotes_in_place(&self.record.raw, self.delimiter) {
            return Some((first, Err(RecordError::MisplacedQuote)));
        }
        Some((first, self.cells(length, cells)))
    }

    /// One record of the reader, with the lengths of its text and of its ends;
    /// none when the file ends before the record does.
    fn read(&mut self, lines: &mut Lines) -> std::io::Result<Option<(RecordEnd, usize, usize)>> {
        let most = lines.most;
        let (mut written, mut cells) = (0, 0);
        loop {
            let buffer = lines.fill()?;
            let is_over = buffer.is_empty();
            // A last line without an end of its own; between quotes it is text.
            let input = if is_over { b"\n" } else { buffer };
            let text = self.text.get_mut(written..).unwrap_or_default();
            let ends = self.ends.get_mut(cells..).unwrap_or_default();
            let (result, taken, added, more) = self.reader.read_record(input, text, ends);
            if is_over && self.record.is_blank() {
                return Ok(None);
            }
            if !is_over {
                self.record
                    .add(input.get(..taken).unwrap_or_default(), most);
                lines.consume(taken);
            }
            written += added;
            cells += more;
            match result {
                ReadRecordResult::InputEmpty if is_over => return Ok(None),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.text.len() < most.max(4096) => {
                    self.text.resize(self.text.len() * 2, 0);
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() < CELLS => {
                    self.ends.resize(self.ends.len() * 2, 0);
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    self.record.is_too_long = true;
                    (written, cells) = (0, 0);
                }
                ReadRecordResult::Record if is_over => {
                    return Ok(Some((RecordEnd::Well, written, cells)));
                }
                ReadRecordResult::Record => {
                    let ended = self.end_of_line(lines)?;
                    return Ok(Some((ended, written, cells)));
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    /// Takes the line feed of a pair along, which the reader leaves behind.
    fn end_of_line(&mut self, lines: &mut Lines) -> std::io::Result<RecordEnd> {
        if self.record.last != Some(b'\r') {
            return Ok(RecordEnd::Well);
        }
        if lines.fill()?.first() == Some(&b'\n') {
            self.record.add(b"\n", lines.most);
            lines.consume(1);
            return Ok(RecordEnd::Well);
        }
        if self.is_first {
            self.ends_with_return = true;
        }
        match self.ends_with_return {
            true => Ok(RecordEnd::Well),
            false => Ok(RecordEnd::InCell),
        }
    }

    fn cells(&self, length: usize, cells: usize) -> Cells {
        let text = self.text.get(..length).unwrap_or_default();
        let text = std::str::from_utf8(text).map_err(|_| RecordError::NotUtf8)?;
        let ends = self.ends.get(..cells).unwrap_or_default();
        let mut begin = 0;
        let cell = |end: &usize| {
            let cell = text.get(begin..*end).unwrap_or_default();
            begin = *end;
            cell.to_owned()
        };
        Ok(ends.iter().map(cell).collect())
    }
}

/// Whether every quoted cell ends with its closing quote.
fn are_quotes_in_place(raw: &[u8], delimiter: u8) -> bool {
    #[derive(PartialEq)]
    enum At {
        Start,
        Plain,
        Quoted,
        /// Behind a quote in a quoted cell.
        Closed,
    }
    let raw = raw.strip_prefix(BYTE_ORDER_MARK.as_bytes()).unwrap_or(raw);
    let mut at = At::Start;
    for byte in raw {
        at = match (at, *byte) {
            (At::Start, b'"') | (At::Closed, b'"') => At::Quoted,
            (At::Quoted, b'"') => At::Closed,
            (At::Quoted, _) => At::Quoted,
            (_, byte) if byte == delimiter || is_line_end(byte) => At::Start,
            (At::Closed, _) => return false,
            (At::Start | At::Plain, _) => At::Plain,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u64, String)> {
        let input: super::super::Input = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
        let mut lines = Lines::new(input, 40).unwrap();
        let mut table = Table::new(&mut lines).unwrap();
        let mut all = Vec::new();
        while let Some((line, cells)) = table.next(&mut lines) {
            all.push((
                line,
                cells.map_or_else(|e| format!("{e:?}"), |cells| cells.join("|")),
            ));
        }
        all
    }

    fn expected(all: &[(u64, &str)]) -> Vec<(u64, String)> {
        all.iter().map(|(n, t)| (*n, (*t).to_owned())).collect()
    }

    #[test]
    fn a_quote_opens_a_cell_at_its_beginning_only() {
        assert_eq!(
            read("a,5'10\" tall,x\nb,\"C, \"\"D\"\"\",z\nd,D\"x,w\n"),
            expected(&[(1, "a|5'10\" tall|x"), (2, "b|C, \"D\"|z"), (3, "d|D\"x|w")])
        );
        assert_eq!(
            read("a,b\n\"c\" d,e\nf,g\n"),
            expected(&[(1, "a|b"), (2, "MisplacedQuote"), (3, "f|g")])
        );
    }

    #[test]
    fn lines_end_in_any_way_and_records_may_span_some() {
        assert_eq!(
            read("\n\na,b\r\n\"c\nd\",e\r\n\r\nf,g"),
            expected(&[(3, "a|b"), (4, "c\nd|e"), (7, "f|g")])
        );
        assert_eq!(
            read("a,b\rc,d\re,f\r"),
            expected(&[(1, "a|b"), (2, "c|d"), (3, "e|f")])
        );
        assert_eq!(
            read("a,b\nc,D\rE\nf,g\n"),
            expected(&[(1, "a|b"), (2, "CarriageReturn"), (4, "f|g")])
        );
    }

    #[test]
    fn a_quote_that_is_never_closed_is_told_with_the_lines_that_it_swallows() {
        assert_eq!(
            read("a,b\nc,\"d\ne,f\n"),
            expected(&[(1, "a|b"), (2, "OpenQuote { to: 3 }")])
        );
    }

    #[test]
    fn what_is_too_long_is_told_and_the_next_record_is_read() {
        let long = "x".repeat(100);
        assert_eq!(
            read(&format!("a,b\n{long},c\nd,e\n")),
            expected(&[(1, "a|b"), (2, "TooLong"), (3, "d|e")])
        );
    }

    #[test]
    fn the_header_tells_what_parts_cells_and_a_mark_before_it_is_no_text() {
        assert_eq!(
            read("\u{feff}a;b\n1,5;2\n"),
            expected(&[(1, "a|b"), (2, "1,5|2")])
        );
        assert_eq!(read("a\tb\nc\td\n"), expected(&[(1, "a|b"), (2, "c|d")]));
        assert_eq!(read(""), expected(&[]));
        assert_eq!(read("\n\n"), expected(&[]));
    }
}
