//! Cursor pagination profile: K01 to K18.

use serde_json::json;

use crate::support::{Answer, BY_CURSOR, Member, TestApp, a_role, a_user};

const PROFILE: &str = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination";
/// Sorts with and without ties, nulls and mixed directions.
const SORTS: &[&str] = &[
    "",
    "id",
    "-id",
    "username",
    "-username",
    "surname",
    "-surname",
    "surname,-name",
    "-surname,name",
    "name,surname,-created",
    "-is_active,surname",
    "created",
    "-created,-surname",
    "created_by,email",
    "last_login",
    "-last_login,is_staff",
];

/// Ten users: surnames and names with ties, and without.
fn crowd(app: &TestApp) -> Vec<Member> {
    let names = [Some("A"), Some("B"), None];
    let mut made = Vec::new();
    for number in 0..9 {
        let user = a_user().named(&format!("user{number}")).create(app);
        let document = json!({"data": {"type": "users", "id": user.id.to_string(), "attributes": {
            "surname": names[number % 3],
            "name": names[number / 3],
            "is_active": number % 2 == 0,
        }}});
        app.admin().patch(&user.path(), &document).expect(200);
        made.push(user);
    }
    made
}

/// As a client that asks for the profile.
fn get(app: &TestApp, path: &str) -> Answer {
    app.admin().get_with(path, &[("accept", BY_CURSOR)])
}

#[track_caller]
fn link(answer: &Answer, name: &str) -> Option<String> {
    let links = answer.json()["links"].clone();
    let link = links.get(name).unwrap_or_else(|| panic!("no {name}"));
    link.as_str().map(str::to_owned)
}

/// Follows one kind of link to its end; the pages in the order of the walk.
fn walk(app: &TestApp, first: Answer, name: &str) -> Vec<Vec<String>> {
    let mut pages = vec![first.ids()];
    let mut next = link(&first, name);
    while let Some(address) = next {
        assert!(pages.len() < 50, "no end: {pages:?}");
        let page = get(app, &address).expect(200);
        pages.push(page.ids());
        next = link(&page, name);
    }
    pages
}

