//! Query parameters: Q01 to Q26. Q25 is with the errors.

use serde_json::{Value, json};

use super::{change, count_roles, each, identifiers, included, members, new_role};
use crate::support::{Answer, Member, RoleMade, TestApp, a_role, a_user};

/// Two users who hold one role.
fn pair(app: &TestApp) -> (RoleMade, Member, Member) {
    let role = a_role().create(app);
    let ann = a_user().named("ann").holding(&role).create(app);
    let bob = a_user().named("bob").holding(&role).create(app);
    (role, ann, bob)
}

fn crowd(app: &TestApp, size: usize) {
    for number in 1..size {
        a_user().named(&format!("user{number:02}")).create(app);
    }
}

fn links(answer: &Answer) -> Value {
    answer.json()["links"].clone()
}

fn pagination(answer: &Answer) -> Value {
    answer.json()["meta"]["pagination"].clone()
}

#[test]
fn q01_include_makes_a_compound_document() {
    let app = TestApp::start();
    let (role, ann, _) = pair(&app);
    let path = format!("{}?include=roles", ann.path());
    let answer = app.admin().get(&path).expect(200);
    assert_eq!(included(&answer), [format!("roles/{}", role.id)]);
    let linkage = &answer.data()["relationships"]["roles"]["data"];
    assert_eq!(linkage, &identifiers("roles", &[role.id]));
}

#[test]
fn q01_nothing_related_is_an_empty_included() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let answer = app.admin().get(&format!("{}?include=roles", user.path()));
    let answer = answer.expect(200);
    assert!(included(&answer).is_empty());
    assert_eq!(answer.data()["relationships"]["roles"]["data"], json!([]));
}

#[test]
fn q02_nothing_that_was_not_asked_for_is_included() {
    let app = TestApp::start();
    let (role, ann, _) = pair(&app);
    let answer = app.admin().get(&ann.path()).expect(200);
    assert!(answer.json().get("included").is_none());
    let answer = app.admin().get(&format!("{}?include=tokens", ann.path()));
    assert!(included(&answer.expect(200)).is_empty());
    let answer = app.admin().get(&format!("{}?include=users", role.path()));
    let only_users = included(&answer.expect(200));
    assert!(only_users.iter().all(|item| item.starts_with("users/")));
}

#[test]
fn q03_an_empty_include_is_an_empty_included() {
    let app = TestApp::start();
    pair(&app);
    for path in [
        "/users?include=",
        "/users/1?include=",
        "/users/1/roles?include=",
    ] {
        assert!(
            included(&app.admin().get(path).expect(200)).is_empty(),
            "{path}"
        );
    }
}

#[test]
fn q04_an_unknown_path_among_good_ones_is_400() {
    let app = TestApp::start();
    for value in [
        "nothing",
        "roles,nothing",
        "roles.nothing",
        "roles,",
        ",roles",
        "roles..users",
        ".roles",
        "Roles",
        "username",
        "roles%20",
        "partners",
    ] {
        let answer = app
            .admin()
            .get(&format!("/users?include={value}"))
            .expect(400);
        assert_eq!(answer.parameters(), ["include"], "{value}");
    }
}

#[test]
fn q05_a_dotted_path_brings_the_resources_on_the_way() {
    let app = TestApp::start();
    let (role, ann, bob) = pair(&app);
    let path = format!("{}?include=roles.users", ann.path());
    let answer = app.admin().get(&path).expect(200);
    let mut found = included(&answer);
    found.sort();
    let wanted = [format!("roles/{}", role.id), format!("users/{}", bob.id)];
    assert_eq!(found, wanted);
}

#[test]
fn q05_cycles_end_without_duplicates() {
    let app = TestApp::start();
    let (role, ann, bob) = pair(&app);
    let path = format!("{}?include=users.roles.users", role.path());
    let answer = app.admin().get(&path).expect(200);
    let wanted = [format!("users/{}", ann.id), format!("users/{}", bob.id)];
    assert_eq!(included(&answer), wanted);
}

#[test]
fn q05_a_path_that_is_too_deep_is_400() {
    let app = TestApp::start();
    let path = "/users?include=roles.users.roles.users";
    let answer = app.admin().get(path).expect(400);
    assert_eq!(answer.parameters(), ["include"]);
}

