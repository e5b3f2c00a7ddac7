//! The file of refused passwords: either one password per line, held in memory as
//! digests, or sorted SHA-1 hashes in hexadecimal, as Have I Been Pwned provides
//! them (`HASH:COUNT`). Hashes are searched on disk, so that the file can have any
//! size.

use std::cmp::Ordering;
use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use sha1::{Digest, Sha1};

/// Bytes of a file with passwords in plain text.
const MAX_PLAIN: u64 = 16 * 1024 * 1024;
/// Hashes may be truncated to this many hexadecimal digits.
const MIN_DIGITS: usize = 20;
const MAX_DIGITS: usize = 40;
/// Bytes of a line with a hash.
const MAX_LINE: usize = 128;
/// Lines that are read to check that the hashes are sorted.
const PROBES: u64 = 256;

pub enum RefusedPasswords {
    Plain(Vec<Prefix>),
    Hashes(SortedHashes),
}

/// The prefix of a SHA-1, long enough to avoid collisions by chance.
type Prefix = [u8; 10];

impl RefusedPasswords {
    /// # Errors
    /// Why the file cannot be used.
    pub fn open(path: &Path) -> Result<Self, String> {
        let unreadable = |error: io::Error| format!("{} cannot be read ({error})", path.display());
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let hashes = SortedHashes {
            file: Mutex::new(file),
            length,
        };
        let first = hashes.line_at(0).map_err(unreadable)?;
        if first.is_some_and(|line| digits(&line.text).is_some()) {
            hashes
                .check_order()
                .map_err(|why| format!("{}: {why}", path.display()))?;
            return Ok(Self::Hashes(hashes));
        }
        if length > MAX_PLAIN {
            return Err(format!(
                "{} has more than {MAX_PLAIN} bytes of passwords; use a sorted list of their SHA-1 hashes",
                path.display()
            ));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let words = text.lines().map(|line| line.trim().to_lowercase());
        let words = words.filter(|word| !word.is_empty());
        let mut prefixes: Vec<Prefix> = words.map(|word| prefix(&word)).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        Ok(Self::Plain(prefixes))
    }

    /// `plain`: the password trimmed and in lower case, to compare it with passwords in
    /// plain text. Hashes are those of unchanged passwords.
    pub fn contains(&self, password: &str, plain: &str) -> bool {
        match self {
            Self::Plain(prefixes) => prefixes.binary_search(&prefix(plain)).is_ok(),
            Self::Hashes(hashes) => {
                hashes
                    .contains(&hexadecimal(password))
                    .unwrap_or_else(|error| {
                        // A failing disk must not prevent users from changing passwords.
                        log::error!("auth.refused_passwords_file cannot be read: {error}");
                        false
                    })
            }
        }
    }
}

fn prefix(word: &str) -> Prefix {
    let digest: [u8; 20] = Sha1::digest(word.as_bytes()).into();
    let mut prefix = Prefix::default();
    for (to, from) in prefix.iter_mut().zip(digest) {
        *to = from;
    }
    prefix
}

fn hexadecimal(password: &str) -> String {
    let digest = Sha1::digest(password.as_bytes());
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// The hash of a line, if the line has nothing else but a count.
fn digits(line: &[u8]) -> Option<&[u8]> {
    let is_digit = |byte: &u8| byte.is_ascii_hexdigit();
    let length = line.iter().take_while(|byte| is_digit(byte)).count();
    let (hash, rest) = line.split_at_checked(length)?;
    let is_count = match rest.split_first() {
        None => true,
        Some((b':', count)) => count.iter().all(u8::is_ascii_digit),
        Some(_) => false,
    };
    ((MIN_DIGITS..=MAX_DIGITS).contains(&length) && is_count).then_some(hash)
}

pub struct SortedHashes {
    file: Mutex<File>,
    length: u64,
}

struct Line {
    text: Vec<u8>,
    /// Where the next line begins.
    end: u64,
}

impl SortedHashes {
    fn contains(&self, wanted: &str) -> io::Result<bool> {
        let (mut from, mut to) = (0, self.length);
        while from < to {
            let middle = from + (to - from) / 2;
            let Some(line) = self.line_at(middle)? else {
                to = middle;
                continue;
            };
            match order(&line.text, wanted) {
                Ordering::Equal => return Ok(true),
                Ordering::Less => from = line.end,
                Ordering::Greater => to = middle,
            }
        }
        Ok(false)
    }

    /// The first line that begins at this position or after it.
    fn line_at(&self, position: u64) -> io::Result<Option<Line>> {
        // The byte before shows whether a line begins here.
        let begin = position.saturating_sub(1);
        let bytes = self.read(begin)?;
        let skipped = match position {
            0 => 0,
            _ => match newline(&bytes) {
                Some(newline) => newline + 1,
                None if bytes.len() < 2 * MAX_LINE => return Ok(None),
                None => return Err(too_long()),
            },
        };
        let rest = bytes.get(skipped..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let length = newline(rest).unwrap_or(rest.len());
        if length > MAX_LINE && position > 0 {
            return Err(too_long());
        }
        let text = rest.get(..length).unwrap_or_default();
        let text = text.strip_suffix(b"\r").unwrap_or(text).to_vec();
        let passed = u64::try_from(skipped + length + 1).unwrap_or(u64::MAX);
        let end = begin.saturating_add(passed);
        Ok(Some(Line { text, end }))
    }

    fn read(&self, from: u64) -> io::Result<Vec<u8>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(from))?;
        let max = u64::try_from(2 * MAX_LINE).unwrap_or(u64::MAX);
        let mut bytes = Vec::with_capacity(2 * MAX_LINE);
        Read::by_ref(&mut *file).take(max).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Samples lines all over the file: an unsorted list would silently refuse
    /// nothing.
    fn check_order(&self) -> Result<(), String> {
        let mut last: Option<Vec<u8>> = None;
        for probe in 0..PROBES {
            let position = u128::from(self.length) * u128::from(probe) / u128::from(PROBES);
            let position = u64::try_from(position).unwrap_or(self.length);
            let line = self.line_at(position).map_err(|error| error.to_string())?;
            let Some(line) = line else { break };
            let hash = digits(&line.text).map(<[u8]>::to_ascii_uppercase);
            let hash = hash.ok_or_else(|| {
                format!("the line that ends at byte {} has no SHA-1 hash", line.end)
            })?;
            if last.as_ref().is_some_and(|last| *last > hash) {
                return Err(format!(
                    "the hashes are not sorted (the line that ends at byte {})",
                    line.end
                ));
            }
            last = Some(hash);
        }
        Ok(())
    }
}

fn newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

fn too_long() -> io::Error {
    io::Error::other(format!("a line has more than {MAX_LINE} bytes"))
}

/// Compares the digits that the line has. Lines without a hash sort first.
fn order(line: &[u8], wanted: &str) -> Ordering {
    let Some(hash) = digits(line) else {
        return Ordering::Less;
    };
    let wanted = wanted.as_bytes().iter().take(hash.len()).copied();
    hash.iter().map(u8::to_ascii_uppercase).cmp(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, text: &str) -> std::path::PathBuf {
        let name = format!("rolecall-refused-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn opened(name: &str, text: &str) -> Result<RefusedPasswords, String> {
        let path = written(name, text);
        let opened = RefusedPasswords::open(&path);
        std::fs::remove_file(&path).unwrap();
        opened
    }

    fn refuses(list: &RefusedPasswords, password: &str) -> bool {
        list.contains(password, &password.trim().to_lowercase())
    }

    #[test]
    fn passwords_are_compared_case_insensitively() {
        let list = opened("plain", "Tulip-1637\n\n  swordfish  \nżółwiki").unwrap();
        for word in ["tulip-1637", "TULIP-1637", "swordfish", "ŻÓŁWIKI"] {
            assert!(refuses(&list, word), "{word}");
        }
        for word in ["tulip-163", "", "fish"] {
            assert!(!refuses(&list, word), "{word}");
        }
    }

    #[test]
    fn hashes_are_found_in_every_format() {
        let words: Vec<String> = (0..500).map(|number| format!("word{number}")).collect();
        let forms: [fn(String) -> String; 4] = [
            |hash| format!("{hash}\n"),
            |hash| format!("{hash}:37\r\n"),
            |hash| format!("{}\n", hash[..24].to_lowercase()),
            |hash| format!("{hash}:1\n"),
        ];
        for (number, form) in forms.iter().enumerate() {
            let mut hashes: Vec<String> = words.iter().map(|word| hexadecimal(word)).collect();
            hashes.sort();
            let mut text: String = hashes.into_iter().map(form).collect();
            if number == 3 {
                text.truncate(text.len() - 1);
            }
            let list = opened(&format!("hashes-{number}"), &text).unwrap();
            assert!(words.iter().all(|word| refuses(&list, word)), "{number}");
            let others = (500..1000).map(|number| format!("word{number}"));
            assert_eq!(others.filter(|word| refuses(&list, word)).count(), 0);
        }
    }

    #[test]
    fn missing_broken_and_unsorted_files_are_rejected_with_a_reason() {
        let why = |opened: Result<RefusedPasswords, String>| opened.err().unwrap();
        let missing = RefusedPasswords::open(Path::new("/nowhere/list"));
        assert!(why(missing).starts_with("/nowhere/list cannot be read ("));
        let (low, high) = ("0".repeat(40), "F".repeat(40));
        let text = format!("{high}\n{low}\n");
        assert!(why(opened("order", &text)).contains("not sorted"));
        let text = format!("{low}\nnonsense\n{high}\n");
        assert!(why(opened("broken", &text)).contains("has no SHA-1 hash"));
        let text = format!("{low}\n{}\n", "F".repeat(500));
        assert!(why(opened("long", &text)).contains("more than 128 bytes"));
    }

    #[test]
    fn an_empty_file_refuses_nothing() {
        assert!(!refuses(&opened("empty", "").unwrap(), ""));
    }
}
