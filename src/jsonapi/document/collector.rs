//! Collects the errors of one document.

use crate::jsonapi::error::{Error, Errors};
use crate::jsonapi::kinds::ErrorKind;

/// The maximum number of errors that are reported for one document.
const MOST: usize = 50;

/// Collects errors, so that a client sees all of them at once.
#[derive(Debug, Default)]
pub(super) struct ErrorCollector(Vec<Error>);

impl ErrorCollector {
    pub(super) fn add(&mut self, kind: &ErrorKind, pointer: &str, detail: impl Into<String>) {
        if self.0.len() < MOST {
            self.0.push(kind.error(detail).at_pointer(pointer));
        }
    }

    /// The value that was read, if there are no errors.
    pub(super) fn finish<T>(self, read: Option<T>) -> Result<T, Errors> {
        match (Errors::from_vec(self.0), read) {
            (None, Some(read)) => Ok(read),
            (Some(errors), _) => Err(errors),
            (None, None) => Err(crate::jsonapi::kinds::INVALID_DOCUMENT
                .error("The document has another shape.")
                .at_pointer("")
                .into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonapi::kinds;

    #[test]
    fn without_faults_there_is_what_was_read() {
        assert_eq!(ErrorCollector::default().finish(Some(1)), Ok(1));
    }

    #[test]
    fn the_number_of_faults_is_bounded() {
        let mut errors = ErrorCollector::default();
        for _ in 0..1000 {
            errors.add(&kinds::INVALID_DOCUMENT, "/data", "why");
        }
        assert_eq!(errors.finish(Some(1)).unwrap_err().iter().count(), MOST);
    }

    #[test]
    fn what_could_not_be_read_is_an_error_in_any_case() {
        assert!(ErrorCollector::default().finish(None::<u8>).is_err());
    }
}
