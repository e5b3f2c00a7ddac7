//! Reads a file line by line in bounded memory, with the line numbers, the number of
//! bytes read, and their digest.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use sha2::{Digest, Sha256};

use super::table::BYTE_ORDER_MARK;

/// The bytes at the beginning of a file that identify it.
const HEAD: u64 = 64 * 1024;
const BUFFER: usize = 256 * 1024;

pub type Input = Box<dyn Read + Send>;

/// Why a record cannot be read.
#[derive(Debug)]
pub enum RecordError {
    /// It exceeds the limit; reading continues after it.
    TooLong,
    NotUtf8,
    /// A quote opens a cell and is never closed: all up to this line would be in the
    /// cell.
    OpenQuote {
        to: u64,
    },
    /// Text follows the closing quote of a cell.
    MisplacedQuote,
    /// A carriage return in an unquoted cell, although lines end otherwise.
    CarriageReturn,
    Input(io::Error),
}

pub struct Lines {
    input: BufReader<Input>,
    /// SHA-256 of the beginning.
    pub head: String,
    /// The most bytes of a record.
    pub most: usize,
    digest: Sha256,
    pub bytes: u64,
    pub lines: u64,
    record: Vec<u8>,
}

impl Lines {
    pub fn new(mut input: Input, most: usize) -> io::Result<Self> {
        let mut head = Vec::new();
        input.by_ref().take(HEAD).read_to_end(&mut head)?;
        let digest = hex(&Sha256::digest(&head));
        let whole: Input = Box::new(Cursor::new(head).chain(input));
        Ok(Self {
            input: BufReader::with_capacity(BUFFER, whole),
            head: digest,
            most,
            digest: Sha256::new(),
            bytes: 0,
            lines: 0,
            record: Vec::new(),
        })
    }

    /// Of all that was read so far, in hexadecimal digits.
    pub fn digest(&self) -> String {
        hex(&self.digest.clone().finalize())
    }

    /// The next bytes that were not read yet; none at the end of the file.
    pub fn fill(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    /// So many of them are read now.
    pub fn consume(&mut self, length: usize) {
        let buffer = self.input.buffer();
        self.digest.update(buffer.get(..length).unwrap_or(buffer));
        self.input.consume(length);
        self.bytes += length as u64;
    }

    /// The next line with its number, without its end; none at the end of the file.
    pub fn next(&mut self) -> Option<(u64, Result<&str, RecordError>)> {
        self.record.clear();
        let number = self.lines + 1;
        let is_first = self.bytes == 0;
        let mut is_too_long = false;
        match self.line(&mut is_too_long) {
            Err(error) => return Some((number, Err(RecordError::Input(error)))),
            Ok(false) => return None,
            Ok(true) if is_too_long => return Some((number, Err(RecordError::TooLong))),
            Ok(true) => {}
        }
        let text = std::str::from_utf8(&self.record).map_err(|_| RecordError::NotUtf8);
        let text = text.map(|text| {
            let text = text.trim_end_matches(['\n', '\r']);
            match is_first {
                true => text.trim_start_matches(BYTE_ORDER_MARK),
                false => text,
            }
        });
        Some((number, text))
    }

    /// Appends the next line with its end; what is beyond the limit is read
    /// and dropped. False at the end of the file.
    fn line(&mut self, is_too_long: &mut bool) -> io::Result<bool> {
        let mut is_any = false;
        loop {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                self.lines += u64::from(is_any);
                return Ok(is_any);
            }
            is_any = true;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let part = end.map_or(buffer, |end| buffer.get(..=end).unwrap_or(buffer));
            if self.record.len() + part.len() > self.most {
                *is_too_long = true;
                self.record.clear();
            } else if !*is_too_long {
                self.record.extend_from_slice(part);
            }
            let length = part.len();
            self.consume(length);
            if end.is_some() {
                self.lines += 1;
                return Ok(true);
            }
        }
    }

    /// Reads on to so many bytes without looking at them; false when the file
    /// ends before, or is another one than that of this digest.
    pub fn skip_to(&mut self, bytes: u64, lines: u64, digest: &str) -> io::Result<bool> {
        while self.bytes < bytes {
            let buffer = self.input.fill_buf()?;
            let left = usize::try_from(bytes - self.bytes).unwrap_or(usize::MAX);
            let part = buffer.get(..left).unwrap_or(buffer);
            if part.is_empty() {
                return Ok(false);
            }
            let length = part.len();
            self.consume(length);
        }
        self.lines = lines;
        Ok(self.bytes == bytes && self.digest() == digest)
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], most: usize) -> Vec<(u64, String)> {
        let input: Input = Box::new(Cursor::new(text.to_vec()));
        let mut lines = Lines::new(input, most).unwrap();
        let mut all = Vec::new();
        while let Some((line, record)) = lines.next() {
            all.push((
                line,
                record.map_or_else(|e| format!("{e:?}"), str::to_owned),
            ));
        }
        all
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        let texts: Vec<String> = read("\u{feff}a\r\n\u{feff}b\n".as_bytes(), 9)
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        assert_eq!(texts, ["a", "\u{feff}b"]);
    }

    #[test]
    fn what_is_too_long_or_no_text_is_told_and_the_next_line_is_read() {
        let all = read(b"123456789\n\xff\nok", 5);
        let texts: Vec<&str> = all.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["TooLong", "NotUtf8", "ok"]);
        assert_eq!(all[2].0, 3);
    }

    #[test]
    fn the_place_of_an_interruption_is_found_again_in_the_same_file_only() {
        let open = |text: &str| {
            let input: Input = Box::new(Cursor::new(text.as_bytes().to_vec()));
            Lines::new(input, 99).unwrap()
        };
        let mut first = open("one\ntwo\nthree\n");
        first.next();
        first.next();
        let (bytes, lines, digest) = (first.bytes, first.lines, first.digest());
        let mut same = open("one\ntwo\nthree\nfour\n");
        assert!(same.skip_to(bytes, lines, &digest).unwrap());
        assert!(matches!(same.next(), Some((3, Ok("three")))));
        assert!(
            !open("one\ntwX\nthree\n")
                .skip_to(bytes, lines, &digest)
                .unwrap()
        );
        assert!(!open("one\n").skip_to(bytes, lines, &digest).unwrap());
    }
}