#[test]
fn q07_related_addresses_honour_include() {
    let app = TestApp::start();
    let (role, ann, bob) = pair(&app);
    let path = format!("{}/roles?include=users", ann.path());
    let answer = app.admin().get(&path).expect(200);
    let wanted = [format!("users/{}", ann.id), format!("users/{}", bob.id)];
    assert_eq!(included(&answer), wanted);
    let path = format!("{}/users?include=roles", role.path());
    let answer = app.admin().get(&path).expect(200);
    assert_eq!(included(&answer), [format!("roles/{}", role.id)]);
    let answer = app.admin().get("/tokens/1/user?include=roles").expect(200);
    assert_eq!(included(&answer), ["roles/1"]);
}

#[test]
fn q07_relationship_addresses_include_by_their_own_name() {
    let app = TestApp::start();
    let (role, ann, bob) = pair(&app);
    let path = format!("{}/relationships/users", role.path());
    let answer = app
        .admin()
        .get(&format!("{path}?include=users"))
        .expect(200);
    let users = [format!("users/{}", ann.id), format!("users/{}", bob.id)];
    assert_eq!(included(&answer), users);
    let deeper = app.admin().get(&format!("{path}?include=users.roles"));
    assert_eq!(included(&deeper.expect(200)).len(), 3);
    let other = app
        .admin()
        .get(&format!("{path}?include=roles"))
        .expect(400);
    assert_eq!(other.parameters(), ["include"]);
    let one = app.admin().get("/tokens/1/relationships/user?include=user");
    // Honoured or refused, but not ignored.
    match one.status {
        200 => assert_eq!(included(&one), ["users/1"]),
        status => assert_eq!(status, 400),
    }
}

#[test]
fn q07_a_page_of_linkage_includes_the_members_it_shows_only() {
    let app = TestApp::with(|settings| settings.limits.linkage_items = 1);
    let (role, ann, bob) = pair(&app);
    let path = format!("{}/relationships/users?include=users", role.path());
    let first = app.admin().get(&path).expect(200);
    assert_eq!(included(&first), [format!("users/{}", ann.id)]);
    let next = links(&first)["next"].as_str().unwrap().to_owned();
    let second = app.admin().get(&next).expect(200);
    assert_eq!(included(&second), [format!("users/{}", bob.id)]);
    let none = path.replace("include=users", "include=");
    assert!(included(&app.admin().get(&none).expect(200)).is_empty());
}

#[test]
fn q07_post_and_patch_honour_include() {
    let app = TestApp::start();
    let mut document = new_role("made");
    document["data"]["relationships"] = json!({ "users": { "data": identifiers("users", &[1]) } });
    let made = app
        .admin()
        .post("/roles?include=users", &document)
        .expect(201);
    assert_eq!(included(&made), ["users/1"]);
    let id = made.id().parse().unwrap();
    let rename = change("roles", id, json!({ "label": "x" }));
    let path = format!("/roles/{id}?include=users.tokens");
    let changed = app.admin().patch(&path, &rename).expect(200);
    assert_eq!(included(&changed), ["users/1", "tokens/1"]);
}

#[test]
fn q07_a_bad_include_stops_post_and_patch() {
    let app = TestApp::start();
    let role = a_role().named("kept").create(&app);
    let admin = app.admin();
    admin
        .post("/roles?include=nothing", &new_role("new"))
        .expect(400);
    let rename = change("roles", role.id, json!({ "name": "changed" }));
    let path = format!("{}?include=nothing", role.path());
    admin.patch(&path, &rename).expect(400);
    admin
        .delete(&format!("{}?include=users", role.path()))
        .expect(400);
    assert_eq!(count_roles(&app), 2);
    let kept = admin.get(&role.path()).expect(200).data();
    assert_eq!(kept["attributes"]["name"], "kept");
}

#[test]
fn q07_changes_of_linkage_refuse_include() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let path = format!("{}/relationships/users", role.path());
    let body = json!({ "data": identifiers("users", &[1]) });
    for method in ["POST", "PATCH", "DELETE"] {
        let answer = app
            .admin()
            .json(method, &format!("{path}?include=users"), &body)
            .expect(400);
        assert_eq!(answer.parameters(), ["include"], "{method}");
    }
    assert!(members(&app, &path).is_empty());
}

