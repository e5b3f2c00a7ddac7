//! `GET /trash`, `GET /trash/users`, `GET /trash/users/ID`

use serde_json::json;

use super::clerk;
use crate::support::{BEGIN, BY_CURSOR, JSON_API, Member, TestApp, a_role, a_user};

fn names(app: &TestApp, query: &str) -> Vec<String> {
    let path = format!("/trash/users?{query}");
    let data = app.admin().get(&path).expect(200).data();
    let users = data.as_array().unwrap().iter();
    users
        .map(|user| user["attributes"]["username"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_trash_tells_what_is_in_it_and_home_where_it_is() {
    let app = TestApp::start();
    let home = app.admin().get("/home").json()["meta"]["resources"].clone();
    assert_eq!(home["trash"]["href"], app.url("/trash"));
    let trash = app.admin().get("/trash").expect(200).json();
    assert_eq!(trash["links"]["self"], app.url("/trash"));
    let users = &trash["meta"]["resources"]["users"];
    assert_eq!(users["href"], app.url("/trash/users"));
    assert_eq!(users["hints"]["allow"], json!(["GET", "HEAD"]));
    app.admin().get("/trash?sort=id").expect(400);
}

#[test]
fn a_user_in_the_trash_shows_when_and_by_whom_it_was_deleted() {
    let app = TestApp::start();
    let user = a_user().named("calvin").create(&app);
    app.advance(5);
    app.admin().delete(&user.path()).expect(204);
    let later = "2026-01-02T03:04:10+00:00";
    let own = app.url(&user.trash_path());
    let answer = app.admin().get(&user.trash_path()).expect(200);
    assert_eq!(answer.json()["links"]["self"], own);
    assert_eq!(
        answer.data(),
        json!({
            "type": "users",
            "id": user.id.to_string(),
            "attributes": {
                "username": "calvin",
                "uname": "calvin",
                "name": null,
                "surname": null,
                "full_name": null,
                "email": null,
                "position": null,
                "organization": null,
                "time_zone": null,
                "is_active": true,
                "is_staff": false,
                "external": false,
                "last_login": null,
                "created_by": null,
                "modified_by": 1,
                "created": BEGIN,
                "modified": later,
                "deleted": later,
                "deleted_by": 1,
            },
            "links": {"self": own},
            "meta": {"created": BEGIN, "modified": later, "created_by": null, "modified_by": 1},
        })
    );
    assert_eq!(
        app.admin().get("/trash/users").data(),
        json!([answer.data()])
    );
}

#[test]
fn only_deleted_users_are_in_the_trash() {
    let app = TestApp::start();
    let living = a_user().create(&app);
    let gone = a_user().deleted(&app);
    let list = app.admin().get("/trash/users").expect(200);
    assert_eq!(list.ids(), [gone.id.to_string()]);
    assert_eq!(list.json()["meta"]["pagination"]["count"], 1);
    app.admin().get(&living.trash_path()).expect(404);
    app.admin().get("/trash/users/4711").expect(404);
    app.admin().get("/trash/users/x").expect(404);
    assert_eq!(
        app.admin().get("/users").ids(),
        ["1", &living.id.to_string()]
    );
}

#[test]
fn the_trash_is_filtered_searched_sorted_and_sparse_like_the_living() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    a_user().named("living").with_surname("Doe").create(&app);
    a_user()
        .named("calvin")
        .with_surname("Doe")
        .holding(&role)
        .deleted(&app);
    app.advance(60);
    a_user()
        .named("hobbes")
        .with_email("h@doe.org")
        .deleted(&app);
    assert_eq!(names(&app, "sort=-deleted"), ["hobbes", "calvin"]);
    assert_eq!(names(&app, "sort=surname"), ["hobbes", "calvin"]);
    assert_eq!(
        names(&app, "filter[deleted][gt]=2026-01-02T03:05:00Z"),
        ["hobbes"]
    );
    assert_eq!(
        names(&app, "filter[deleted_by]=1&filter[surname]=Doe"),
        ["calvin"]
    );
    assert_eq!(names(&app, "filter[username][regex]=^c.*n$"), ["calvin"]);
    assert_eq!(
        names(&app, &format!("filter[roles]={}", role.id)),
        ["calvin"]
    );
    assert_eq!(names(&app, "q=doe"), ["calvin", "hobbes"]);
    assert_eq!(names(&app, "q=ho"), ["hobbes"]);
    assert_eq!(names(&app, "id=4711").len(), 0);
    let sparse = app
        .admin()
        .get("/trash/users?fields[users]=username,deleted&filter[username]=calvin")
        .expect(200);
    assert_eq!(
        sparse.data()[0]["attributes"],
        json!({"username": "calvin", "deleted": BEGIN})
    );
}

#[test]
fn what_the_trash_does_not_have_is_refused_there_and_what_only_it_has_elsewhere() {
    let app = TestApp::start();
    let gone = a_user().deleted(&app);
    for wrong in [
        "include=roles",
        "fields[users]=roles",
        "sort=password",
        "roles",
    ] {
        app.admin()
            .get(&format!("/trash/users?{wrong}"))
            .expect(400);
    }
    let one = format!("{}?include=tokens", gone.trash_path());
    app.admin().get(&one).expect(400);
    for wrong in [
        "sort=deleted",
        "filter[deleted_by]=1",
        "fields[users]=deleted",
    ] {
        app.admin().get(&format!("/users?{wrong}")).expect(400);
    }
}

fn crowd(app: &TestApp) -> Vec<String> {
    let crowd: Vec<Member> = (0..7).map(|_| a_user().deleted(app)).collect();
    crowd.iter().map(|user| user.id.to_string()).collect()
}

#[test]
fn the_trash_is_paged_by_number() {
    let app = TestApp::start();
    let all = crowd(&app);
    let page = app.admin().get("/trash/users?page[size]=3&page[number]=2");
    assert_eq!(page.expect(200).ids(), all[3..6]);
    let end = app.admin().get("/trash/users?page[size]=3&page[number]=3");
    let told = end.json();
    assert_eq!(end.ids(), all[6..]);
    assert_eq!(told["meta"]["pagination"]["count"], 7);
    assert_eq!(told["links"]["next"], json!(null));
    assert_eq!(
        told["links"]["first"],
        app.url("/trash/users?page%5Bsize%5D=3")
    );
    app.admin().get("/trash/users?page[number]=9").expect(404);
}

#[test]
fn cursors_lead_through_the_whole_trash_in_every_order() {
    let app = TestApp::start();
    let all = crowd(&app);
    for sort in [
        "",
        "-id",
        "deleted",
        "-deleted",
        "-deleted_by,username",
        "surname",
    ] {
        let order = if sort.is_empty() { "" } else { "&sort=" };
        let mut next = Some(format!("/trash/users?page[size]=2{order}{sort}"));
        let mut seen = Vec::new();
        while let Some(path) = next {
            let page = app.admin().get_with(&path, &[("accept", BY_CURSOR)]);
            let page = page.expect(200);
            seen.extend(page.ids());
            next = page.json()["links"]["next"].as_str().map(str::to_owned);
            assert!(seen.len() <= all.len(), "{sort}: {seen:?}");
        }
        seen.sort_by_key(|id| id.parse::<i64>().unwrap());
        assert_eq!(seen, all, "{sort}");
    }
}

#[test]
fn one_in_the_trash_has_a_tag_of_its_own() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let living = app.admin().get(&user.path()).expect(200);
    app.admin().delete(&user.path()).expect(204);
    let read = app.admin().get(&user.trash_path()).expect(200);
    let tag = read.header("etag").expect("an ETag");
    assert_ne!(living.header("etag"), Some(tag));
    let known = [("accept", JSON_API), ("if-none-match", tag)];
    app.admin().get_with(&user.trash_path(), &known).expect(304);
}

#[test]
fn seeing_the_trash_takes_users_read_and_users_write() {
    let app = TestApp::start();
    let gone = a_user().deleted(&app);
    for (permissions, status) in [
        (&["users:read"][..], 403),
        (&["users:write"], 403),
        (&["audit:read"], 403),
        (&["users:read", "users:write"], 200),
    ] {
        let client = clerk(&app, permissions);
        client.get("/trash").expect(200);
        client.get("/trash/users").expect(status);
        client.get(&gone.trash_path()).expect(status);
        // What is not there tells such callers nothing either.
        let nobody = if status == 200 { 404 } else { 403 };
        client.get("/trash/users/4711").expect(nobody);
    }
}
