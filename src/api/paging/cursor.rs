//! Pages by cursor: keyset pagination, as in the cursor pagination profile.

use serde_json::Value;

use super::{PageContext, PagingDefaults, whole};
use crate::api::error::ApiError;
use crate::api::resource::AttributeKind;
use crate::directory::listing::{Count, Operand, Position, Seek, Slice};
use crate::jsonapi::kinds;
use crate::jsonapi::query::Cursor;
use crate::jsonapi::write::{self, raw};

const AFTER: &str = "page[after]";
const BEFORE: &str = "page[before]";

/// The sort order that the cursors of a list encode; by default it is by id.
#[derive(Debug, Default)]
pub struct CursorOrder {
    /// The sort fields, as in the `sort` parameter.
    pub sort: String,
    pub kinds: Vec<AttributeKind>,
}

impl CursorOrder {
    /// The cursor of an item with these values of the sort fields.
    pub fn cursor(&self, values: Vec<Value>, id: i64) -> String {
        let sort = self.sort.clone();
        Cursor::Item { sort, values, id }.encode()
    }

    /// `None` for an invalid cursor, or one of another order.
    fn place(&self, text: &str) -> Option<Place> {
        let Cursor::Item { sort, values, id } = Cursor::decode(text)? else {
            return Some(Place::End);
        };
        if sort != self.sort || values.len() != self.kinds.len() {
            return None;
        }
        let values: Option<Vec<_>> = values
            .into_iter()
            .zip(&self.kinds)
            .map(|(value, kind)| operand(value, *kind))
            .collect();
        let values = values?;
        Some(Place::At(Position { values, id }))
    }
}

enum Place {
    At(Position),
    End,
}

fn operand(value: Value, kind: AttributeKind) -> Option<Option<Operand>> {
    match (value, kind) {
        (Value::Null, _) => Some(None),
        (Value::Bool(flag), AttributeKind::Flag) => Some(Some(Operand::Flag(flag))),
        (Value::Number(number), AttributeKind::Number) => {
            number.as_i64().map(Operand::Number).map(Some)
        }
        // No stored text contains NUL, and PostgreSQL rejects it.
        (Value::String(text), AttributeKind::Text | AttributeKind::Time) => {
            (!text.contains('\0')).then_some(Some(Operand::Text(text)))
        }
        _ => None,
    }
}

/// A page given by cursors.
#[derive(Debug)]
pub struct CursorPage {
    pub seek: Seek,
    pub count: Count,
    size: i64,
    /// As they were sent.
    after: Option<String>,
    before: Option<String>,
}

impl CursorPage {
    pub fn of(
        (after, before): (Option<&str>, Option<&str>),
        size: Option<i64>,
        count: Count,
        defaults: &PagingDefaults<'_>,
        order: &CursorOrder,
    ) -> Result<Self, ApiError> {
        let mut seek = Seek::default();
        if let Some(text) = after {
            match order.place(text) {
                Some(Place::At(position)) => seek.after = Some(position),
                _ => return Err(invalid_cursor(AFTER)),
            }
        }
        if let Some(text) = before {
            match order.place(text) {
                Some(Place::At(position)) => seek.before = Some(position),
                Some(Place::End) => {}
                None => return Err(invalid_cursor(BEFORE)),
            }
        }
        seek.backwards = before.is_some() && after.is_none();
        let largest = whole(defaults.limits.max_page_size);
        let default_size = defaults
            .size
            .unwrap_or(whole(defaults.limits.default_page_size));
        let is_range = after.is_some() && before.is_some();
        let size_without_parameter = if is_range {
            default_size.max(largest)
        } else {
            default_size
        };
        Ok(Self {
            seek,
            count,
            size: size.unwrap_or(size_without_parameter),
            after: after.map(str::to_owned),
            before: before.map(str::to_owned),
        })
    }

    /// One extra row is read, to see whether there are more.
    pub fn slice(&self) -> Slice {
        Slice {
            offset: 0,
            limit: self.size.saturating_add(1),
        }
    }

    pub fn size(&self) -> usize {
        usize::try_from(self.size).unwrap_or(usize::MAX)
    }

    pub fn write_links(&self, out: &mut Vec<u8>, context: &PageContext<'_>) {
        let end = Cursor::End.encode();
        for (name, link) in [
            ("first", Some(Link::default())),
            ("last", Some(Link::before(&end))),
            ("prev", self.prev(context, &end)),
            ("next", self.next(context)),
        ] {
            raw(out, ",\"");
            raw(out, name);
            raw(out, "\":");
            match link {
                Some(link) => link.write(out, context),
                None => raw(out, "null"),
            }
        }
    }

    fn prev<'a>(&'a self, context: &'a PageContext<'_>, end: &'a str) -> Option<Link<'a>> {
        let first = context.ends.as_ref().map(|(first, _)| first.as_str());
        if self.seek.backwards {
            return first.filter(|_| self.has_more(context)).map(Link::before);
        }
        self.after.as_ref()?;
        // An empty page: the previous one ends at the end of the list or range.
        let empty = self.before.as_deref().unwrap_or(end);
        Some(Link::before(first.unwrap_or(empty)))
    }

    fn next<'a>(&'a self, context: &'a PageContext<'_>) -> Option<Link<'a>> {
        let last = context.ends.as_ref().map(|(_, last)| last.as_str());
        match (self.after.as_deref(), self.before.as_deref()) {
            (None, Some(_)) if self.seek.before.is_none() => None,
            // An empty page: the next one starts at the beginning of the list.
            (None, Some(_)) => Some(last.map_or(Link::default(), Link::after)),
            // The next page of a range stays within the range.
            (Some(_), Some(before)) if self.has_more(context) => Some(Link {
                after: last.unwrap_or_default(),
                before,
            }),
            (Some(after), Some(_)) if self.seek.before.is_some() => {
                Some(Link::after(last.unwrap_or(after)))
            }
            _ => last.filter(|_| self.has_more(context)).map(Link::after),
        }
    }

    fn has_more(&self, context: &PageContext<'_>) -> bool {
        context.found > self.size()
    }

    /// `"page":{...}`
    pub fn write_meta(&self, out: &mut Vec<u8>, context: &PageContext<'_>) {
        raw(out, "\"page\":{");
        let mut commas = write::Commas::default();
        if let Some(total) = context.total {
            commas.next(out);
            if self.count == Count::Estimated {
                raw(out, "\"estimatedTotal\":{\"bestGuess\":");
                write::number(out, total);
                out.push(b'}');
            } else {
                write::key(out, "total");
                write::number(out, total);
            }
        }
        if self.after.is_some() && self.before.is_some() && self.has_more(context) {
            commas.next(out);
            raw(out, "\"rangeTruncated\":true");
        }
        out.push(b'}');
        context.write_total(out, self.count);
    }
}

/// The cursors in a link; empty ones are left out.
#[derive(Default)]
struct Link<'a> {
    after: &'a str,
    before: &'a str,
}

impl<'a> Link<'a> {
    fn after(after: &'a str) -> Self {
        Self { after, before: "" }
    }

    fn before(before: &'a str) -> Self {
        Self { after: "", before }
    }

    fn write(&self, out: &mut Vec<u8>, context: &PageContext<'_>) {
        out.push(b'"');
        let place = [(AFTER, self.after), (BEFORE, self.before)];
        context.query.write_link(out, context.address, &place);
        out.push(b'"');
    }
}

fn invalid_cursor(parameter: &str) -> ApiError {
    kinds::INVALID_PAGE
        .error("This is not a cursor of this list in this order.")
        .at_parameter(parameter)
        .into()
}
