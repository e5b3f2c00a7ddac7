//! `GET /users`

use serde_json::{Value, json};

use super::{post_johndoe, shown};
use crate::support::{BEGIN, Client, Member, TestApp, a_role, a_user};

fn pagination(count: i64, page: i64, page_count: i64, page_items: i64, page_size: i64) -> Value {
    json!({
        "count": count,
        "page": page,
        "page_count": page_count,
        "page_items": page_items,
        "page_size": page_size,
    })
}

/// The administrator and four more.
fn five_users(app: &TestApp) -> Vec<Member> {
    ["calvin", "hobbes", "moe", "susie"]
        .map(|name| a_user().named(name).create(app))
        .into()
}

fn links(client: &Client, path: &str) -> Value {
    client.get(path).expect(200).json()["links"].clone()
}

#[test]
fn the_list_is_answered_as_the_document_shows() {
    let app = TestApp::start();
    let id = post_johndoe(&app);
    let answer = app.admin().get("/users").expect(200);
    let mut admin = shown(&app, 1, "admin");
    for holder in ["attributes", "meta"] {
        admin[holder]["created_by"] = Value::Null;
        admin[holder]["modified_by"] = Value::Null;
    }
    assert_eq!(
        answer.json(),
        json!({
            "links": {
                "self": app.url("/users"),
                "home": app.url("/home"), "describedby": app.url("/openapi.json"),
                "first": app.url("/users"),
                "last": app.url("/users"),
                "prev": null,
                "next": null,
            },
            "data": [admin, shown(&app, id, "johndoe")],
            "meta": {"pagination": pagination(2, 1, 1, 2, 20), "total": 2},
        })
    );
}

#[test]
fn the_documents_id_parameter_finds_one_or_none() {
    let app = TestApp::start();
    let calvin = a_user().create(&app);
    let path = format!("/users?id={}", calvin.id);
    assert_eq!(
        app.admin().get(&path).expect(200).ids(),
        [calvin.id.to_string()]
    );
    for nobody in ["4711", "abc", ""] {
        let answer = app.admin().get(&format!("/users?id={nobody}")).expect(200);
        assert_eq!(answer.data(), json!([]), "{nobody:?}");
        assert_eq!(
            answer.json()["meta"]["pagination"],
            pagination(0, 1, 1, 0, 20)
        );
    }
}

#[test]
fn pages_link_to_each_other_and_keep_the_other_parameters_q15() {
    let app = TestApp::start();
    five_users(&app);
    let path = "/users?page[size]=2&sort=-username&page[number]=2";
    let answer = app.admin().get(path).expect(200).json();
    let page = |rest: &str| app.url(&format!("/users?page%5Bsize%5D=2&sort=-username{rest}"));
    assert_eq!(
        answer["links"],
        json!({
            "self": page("&page%5Bnumber%5D=2"),
            "home": app.url("/home"), "describedby": app.url("/openapi.json"),
            "first": page(""),
            "last": page("&page%5Bnumber%5D=3"),
            "prev": page(""),
            "next": page("&page%5Bnumber%5D=3"),
        })
    );
    assert_eq!(answer["meta"]["pagination"], pagination(5, 2, 3, 2, 2));
}

