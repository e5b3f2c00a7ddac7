//! Page-number pagination and its envelope.

use serde::Serialize;

use super::call::Call;
use super::error::ApiError;
use crate::directory::portal::{PageWanted, PortalPage};

const DEFAULT_PAGE_SIZE: i64 = 20;
const MAX_PAGE_SIZE: i64 = 100;

/// # Errors
/// The page is not a number.
pub fn requested_page(call: &Call<'_>) -> Result<PageWanted, ApiError> {
    let size = call.parameters.get("page_size");
    let size = size.and_then(|text| text.parse().ok());
    let size = size.filter(|size| *size > 0).unwrap_or(DEFAULT_PAGE_SIZE);
    let number = match call.parameters.get("page") {
        None => Some(1),
        Some("last") => None,
        Some(text) => {
            let page: Option<i64> = text.parse().ok();
            Some(page.filter(|page| *page > 0).ok_or(ApiError::InvalidPage)?)
        }
    };
    Ok(PageWanted {
        number,
        size: size.min(MAX_PAGE_SIZE),
    })
}

#[derive(Serialize)]
pub struct Envelope<T> {
    count: i64,
    next: Option<String>,
    previous: Option<String>,
    results: Vec<T>,
}

/// # Errors
/// The page is beyond the list.
pub fn envelope<R, T>(
    call: &Call<'_>,
    wanted: PageWanted,
    found: PortalPage<R>,
    show: impl Fn(R) -> T,
) -> Result<Envelope<T>, ApiError> {
    let last = wanted.last(found.total);
    let page = wanted.number.unwrap_or(last);
    if page > last {
        return Err(ApiError::InvalidPage);
    }
    let url = call.url()?;
    let link = |page: i64| page_url(&url, call.request.query_string(), page);
    Ok(Envelope {
        count: found.total,
        next: (page < last).then(|| link(page + 1)),
        previous: (page > 1).then(|| link(page - 1)),
        results: found.rows.into_iter().map(show).collect(),
    })
}

/// The URL of another page of the list; that of the first has no page number.
fn page_url(url: &str, query: &str, page: i64) -> String {
    let is_page = |pair: &&str| pair.split('=').next() == Some("page");
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_page(pair))
        .map(escaped)
        .collect();
    if page > 1 {
        pairs.push(format!("page={page}"));
    }
    if pairs.is_empty() {
        url.to_owned()
    } else {
        format!("{url}?{}", pairs.join("&"))
    }
}

/// Escapes characters that clients have sent unescaped.
fn escaped(pair: &str) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const UNSAFE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\');
    utf8_percent_encode(pair, UNSAFE).to_string()
}

#[cfg(test)]
mod tests {
    use super::page_url;

    #[test]
    fn links_keep_the_query_and_change_the_page() {
        let at = |query, page| page_url("http://x/users/", query, page);
        assert_eq!(at("", 1), "http://x/users/");
        assert_eq!(at("page=2", 1), "http://x/users/");
        assert_eq!(at("page=2&a=%2C", 3), "http://x/users/?a=%2C&page=3");
        assert_eq!(
            at("page_size=5&page=last", 2),
            "http://x/users/?page_size=5&page=2"
        );
    }
}