#[test]
fn q07_home_refuses_include() {
    let app = TestApp::start();
    let answer = app.admin().get("/home?include=users").expect(400);
    assert_eq!(answer.parameters(), ["include"]);
}

fn names(object: &Value) -> Vec<&str> {
    let object = object.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}

#[test]
fn q08_fields_leave_only_what_they_name() {
    let app = TestApp::start();
    let path = "/users/1?fields[users]=username,created";
    let data = app.admin().get(path).expect(200).data();
    let mut shown = names(&data["attributes"]);
    shown.sort_unstable();
    assert_eq!(shown, ["created", "username"]);
    assert!(data.get("relationships").is_none());
}

#[test]
fn q08_fields_may_name_relationships() {
    let app = TestApp::start();
    let data = app
        .admin()
        .get("/users/1?fields[users]=roles")
        .expect(200)
        .data();
    assert_eq!(names(&data["relationships"]), ["roles"]);
    assert!(names(&data["attributes"]).is_empty());
}

#[test]
fn q08_an_empty_value_removes_all_fields() {
    let app = TestApp::start();
    let data = app
        .admin()
        .get("/users/1?fields[users]=")
        .expect(200)
        .data();
    let attributes = data.get("attributes").and_then(Value::as_object);
    assert!(attributes.is_none_or(|object| object.is_empty()));
    assert!(data.get("relationships").is_none());
    assert_eq!(data["id"], "1");
}

#[test]
fn q08_other_types_are_not_touched() {
    let app = TestApp::start();
    let whole = app.admin().get("/users/1").expect(200).data();
    let data = app
        .admin()
        .get("/users/1?fields[roles]=name")
        .expect(200)
        .data();
    assert_eq!(data, whole);
}

#[test]
fn q08_unknown_fields_and_types_are_400() {
    let app = TestApp::start();
    for query in [
        "fields[users]=nothing",
        "fields[users]=username,nothing",
        "fields[users]=password",
        "fields[users]=id",
        "fields[nothing]=name",
        "fields[nothing]=",
        "fields[users]=username,",
    ] {
        let answer = app.admin().get(&format!("/users?{query}")).expect(400);
        let name = query.split('=').next().unwrap();
        assert_eq!(answer.parameters()[0], name, "{query}");
    }
}

#[test]
fn q09_fields_apply_to_included_resources() {
    let app = TestApp::start();
    let path = "/users/1?include=roles&fields[roles]=name";
    let document = app.admin().get(path).expect(200).json();
    let role = &document["included"][0];
    assert_eq!(names(&role["attributes"]), ["name"]);
    assert!(role.get("relationships").is_none());
}

#[test]
fn q09_include_works_where_fields_hide_the_relationship() {
    let app = TestApp::start();
    let path = "/users/1?include=roles&fields[users]=username";
    let answer = app.admin().get(path).expect(200);
    assert_eq!(included(&answer), ["roles/1"]);
    assert!(answer.data().get("relationships").is_none());
}

#[test]
fn q10_fields_apply_to_post_and_patch() {
    let app = TestApp::start();
    let path = "/roles?fields[roles]=name";
    let made = app.admin().post(path, &new_role("made")).expect(201);
    assert_eq!(names(&made.data()["attributes"]), ["name"]);
    let id: i64 = made.id().parse().unwrap();
    let rename = change("roles", id, json!({ "name": "changed", "label": "x" }));
    let path = format!("/roles/{id}?fields[roles]=label");
    let changed = app.admin().patch(&path, &rename).expect(200).data();
    assert_eq!(changed["attributes"], json!({ "label": "x" }));
}

#[test]
fn q10_fields_apply_to_the_secret_of_a_new_token() {
    let app = TestApp::start();
    let document = json!({ "data": { "type": "tokens", "attributes": { "name": "one" } } });
    let post = |fields: &str| {
        let path = format!("/tokens?fields[tokens]={fields}");
        app.admin().post(&path, &document).expect(201).data()["attributes"].clone()
    };
    assert_eq!(post("name"), json!({ "name": "one" }));
    assert_eq!(names(&post("token")), ["token"]);
}

