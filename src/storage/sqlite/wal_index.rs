//! How far the write-ahead log was copied into the database: the one thing by
//! which SQLite changes the file itself. Read from the file that all processes
//! share (<https://sqlite.org/walformat.html>, "WAL-Index File Format").

use std::fs::File;
use std::mem::ManuallyDrop;
use std::path::Path;

/// Bytes up to and including `nBackfillAttempted`.
const HEADER: usize = 132;
const SALTS: usize = 32;
const COPIED: usize = 96;
const ATTEMPTED: usize = 128;

/// The file beside the database. It is never closed: that would end the locks
/// that SQLite holds on it for this process.
pub struct WalIndex(ManuallyDrop<File>);

/// How far one log was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// They change when the log begins anew.
    salts: [u8; 8],
    copied: [u8; 4],
    /// Set before the first page is written.
    attempted: [u8; 4],
}

impl Progress {
    /// Whether pages are being copied, or a copy was interrupted.
    pub fn is_under_way(&self) -> bool {
        self.copied != self.attempted
    }
}

impl WalIndex {
    /// None if there is no such file, as on read-only media.
    pub fn open(path: &Path) -> Option<Self> {
        Some(Self(ManuallyDrop::new(File::open(path).ok()?)))
    }

    pub fn progress(&self) -> Option<Progress> {
        let mut header = [0; HEADER];
        read_at(&self.0, &mut header).ok()?;
        Some(Progress {
            salts: part(&header, SALTS)?,
            copied: part(&header, COPIED)?,
            attempted: part(&header, ATTEMPTED)?,
        })
    }
}

fn part<const N: usize>(header: &[u8], at: usize) -> Option<[u8; N]> {
    header.get(at..at + N)?.try_into().ok()
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8]) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, 0)
}

#[cfg(not(unix))]
fn read_at(_: &File, _: &mut [u8]) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