#[test]
fn following_next_visits_everybody_once() {
    let app = TestApp::start();
    five_users(&app);
    let mut seen = Vec::new();
    let mut next = Some(app.url("/users?page_size=2"));
    while let Some(address) = next {
        let page = app.admin().get(&address).expect(200);
        seen.extend(page.ids());
        next = page.json()["links"]["next"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, ["1", "2", "3", "4", "5"]);
}

#[test]
fn prev_and_last_lead_to_the_pages_that_they_name() {
    let app = TestApp::start();
    five_users(&app);
    let links = links(&app.admin(), "/users?page_size=2&page=2");
    let page = |name: &str| app.admin().get(links[name].as_str().unwrap()).ids();
    assert_eq!(page("first"), ["1", "2"]);
    assert_eq!(page("prev"), ["1", "2"]);
    assert_eq!(page("next"), ["5"]);
    assert_eq!(page("last"), ["5"]);
}

#[test]
fn the_documents_names_of_page_and_size_mean_the_same_and_mix_q14() {
    let app = TestApp::start();
    five_users(&app);
    for query in [
        "page[number]=2&page[size]=2",
        "page=2&page_size=2",
        "page=2&page[size]=2",
        "page[number]=2&page_size=2",
        "page%5Bnumber%5D=2&page%5bsize%5d=2",
    ] {
        let answer = app.admin().get(&format!("/users?{query}")).expect(200);
        assert_eq!(answer.ids(), ["3", "4"], "{query}");
    }
}

#[test]
fn a_page_can_begin_anywhere_by_offset() {
    let app = TestApp::start();
    five_users(&app);
    let answer = app
        .admin()
        .get("/users?page[offset]=1&page[limit]=3")
        .expect(200);
    assert_eq!(answer.ids(), ["2", "3", "4"]);
    let links = &answer.json()["links"];
    let page = |name: &str| app.admin().get(links[name].as_str().unwrap()).ids();
    assert_eq!(page("first"), ["1", "2", "3"]);
    assert_eq!(page("next"), ["5"]);
    assert_eq!(page("last"), ["4", "5"]);
}

#[test]
fn a_size_beyond_the_maximum_is_capped_and_the_answer_says_so() {
    let app = TestApp::start();
    let answer = app.admin().get("/users?page[size]=1000").expect(200).json();
    assert_eq!(
        answer["meta"],
        json!({"pagination": pagination(1, 1, 1, 1, 100), "total": 1, "page_size_max": 100})
    );
}

#[test]
fn a_page_behind_the_last_is_404() {
    let app = TestApp::start();
    for (query, parameter) in [
        ("page[number]=2", "page[number]"),
        ("page=2", "page"),
        ("page[offset]=21&page[limit]=20", "page[offset]"),
    ] {
        let answer = app.admin().get(&format!("/users?{query}")).expect(404);
        assert_eq!(answer.parameters(), [parameter], "{query}");
    }
}

#[test]
fn page_numbers_that_are_none_are_400_q17() {
    let app = TestApp::start();
    for query in [
        "page[number]=0",
        "page=-1",
        "page_size=0",
        "page[size]=x",
        "page[offset]=-1",
        "page[number]=1&page[offset]=0",
    ] {
        app.admin().get(&format!("/users?{query}")).expect(400);
    }
}

#[test]
fn the_total_can_be_skipped() {
    let app = TestApp::start();
    five_users(&app);
    let answer = app
        .admin()
        .get("/users?page[count]=none&page[size]=2&page[number]=2")
        .expect(200);
    assert_eq!(answer.ids(), ["3", "4"]);
    let answer = answer.json();
    assert_eq!(answer["meta"]["pagination"]["count"], Value::Null);
    assert_eq!(answer["links"]["last"], Value::Null);
    assert!(answer["links"]["next"].is_string());
}

#[test]
fn a_filter_is_an_exact_match_and_takes_several_values_q18() {
    let app = TestApp::start();
    five_users(&app);
    for (filter, found) in [
        ("filter[username]=calvin", vec!["2"]),
        ("filter[username]=Calvin", vec![]),
        ("filter[username]=%25", vec![]),
        ("filter[username]=calvin,moe", vec!["2", "4"]),
        ("filter[id]=3,4711", vec!["3"]),
        (
            "filter[username][ne]=admin&filter[id][le]=3",
            vec!["2", "3"],
        ),
        (
            "filter[created_by][null]=true",
            vec!["1", "2", "3", "4", "5"],
        ),
        ("filter[is_active]=false", vec![]),
    ] {
        let answer = app.admin().get(&format!("/users?{filter}")).expect(200);
        assert_eq!(answer.ids(), found, "{filter}");
        assert_eq!(
            answer.json()["meta"]["pagination"]["count"],
            found.len(),
            "{filter}"
        );
    }
}

/// The usernames that a query finds, in the order of the ids.
fn found(app: &TestApp, query: &str) -> Vec<String> {
    let answer = app.admin().get(&format!("/users?{query}")).expect(200);
    let data = answer.data();
    let items = data.as_array().unwrap();
    let count = &answer.json()["meta"]["pagination"]["count"];
    assert_eq!(count, items.len(), "{query}");
    let name = |user: &Value| user["attributes"]["username"].as_str().unwrap().to_owned();
    items.iter().map(name).collect()
}

#[test]
fn texts_are_looked_into_letter_by_letter_and_no_letter_is_special_q18() {
    let app = TestApp::start();
    for name in ["ann.b", "Ann", "a_n", "a.n", "hannah", "ann@x.example"] {
        a_user().named(name).create(&app);
    }
    let all = [
        "admin",
        "ann.b",
        "Ann",
        "a_n",
        "a.n",
        "hannah",
        "ann@x.example",
    ];
    for (filter, names) in [
        ("[prefix]=ann", vec!["ann.b", "ann@x.example"]),
        ("[prefix]=a_", vec!["a_n"]),
        ("[prefix]=a%25", vec![]),
        ("[prefix]=", all.to_vec()),
        ("[suffix]=n", vec!["admin", "Ann", "a_n", "a.n"]),
        ("[suffix]=.n", vec!["a.n"]),
        ("[suffix]=_n", vec!["a_n"]),
        ("[suffix]=", all.to_vec()),
        ("[suffix]=longer-than-any-of-the-names", vec![]),
        ("[contains]=ann", vec!["ann.b", "hannah", "ann@x.example"]),
        (
            "[contains]=nn",
            vec!["ann.b", "Ann", "hannah", "ann@x.example"],
        ),
        ("[contains]=A", vec!["Ann"]),
        ("[contains]=*", vec![]),
        ("[contains]=_", vec!["a_n"]),
        ("[contains]=@x.", vec!["ann@x.example"]),
        ("[contains]=\"nn\"", vec![]),
        ("[contains]=", all.to_vec()),
        ("[contains]=a,n", vec![]),
    ] {
        let encoded = filter.replace('"', "%22");
        let query = format!("filter[username]{encoded}");
        assert_eq!(found(&app, &query), names, "{filter}");
    }
    let nothing = "filter[surname][contains]=";
    assert_eq!(found(&app, nothing), [""; 0], "no value holds nothing");
}

#[test]
fn letters_of_every_alphabet_are_prefixes_and_suffixes() {
    let app = TestApp::start();
    a_user().named("x").with_surname("Ångström").create(&app);
    a_user().named("y").with_surname("Ωμέγα").create(&app);
    for (filter, names) in [
        ("[prefix]=%C3%85", vec!["x"]),
        ("[suffix]=%C3%B6m", vec!["x"]),
        ("[contains]=%CE%BC%CE%AD", vec!["y"]),
        ("[suffix]=%CE%B1", vec!["y"]),
    ] {
        let query = format!("filter[surname]{filter}");
        assert_eq!(found(&app, &query), names, "{filter}");
    }
}

#[test]
fn a_regular_expression_means_the_same_on_every_database() {
    let app = TestApp::start();
    for name in ["ann1", "ann22", "bob", "Bob", "b\u{e4}r"] {
        let username = name.replace('\u{e4}', "ae").replace("Bob", "Bob.");
        let user = a_user().named(&username);
        user.with_surname(name).create(&app);
    }
    for (pattern, names) in [
        (r"^ann\d$", vec!["ann1"]),
        (r"^ann\d+$", vec!["ann1", "ann22"]),
        (r"(?i)^bob$", vec!["bob", "Bob."]),
        (r"b\p{Ll}r", vec!["baer"]),
        (r"^(ann1|bob)", vec!["ann1", "bob"]),
        ("2{2}", vec!["ann22"]),
        ("x", vec![]),
        ("", vec!["ann1", "ann22", "bob", "Bob.", "baer"]),
    ] {
        let encoded = percent(pattern);
        let query = format!("filter[surname][regex]={encoded}");
        assert_eq!(found(&app, &query), names, "{pattern}");
    }
    let both = "filter[or][0][surname][regex]=^ann&filter[or][1][username]=admin";
    assert_eq!(found(&app, both), ["admin", "ann1", "ann22"]);
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn patterns_take_linear_time_and_bounded_memory() {
    let app = TestApp::start();
    let surname = "a".repeat(250);
    a_user().with_surname(&surname).create(&app);
    let hard = percent("^(a+)+$");
    let query = format!("filter[surname][regex]={hard}");
    assert_eq!(found(&app, &query).len(), 1);
    found(
        &app,
        &format!("filter[surname][regex]={}", percent("(a|aa)+b")),
    );
    for large in [r"\w{1000}{1000}", "(", "a{1000}{1000}{1000}"] {
        let path = format!("/users?filter[surname][regex]={}", percent(large));
        let answer = app.admin().get(&path).expect(400);
        assert_eq!(answer.parameters(), ["filter[surname][regex]"]);
    }
}

#[test]
fn users_are_filtered_by_roles_by_id_or_name() {
    let app = TestApp::start();
    let (hr, it) = (
        a_role().named("HR").create(&app),
        a_role().named("IT").create(&app),
    );
    a_user().named("ann").holding(&hr).create(&app);
    a_user().named("bob").holding(&it).create(&app);
    let both = a_user().named("eve").holding(&hr).holding(&it).create(&app);
    a_user().named("moe").create(&app);
    for (filter, names) in [
        ("filter[roles]=HR".to_owned(), vec!["ann", "eve"]),
        (format!("filter[roles]={}", it.id), vec!["bob", "eve"]),
        (
            format!("filter[roles]=HR,{}", it.id),
            vec!["ann", "bob", "eve"],
        ),
        ("filter[roles]=hr".into(), vec![]),
        ("filter[roles]=".into(), vec![]),
        ("filter[roles][ne]=HR".into(), vec!["admin", "bob", "moe"]),
        ("filter[roles][nin]=HR,IT".into(), vec!["admin", "moe"]),
        ("filter[roles][null]=true".into(), vec!["moe"]),
        (
            "filter[roles]=HR&filter[username][ne]=ann".into(),
            vec!["eve"],
        ),
        (
            "filter[or][0][roles]=HR&filter[or][1][username]=moe".into(),
            vec!["ann", "eve", "moe"],
        ),
    ] {
        assert_eq!(found(&app, &filter), names, "{filter}");
    }
    let end = "2026-01-02T03:05:05+00:00";
    let user = a_user().named("temp").create(&app);
    app.give_until(user.id, hr.id, end);
    assert_eq!(found(&app, "filter[roles]=HR"), ["ann", "eve", "temp"]);
    app.advance(60);
    assert_eq!(found(&app, "filter[roles]=HR"), ["ann", "eve"]);
    app.admin().delete(&both.path()).expect(204);
    assert_eq!(found(&app, "filter[roles]=HR"), ["ann"]);
}

#[test]
fn a_search_looks_into_names_username_and_email_whatever_the_case() {
    let app = TestApp::start();
    a_user().named("Hobbes").with_surname("Tiger").create(&app);
    a_user().named("cal").with_surname("ÉCLAIR").create(&app);
    let susie = a_user().named("susie").create(&app);
    let document = json!({"data": {"type": "users", "id": susie.id.to_string(), "attributes": {
        "email": "S.Derkins@x_y.example", "name": "100%", "organization": "hobbes ltd",
    }}});
    app.admin().patch(&susie.path(), &document).expect(200);
    for (words, names) in [
        ("hobbes", vec!["Hobbes"]),
        ("OBB", vec!["Hobbes"]),
        ("tig", vec!["Hobbes"]),
        ("derkins@", vec!["susie"]),
        ("%C3%A9cl", vec!["cal"]),
        ("00%25", vec!["susie"]),
        ("x_y", vec!["susie"]),
        ("xzy", vec![]),
        ("a%22b", vec![]),
        ("***", vec![]),
        // Below three letters: where a value begins.
        ("ho", vec!["Hobbes"]),
        ("HO", vec!["Hobbes"]),
        ("ob", vec![]),
        ("%C3%A9", vec!["cal"]),
        ("s", vec!["susie"]),
        ("", vec!["admin", "Hobbes", "cal", "susie"]),
    ] {
        assert_eq!(found(&app, &format!("q={words}")), names, "{words}");
        let filter = format!("filter[query]={words}");
        assert_eq!(found(&app, &filter), names, "{words}");
    }
    assert_eq!(found(&app, "q=hobbes&filter[username]=susie"), [""; 0]);
    let either = "filter[or][0][query]=hobbes&filter[or][1][username]=susie";
    assert_eq!(found(&app, either), ["Hobbes", "susie"]);
}

#[test]
fn a_search_finds_what_is_there_now() {
    let app = TestApp::start();
    let user = a_user().named("before").create(&app);
    assert_eq!(found(&app, "q=efor"), ["before"]);
    let document = json!({"data": {"type": "users", "id": user.id.to_string(), "attributes": {
        "username": "afterwards", "surname": "Longstocking",
    }}});
    app.admin().patch(&user.path(), &document).expect(200);
    assert_eq!(found(&app, "q=efor"), [""; 0]);
    assert_eq!(found(&app, "q=terwa"), ["afterwards"]);
    assert_eq!(found(&app, "q=STOCK"), ["afterwards"]);
    let document = json!({"data": {"type": "users", "id": user.id.to_string(), "attributes": {
        "surname": null,
    }}});
    app.admin().patch(&user.path(), &document).expect(200);
    assert_eq!(found(&app, "q=STOCK"), [""; 0]);
    app.admin().delete(&user.path()).expect(204);
    assert_eq!(found(&app, "q=terwa"), [""; 0]);
}

#[test]
fn members_of_a_role_are_searched_and_filtered_like_all_users() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let ann = a_user().named("annabel").holding(&role).create(&app);
    a_user().named("annaberg").create(&app);
    for query in [
        "q=nnab",
        "filter[username][regex]=^anna",
        "filter[username][prefix]=anna",
    ] {
        let answer = app.admin().get(&format!("{}/users?{query}", role.path()));
        assert_eq!(answer.expect(200).ids(), [ann.id.to_string()], "{query}");
    }
}

#[test]
fn a_total_can_be_estimated() {
    let app = TestApp::start();
    five_users(&app);
    for (query, count) in [
        ("page[count]=estimated", 5),
        ("page[count]=estimated&filter[username][ne]=moe", 4),
    ] {
        let answer = app.admin().get(&format!("/users?{query}")).expect(200);
        let meta = answer.json()["meta"].clone();
        assert_eq!(meta["pagination"]["count"], count, "{query}");
        assert_eq!(meta["count_is_estimated"], true, "{query}");
    }
    for path in [
        "/events?page[count]=estimated",
        "/roles?page[count]=estimated",
    ] {
        let answer = app.admin().get(path).expect(200);
        assert!(answer.json()["meta"]["pagination"]["count"].is_number());
    }
    let path = "/users/1/relationships/roles?page[count]=none";
    let answer = app.admin().get(path).expect(200).json();
    assert_eq!(answer["meta"]["pagination"]["count"], Value::Null);
}

#[test]
fn times_are_compared_as_moments_whatever_their_offset() {
    let app = TestApp::start();
    app.advance(60);
    let later = a_user().create(&app);
    for (filter, found) in [
        (
            "filter[created]=2026-01-02T04:04:05%2B01:00",
            "1".to_owned(),
        ),
        (
            "filter[created][gt]=2026-01-02T03:04:05Z",
            later.id.to_string(),
        ),
    ] {
        let answer = app.admin().get(&format!("/users?{filter}")).expect(200);
        assert_eq!(answer.ids(), [found], "{filter}");
    }
    let wrong = app.admin().get("/users?filter[created]=yesterday");
    assert_eq!(wrong.expect(400).parameters(), ["filter[created]"]);
}

#[test]
fn what_cannot_be_filtered_is_400_and_never_passed_over_q19() {
    let app = TestApp::start();
    for parameter in [
        "filter[password]",
        "filter[shoe_size]",
        "filter[username][like]",
        "filter[id]",
    ] {
        let answer = app.admin().get(&format!("/users?{parameter}=x"));
        assert_eq!(answer.expect(400).parameters(), [parameter]);
    }
}

#[test]
fn a_list_is_sorted_by_several_fields_in_their_order_q12() {
    let app = TestApp::start();
    let calvin = a_user().with_surname("B").named("calvin").create(&app);
    let hobbes = a_user().with_surname("A").named("hobbes").create(&app);
    let moe = a_user().with_surname("B").named("moe").create(&app);
    let order = |sort: &str| app.admin().get(&format!("/users?sort={sort}")).expect(200);
    let ids = |ids: [i64; 4]| ids.map(|id| id.to_string());
    // Who has no surname comes first.
    assert_eq!(
        order("surname,-username").ids(),
        ids([1, hobbes.id, moe.id, calvin.id])
    );
    assert_eq!(
        order("-surname,username").ids(),
        ids([calvin.id, moe.id, hobbes.id, 1])
    );
    assert_eq!(order("-id").ids(), ids([moe.id, hobbes.id, calvin.id, 1]));
}

#[test]
fn names_are_sorted_by_the_bytes_of_their_letters_on_every_database() {
    let app = TestApp::start();
    for name in ["a_b", "Zoe", "aBc", "ab", "émile"] {
        a_user().named(name).create(&app);
    }
    let path = "/users?sort=username&fields[users]=username";
    let names: Vec<Value> = app
        .admin()
        .get(path)
        .data()
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["attributes"]["username"].clone())
        .collect();
    assert_eq!(names, ["Zoe", "aBc", "a_b", "ab", "admin", "émile"]);
}

