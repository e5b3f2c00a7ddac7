//! Pages of lists: which slice to read, and the links and totals around it.

use super::error::Failure;
use super::kinds;
use crate::directory::listing::Slice;
use crate::jsonapi::query::{Count, Page, Query};
use crate::jsonapi::write::{self, raw};

/// What is read for a page, and how it is told.
#[derive(Debug)]
pub struct Paging {
    offset: i64,
    size: i64,
    by_offset: bool,
    capped: bool,
    counted: bool,
}

impl Paging {
    /// `usual`: the size when the request names none.
    pub fn of(query: &Query, usual: Option<i64>) -> Result<Self, Failure> {
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let counted = query.count != Some(Count::None);
        let (offset, size, by_offset, capped) = match query.page {
            Page::Number {
                number,
                size,
                capped,
            } => {
                let asked = query.sent_as("page[size]").is_some();
                let size = usual.filter(|_| !asked).unwrap_or_else(|| whole(size));
                let before = whole(number).saturating_sub(1);
                (before.saturating_mul(size), size, false, capped)
            }
            Page::Offset {
                offset,
                limit,
                capped,
            } => (whole(offset), whole(limit), true, capped),
            Page::Cursor { .. } => {
                let name = ["page[after]", "page[before]"]
                    .into_iter()
                    .find(|name| query.sent_as(name).is_some())
                    .unwrap_or("page[after]");
                let detail =
                    "Pages by cursor are not served yet; use page[number] or page[offset].";
                return Err(crate::jsonapi::kinds::INVALID_PAGE
                    .error(detail)
                    .at_parameter(name)
                    .into());
            }
        };
        Ok(Self {
            offset,
            size,
            by_offset,
            capped,
            counted,
        })
    }

    /// Without a total one row more is read, to know whether there is a next page.
    pub fn slice(&self) -> Slice {
        let more = i64::from(!self.counted);
        Slice {
            offset: self.offset,
            limit: self.size.saturating_add(more),
        }
    }

    pub fn is_counted(&self) -> bool {
        self.counted
    }

    pub fn size(&self) -> usize {
        usize::try_from(self.size).unwrap_or(usize::MAX)
    }

    /// A page behind the last does not exist.
    pub fn check(&self, found: usize, total: Option<i64>, query: &Query) -> Result<(), Failure> {
        if found > 0 || self.offset == 0 {
            return Ok(());
        }
        if self.by_offset && total.is_none_or(|total| self.offset <= total) {
            return Ok(());
        }
        let name = if self.by_offset {
            "page[offset]"
        } else {
            "page[number]"
        };
        let detail = "There is no such page: it is behind the last one.";
        let error = kinds::NOT_FOUND.error(detail);
        Err(error
            .at_parameter(query.sent_as(name).unwrap_or(name))
            .into())
    }

    /// `,"first":...,"last":...,"prev":...,"next":...`
    pub fn write_links(
        &self,
        out: &mut Vec<u8>,
        query: &Query,
        address: &str,
        found: usize,
        total: Option<i64>,
    ) {
        let size = self.size.max(1);
        let has_next = match total {
            Some(total) => self.offset.saturating_add(size) < total,
            None => found > self.size(),
        };
        let last = total.map(|total| (total - 1).max(0) / size * size);
        let prev = (self.offset > 0).then(|| (self.offset - size).max(0));
        let next = has_next.then(|| self.offset.saturating_add(size));
        for (name, offset) in [
            ("first", Some(0)),
            ("last", last),
            ("prev", prev),
            ("next", next),
        ] {
            raw(out, ",\"");
            raw(out, name);
            raw(out, "\":");
            match offset {
                Some(offset) => self.write_link(out, query, address, offset),
                None => raw(out, "null"),
            }
        }
    }

    fn write_link(&self, out: &mut Vec<u8>, query: &Query, address: &str, offset: i64) {
        out.push(b'"');
        // The first page is the address without a page: so the document shows it.
        let place = match (self.by_offset, offset) {
            (_, 0) => String::new(),
            (true, offset) => offset.to_string(),
            (false, offset) => (offset / self.size.max(1) + 1).to_string(),
        };
        let name = if self.by_offset {
            "page[offset]"
        } else {
            "page[number]"
        };
        query.write_link(out, address, &[(name, &place)]);
        out.push(b'"');
    }

    /// `"pagination":{...}`, and the largest size when more was asked for.
    pub fn write_meta(&self, out: &mut Vec<u8>, found: usize, total: Option<i64>) {
        let size = self.size.max(1);
        let items = i64::try_from(found.min(self.size())).unwrap_or(i64::MAX);
        let pages = total.map(|total| ((total + size - 1) / size).max(1));
        raw(out, "\"pagination\":{\"count\":");
        write::value(out, write::Shown::maybe_number(total));
        raw(out, ",\"page\":");
        write::number(out, self.offset / size + 1);
        raw(out, ",\"page_count\":");
        write::value(out, write::Shown::maybe_number(pages));
        raw(out, ",\"page_items\":");
        write::number(out, items);
        raw(out, ",\"page_size\":");
        write::number(out, self.size);
        out.push(b'}');
        if self.capped {
            raw(out, ",\"page_size_max\":");
            write::number(out, self.size);
        }
    }
}
