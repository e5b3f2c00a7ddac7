use super::*;
use crate::jsonapi::error::Source;
use crate::jsonapi::media_type::{ATOMIC, CURSOR_PAGINATION};

const OFFER: Negotiation = Negotiation {
    extensions: &[ATOMIC],
    profiles: &[CURSOR_PAGINATION],
    strict: false,
};
const STRICT: Negotiation = Negotiation {
    strict: true,
    ..OFFER
};
const ATOMIC_TYPE: &str = r#"application/vnd.api+json;ext="https://jsonapi.org/ext/atomic""#;

fn accept(lines: &[&str]) -> Result<Accepted, Error> {
    OFFER.accept(lines.iter().map(|line| line.as_bytes()))
}

fn strictly(line: &str) -> Result<Accepted, Error> {
    STRICT.accept(std::iter::once(line.as_bytes()))
}

fn sent(value: &str) -> Result<RequestMediaType, Error> {
    OFFER.content_type(Some(value.as_bytes()), true)
}

fn refused(result: Result<impl std::fmt::Debug, Error>) -> u16 {
    let error = result.unwrap_err();
    assert!(matches!(error.source, Some(Source::Header(_))), "{error}");
    error.status
}

#[test]
fn no_accept_header_and_wildcards_are_served_json_api_n11() {
    for lines in [
        &[][..],
        &[""],
        &["*/*"],
        &["application/*"],
        &["*/*;q=0.1"],
        &[", ,"],
    ] {
        assert_eq!(accept(lines), Ok(Accepted::default()), "{lines:?}");
    }
}

#[test]
fn the_media_type_ignores_case_and_blanks_n10() {
    for line in [
        "application/vnd.api+json",
        "Application/Vnd.Api+Json",
        "application/vnd.api+json ; q=0.5",
        "text/html,application/vnd.api+json",
    ] {
        assert_eq!(accept(&[line]), Ok(Accepted::default()), "{line}");
    }
}

#[test]
fn instances_with_foreign_parameters_do_not_count_n05() {
    for line in [
        "application/vnd.api+json; charset=utf-8",
        "application/vnd.api+json;version=1, application/vnd.api+json;q=0.5;a=b",
        "application/vnd.api+json; charset=utf-8, */*",
    ] {
        assert_eq!(refused(accept(&[line])), 406, "{line}");
    }
}

#[test]
fn one_usable_instance_is_enough_n06() {
    for line in [
        "application/vnd.api+json;charset=utf-8, application/vnd.api+json",
        "application/vnd.api+json, application/vnd.api+json;charset=utf-8",
        r#"application/vnd.api+json;ext="https://x.example/", application/vnd.api+json;q=0.1"#,
        "nonsense, application/vnd.api+json, more nonsense",
    ] {
        assert_eq!(accept(&[line]), Ok(Accepted::default()), "{line}");
    }
    let lines = ["application/vnd.api+json;a=b", "application/vnd.api+json"];
    assert_eq!(accept(&lines), Ok(Accepted::default()));
}

#[test]
fn unsupported_extensions_are_406_n07() {
    for line in [
        r#"application/vnd.api+json;ext="https://x.example/""#,
        "application/vnd.api+json;ext=https://x.example/",
        r#"application/vnd.api+json;ext="https://jsonapi.org/ext/atomic https://x.example/""#,
    ] {
        assert_eq!(refused(accept(&[line])), 406, "{line}");
    }
}

