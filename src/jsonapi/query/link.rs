//! Links that keep the parameters of the request (F09, Q15).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::name;

/// The encoded characters: all except letters, digits and those that are legal in a query, have no
/// meaning in form encoding, and keep links readable. Quotes and backslashes are encoded, so a link
/// needs no escaping in JSON.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b',')
    .remove(b':')
    .remove(b'/')
    .remove(b'@')
    .remove(b'*')
    .remove(b'!')
    .remove(b'(')
    .remove(b')');

/// See [`Query::write_link`](super::Query::write_link).
pub(super) fn write(
    out: &mut Vec<u8>,
    base: &str,
    sent: &[(String, String)],
    replace: &[(&str, &str)],
) {
    out.extend_from_slice(base.as_bytes());
    let mut separator = b'?';
    let mut pair = |name: &str, value: &str| {
        out.push(separator);
        separator = b'&';
        extend(out, name);
        out.push(b'=');
        extend(out, value);
    };
    for (name, value) in sent {
        match replacement(name, replace) {
            None => pair(name, value),
            Some("") => {}
            Some(other) => pair(name, other),
        }
    }
    for (name, value) in replace {
        if !value.is_empty() && name::sent_as(sent, name).is_none() {
            pair(name, value);
        }
    }
}

fn replacement<'a>(sent: &str, replace: &[(&str, &'a str)]) -> Option<&'a str> {
    let canonical = name::canonical(sent);
    replace
        .iter()
        .find(|(name, _)| name::canonical(name) == canonical)
        .map(|(_, value)| *value)
}

fn extend(out: &mut Vec<u8>, text: &str) {
    for piece in utf8_percent_encode(text, ENCODED) {
        out.extend_from_slice(piece.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use crate::jsonapi::query::{Limits, Query};

    fn link(raw: &str, replace: &[(&str, &str)]) -> String {
        let query = Query::parse(raw, &["q"], &Limits::default()).unwrap();
        let mut out = Vec::new();
        query.write_link(&mut out, "/users", replace);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn without_parameters_there_is_no_question_mark() {
        assert_eq!(link("", &[]), "/users");
        assert_eq!(link("page=2", &[("page[number]", "")]), "/users");
    }

    #[test]
    fn all_parameters_are_kept_in_their_order_f09() {
        assert_eq!(
            link("sort=-name&include=&filter[a][ge]=1&fields[users]=a,b", &[]),
            "/users?sort=-name&include=&filter%5Ba%5D%5Bge%5D=1&fields%5Busers%5D=a,b"
        );
    }

    #[test]
    fn brackets_blanks_quotes_and_other_alphabets_are_encoded_d13() {
        assert_eq!(
            link("q=a+b%26c%3Dd%2Be%25%22%5C%23ü", &[]),
            "/users?q=a%20b%26c%3Dd%2Be%25%22%5C%23%C3%BC"
        );
    }

    #[test]
    fn a_replaced_parameter_keeps_its_place_and_its_name() {
        let next = [("page[number]", "3")];
        assert_eq!(link("page=2&sort=a", &next), "/users?page=3&sort=a");
        assert_eq!(
            link("page[number]=2&sort=a", &next),
            "/users?page%5Bnumber%5D=3&sort=a"
        );
    }

    #[test]
    fn a_new_parameter_stands_at_the_end() {
        let next = [("page[number]", "2"), ("page[size]", "5")];
        assert_eq!(
            link("page_size=5&sort=a", &next),
            "/users?page_size=5&sort=a&page%5Bnumber%5D=2"
        );
    }

    #[test]
    fn an_empty_value_takes_a_parameter_away() {
        let next = [("page[before]", ""), ("page[after]", "x")];
        assert_eq!(
            link("page[before]=y&page[size]=5", &next),
            "/users?page%5Bsize%5D=5&page%5Bafter%5D=x"
        );
    }

    #[test]
    fn a_link_is_read_as_the_request_that_it_came_from() {
        let limits = Limits::default();
        let raw = "filter[name]=%C3%BC+%2B%25&page_size=3&q=%22a%22&sort=-a,b";
        let query = Query::parse(raw, &["q"], &limits).unwrap();
        let mut out = Vec::new();
        query.write_link(&mut out, "", &[]);
        let link = String::from_utf8(out).unwrap();
        let again = Query::parse(link.strip_prefix('?').unwrap(), &["q"], &limits).unwrap();
        assert_eq!(query, again);
    }
}
