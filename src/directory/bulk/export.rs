//! Writing the directory out, page by page.

use serde_json::{Map, Value};

use super::Kind;
use crate::directory::Operation;

/// The rows of a kind after an id, in the order of the ids. Roles come all at
/// once, those first that others contain.
#[derive(Debug)]
pub struct ExportPage {
    pub kind: Kind,
    pub after: i64,
    pub limit: i64,
    pub with_password_hashes: bool,
}

#[derive(Debug, Default)]
pub struct Exported {
    pub rows: Vec<Map<String, Value>>,
    /// Where the next page begins; none: there is none.
    pub after: Option<i64>,
}

impl Operation for ExportPage {
    type Output = Exported;
    const SNAPSHOT: bool = true;
}
