//! A folder of the test's own.

use std::path::{Path, PathBuf};

/// Empty at first, and gone with the test.
pub struct TestFolder(PathBuf);

impl TestFolder {
    pub fn create() -> Self {
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).unwrap();
        let name = format!("rolecall_test_{:x}", u64::from_le_bytes(random));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
