//! A file, record by record, in bounded memory: with where each begins, how
//! far the file was read, and the digest of what was read so far.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use sha2::{Digest, Sha256};

/// So many bytes at the beginning of a file tell it from others.
const HEAD: u64 = 64 * 1024;
const BUFFER: usize = 256 * 1024;

pub type Input = Box<dyn Read + Send>;

/// Why there is no record.
#[derive(Debug)]
pub enum Unread {
    /// It is longer than the limit; the next begins after it.
    TooLong,
    NotUtf8,
    Input(io::Error),
}

pub struct Lines {
    input: BufReader<Input>,
    /// SHA-256 of the beginning.
    pub head: String,
    /// The most bytes of a record.
    most: usize,
    /// Whether a line end between quotes belongs to the record, as in CSV.
    is_quoted: bool,
    digest: Sha256,
    pub bytes: u64,
    pub lines: u64,
    record: Vec<u8>,
}

impl Lines {
    pub fn new(mut input: Input, most: usize, is_quoted: bool) -> io::Result<Self> {
        let mut head = Vec::new();
        input.by_ref().take(HEAD).read_to_end(&mut head)?;
        let digest = hex(&Sha256::digest(&head));
        let whole: Input = Box::new(Cursor::new(head).chain(input));
        Ok(Self {
            input: BufReader::with_capacity(BUFFER, whole),
            head: digest,
            most,
            is_quoted,
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

    /// The line where the next record begins, and the record without its end;
    /// none at the end of the file.
    pub fn next(&mut self) -> Option<(u64, Result<&str, Unread>)> {
        self.record.clear();
        let first = self.lines + 1;
        let mut is_too_long = false;
        let mut is_open = false;
        loop {
            let before = self.record.len();
            match self.line(&mut is_too_long) {
                Err(error) => return Some((first, Err(Unread::Input(error)))),
                Ok(false) if before == 0 && !is_too_long && !is_open => return None,
                Ok(false) => break,
                Ok(true) => {}
            }
            let added = self.record.get(before..).unwrap_or_default();
            let quotes = added.iter().filter(|byte| **byte == b'"').count();
            is_open ^= self.is_quoted && quotes % 2 == 1;
            if !is_open || is_too_long {
                break;
            }
        }
        if is_too_long {
            return Some((first, Err(Unread::TooLong)));
        }
        let text = std::str::from_utf8(&self.record).map_err(|_| Unread::NotUtf8);
        Some((first, text.map(|text| text.trim_end_matches(['\n', '\r']))))
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
            self.digest.update(part);
            if self.record.len() + part.len() > self.most {
                *is_too_long = true;
                self.record.clear();
            } else if !*is_too_long {
                self.record.extend_from_slice(part);
            }
            let length = part.len();
            self.input.consume(length);
            self.bytes += length as u64;
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
            self.digest.update(part);
            let length = part.len();
            self.input.consume(length);
            self.bytes += length as u64;
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

    fn read(text: &[u8], most: usize, is_quoted: bool) -> Vec<(u64, String)> {
        let input: Input = Box::new(Cursor::new(text.to_vec()));
        let mut lines = Lines::new(input, most, is_quoted).unwrap();
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
    fn a_record_is_a_line_or_in_csv_as_many_as_its_quotes_span() {
        let text = b"a,\"b\nc\",d\r\ne\n";
        let told = |all: &[(u64, &str)]| -> Vec<(u64, String)> {
            all.iter().map(|(n, t)| (*n, (*t).to_owned())).collect()
        };
        assert_eq!(read(text, 99, true), told(&[(1, "a,\"b\nc\",d"), (3, "e")]));
        assert_eq!(
            read(text, 99, false),
            told(&[(1, "a,\"b"), (2, "c\",d"), (3, "e")])
        );
    }

    #[test]
    fn what_is_too_long_or_no_text_is_told_and_the_next_line_is_read() {
        let all = read(b"123456789\n\xff\nok", 5, false);
        let texts: Vec<&str> = all.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["TooLong", "NotUtf8", "ok"]);
        assert_eq!(all[2].0, 3);
    }

    #[test]
    fn the_place_of_an_interruption_is_found_again_in_the_same_file_only() {
        let open = |text: &str| {
            let input: Input = Box::new(Cursor::new(text.as_bytes().to_vec()));
            Lines::new(input, 99, false).unwrap()
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
