use super::*;
use crate::jsonapi::error::Source;
use crate::jsonapi::query::Query;

fn filter(raw: &str) -> Filter {
    Query::parse(raw, &[], &Limits::default())
        .unwrap()
        .filter
        .unwrap()
}

fn error(raw: &str) -> Error {
    let errors = Query::parse(raw, &[], &Limits::default()).unwrap_err();
    errors.into_iter().next().unwrap()
}

/// A short form of a filter, for comparison.
fn shown(filter: &Filter) -> String {
    let list = |parts: &[Filter]| parts.iter().map(shown).collect::<Vec<_>>().join(" ");
    match filter {
        Filter::All(parts) => format!("all({})", list(parts)),
        Filter::Any(parts) => format!("any({})", list(parts)),
        Filter::Test(test) => {
            format!("{}.{}={}", test.field, test.operator.name(), test.text())
        }
    }
}

#[test]
fn a_field_without_an_operator_is_compared_exactly_q18() {
    let Filter::Test(test) = filter("filter%5Busername%5D=a%25_*") else {
        panic!("one test stands for itself");
    };
    assert_eq!(test.field, "username");
    assert_eq!(test.operator, Operator::Eq);
    assert_eq!(test.values, ["a%_*"]);
    assert_eq!(test.parameter, "filter[username]");
}

#[test]
fn a_comma_asks_for_any_of_the_values() {
    let Filter::Test(test) = filter("filter[id]=1,2%2C3") else {
        panic!("one test stands for itself");
    };
    assert_eq!(test.operator, Operator::In);
    assert_eq!(test.values, ["1", "2", "3"]);
    assert_eq!(test.text(), "1,2,3");
}

#[test]
fn every_operator_is_found_by_its_name() {
    for operator in Operator::ALL {
        let name = operator.name();
        let Filter::Test(test) = filter(&format!("filter[a][{name}]=true")) else {
            panic!("one test stands for itself");
        };
        assert_eq!(test.operator, *operator);
    }
}

#[test]
fn values_that_come_one_by_one_keep_their_commas() {
    let values = |raw: &str| match filter(raw) {
        Filter::Test(test) => (test.operator, test.values),
        _ => panic!("one test stands for itself"),
    };
    for raw in [
        "filter[a]=x,y&filter[a]=z",
        "filter[a][]=x,y&filter[a][]=z",
        "filter[a][0]=x,y&filter[a][1]=z",
        "filter[a][in]=x,y&filter[a][in]=z",
        "filter[a][in][]=x,y&filter[a][in][]=z",
    ] {
        let wanted = (Operator::In, vec!["x,y".to_owned(), "z".to_owned()]);
        assert_eq!(values(raw), wanted, "{raw}");
    }
    let one = (Operator::Eq, vec!["x,y".to_owned()]);
    assert_eq!(values("filter[a][]=x,y"), one);
    assert_eq!(values("filter[a][0]=x,y"), one);
    let none = values("filter[a][nin][]=x,y").0;
    assert_eq!(none, Operator::NotIn);
    assert_eq!(
        shown(&filter(
            "filter[or][0][a][]=1&filter[or][0][a][]=2&filter[or][1][b]=3"
        )),
        "any(a.in=1,2 b.eq=3)"
    );
    for raw in [
        "filter[a][lt][]=1",
        "filter[a][contains][0]=x",
        "filter[or][0][]=1",
    ] {
        assert_eq!(error(raw).code, "invalid_filter", "{raw}");
    }
}

#[test]
fn only_in_and_nin_split_at_commas() {
    assert_eq!(filter("filter[a][in]=x,y").tests()[0].values, ["x", "y"]);
    assert_eq!(filter("filter[a][nin]=x,y").tests()[0].values, ["x", "y"]);
    assert_eq!(filter("filter[a][eq]=x,y").tests()[0].values, ["x,y"]);
    assert_eq!(
        filter("filter[a][regex]=x{1,2}").tests()[0].values,
        ["x{1,2}"]
    );
}

#[test]
fn tests_must_all_hold() {
    assert_eq!(
        shown(&filter("filter[a]=1&filter[b][ne]=2")),
        "all(a.eq=1 b.ne=2)"
    );
}

#[test]
fn one_of_the_groups_must_hold_and_all_tests_of_a_group() {
    let raw = "filter[or][1][c]=3&filter[or][0][a]=1&filter[or][0][b][gt]=2&filter[d]=4";
    assert_eq!(
        shown(&filter(raw)),
        "all(d.eq=4 any(all(a.eq=1 b.gt=2) c.eq=3))"
    );
}

#[test]
fn groups_may_hold_groups() {
    let raw = "filter[or][0][or][0][a]=1&filter[or][0][or][1][b]=2&filter[or][1][c]=3";
    assert_eq!(shown(&filter(raw)), "any(any(a.eq=1 b.eq=2) c.eq=3)");
}

#[test]
fn a_single_group_stands_for_itself() {
    assert_eq!(shown(&filter("filter[or][7][a]=1")), "a.eq=1");
}

#[test]
fn paths_are_fields_too() {
    assert_eq!(shown(&filter("filter[roles.name]=x")), "roles.name.eq=x");
}

#[test]
fn unknown_operators_and_malformed_names_are_400_q19() {
    for raw in [
        "filter=x",
        "filter[a][like]=x",
        "filter[]=x",
        "filter[a][eq][b]=x",
        "filter[or]=x",
        "filter[or][x][a]=1",
        "filter[or][0]=1",
        "filter[or][-1][a]=1",
        "filter[or][0][a][eq][b]=1",
        "filter[or][99999999999][a]=1",
        "filter[or][eq]=x",
    ] {
        let error = error(raw);
        assert_eq!(error.status, 400, "{raw}");
        let name = raw.split_once('=').unwrap().0;
        assert_eq!(error.source, Some(Source::Parameter(name.into())), "{raw}");
    }
}

#[test]
fn null_takes_true_or_false() {
    assert_eq!(shown(&filter("filter[a][null]=false")), "a.null=false");
    assert_eq!(error("filter[a][null]=1").code, "invalid_filter");
}

#[test]
fn depth_tests_values_and_their_length_are_bounded() {
    assert_eq!(shown(&filter("filter[or][0][or][0][or][0][a]=1")), "a.eq=1");
    error("filter[or][0][or][0][or][0][or][0][a]=1");
    let values = vec!["1"; 101].join(",");
    error(&format!("filter[a]={values}"));
    error(&format!("filter[a]={}", "x".repeat(1025)));
    let tests: Vec<_> = (0..51).map(|n| format!("filter[f{n}]=1")).collect();
    error(&tests.join("&"));
}