#[test]
fn q11_names_and_values_are_decoded_before_they_are_read() {
    let app = TestApp::start();
    let (_, ann, _) = pair(&app);
    let admin = app.admin();
    for (one, other) in [
        ("page[size]=1", "page%5Bsize%5D=1"),
        (
            "fields[users]=username,uname",
            "fields%5busers%5d=username%2Cuname",
        ),
        ("sort=-username,id", "sort=%2Dusername%2Cid"),
        ("include=roles.users", "include=roles%2Eusers"),
        ("filter[username]=ann", "%66ilter[username]=%61nn"),
    ] {
        let plain = admin.get(&format!("/users?{one}")).expect(200);
        let encoded = admin.get(&format!("/users?{other}")).expect(200);
        assert_eq!(plain.data(), encoded.data(), "{one}");
        assert_eq!(
            plain.json()["included"],
            encoded.json()["included"],
            "{one}"
        );
    }
    let answer = admin.get("/users?filter[username]=ann+").expect(200);
    assert!(answer.ids().is_empty(), "a plus is a blank");
    let answer = admin
        .get(&format!("/users?filter[id]={}", ann.id))
        .expect(200);
    assert_eq!(answer.ids(), [ann.id.to_string()]);
}

#[test]
fn q12_sort_is_ascending_and_with_a_minus_descending() {
    let app = TestApp::start();
    for name in ["m", "z", "b"] {
        a_user().named(name).create(&app);
    }
    let up = app.admin().get("/users?sort=username").expect(200);
    assert_eq!(each(&up, "username"), ["admin", "b", "m", "z"]);
    let down = app.admin().get("/users?sort=-username").expect(200);
    assert_eq!(each(&down, "username"), ["z", "m", "b", "admin"]);
}

#[test]
fn q12_several_sort_fields_apply_in_their_order() {
    let app = TestApp::start();
    for (name, surname) in [("a", "Y"), ("b", "X"), ("c", "Y"), ("d", "X")] {
        a_user().named(name).with_surname(surname).create(&app);
    }
    let path = "/users?filter[surname]=X,Y&sort=surname,-username";
    let answer = app.admin().get(path).expect(200);
    assert_eq!(each(&answer, "username"), ["d", "b", "c", "a"]);
    let path = "/users?filter[surname]=X,Y&sort=-surname,username";
    let answer = app.admin().get(path).expect(200);
    assert_eq!(each(&answer, "username"), ["a", "c", "b", "d"]);
}

#[test]
fn q12_the_order_holds_for_the_values_as_they_are_shown() {
    let app = TestApp::start();
    for _ in 0..3 {
        a_user().create(&app);
        app.advance(61);
    }
    let up = app.admin().get("/users?sort=created").expect(200);
    assert!(each(&up, "created").is_sorted());
    let down = app.admin().get("/users?sort=-created").expect(200);
    assert!(each(&down, "created").iter().rev().is_sorted());
    assert_ne!(up.ids(), down.ids());
}

#[test]
fn q12_related_lists_can_be_sorted() {
    let app = TestApp::start();
    let (role, ann, bob) = pair(&app);
    let path = format!("{}/users?sort=-username", role.path());
    let answer = app.admin().get(&path).expect(200);
    assert_eq!(answer.ids(), [bob.id.to_string(), ann.id.to_string()]);
}

#[test]
fn q13_unsupported_sort_fields_are_400() {
    let app = TestApp::start();
    for value in [
        "nothing",
        "username,nothing",
        "password",
        "-password",
        "password_hash",
        "roles",
        "roles.name",
        "--username",
        "username,",
        "+username",
    ] {
        let answer = app.admin().get(&format!("/users?sort={value}")).expect(400);
        assert_eq!(answer.parameters(), ["sort"], "{value}");
    }
}

#[test]
fn q13_sort_where_there_is_no_collection_is_400() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let rename = change("roles", role.id, json!({ "label": "x" }));
    let admin = app.admin();
    for answer in [
        admin.get("/users/1?sort=username"),
        admin.get("/home?sort=name"),
        admin.get("/tokens/1/user?sort=username"),
        admin.post("/roles?sort=name", &new_role("made")),
        admin.patch(&format!("{}?sort=name", role.path()), &rename),
        admin.delete(&format!("{}?sort=name", role.path())),
    ] {
        assert_eq!(answer.expect(400).parameters(), ["sort"]);
    }
    assert_eq!(count_roles(&app), 2);
}