#[test]
fn what_cannot_be_sorted_is_400_q13() {
    let app = TestApp::start();
    for field in ["password", "password_hash", "shoe_size", "roles"] {
        let answer = app.admin().get(&format!("/users?sort=username,{field}"));
        assert_eq!(answer.expect(400).parameters(), ["sort"], "{field}");
    }
}

#[test]
fn included_roles_are_there_once_and_linked_from_every_user() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let calvin = a_user().holding(&role).create(&app);
    let hobbes = a_user().holding(&role).create(&app);
    let answer = app
        .admin()
        .get("/users?include=roles&sort=-id")
        .expect(200)
        .json();
    let linked = |place: usize| answer["data"][place]["relationships"]["roles"]["data"].clone();
    let member = json!([{"type": "roles", "id": role.id.to_string()}]);
    assert_eq!(answer["data"][0]["id"], hobbes.id.to_string());
    assert_eq!(linked(0), member);
    assert_eq!(answer["data"][1]["id"], calvin.id.to_string());
    assert_eq!(linked(1), member);
    let included = answer["included"].as_array().unwrap();
    // `admin` of the administrator, and the one that two hold.
    assert_eq!(included.len(), 2, "{included:?}");
}

#[test]
fn whoever_may_not_see_all_sees_a_list_of_themselves() {
    let app = TestApp::start();
    let users = five_users(&app);
    let answer = users[1].client(&app).get("/users").expect(200);
    assert_eq!(answer.ids(), [users[1].id.to_string()]);
    assert_eq!(
        answer.json()["meta"]["pagination"],
        pagination(1, 1, 1, 1, 20)
    );
}

#[test]
fn deep_pages_hold_what_they_should_after_deletions() {
    let app = TestApp::start();
    let users = five_users(&app);
    app.admin().delete(&users[0].path()).expect(204);
    let answer = app.admin().get("/users?page[size]=2&page[number]=2");
    assert_eq!(answer.expect(200).ids(), ["4", "5"]);
}

/// More than are looked at at a time, all of one surname, which the prefix finds.
#[test]
fn a_pattern_finds_thousands_who_are_called_alike() {
    let app = TestApp::start();
    app.database.execute(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 10059)
         INSERT INTO users (id, username, uname, surname, created, modified)
         SELECT i, 'user' || i, 'user' || i, 'Same', '{BEGIN}', '{BEGIN}' FROM n"
    ));
    for pattern in ["^Same$", "^Sam", "am.$"] {
        let path = format!(
            "/users?filter[surname][regex]={}&page[size]=2",
            percent(pattern)
        );
        let page = app.admin().get(&path).expect(200);
        assert_eq!(page.ids(), ["10", "11"], "{pattern}");
        let count = &page.json()["meta"]["pagination"]["count"];
        assert_eq!(count, 10_050, "{pattern}");
    }
}
