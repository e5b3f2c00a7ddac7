//! Parses media types in header fields (RFC 9110, 5.6 and 8.3.1).
//!
//! Quoted strings may contain `,` and `;`.

/// The media type of JSON:API.
pub const MEDIA_TYPE: &str = "application/vnd.api+json";

/// The media type for clients without support for JSON:API.
pub const PLAIN_JSON: &str = "application/json";

/// The URI of the Atomic Operations extension.
pub const ATOMIC: &str = "https://jsonapi.org/ext/atomic";

/// The URI of the cursor pagination profile; clients also send it with a trailing slash.
pub const CURSOR_PAGINATION: &str = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination";

/// A media type or media range with its parameters, including `q`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MediaType<'a> {
    pub(super) main: &'a str,
    pub(super) sub: &'a str,
    pub(super) parameters: Vec<(&'a str, String)>,
}

impl MediaType<'_> {
    /// Compares type and subtype, which ignore case.
    pub(super) fn is(&self, main: &str, sub: &str) -> bool {
        self.main.eq_ignore_ascii_case(main) && self.sub.eq_ignore_ascii_case(sub)
    }

    pub(super) fn is_json_api(&self) -> bool {
        self.is("application", "vnd.api+json")
    }

    pub(super) fn is_plain_json(&self) -> bool {
        self.is("application", "json")
    }
}

/// A header value, or one element of it, that violates the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// Parses one media type, as in `Content-Type`.
pub(super) fn parse_one(value: &str) -> Result<MediaType<'_>, Malformed> {
    let mut scanner = Scanner { rest: value };
    let media_type = scanner.media_type().ok_or(Malformed)?;
    if scanner.rest.is_empty() {
        Ok(media_type)
    } else {
        Err(Malformed)
    }
}

/// Parses a list of media ranges, as in `Accept`. A malformed element does not affect the others;
/// empty elements are skipped.
pub(super) fn parse_list(
    value: &str,
) -> impl Iterator<Item = Result<MediaType<'_>, Malformed>> + '_ {
    let mut scanner = Scanner { rest: value };
    std::iter::from_fn(move || scanner.element())
}

/// Whether a weight is above zero; `None` if it is invalid.
///
/// Java's standard client sends `q=.2`, so the leading zero is optional; more than three digits are
/// accepted as well.
pub(super) fn weight(text: &str) -> Option<bool> {
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let weight: f32 = text.parse().ok()?;
    (weight <= 1.0).then_some(weight > 0.0)
}

/// Scans a header value; `rest` is the unread part.
struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    /// The next element of a list, `None` at the end.
    fn element(&mut self) -> Option<Result<MediaType<'a>, Malformed>> {
        self.rest = self
            .rest
            .trim_start_matches(|c: char| is_blank(c) || c == ',');
        if self.rest.is_empty() {
            return None;
        }
        let start = self.rest;
        let media_type = self.media_type();
        if self.rest.is_empty() || self.rest.starts_with(',') {
            return Some(media_type.ok_or(Malformed));
        }
        self.rest = after_element(start);
        Some(Err(Malformed))
    }

    /// A media type with its parameters and trailing blanks.
    fn media_type(&mut self) -> Option<MediaType<'a>> {
        self.skip_blanks();
        let main = self.token()?;
        let sub = if self.eat('/') {
            self.token()?
        } else if main == "*" {
            // Java's standard client sends a lone asterisk.
            "*"
        } else {
            return None;
        };
        let mut parameters = Vec::new();
        self.skip_blanks();
        while self.eat(';') {
            self.skip_blanks();
            if let Some(name) = self.token() {
                if !self.eat('=') {
                    return None;
                }
                parameters.push((name, self.value()?));
                self.skip_blanks();
            }
        }
        Some(MediaType {
            main,
            sub,
            parameters,
        })
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(is_blank);
    }

    fn eat(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// The longest run of matching characters, at least one.
    fn run(&mut self, belongs: fn(char) -> bool) -> Option<&'a str> {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (run, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!run.is_empty()).then_some(run)
    }

    fn token(&mut self) -> Option<&'a str> {
        self.run(is_token)
    }

    /// A parameter's value. URIs must be quoted, but some clients do not quote them, so an unquoted
    /// value ends only at a separator.
    fn value(&mut self) -> Option<String> {
        if self.eat('"') {
            self.quoted()
        } else {
            self.run(is_bare).map(str::to_owned)
        }
    }

    /// The content of a quoted string after its opening quote.
    fn quoted(&mut self) -> Option<String> {
        let mut text = String::new();
        let mut characters = self.rest.chars();
        loop {
            let character = match characters.next()? {
                '"' => {
                    self.rest = characters.as_str();
                    return Some(text);
                }
                '\\' => characters.next()?,
                other => other,
            };
            if character.is_ascii_control() && character != '\t' {
                return None;
            }
            text.push(character);
        }
    }
}