#[test]
fn q14_pages_have_twenty_items_by_default() {
    let app = TestApp::start();
    crowd(&app, 23);
    let answer = app.admin().get("/users").expect(200);
    assert_eq!(answer.ids().len(), 20);
    assert_eq!(pagination(&answer)["page_size"], 20);
}

#[test]
fn q14_page_and_page_size_mean_the_same_and_can_be_mixed() {
    let app = TestApp::start();
    crowd(&app, 7);
    let ids = |query: &str| {
        app.admin()
            .get(&format!("/users?{query}"))
            .expect(200)
            .ids()
    };
    let wanted = ids("page[number]=2&page[size]=3");
    assert_eq!(wanted, ["4", "5", "6"]);
    assert_eq!(ids("page=2&page_size=3"), wanted);
    assert_eq!(ids("page=2&page[size]=3"), wanted);
    assert_eq!(ids("page[number]=2&page_size=3"), wanted);
    assert_eq!(ids("page[offset]=3&page[limit]=3"), wanted);
}

#[test]
fn q14_the_same_parameter_twice_is_400() {
    let app = TestApp::start();
    for query in [
        "page=1&page[number]=1",
        "page_size=1&page[size]=2",
        "q=a&q=b",
        "filter[name][lt]=a&filter[name][lt]=b",
    ] {
        let answer = app.admin().get(&format!("/users?{query}")).expect(400);
        assert!(query.contains(&answer.parameters()[0]), "{query}");
    }
}

#[test]
fn q14_two_styles_of_paging_at_once_are_400() {
    let app = TestApp::start();
    for (query, name) in [
        ("page[offset]=0&page[number]=1", "page[number]"),
        ("page[limit]=2&page_size=2", "page_size"),
        ("page[after]=x&page=1", "page"),
    ] {
        let answer = app.admin().get(&format!("/users?{query}")).expect(400);
        assert_eq!(answer.parameters(), [name], "{query}");
    }
}

#[test]
fn q15_links_by_offset_lead_through_the_list_too() {
    let app = TestApp::start();
    crowd(&app, 5);
    let answer = app
        .admin()
        .get("/users?page[offset]=2&page[limit]=2")
        .expect(200);
    assert_eq!(answer.ids(), ["3", "4"]);
    let follow = |name: &str| {
        let link = links(&answer)[name].as_str().unwrap().to_owned();
        app.admin().get(&link).expect(200).ids()
    };
    assert_eq!(follow("next"), ["5"]);
    assert_eq!(follow("last"), ["5"]);
    assert_eq!(follow("prev"), ["1", "2"]);
    assert_eq!(follow("first"), ["1", "2"]);
}

#[test]
fn q15_the_links_lead_through_the_list_in_order() {
    let app = TestApp::start();
    crowd(&app, 7);
    let mut next = "/users?page[size]=3".to_owned();
    let mut pages = Vec::new();
    loop {
        let answer = app.admin().get(&next).expect(200);
        pages.push(answer.ids());
        match &links(&answer)["next"] {
            Value::String(link) => next.clone_from(link),
            _ => break,
        }
    }
    let wanted: [&[&str]; 3] = [&["1", "2", "3"], &["4", "5", "6"], &["7"]];
    assert_eq!(pages, wanted);
    let first = app.admin().get("/users?page[size]=3").expect(200);
    let last = links(&first)["last"].as_str().unwrap().to_owned();
    let last = app.admin().get(&last).expect(200);
    assert_eq!(last.ids(), ["7"]);
    let prev = links(&last)["prev"].as_str().unwrap().to_owned();
    assert_eq!(app.admin().get(&prev).expect(200).ids(), ["4", "5", "6"]);
    let back = links(&last)["first"].as_str().unwrap().to_owned();
    assert_eq!(app.admin().get(&back).expect(200).ids(), ["1", "2", "3"]);
}

#[test]
fn q15_at_the_ends_links_are_null() {
    let app = TestApp::start();
    crowd(&app, 4);
    let first = links(&app.admin().get("/users?page[size]=2").expect(200));
    assert_eq!(first["prev"], Value::Null);
    assert!(first["next"].is_string());
    let last = links(&app.admin().get("/users?page[size]=2&page=2").expect(200));
    assert_eq!(last["next"], Value::Null);
    assert!(last["prev"].is_string());
}

