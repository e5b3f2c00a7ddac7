use super::*;
use crate::jsonapi::error::Source;
use crate::jsonapi::query::Query;

fn parse(raw: &str) -> Result<Query, Vec<Error>> {
    Query::parse(raw, &[], &Limits::default()).map_err(|errors| errors.into_iter().collect())
}

fn page(raw: &str) -> Page {
    parse(raw).unwrap().page
}

fn only_error(raw: &str) -> Error {
    let mut errors = parse(raw).unwrap_err();
    assert_eq!(errors.len(), 1, "{raw}: {errors:?}");
    errors.remove(0)
}

fn numbered(number: u64, size: u64, capped: bool) -> Page {
    Page::Number {
        number,
        size,
        capped,
    }
}

#[test]
fn pages_have_numbers_and_a_default_size_q14() {
    assert_eq!(page("page[number]=3"), numbered(3, 20, false));
    assert_eq!(page("page[size]=5"), numbered(1, 5, false));
}

#[test]
fn aliases_mix_with_the_canonical_names_q14() {
    assert_eq!(page("page=2&page[size]=7"), numbered(2, 7, false));
    assert_eq!(page("page[number]=2&page_size=7"), numbered(2, 7, false));
}

#[test]
fn sizes_above_the_maximum_are_capped() {
    assert_eq!(page("page[size]=100"), numbered(1, 100, false));
    assert_eq!(page("page[size]=101"), numbered(1, 100, true));
    assert_eq!(
        page("page[limit]=99999999999999999999999"),
        Page::Offset {
            offset: 0,
            limit: 100,
            capped: true
        }
    );
}

#[test]
fn numbers_beyond_all_databases_are_cut_q24() {
    assert_eq!(
        page("page=99999999999999999999999"),
        numbered(LARGEST, 20, false)
    );
}

#[test]
fn offsets_may_be_zero() {
    assert_eq!(
        page("page[offset]=0&page[limit]=3"),
        Page::Offset {
            offset: 0,
            limit: 3,
            capped: false
        }
    );
}

#[test]
fn what_is_no_positive_integer_is_400_q17() {
    for raw in [
        "page=0",
        "page=-1",
        "page=1.5",
        "page=",
        "page=abc",
        "page=%2B1",
        "page=1e3",
        "page=%D9%A1",
    ] {
        let error = only_error(raw);
        assert_eq!(error.status, 400, "{raw}");
        assert_eq!(
            error.source,
            Some(Source::Parameter("page".into())),
            "{raw}"
        );
    }
    let error = only_error("page_size=0");
    assert_eq!(error.source, Some(Source::Parameter("page_size".into())));
    only_error("page[offset]=-1");
    only_error("page[limit]=0");
}

#[test]
fn cursors_come_with_or_without_a_size() {
    assert_eq!(
        page("page[after]=a%3D&page[size]=5"),
        Page::Cursor {
            after: Some("a=".into()),
            before: None,
            size: Some(5)
        }
    );
    assert_eq!(
        page("page[before]=b&page[after]=a"),
        Page::Cursor {
            after: Some("a".into()),
            before: Some("b".into()),
            size: None
        }
    );
    only_error("page[after]=");
    only_error("page[after]=a&page[size]=x");
}

#[test]
fn the_cursor_profile_refuses_sizes_above_the_maximum_k10() {
    let error = only_error("page[after]=a&page[size]=500");
    assert_eq!(error.status, 400);
    assert_eq!(error.type_link, Some(MAX_SIZE_EXCEEDED_TYPE));
    assert_eq!(error.source, Some(Source::Parameter("page[size]".into())));
    assert_eq!(
        Value::Object(*error.meta.unwrap()),
        json!({"page": {"maxSize": 100}})
    );
}

#[test]
fn one_style_a_request_k17() {
    let source = |raw: &str| only_error(raw).source.unwrap();
    assert_eq!(
        source("page=1&page[after]=a"),
        Source::Parameter("page".into())
    );
    assert_eq!(
        source("page[after]=a&page[limit]=1"),
        Source::Parameter("page[limit]".into())
    );
    assert_eq!(
        source("page_size=1&page[offset]=1"),
        Source::Parameter("page_size".into())
    );
    assert_eq!(
        parse("page=1&page_size=2&page[limit]=1").unwrap_err().len(),
        2
    );
}

#[test]
fn the_total_is_a_matter_of_choice_and_of_every_style() {
    assert_eq!(parse("page[count]=none").unwrap().count, Some(Count::None));
    assert_eq!(
        parse("page[count]=exact&page[after]=x").unwrap().count,
        Some(Count::Exact)
    );
    assert_eq!(
        parse("page[count]=estimated&page[limit]=1").unwrap().count,
        Some(Count::Estimated)
    );
    assert_eq!(parse("page=1").unwrap().count, None);
    only_error("page[count]=all");
}

#[test]
fn unknown_members_are_400_q19() {
    assert_eq!(only_error("page[foo]=1").code, "unknown_parameter");
    only_error("page[]=1");
    only_error("page[size][max]=1");
}
