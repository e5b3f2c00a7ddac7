//! Whether a file is another than it is read as.

use super::Format;
use super::lines::Lines;
use super::table::BYTE_ORDER_MARK;
use crate::directory::bulk::{Kind, fields_of};

/// Whether rows of JSON are expected, and the first line holds names or values
/// with something that parts them.
pub fn looks_like_a_table(lines: &mut Lines, format: Format, kind: Kind) -> bool {
    if format != Format::Ndjson {
        return false;
    }
    // A file that cannot be read is reported when its rows are.
    let start = lines.fill().unwrap_or_default();
    let start = String::from_utf8_lossy(start);
    let start = start.trim_start_matches(BYTE_ORDER_MARK).trim_start();
    let first = start.lines().next().unwrap_or_default();
    let is_field = fields_of(kind).contains(&first.trim());
    !first.starts_with(['{', '[']) && (is_field || first.contains([',', ';', '\t']))
}