#[test]
fn q15_links_keep_every_other_parameter() {
    let app = TestApp::start();
    crowd(&app, 7);
    let query = "sort=-username&fields[users]=username&include=roles&page[size]=2\
                 &filter[is_active]=true&page[number]=2";
    let answer = app.admin().get(&format!("/users?{query}")).expect(200);
    for name in ["first", "last", "prev", "next"] {
        let link = links(&answer)[name].as_str().unwrap().to_owned();
        for kept in [
            "sort=-username",
            "fields%5Busers%5D=username",
            "include=roles",
            "page%5Bsize%5D=2",
            "filter%5Bis_active%5D=true",
        ] {
            assert!(link.contains(kept), "{kept} in {link}");
        }
        app.admin().get(&link).expect(200);
    }
}

#[test]
fn q16_meta_tells_about_the_pages() {
    let app = TestApp::start();
    crowd(&app, 7);
    let answer = app
        .admin()
        .get("/users?page[size]=3&page[number]=3")
        .expect(200);
    let wanted = json!({
        "count": 7, "page": 3, "page_count": 3, "page_items": 1, "page_size": 3,
    });
    assert_eq!(pagination(&answer), wanted);
}

#[test]
fn q16_related_lists_tell_it_too() {
    let app = TestApp::start();
    let (role, _, _) = pair(&app);
    let answer = app
        .admin()
        .get(&format!("{}/users?page_size=1", role.path()));
    let wanted = json!({
        "count": 2, "page": 1, "page_count": 2, "page_items": 1, "page_size": 1,
    });
    assert_eq!(pagination(&answer.expect(200)), wanted);
}

#[test]
fn q17_sizes_and_numbers_are_positive_integers() {
    let app = TestApp::start();
    for name in [
        "page[number]",
        "page[size]",
        "page",
        "page_size",
        "page[limit]",
    ] {
        for value in ["0", "-1", "1.5", "abc", "", "1e3", "%2B1", "0x1", "%201"] {
            let path = format!("/users?{name}={value}");
            let answer = app.admin().get(&path).expect(400);
            assert_eq!(answer.parameters(), [name], "{path}");
        }
    }
}

#[test]
fn q17_a_page_behind_the_last_one_is_404() {
    let app = TestApp::start();
    for query in [
        "page[number]=2",
        "page=99999999999999999999999999",
        "page[offset]=7",
    ] {
        app.admin().get(&format!("/users?{query}")).expect(404);
    }
}

#[test]
fn q17_a_size_above_the_maximum_is_capped_and_told() {
    let app = TestApp::start();
    let answer = app.admin().get("/users?page[size]=1000").expect(200);
    assert_eq!(pagination(&answer)["page_size"], 100);
    assert_eq!(answer.json()["meta"]["page_size_max"], 100);
}

#[test]
fn q18_a_filter_is_an_exact_match() {
    let app = TestApp::start();
    for name in ["ann", "Anne", "anna", "a_n", "a%n"] {
        if !name.contains('%') {
            a_user().named(name).create(&app);
        }
    }
    let found = |value: &str| {
        let answer = app.admin().get(&format!("/users?filter[username]={value}"));
        each(&answer.expect(200), "username")
    };
    assert_eq!(found("ann"), ["ann"]);
    assert_eq!(found("Anne"), ["Anne"]);
    assert_eq!(found("a_n"), ["a_n"]);
    for value in [
        "an", "Ann", "anne", "a%25", "%25", "*", "a*", "_nn", "ann%20", "ann'--", "",
    ] {
        assert!(found(value).is_empty(), "{value}");
    }
}

#[test]
fn q18_filters_together_must_all_hold() {
    let app = TestApp::start();
    a_user().named("a").with_surname("X").create(&app);
    a_user()
        .named("b")
        .with_surname("X")
        .inactive()
        .create(&app);
    let path = "/users?filter[surname]=X&filter[is_active]=false";
    let answer = app.admin().get(path).expect(200);
    assert_eq!(each(&answer, "username"), ["b"]);
    let answer = app.admin().get("/users?filter[username]=a,b").expect(200);
    assert_eq!(each(&answer, "username"), ["a", "b"]);
}

