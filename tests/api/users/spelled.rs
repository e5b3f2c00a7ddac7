//! Lists of values in the spellings that client libraries use: with commas, by
//! repetition, by `[]` and by `[N]`.

use rolecall::api::endpoints;
use serde_json::json;

use crate::support::{TestApp, a_role, a_user, changes};

/// The same two values of a list parameter, in every spelling.
fn spellings(name: &str, one: &str, other: &str) -> [String; 5] {
    [
        format!("{name}={one},{other}"),
        format!("{name}={one}&{name}={other}"),
        format!("{name}[]={one}&{name}[]={other}"),
        format!("{name}[0]={one}&{name}[1]={other}"),
        format!("{name}%5B%5D={one}&{name}%5B%5D={other}"),
    ]
}

#[test]
fn filters_find_the_same_however_their_values_are_spelled() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let users = ["calvin", "hobbes", "susie"].map(|name| a_user().named(name));
    let [one, two, three] = users.map(|user| user.holding(&role).create(&app));
    let ids = [one.id, two.id, three.id].map(|id| id.to_string());
    let (first, second) = (ids[0].as_str(), ids[1].as_str());
    for (name, a, b, found) in [
        ("filter[username]", "calvin", "hobbes", &ids[..2]),
        ("filter[username][in]", "calvin", "hobbes", &ids[..2]),
        ("filter[id]", first, second, &ids[..2]),
        ("filter[or][0][username]", "calvin", "hobbes", &ids[..2]),
        ("filter[roles]", &role.name, "nothing", &ids[..]),
    ] {
        for query in spellings(name, a, b) {
            let query = query.replace(' ', "%20");
            let answer = app.admin().get(&format!("/users?{query}")).expect(200);
            assert_eq!(answer.ids(), found, "{query}");
        }
    }
    for query in spellings("filter[username][nin]", "calvin", "hobbes") {
        let path = format!(
            "/users?{query}&filter[roles]={}",
            role.name.replace(' ', "%20")
        );
        assert_eq!(
            app.admin().get(&path).expect(200).ids(),
            ids[2..],
            "{query}"
        );
    }
    // Groups are numbered in front of the field, lists behind it.
    let path = "/users?filter[or][0][username][0]=calvin&filter[or][0][username][1]=nobody\
        &filter[or][1][username][]=susie";
    let found = app.admin().get(path).expect(200).ids();
    assert_eq!(found, [ids[0].clone(), ids[2].clone()]);
}

#[test]
fn values_that_come_one_by_one_keep_their_commas() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let edit = changes("users", user.id, json!({"organization": "Acme, Inc."}));
    app.admin().patch(&user.path(), &edit).expect(200);
    let own = [user.id.to_string()];
    for query in [
        "filter[organization][]=Acme,%20Inc.",
        "filter[organization][0]=Acme,%20Inc.",
        "filter[organization][in][]=Acme,%20Inc.",
        "filter[organization]=x&filter[organization]=Acme,%20Inc.",
        "filter[organization][eq]=Acme,%20Inc.",
    ] {
        let found = app
            .admin()
            .get(&format!("/users?{query}"))
            .expect(200)
            .ids();
        assert_eq!(found, own, "{query}");
    }
    let split = "/users?filter[organization]=Acme,%20Inc.";
    assert!(app.admin().get(split).expect(200).ids().is_empty());
}

#[test]
fn order_includes_and_fields_are_lists_in_every_spelling() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    for (name, surname) in [("b", "x"), ("a", "y"), ("b", "w")] {
        let user = a_user().holding(&role).create(&app);
        let edit = changes("users", user.id, json!({"name": name, "surname": surname}));
        app.admin().patch(&user.path(), &edit).expect(200);
    }
    let same = |path: &str, name: &str, one: &str, other: &str| {
        let mut answers = spellings(name, one, other).map(|query| {
            let mut answer = app
                .admin()
                .get(&format!("{path}{query}"))
                .expect(200)
                .json();
            answer["links"] = json!(null);
            answer
        });
        let first = answers[0].take();
        assert!(first["data"].is_array() || first["data"].is_object());
        for answer in &answers[1..] {
            assert_eq!(*answer, first, "{name}");
        }
    };
    same("/users?", "sort", "-name", "surname");
    same("/users?", "include", "roles", "partner");
    same("/users?", "fields[users]", "name", "roles");
    same("/users/1?", "include", "roles", "partner");
    same("/users/1?", "fields[users]", "name", "roles");
    let linkage = "/users/1/relationships/roles?";
    same(linkage, "include", "roles", "roles.includes");
    // Numbers say the order, whichever comes first.
    let turned = app
        .admin()
        .get("/users?sort[1]=surname&sort[0]=-name")
        .expect(200);
    let plain = app.admin().get("/users?sort=-name,surname").expect(200);
    assert_eq!(turned.ids(), plain.ids());
}

#[test]
fn every_list_of_every_type_takes_every_spelling() {
    let app = TestApp::start();
    for endpoint in endpoints() {
        let path = endpoint.path.as_str();
        if path.contains('{') || !endpoint.methods.contains(&"GET") {
            continue;
        }
        let plain = app.admin().get(&format!("{path}?filter[id]=1,2"));
        if plain.status != 200 || !plain.json()["data"].is_array() {
            continue;
        }
        for query in spellings("filter[id]", "1", "2") {
            let answer = app.admin().get(&format!("{path}?{query}")).expect(200);
            assert_eq!(answer.ids(), plain.ids(), "{path} {query}");
        }
        for query in spellings("sort", "-id", "id") {
            app.admin().get(&format!("{path}?{query}")).expect(200);
        }
    }
}

#[test]
fn links_keep_the_spelling_of_the_request() {
    let app = TestApp::start();
    let users = ["calvin", "hobbes"].map(|name| a_user().named(name).create(&app));
    let path = "/users?filter[username][]=calvin&filter[username][]=hobbes&page[size]=1";
    let first = app.admin().get(path).expect(200);
    assert_eq!(first.ids(), [users[0].id.to_string()]);
    let next = first.json()["links"]["next"].as_str().unwrap().to_owned();
    assert_eq!(
        app.admin().get(&next).expect(200).ids(),
        [users[1].id.to_string()]
    );
}

#[test]
fn what_takes_one_value_is_refused_a_list_of_them() {
    let app = TestApp::start();
    for (query, name) in [
        ("q=a&q=b", "q"),
        ("id=1&id=2", "id"),
        ("page[size]=1&page[size]=2", "page[size]"),
        ("page[size]=1&page_size=2", "page_size"),
        ("page[size][]=1", "page[size][]"),
        ("q[]=a", "q[]"),
        (
            "filter[name][contains]=a&filter[name][contains]=b",
            "filter[name][contains]",
        ),
        ("filter[name][contains][]=a", "filter[name][contains][]"),
        ("filter[id][lt][0]=1", "filter[id][lt][0]"),
        ("filter[query]=a&filter[query]=b", "filter[query]"),
        ("filter[query][]=a&filter[query][]=b", "filter[query][]"),
        ("sort[0]=id&sort[0]=name", "sort[0]"),
        ("filter[id][0]=1&filter[id][0]=2", "filter[id][0]"),
        ("filter[or][0]=1", "filter[or][0]"),
        ("filter[or][]=1", "filter[or][]"),
        ("fields[]=a", "fields[]"),
        ("filter[id][]=1&filter[id][]=x", "filter[id][]"),
    ] {
        let answer = app.admin().get(&format!("/users?{query}")).expect(400);
        assert_eq!(answer.parameters(), [name], "{query}");
    }
}
