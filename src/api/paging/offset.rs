//! Pages by number and by offset (LIMIT and OFFSET).

use super::PageContext;
use crate::api::error::ApiError;
use crate::api::kinds;
use crate::directory::listing::{Count, Slice};
use crate::jsonapi::query::Query;
use crate::jsonapi::write::{self, raw};

/// A page given by its number or offset.
#[derive(Debug)]
pub struct OffsetPage {
    pub offset: i64,
    pub size: i64,
    pub by_offset: bool,
    pub capped: bool,
    pub count: Count,
}

impl OffsetPage {
    /// Without an exact total one extra row is read, to see whether there is a next page.
    pub fn slice(&self) -> Slice {
        Slice {
            offset: self.offset,
            limit: self.size.saturating_add(i64::from(self.reads_extra_row())),
        }
    }

    fn reads_extra_row(&self) -> bool {
        self.count != Count::Exact
    }

    pub fn size(&self) -> usize {
        usize::try_from(self.size).unwrap_or(usize::MAX)
    }

    /// 404 for a page after the last one.
    pub fn check(&self, found: usize, total: Option<i64>, query: &Query) -> Result<(), ApiError> {
        if found > 0 || self.offset == 0 {
            return Ok(());
        }
        let total = total.filter(|_| !self.reads_extra_row());
        if self.by_offset && total.is_none_or(|total| self.offset <= total) {
            return Ok(());
        }
        let name = if self.by_offset {
            "page[offset]"
        } else {
            "page[number]"
        };
        let detail = "There is no such page: it is after the last one.";
        let error = kinds::NOT_FOUND.error(detail);
        Err(error
            .at_parameter(query.sent_as(name).unwrap_or(name))
            .into())
    }

    /// `,"first":...,"last":...,"prev":...,"next":...`
    pub fn write_links(&self, out: &mut Vec<u8>, context: &PageContext<'_>) {
        let size = self.size.max(1);
        let sure = context.total.filter(|_| !self.reads_extra_row());
        let has_next = match sure {
            Some(total) => self.offset.saturating_add(size) < total,
            None => context.found > self.size(),
        };
        let last = sure.map(|total| (total - 1).max(0) / size * size);
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
                Some(offset) => self.write_link(out, context, offset),
                None => raw(out, "null"),
            }
        }
    }

    fn write_link(&self, out: &mut Vec<u8>, context: &PageContext<'_>, offset: i64) {
        out.push(b'"');
        // The link to the first page has no page parameter.
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
        context
            .query
            .write_link(out, context.address, &[(name, &place)]);
        out.push(b'"');
    }

    /// `"pagination":{...}`, the total where table widgets expect it, and the maximum
    /// size if a larger one was requested.
    pub fn write_meta(&self, out: &mut Vec<u8>, context: &PageContext<'_>) {
        let (size, found, total) = (self.size.max(1), context.found, context.total);
        let items = i64::try_from(found.min(self.size())).unwrap_or(i64::MAX);
        let pages = total.map(|total| ((total + size - 1) / size).max(1));
        raw(out, "\"pagination\":{\"count\":");
        write::value(out, write::AttributeValue::nullable_number(total));
        raw(out, ",\"page\":");
        write::number(out, self.offset / size + 1);
        raw(out, ",\"page_count\":");
        write::value(out, write::AttributeValue::nullable_number(pages));
        raw(out, ",\"page_items\":");
        write::number(out, items);
        raw(out, ",\"page_size\":");
        write::number(out, self.size);
        out.push(b'}');
        context.write_total(out, self.count);
        if self.capped {
            raw(out, ",\"page_size_max\":");
            write::number(out, self.size);
        }
    }
}