#[test]
fn q18_related_lists_can_be_filtered() {
    let app = TestApp::start();
    let (role, ann, _) = pair(&app);
    a_user().named("carl").create(&app);
    let path = format!("{}/users?filter[username]=ann,carl", role.path());
    let answer = app.admin().get(&path).expect(200);
    assert_eq!(answer.ids(), [ann.id.to_string()]);
    assert_eq!(pagination(&answer)["count"], 1);
}

#[test]
fn q19_unknown_members_of_filter_and_page_are_400() {
    let app = TestApp::start();
    for (query, name) in [
        ("filter[nothing]=1", "filter[nothing]"),
        ("filter[password]=1", "filter[password]"),
        ("filter[username][like]=1", "filter[username][like]"),
        ("filter[username][eq][x]=1", "filter[username][eq][x]"),
        ("filter=1", "filter"),
        ("page[nothing]=1", "page[nothing]"),
        ("page[size][x]=1", "page[size][x]"),
        ("filter[is_active]=maybe", "filter[is_active]"),
        ("filter[created_by]=x", "filter[created_by]"),
        ("filter[created]=yesterday", "filter[created]"),
    ] {
        let answer = app.admin().get(&format!("/users?{query}")).expect(400);
        assert_eq!(answer.parameters(), [name], "{query}");
    }
}

#[test]
fn q19_what_a_type_does_not_know_is_400_and_not_ignored() {
    let app = TestApp::start();
    for (path, name) in [
        (
            "/users?filter[is_active][prefix]=t",
            "filter[is_active][prefix]",
        ),
        ("/users?filter[id][contains]=1", "filter[id][contains]"),
        (
            "/users?filter[created][regex]=2026",
            "filter[created][regex]",
        ),
        (
            "/users?filter[username][regex]=(",
            "filter[username][regex]",
        ),
        ("/users?filter[query][ge]=a", "filter[query][ge]"),
        ("/users?filter[query]=a%00b", "filter[query]"),
        ("/users?filter[roles][gt]=1", "filter[roles][gt]"),
        (
            "/users?filter[or][0][roles][prefix]=1",
            "filter[or][0][roles][prefix]",
        ),
        ("/users?q=a%00", "q"),
        ("/roles?filter[users]=1", "filter[users]"),
        ("/roles?filter[query]=a", "filter[query]"),
        ("/roles?q=a", "q"),
        ("/users/1/roles?q=a", "q"),
        ("/users/1/relationships/roles?q=a", "q"),
        ("/users/1?q=a", "q"),
        ("/events?q=a", "q"),
    ] {
        let answer = app.admin().get(path).expect(400);
        assert_eq!(answer.parameters(), [name], "{path}");
    }
}

#[test]
fn q20_unknown_parameters_are_400_on_every_endpoint_and_nothing_happens() {
    let app = TestApp::start();
    let role = a_role().named("kept").create(&app);
    let linkage = format!("{}/relationships/users", role.path());
    let rename = change("roles", role.id, json!({ "name": "changed" }));
    let member = json!({ "data": identifiers("users", &[1]) });
    let none = Value::Null;
    for (method, path, body) in [
        ("GET", "/users", &none),
        ("GET", "/users/1", &none),
        ("GET", "/users/1/roles", &none),
        ("GET", "/users/1/relationships/roles", &none),
        ("GET", "/tokens/1/user", &none),
        ("GET", "/tokens/1/relationships/user", &none),
        ("GET", "/home", &none),
        ("GET", "/events", &none),
        ("POST", "/roles", &new_role("new")),
        ("PATCH", role.path().as_str(), &rename),
        ("DELETE", role.path().as_str(), &none),
        ("POST", linkage.as_str(), &member),
        ("PATCH", linkage.as_str(), &member),
        ("DELETE", linkage.as_str(), &member),
    ] {
        let path = format!("{path}?unknown=1");
        let answer = match body {
            Value::Null if method == "DELETE" => app.admin().delete(&path),
            Value::Null => app.admin().get(&path),
            body => app.admin().json(method, &path, body),
        };
        assert_eq!(
            answer.expect(400).parameters(),
            ["unknown"],
            "{method} {path}"
        );
    }
    assert_eq!(count_roles(&app), 2);
    assert!(members(&app, &linkage).is_empty());
    let kept = app.admin().get(&role.path()).expect(200).data();
    assert_eq!(kept["attributes"]["name"], "kept");
}