fn cursors(answer: &Answer) -> Vec<String> {
    let data = answer.data();
    let items = data.as_array().unwrap();
    items
        .iter()
        .map(|item| item["meta"]["page"]["cursor"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn k01_a_page_has_as_many_items_as_asked_for_while_there_are_that_many() {
    let app = TestApp::start();
    crowd(&app);
    let answer = get(&app, "/users?page[size]=4").expect(200);
    assert_eq!(answer.ids(), ["1", "2", "3", "4"]);
    assert_eq!(link(&answer, "prev"), None);
    let pages = walk(&app, answer, "next");
    let sizes: Vec<usize> = pages.iter().map(Vec::len).collect();
    assert_eq!(sizes, [4, 4, 2]);
}

#[test]
fn k02_the_content_type_names_the_profile_where_it_is_applied() {
    let app = TestApp::start();
    crowd(&app);
    let first = get(&app, "/users?page[size]=2").expect(200);
    assert_eq!(first.header("content-type"), Some(BY_CURSOR));
    let next = link(&first, "next").unwrap();
    // Not named in Accept, but asked for by the cursor.
    let answer = app.admin().get(&next).expect(200);
    assert_eq!(answer.header("content-type"), Some(BY_CURSOR));
    let slashed = BY_CURSOR.replace("pagination\"", "pagination/\"");
    for path in ["/users", "/users/1/roles", "/users/1/relationships/roles"] {
        let answer = app.admin().get_with(path, &[("accept", &slashed)]);
        assert_eq!(
            answer.expect(200).header("content-type"),
            Some(BY_CURSOR),
            "{path}"
        );
    }
    for path in ["/users/1", "/users?page[number]=1", "/home"] {
        let answer = get(&app, path).expect(200);
        let kind = answer.header("content-type").unwrap();
        assert!(!kind.contains(PROFILE), "{path}: {kind}");
    }
}

#[test]
fn k03_after_a_cursor_comes_the_item_right_behind_it() {
    let app = TestApp::start();
    crowd(&app);
    let all = get(&app, "/users?sort=-username").expect(200);
    let (ids, cursors) = (all.ids(), cursors(&all));
    for place in 0..ids.len() {
        let path = format!("/users?sort=-username&page[after]={}", cursors[place]);
        assert_eq!(app.admin().get(&path).expect(200).ids(), ids[place + 1..]);
        let path = format!("{path}&page[size]=2");
        let end = ids.len().min(place + 3);
        assert_eq!(
            app.admin().get(&path).expect(200).ids(),
            ids[place + 1..end]
        );
    }
}

#[test]
fn k04_before_a_cursor_the_page_ends_right_in_front_of_it() {
    let app = TestApp::start();
    crowd(&app);
    for sort in SORTS {
        let all = get(&app, &format!("/users?sort={sort}")).expect(200);
        let (ids, cursors) = (all.ids(), cursors(&all));
        for place in 0..ids.len() {
            let path = format!(
                "/users?sort={sort}&page[size]=3&page[before]={}",
                cursors[place]
            );
            let begin = place.saturating_sub(3);
            let found = app.admin().get(&path).expect(200).ids();
            assert_eq!(found, ids[begin..place], "{sort} {place}");
        }
    }
}

#[test]
fn k05_following_next_visits_everything_once_in_every_order() {
    let app = TestApp::start();
    crowd(&app);
    for sort in SORTS {
        let whole = app.admin().get(&format!("/users?sort={sort}")).expect(200);
        for size in [1, 3, 10, 11] {
            let path = format!("/users?sort={sort}&page[size]={size}");
            let pages = walk(&app, get(&app, &path).expect(200), "next");
            assert_eq!(pages.concat(), whole.ids(), "{sort} by {size}");
            assert_eq!(pages.len(), 10_usize.div_ceil(size), "{sort} by {size}");
        }
    }
}

#[test]
fn k05_related_lists_and_linkage_are_walked_alike() {
    let app = TestApp::start();
    let users = crowd(&app);
    let role = a_role().create(&app);
    users.iter().for_each(|user| user.grant(&app, &role));
    let linkage = format!("{}/relationships/users", role.path());
    for path in [
        format!("{}/users?sort=-surname,name&page[size]=2", role.path()),
        format!("{linkage}?page[size]=2"),
        "/events?page[size]=2&sort=-at".into(),
        "/tokens?page[size]=2".into(),
    ] {
        let whole = path.replace("page[size]=2", "page[size]=100");
        let whole = app.admin().get(&whole).expect(200).ids();
        let forth = walk(&app, get(&app, &path).expect(200), "next");
        assert_eq!(forth.concat(), whole, "{path}");
        let last = link(&get(&app, &path).expect(200), "last").unwrap();
        let mut back = walk(&app, get(&app, &last).expect(200), "prev");
        back.reverse();
        assert_eq!(back.concat(), whole, "{path}");
    }
}

#[test]
fn k06_prev_leads_back_in_every_order() {
    let app = TestApp::start();
    crowd(&app);
    for sort in SORTS {
        let path = format!("/users?sort={sort}&page[size]=3");
        let whole = app.admin().get(&format!("/users?sort={sort}")).expect(200);
        let last = link(&get(&app, &path).expect(200), "last").unwrap();
        let mut pages = walk(&app, get(&app, &last).expect(200), "prev");
        pages.reverse();
        assert_eq!(pages.concat(), whole.ids(), "{sort}");
    }
}

#[test]
fn k06_links_keep_all_other_parameters() {
    let app = TestApp::start();
    crowd(&app);
    let path =
        "/users?page[size]=2&sort=-username&filter[id][gt]=1&fields[users]=username&include=roles";
    let first = get(&app, path).expect(200);
    let second = get(&app, &link(&first, "next").unwrap()).expect(200);
    let kept = "/users?page%5Bsize%5D=2&sort=-username&filter%5Bid%5D%5Bgt%5D=1&fields%5Busers%5D=username&include=roles";
    for name in ["first", "last", "prev", "next"] {
        let link = link(&second, name).unwrap();
        assert!(link.starts_with(&app.url(kept)), "{name}: {link}");
    }
    let back = get(&app, &link(&second, "prev").unwrap()).expect(200);
    assert_eq!(back.ids(), first.ids());
    assert_eq!(link(&back, "prev"), None);
}

#[test]
fn k07_nothing_behind_or_before_a_cursor_is_an_empty_page() {
    let app = TestApp::start();
    crowd(&app);
    let all = get(&app, "/users?sort=surname").expect(200);
    let cursors = cursors(&all);
    let (first, last) = (&cursors[0], &cursors[cursors.len() - 1]);
    let behind = app
        .admin()
        .get(&format!("/users?sort=surname&page[after]={last}"));
    let behind = behind.expect(200);
    assert_eq!(behind.data(), json!([]));
    assert_eq!(link(&behind, "next"), None);
    let back = get(&app, &link(&behind, "prev").unwrap()).expect(200);
    assert_eq!(back.ids(), all.ids());
    let before = app
        .admin()
        .get(&format!("/users?sort=surname&page[before]={first}"));
    let before = before.expect(200);
    assert_eq!(before.data(), json!([]));
    assert_eq!(link(&before, "prev"), None);
    let forth = get(&app, &link(&before, "next").unwrap()).expect(200);
    assert_eq!(forth.ids(), all.ids());
}

#[test]
fn k08_the_cursor_of_an_item_is_a_cursor_on_that_item() {
    let app = TestApp::start();
    let users = crowd(&app);
    let role = a_role().create(&app);
    users.iter().for_each(|user| user.grant(&app, &role));
    let role = role.path();
    for path in [
        "/users?sort=surname".to_owned(),
        format!("{role}/users?sort=-name"),
        format!("{role}/relationships/users"),
        "/events?sort=-id".into(),
    ] {
        let all = get(&app, &path).expect(200);
        let (ids, cursors) = (all.ids(), cursors(&all));
        let mark = if path.contains('?') { '&' } else { '?' };
        let after = app
            .admin()
            .get(&format!("{path}{mark}page[after]={}", cursors[2]));
        assert_eq!(after.expect(200).ids()[..2], ids[3..5], "{path}");
    }
}

#[test]
fn k09_a_cursor_or_size_that_is_none_is_400_and_named() {
    let app = TestApp::start();
    crowd(&app);
    let other = cursors(&get(&app, "/users?sort=username").expect(200)).remove(0);
    for (query, parameter) in [
        ("page[after]=x", "page[after]"),
        ("page[before]=WzFd!", "page[before]"),
        ("page[after]=", "page[after]"),
        ("page[after]=WzFd", "page[after]"),
        ("page[after]=WzJd", "page[after]"),
        ("page[size]=0&page[before]=WzFd", "page[size]"),
        ("page[size]=x", "page[size]"),
    ] {
        let answer = get(&app, &format!("/users?{query}")).expect(400);
        assert_eq!(answer.parameters(), [parameter], "{query}");
    }
    for sort in ["", "sort=-username&", "sort=username,name&", "sort=name&"] {
        let answer = get(&app, &format!("/users?{sort}page[after]={other}")).expect(400);
        assert_eq!(answer.parameters(), ["page[after]"], "{sort}");
    }
}

#[test]
fn k09_forged_cursors_are_400() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let app = TestApp::start();
    for inside in [
        json!([1, "username", [7], 1]),
        json!([1, "username", [{}], 1]),
        json!([1, "username", [], 1]),
        json!([1, "username", ["a", "b"], 1]),
        json!([1, "username", ["a\u{0}"], 1]),
        json!([1, "username", ["a"], "1"]),
        json!([1, "-username", ["a"], 1]),
        json!([1, "username", ["a"], 1.5]),
        json!([2, "username", ["a"], 1]),
    ] {
        let cursor = URL_SAFE_NO_PAD.encode(inside.to_string());
        let path = format!("/users?sort=username&page[after]={cursor}");
        let answer = app.admin().get(&path).expect(400);
        assert_eq!(answer.parameters(), ["page[after]"], "{inside}");
    }
    // What compares is taken, wherever it is from.
    for inside in [
        json!([1, "username", [null], i64::MIN]),
        json!([1, "username", [""], i64::MAX]),
    ] {
        let cursor = URL_SAFE_NO_PAD.encode(inside.to_string());
        for side in ["after", "before"] {
            let path = format!("/users?sort=username&page[{side}]={cursor}");
            app.admin().get(&path).expect(200);
        }
    }
}

#[test]
fn k10_a_size_above_the_maximum_is_refused_with_the_profiles_type() {
    let app = TestApp::start();
    for path in ["/users?page[size]=101", "/users/1/roles?page_size=1000"] {
        let answer = get(&app, path).expect(400);
        let error = answer.errors().remove(0);
        assert_eq!(
            error["links"]["type"],
            format!("{PROFILE}/max-size-exceeded")
        );
        assert_eq!(error["meta"]["page"]["maxSize"], 100);
        assert_eq!(answer.header("content-type"), Some(BY_CURSOR));
    }
    assert_eq!(
        get(&app, "/users?page[size]=101").parameters(),
        ["page[size]"]
    );
    get(&app, "/users?page[size]=100").expect(200);
}

#[test]
fn k11_both_cursors_give_the_items_between_them() {
    let app = TestApp::start();
    crowd(&app);
    for sort in SORTS {
        let all = get(&app, &format!("/users?sort={sort}")).expect(200);
        let (ids, cursors) = (all.ids(), cursors(&all));
        let range = format!(
            "/users?sort={sort}&page[after]={}&page[before]={}",
            cursors[1], cursors[7]
        );
        let answer = app.admin().get(&range).expect(200);
        assert_eq!(answer.ids(), ids[2..7], "{sort}");
        assert_eq!(answer.json()["meta"]["page"], json!({}));
        let before = get(&app, &link(&answer, "prev").unwrap()).expect(200);
        assert_eq!(before.ids(), ids[..2], "{sort}");
        let behind = get(&app, &link(&answer, "next").unwrap()).expect(200);
        assert_eq!(behind.ids(), ids[7..], "{sort}");
    }
}

#[test]
fn k11_a_range_that_is_cut_says_so_and_goes_on_within_the_range() {
    let app = TestApp::start();
    crowd(&app);
    let all = get(&app, "/users?sort=username").expect(200);
    let (ids, cursors) = (all.ids(), cursors(&all));
    let path = format!(
        "/users?sort=username&page[size]=2&page[after]={}&page[before]={}",
        cursors[0], cursors[4]
    );
    let cut = app.admin().get(&path).expect(200);
    assert_eq!(cut.ids(), ids[1..3]);
    assert_eq!(cut.json()["meta"]["page"], json!({"rangeTruncated": true}));
    let rest = get(&app, &link(&cut, "next").unwrap()).expect(200);
    assert_eq!(rest.ids(), ids[3..4]);
    assert_eq!(rest.json()["meta"]["page"], json!({}));
    let path = format!(
        "/users?sort=username&page[after]={}&page[before]={}",
        cursors[4], cursors[4]
    );
    assert_eq!(app.admin().get(&path).expect(200).data(), json!([]));
}

#[test]
fn k11_without_a_size_a_range_has_as_many_items_as_a_page_can_have() {
    let app = TestApp::with(|settings| settings.limits.page_size_default = 2);
    crowd(&app);
    let all = get(&app, "/users?page[size]=100").expect(200);
    let cursors = cursors(&all);
    let path = format!(
        "/users?page[after]={}&page[before]={}",
        cursors[0], cursors[9]
    );
    assert_eq!(app.admin().get(&path).expect(200).ids(), all.ids()[1..9]);
    let path = format!("/users?page[after]={}", cursors[0]);
    assert_eq!(app.admin().get(&path).expect(200).ids(), all.ids()[1..3]);
}

#[test]
fn k12_ties_are_broken_so_that_no_item_is_lost_or_repeated() {
    let app = TestApp::start();
    crowd(&app);
    for sort in ["is_staff", "-is_staff", "created", "-time_zone"] {
        let path = format!("/users?sort={sort}&page[size]=1");
        let mut seen = walk(&app, get(&app, &path).expect(200), "next").concat();
        assert_eq!(seen.len(), 10, "{sort}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 10, "{sort}");
    }
}

#[test]
fn k13_a_cursor_outlives_its_item_and_new_items_shift_nothing() {
    let app = TestApp::start();
    let users = crowd(&app);
    for sort in ["", "sort=-username&"] {
        let all = get(&app, &format!("/users?{sort}")).expect(200).ids();
        let path = format!("/users?{sort}page[size]=3");
        let first = get(&app, &path).expect(200);
        let next = link(&first, "next").unwrap();
        let gone = users
            .iter()
            .find(|user| user.id.to_string() == first.ids()[2]);
        app.admin().delete(&gone.unwrap().path()).expect(204);
        a_user().named(&format!("zz{}", sort.len())).create(&app);
        let second = get(&app, &next).expect(200);
        assert_eq!(second.ids(), all[3..6], "{sort}");
    }
}

#[test]
fn k14_totals_are_integers_and_estimates_are_objects() {
    let app = TestApp::start();
    crowd(&app);
    let page = |query: &str| {
        let answer = get(&app, &format!("/users?{query}")).expect(200);
        answer.json()["meta"]["page"].clone()
    };
    assert_eq!(page("page[size]=2"), json!({}));
    assert_eq!(page("page[count]=none"), json!({}));
    assert_eq!(page("page[size]=2&page[count]=exact"), json!({"total": 10}));
    assert_eq!(
        page("filter[surname]=A&page[count]=exact"),
        json!({"total": 3})
    );
    assert_eq!(
        page("filter[surname]=A&page[count]=estimated"),
        json!({"estimatedTotal": {"bestGuess": 3}})
    );
    // The total is that of the list, not of what is behind the cursor.
    let first = get(&app, "/users?page[size]=4&page[count]=exact").expect(200);
    let second = get(&app, &link(&first, "next").unwrap()).expect(200);
    assert_eq!(second.json()["meta"]["page"], json!({"total": 10}));
}

#[test]
fn k16_a_sort_that_cannot_be_paged_is_400_with_the_profiles_type() {
    let app = TestApp::start();
    for path in [
        "/users?sort=shoe_size",
        "/users?sort=password&page[after]=x",
    ] {
        let answer = get(&app, path).expect(400);
        let error = answer.errors().remove(0);
        assert_eq!(error["source"]["parameter"], "sort");
        assert_eq!(
            error["links"]["type"],
            format!("{PROFILE}/unsupported-sort")
        );
    }
}

#[test]
fn k16_values_that_are_too_long_for_a_cursor_cannot_be_paged_by() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let document = json!({"data": {"type": "roles", "id": role.id.to_string(), "attributes": {
        "description": "x".repeat(9000),
    }}});
    app.admin().patch(&role.path(), &document).expect(200);
    let answer = get(&app, "/roles?sort=description").expect(400);
    assert_eq!(answer.parameters(), ["sort"]);
    get(&app, "/roles?sort=name").expect(200);
}

#[test]
fn k17_a_number_or_an_offset_beside_a_cursor_is_400() {
    let app = TestApp::start();
    let cursor = cursors(&get(&app, "/users").expect(200)).remove(0);
    for (style, parameter) in [
        ("page[number]=1", "page[number]"),
        ("page=1", "page"),
        ("page[offset]=0", "page[offset]"),
        ("page[limit]=5", "page[limit]"),
    ] {
        let path = format!("/users?{style}&page[after]={cursor}");
        let answer = app.admin().get(&path).expect(400);
        assert_eq!(answer.parameters(), [parameter]);
    }
}

#[test]
fn k18_the_type_of_an_error_is_one_link() {
    let app = TestApp::start();
    for path in ["/users?page[size]=101", "/users?sort=shoe_size"] {
        let error = get(&app, path).expect(400).errors().remove(0);
        assert!(error["links"]["type"].is_string(), "{error}");
    }
}