/// The rest of a list after its first element: a quoted comma does not end the element.
fn after_element(list: &str) -> &str {
    let mut quoted = false;
    let mut escaped = false;
    let end = list.find(|c| {
        if escaped {
            escaped = false;
            return false;
        }
        match c {
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        c == ',' && !quoted
    });
    end.and_then(|end| list.get(end..)).unwrap_or_default()
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

fn is_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}

fn is_bare(character: char) -> bool {
    character.is_ascii_graphic() && !matches!(character, '"' | ',' | ';')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(value: &str) -> Vec<Result<MediaType<'_>, Malformed>> {
        parse_list(value).collect()
    }

    #[test]
    fn type_and_subtype_ignore_case() {
        let parsed = parse_one("Application/VND.api+JSON").unwrap();
        assert!(parsed.is_json_api());
        assert!(parsed.parameters.is_empty());
    }

    #[test]
    fn blanks_around_semicolons_and_empty_parameters_are_legal() {
        let parsed = parse_one(" text/plain \t; ; charset=utf-8 ;").unwrap();
        assert_eq!(parsed.parameters, [("charset", "utf-8".to_owned())]);
    }

    #[test]
    fn a_quoted_string_holds_separators_and_escapes() {
        let parsed = parse_one(r#"a/b;x="1,2;3\"4\\";y=5"#).unwrap();
        assert_eq!(
            parsed.parameters,
            [("x", r#"1,2;3"4\"#.to_owned()), ("y", "5".to_owned())]
        );
    }

    #[test]
    fn a_uri_without_quotes_is_understood() {
        let parsed = parse_one("a/b;ext=https://jsonapi.org/ext/atomic").unwrap();
        assert_eq!(parsed.parameters, [("ext", ATOMIC.to_owned())]);
    }

    #[test]
    fn broken_values_are_malformed() {
        for value in [
            "",
            " ",
            "a",
            "a/",
            "/b",
            "a/b c",
            "a/b;x",
            "a/b;x=",
            "a/b;x=\"",
            "a/b;x=\"\\",
            "a/b,c/d",
            "a /b",
            "a/b;x =1",
            "a/b;x=\"\n\"",
            "ä/b",
        ] {
            assert_eq!(parse_one(value), Err(Malformed), "{value:?}");
        }
    }

    #[test]
    fn a_list_is_read_element_by_element() {
        let parsed = list(r#", a/b ;x=",", , c/d;q=0.5,*/*"#);
        let names: Vec<_> = parsed
            .iter()
            .map(|range| range.as_ref().map(|r| (r.main, r.sub)).unwrap())
            .collect();
        assert_eq!(names, [("a", "b"), ("c", "d"), ("*", "*")]);
    }

    #[test]
    fn a_malformed_element_leaves_its_neighbours_alone() {
        let parsed = list(r#"a/b, c d;x="," , e/f;, g/h;q"#);
        let good: Vec<_> = parsed.iter().map(Result::is_ok).collect();
        assert_eq!(good, [true, false, true, false]);
    }

    #[test]
    fn an_open_quote_swallows_the_rest() {
        assert_eq!(list(r#"a/b;x="1, c/d"#), [Err(Malformed)]);
        assert_eq!(list(r#"a/b;x="\"#), [Err(Malformed)]);
    }

    #[test]
    fn javas_standard_header_is_understood() {
        let parsed = list("text/html, image/gif, *; q=.2, */*; q=.2");
        assert!(parsed.iter().all(Result::is_ok));
        assert!(parsed[2].as_ref().unwrap().is("*", "*"));
    }

    #[test]
    fn weights_are_numbers_from_zero_to_one() {
        assert_eq!(weight("0"), Some(false));
        assert_eq!(weight("0.000"), Some(false));
        for text in ["1", "1.000", "0.5", ".2", "0.12345"] {
            assert_eq!(weight(text), Some(true), "{text}");
        }
        for text in [
            "", ".", "1.1", "2", "-1", "1e-3", "inf", "nan", "0.5.5", "half",
        ] {
            assert_eq!(weight(text), None, "{text}");
        }
    }
}