#[test]
fn supported_extensions_and_profiles_are_found_and_named_n14() {
    let line = format!(
        r#"{ATOMIC_TYPE};PROFILE="https://x.example/ {CURSOR_PAGINATION}/ {CURSOR_PAGINATION}""#
    );
    let accepted = accept(&[&line]).unwrap();
    assert_eq!(accepted.extensions, [ATOMIC]);
    assert_eq!(accepted.profiles, [CURSOR_PAGINATION]);
    assert_eq!(
        accepted.content_type(),
        format!(r#"{ATOMIC_TYPE};profile="{CURSOR_PAGINATION}""#)
    );
}

#[test]
fn unknown_profiles_are_never_named_n08() {
    let line = r#"application/vnd.api+json;profile="https://x.example/ https://y.example/""#;
    assert_eq!(accept(&[line]).unwrap().content_type(), MEDIA_TYPE);
}

#[test]
fn a_comma_in_a_quoted_string_separates_nothing() {
    let line = r#"application/vnd.api+json;profile="https://x.example/a,b;c""#;
    assert_eq!(accept(&[line]), Ok(Accepted::default()));
}

#[test]
fn weight_zero_excludes_n09() {
    for line in [
        "*/*;q=0",
        "application/*;q=0, */*",
        "application/json;q=0",
        "*/*;Q=0.000",
    ] {
        assert_eq!(refused(accept(&[line])), 406, "{line}");
    }
    assert_eq!(refused(strictly("application/vnd.api+json;q=0, */*")), 406);
    let plain = accept(&["application/vnd.api+json;q=0, */*"]).unwrap();
    assert!(plain.plain_json);
}

#[test]
fn plain_json_is_served_to_those_who_take_nothing_else() {
    for line in [
        "application/json",
        "application/json; charset=utf-8",
        "text/html, application/json",
    ] {
        let accepted = accept(&[line]).unwrap();
        assert!(accepted.plain_json, "{line}");
        assert_eq!(accepted.content_type(), PLAIN_JSON);
        assert_eq!(refused(strictly(line)), 406, "{line}");
    }
    let axios = accept(&["application/json, text/plain, */*"]).unwrap();
    assert!(!axios.plain_json);
}

#[test]
fn other_types_alone_are_not_acceptable() {
    assert_eq!(refused(accept(&["text/html, application/xml"])), 406);
    assert_eq!(refused(strictly("text/html")), 406);
}

#[test]
fn malformed_accept_values_are_400_unless_something_usable_stands_beside_n16() {
    for line in [
        "json",
        "application/vnd.api+json;ext=\"",
        "a/b;q=2",
        "\"",
        ";;;",
    ] {
        assert_eq!(refused(accept(&[line])), 400, "{line}");
    }
    let invalid: [&[u8]; 1] = [b"\xff\xfe"];
    assert_eq!(refused(OFFER.accept(invalid.into_iter())), 400);
    assert_eq!(accept(&["json, */*"]), Ok(Accepted::default()));
}

#[test]
fn json_api_bodies_are_read() {
    assert_eq!(sent(MEDIA_TYPE), Ok(RequestMediaType::default()));
    assert_eq!(
        sent("APPLICATION/vnd.api+json"),
        Ok(RequestMediaType::default())
    );
    assert_eq!(sent(ATOMIC_TYPE).unwrap().extensions, [ATOMIC]);
    let cursor = format!("application/vnd.api+json; profile=\"{CURSOR_PAGINATION} x\"");
    assert_eq!(sent(&cursor).unwrap().profiles, [CURSOR_PAGINATION]);
}

#[test]
fn foreign_parameters_are_415_even_without_a_body_n02() {
    for value in [
        "application/vnd.api+json; charset=utf-8",
        "application/vnd.api+json;q=1",
    ] {
        assert_eq!(refused(sent(value)), 415, "{value}");
        assert_eq!(
            refused(OFFER.content_type(Some(value.as_bytes()), false)),
            415
        );
    }
}

#[test]
fn an_unsupported_extension_is_415_also_beside_a_supported_one_n03() {
    let both =
        r#"application/vnd.api+json;ext="https://jsonapi.org/ext/atomic https://x.example/""#;
    assert_eq!(refused(sent(both)), 415);
    assert_eq!(
        refused(sent("application/vnd.api+json;ext=\"https://x.example/\"")),
        415
    );
}

#[test]
fn other_bodies_are_415_n16() {
    for value in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
        "multipart/form-data; boundary=x",
        "json",
        "application/vnd.api+json, application/vnd.api+json",
    ] {
        assert_eq!(refused(sent(value)), 415, "{value}");
    }
    assert_eq!(refused(OFFER.content_type(Some(b"\xff"), true)), 415);
}

#[test]
fn the_type_of_no_body_does_not_matter() {
    assert_eq!(
        OFFER.content_type(Some(b"text/plain"), false),
        Ok(RequestMediaType::default())
    );
    assert_eq!(
        STRICT.content_type(None, false),
        Ok(RequestMediaType::default())
    );
}

#[test]
fn plain_json_is_read_unless_strict() {
    let json = Some(&b"application/json; charset=utf-8"[..]);
    assert_eq!(
        OFFER.content_type(json, true),
        Ok(RequestMediaType::default())
    );
    assert_eq!(refused(STRICT.content_type(json, true)), 415);
}

#[test]
fn a_body_without_a_type_is_415() {
    for offer in [OFFER, STRICT] {
        assert_eq!(refused(offer.content_type(None, true)), 415);
        assert_eq!(refused(offer.content_type(Some(b" "), true)), 415);
        assert_eq!(
            offer.content_type(None, false),
            Ok(RequestMediaType::default())
        );
    }
}
