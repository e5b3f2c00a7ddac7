//! Recognizes browsers: they accept HTML explicitly, and never JSON.

use crate::jsonapi::media_type::{MediaType, parse_list};

/// Whether these `Accept` lines are those of a browser that navigates to a page: they
/// contain HTML, no kind of JSON, and no other range with a higher weight.
pub fn prefers_html<'a>(values: impl Iterator<Item = &'a [u8]>) -> bool {
    let (mut html, mut anything) = (0.0, 0.0);
    for value in values {
        let Ok(value) = std::str::from_utf8(value) else {
            return false;
        };
        for range in parse_list(value).flatten() {
            let weight = weight_of(&range);
            if is_json(&range) && weight > 0.0 {
                return false;
            }
            if range.is("text", "html") {
                html = weight.max(html);
            } else if range.is("*", "*") {
                anything = weight.max(anything);
            }
        }
    }
    html > 0.0 && html >= anything
}

fn is_json(range: &MediaType<'_>) -> bool {
    range.is_json_api() || range.is_plain_json() || range.is("application", "*")
}

/// 1 without a weight, 0 for an invalid one.
fn weight_of(range: &MediaType<'_>) -> f32 {
    let is_weight = |name: &str| name.eq_ignore_ascii_case("q");
    let given = range.parameters.iter().find(|(name, _)| is_weight(name));
    given.map_or(1.0, |(_, text)| text.parse().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::prefers_html;

    fn prefers(accept: &str) -> bool {
        prefers_html([accept.as_bytes()].into_iter())
    }

    #[test]
    fn browsers_name_html() {
        for accept in [
            "text/html",
            "Text/HTML;charset=utf-8",
            // Firefox, Chromium, Safari.
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
            "application/json;q=0, text/html",
            "text/html;q=0.9, */*;q=0.8",
        ] {
            assert!(prefers(accept), "{accept}");
        }
    }

    #[test]
    fn clients_of_the_api_do_not() {
        for accept in [
            "",
            "*/*",
            "text/*",
            "application/vnd.api+json",
            "application/json, text/plain, */*",
            "text/html;q=0.9, application/vnd.api+json;q=0.1",
            "text/html, application/json",
            "text/html, application/*",
            "text/html;q=0, */*",
            "text/html;q=0.1, */*",
            "text/html;q=much",
            "a/b;note=\"text/html\"",
        ] {
            assert!(!prefers(accept), "{accept}");
        }
        assert!(!prefers_html(std::iter::empty()));
        assert!(!prefers_html(
            [&b"text/html"[..], b"application/json"].into_iter()
        ));
    }
}