#[test]
fn q20_the_id_of_the_canonical_description_stays_understood() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let ids = |id: &str| {
        app.admin()
            .get(&format!("/users?id={id}"))
            .expect(200)
            .ids()
    };
    assert_eq!(ids(&user.id.to_string()), [user.id.to_string()]);
    for nothing in ["99", "abc", "-1", "", "1,2"] {
        assert!(ids(nothing).is_empty(), "{nothing}");
    }
    let one = app.admin().get("/users/1?id=1").expect(400);
    assert_eq!(one.parameters(), ["id"]);
}

#[test]
fn q21_names_that_break_the_rules_are_400() {
    let app = TestApp::start();
    for name in [
        "filter[_]",
        "filter[a",
        "filter]a[",
        "filter[a]b",
        "filter[a]]",
        "filter[[a]]",
        "filter[-a]",
        "filter[]",
        "include[x]",
        "sort[x]",
        "fields",
        "fields[]",
        "fields[_a]",
        "fields[users][x]",
        "page[]",
        "[page]",
        "_a",
        "a-",
    ] {
        let answer = app.admin().get(&format!("/users?{name}=1")).expect(400);
        assert_eq!(answer.parameters(), [name], "{name}");
    }
}

#[test]
fn q22_unknown_parameters_of_our_own_form_are_400() {
    let app = TestApp::start();
    for name in ["camelCase", "page_sizes", "snake_case", "with-hyphen", "a1"] {
        let answer = app.admin().get(&format!("/users?{name}=1")).expect(400);
        assert_eq!(answer.parameters(), [name]);
    }
    app.admin().get("/users?page_size=1").expect(200);
}

#[test]
fn q24_no_query_string_is_our_fault() {
    let app = TestApp::start();
    let deep = format!("filter{}=1", "[or][0]".repeat(50));
    let wide = "&a=1".repeat(500);
    let listed = format!("filter[id]={}", "1,".repeat(1000));
    for query in [
        "%",
        "%zz=1",
        "%ff=1",
        "a=%ff",
        "=",
        "=1",
        "&&&",
        "a",
        "?",
        "page[size]=%00",
        "filter[username]=%00",
        "filter[id]=99999999999999999999",
        "filter[id]=-9223372036854775808",
        "filter[created][gt]=9999-99-99",
        "filter[created]=0000-01-01T00:00:00Z",
        "id=%00",
        "sort=%00",
        "include=%00",
        "fields[%00]=a",
        "page[offset]=9223372036854775807",
        "page[offset]=9223372036854775807&page[limit]=100",
        "page[number]=9223372036854775807&page[size]=100",
        "filter[username]='; DROP TABLE users; --",
        "filter[username][in]=",
        "filter[username][null]=",
        deep.as_str(),
        wide.as_str(),
        listed.as_str(),
    ] {
        let query = query.replace(' ', "%20");
        for path in [
            "/users",
            "/users/1",
            "/users/1/roles",
            "/users/1/relationships/roles",
        ] {
            let answer = app.admin().get(&format!("{path}?{query}"));
            assert!(answer.status < 500, "{path}?{query}: {}", answer.text);
        }
    }
}

#[test]
fn q26_page_and_filter_on_a_single_resource_are_400() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let rename = change("roles", role.id, json!({ "label": "x" }));
    let admin = app.admin();
    for name in [
        "page[size]",
        "page[number]",
        "page",
        "page_size",
        "filter[username]",
    ] {
        for answer in [
            admin.get(&format!("/users/1?{name}=1")),
            admin.get(&format!("/tokens/1/user?{name}=1")),
            admin.get(&format!("/home?{name}=1")),
            admin.post(&format!("/roles?{name}=1"), &new_role("made")),
            admin.patch(&format!("{}?{name}=1", role.path()), &rename),
            admin.delete(&format!("{}?{name}=1", role.path())),
        ] {
            assert_eq!(answer.expect(400).parameters(), [name], "{name}");
        }
    }
    assert_eq!(count_roles(&app), 2);
}
