//! Paging: which rows to read, and the links and totals of a page.

mod cursor;
mod offset;

pub use cursor::CursorOrder;

use cursor::CursorPage;
use offset::OffsetPage;

use super::error::ApiError;
use crate::directory::listing::{Count, Seek, Slice};
use crate::jsonapi::kinds;
use crate::jsonapi::query::{self, Limits, Page, Query};
use crate::jsonapi::write::{self, raw};

/// How a response is paged where its query does not say.
pub struct PagingDefaults<'a> {
    /// `Accept` names the cursor pagination profile.
    pub by_profile: bool,
    pub limits: &'a Limits,
    /// The size of a page; `None`: the default of the limits.
    pub size: Option<i64>,
}

/// The requested page of a list.
#[derive(Debug)]
pub enum Paging {
    Offset(OffsetPage),
    Cursor(CursorPage),
}

/// What was read for a page, to write its links and totals.
pub struct PageContext<'a> {
    pub query: &'a Query,
    pub address: &'a str,
    /// The number of rows read, which may include one extra row after the page.
    pub found: usize,
    pub total: Option<i64>,
    /// The cursors of the first and last item on the page.
    pub ends: Option<(String, String)>,
}

impl PageContext<'_> {
    /// `,"total":...` if it is known, and whether it is an estimate.
    fn write_total(&self, out: &mut Vec<u8>, count: Count) {
        let Some(total) = self.total else { return };
        raw(out, ",\"total\":");
        write::number(out, total);
        if count == Count::Estimated {
            raw(out, ",\"count_is_estimated\":true");
        }
    }

    /// Rejects cursors that are too long to be sent back (K16).
    pub fn check(&self, longest: usize) -> Result<(), ApiError> {
        let is_long = |cursor: &String| cursor.len() > longest;
        match &self.ends {
            Some((first, last)) if is_long(first) || is_long(last) => {
                let detail = "The values of the sort fields are too long for a cursor.";
                Err(kinds::UNSUPPORTED_SORT
                    .error(detail)
                    .at_parameter("sort")
                    .with_type_link(query::UNSUPPORTED_SORT)
                    .into())
            }
            _ => Ok(()),
        }
    }
}

impl Paging {
    pub fn of(
        query: &Query,
        defaults: &PagingDefaults<'_>,
        order: &CursorOrder,
    ) -> Result<Self, ApiError> {
        let page = match defaults.by_profile {
            true => query.cursor_page(defaults.limits)?,
            false => query.page.clone(),
        };
        let count = query.count.map(|count| match count {
            query::Count::None => Count::None,
            query::Count::Estimated => Count::Estimated,
            query::Count::Exact => Count::Exact,
        });
        match page {
            Page::Number {
                number,
                size,
                capped,
            } => {
                let asked = query.sent_as("page[size]").is_some();
                let size = defaults.size.filter(|_| !asked).unwrap_or(whole(size));
                let before = whole(number).saturating_sub(1);
                Ok(Self::Offset(OffsetPage {
                    offset: before.saturating_mul(size),
                    size,
                    by_offset: false,
                    capped,
                    count: count.unwrap_or(Count::Exact),
                }))
            }
            Page::Offset {
                offset,
                limit,
                capped,
            } => Ok(Self::Offset(OffsetPage {
                offset: whole(offset),
                size: whole(limit),
                by_offset: true,
                capped,
                count: count.unwrap_or(Count::Exact),
            })),
            Page::Cursor {
                after,
                before,
                size,
            } => {
                let ends = (after.as_deref(), before.as_deref());
                let count = count.unwrap_or(Count::None);
                CursorPage::of(ends, size.map(whole), count, defaults, order).map(Self::Cursor)
            }
        }
    }

    pub fn slice(&self) -> Slice {
        match self {
            Self::Offset(page) => page.slice(),
            Self::Cursor(page) => page.slice(),
        }
    }

    pub fn seek(&self) -> Seek {
        match self {
            Self::Offset(_) => Seek::default(),
            Self::Cursor(page) => page.seek.clone(),
        }
    }

    pub fn count(&self) -> Count {
        match self {
            Self::Offset(page) => page.count,
            Self::Cursor(page) => page.count,
        }
    }

    pub fn is_by_cursor(&self) -> bool {
        matches!(self, Self::Cursor(_))
    }

    /// Whether the list has more rows after the page.
    pub fn has_more(&self, found: usize) -> bool {
        found > self.size()
    }

    fn size(&self) -> usize {
        match self {
            Self::Offset(page) => page.size(),
            Self::Cursor(page) => page.size(),
        }
    }

    /// The rows of the page, without the extra row.
    pub fn shown<'r, T>(&self, read: &'r [T]) -> &'r [T] {
        let more = read.len().saturating_sub(self.size());
        let shown = match self {
            Self::Cursor(page) if page.seek.backwards => read.get(more..),
            _ => read.get(..read.len() - more),
        };
        shown.unwrap_or_default()
    }

    /// 404 for a numbered page after the last one; a page after a cursor may be empty.
    pub fn check(&self, found: usize, total: Option<i64>, query: &Query) -> Result<(), ApiError> {
        match self {
            Self::Offset(page) => page.check(found, total, query),
            Self::Cursor(_) => Ok(()),
        }
    }

    /// `,"first":...,"last":...,"prev":...,"next":...`
    pub fn write_links(&self, out: &mut Vec<u8>, context: &PageContext<'_>) {
        match self {
            Self::Offset(page) => page.write_links(out, context),
            Self::Cursor(page) => page.write_links(out, context),
        }
    }

    /// The members of `meta` that describe the page.
    pub fn write_meta(&self, out: &mut Vec<u8>, context: &PageContext<'_>) {
        match self {
            Self::Offset(page) => page.write_meta(out, context),
            Self::Cursor(page) => page.write_meta(out, context),
        }
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
