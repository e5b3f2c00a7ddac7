//! Names that are unfit, or that look like those of others, on every surface.

use serde_json::{Value, json};

use super::{LOOK_ALIKES, SAME_LETTERS, UNSEEN, create, encoded, make, rename};
use crate::support::{Answer, TestApp, a_new, a_role, a_user, changes};

fn refused_names() -> impl Iterator<Item = &'static str> {
    let all = [LOOK_ALIKES, SAME_LETTERS, UNSEEN, &[".", ".."]];
    all.into_iter().flatten().copied()
}

fn people(app: &TestApp) -> i64 {
    let page = app.admin().get("/users?page[size]=1").expect(200);
    page.json()["meta"]["pagination"]["count"].as_i64().unwrap()
}

#[test]
fn nobody_is_made_or_renamed_to_look_like_somebody_else() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    for name in refused_names() {
        let answer = make(&app.admin(), name).expect(400);
        assert_eq!(answer.pointers(), ["/data/attributes/username"], "{name:?}");
        let answer = rename(&app.admin(), &user, json!({"username": name})).expect(400);
        assert_eq!(answer.pointers(), ["/data/attributes/username"], "{name:?}");
    }
    assert_eq!(people(&app), 2);
}

#[test]
fn nor_by_operations() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    for name in refused_names() {
        let add = a_new(
            "users",
            json!({"username": name, "password": "j04nd0e-and-more"}),
        );
        let add = json!({"op": "add", "data": add["data"]});
        let update = changes("users", user.id, json!({"username": name}));
        let update = json!({"op": "update", "data": update["data"]});
        for operation in [add, update] {
            let document = json!({"atomic:operations": [operation]});
            let answer = app.admin().operations(&document).expect(400);
            let at = ["/atomic:operations/0/data/attributes/username"];
            assert_eq!(answer.pointers(), at, "{name:?}");
        }
    }
}

#[test]
fn two_made_together_are_compared_with_each_other() {
    let app = TestApp::start();
    let add = |name: &str| {
        let user = a_new(
            "users",
            json!({"username": name, "password": "j04nd0e-and-more"}),
        );
        json!({"op": "add", "data": user["data"]})
    };
    let document = json!({"atomic:operations": [add("calvin"), add("Calvin")]});
    app.admin().operations(&document).expect(400);
    assert_eq!(people(&app), 1);
}

#[test]
fn nor_by_cfengine() {
    let app = TestApp::start();
    for name in refused_names().filter(|name| !matches!(*name, "." | "..")) {
        let path = format!("/api/user/{}", encoded(name));
        let body = json!({"password": "j04nd0e-and-more"}).to_string();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = app
            .admin()
            .send("PUT", &path, &headers, Some(body.as_bytes()));
        let expected = if UNSEEN.contains(&name) { 400 } else { 409 };
        assert_eq!(answer.status, expected, "{name:?} {}", answer.text);
    }
    assert_eq!(people(&app), 1);
}

fn as_openl2m(app: &TestApp, method: &str, path: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    let body = body.to_string();
    app.admin()
        .send(method, path, &headers, Some(body.as_bytes()))
}

#[test]
fn nor_by_openl2m() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let own = format!("/api/admin/users/{}/", user.id);
    for name in refused_names() {
        let body = json!({"username": name, "password": "j04nd0e-and-more"});
        let made = as_openl2m(&app, "POST", "/api/admin/users/", &body).expect(400);
        assert!(made.json()["username"].is_array(), "{name:?} {}", made.text);
        let body = json!({"username": name});
        let renamed = as_openl2m(&app, "PATCH", &own, &body).expect(400);
        assert!(renamed.json()["username"].is_array(), "{name:?}");
    }
    assert_eq!(people(&app), 2);
}

#[test]
fn nor_by_the_portal() {
    let app = TestApp::start();
    a_user().named("boss@example.org").create(&app);
    for email in [
        "bоss@example.org",
        "boss@exаmple.org",
        "bo\u{200b}ss@example.org",
    ] {
        let body = json!({"email": email, "first_name": "B", "last_name": "O", "user_type": "IMO"});
        let path = "/api/id-management/users/?portal=CLUSTER";
        let headers = [("content-type", "application/json")];
        let body = body.to_string();
        let answer = app
            .admin()
            .send("POST", path, &headers, Some(body.as_bytes()));
        assert_eq!(answer.status, 400, "{email:?} {}", answer.text);
        assert!(answer.json()["email"].is_array(), "{}", answer.text);
    }
}

#[test]
fn unames_follow_the_same_rules() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    for uname in ["аdmin", "admın", "adm\u{ad}in", "admin\u{3164}", ".", ".."] {
        let attributes =
            json!({"username": "calvin", "password": "j04nd0e-and-more", "uname": uname});
        let answer = create(&app.admin(), attributes).expect(400);
        assert_eq!(answer.pointers(), ["/data/attributes/uname"], "{uname:?}");
        let answer = rename(&app.admin(), &user, json!({"uname": uname})).expect(400);
        assert_eq!(answer.pointers(), ["/data/attributes/uname"], "{uname:?}");
    }
}

#[test]
fn a_role_is_not_named_to_look_like_another() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    for name in [
        "аdmin",
        "ａdmin",
        "admin\u{3164}",
        "adm\u{200b}in",
        "admın",
        ".",
        "..",
    ] {
        let made = app
            .admin()
            .post("/roles", &a_new("roles", json!({"name": name})))
            .expect(400);
        assert_eq!(made.pointers(), ["/data/attributes/name"], "{name:?}");
        let edit = changes("roles", role.id, json!({"name": name}));
        app.admin().patch(&role.path(), &edit).expect(400);
        let path = format!("/api/role/{}", encoded(name));
        if !matches!(name, "." | "..") {
            let headers = [("content-type", "application/x-www-form-urlencoded")];
            let answer = app.admin().send("PUT", &path, &headers, Some(b"{}"));
            assert!(
                (400..500).contains(&answer.status),
                "{name:?} {}",
                answer.text
            );
        }
    }
}

#[test]
fn ordinary_names_of_every_script_are_taken() {
    let app = TestApp::start();
    for name in [
        "Иван",
        "李雷",
        "محمد",
        "हिन्दी",
        "น้องใหม่",
        "Zoë",
        "josé",
        "jose",
        "Ångström",
        "Ωμέγα",
        "김철수",
        "やまだ",
        "ניר",
        "გიორგი",
        "Ş.Yılmaz",
        "groß",
        "gross",
        "jæger",
        "jaeger",
        "user1",
        "userl",
        "userI",
        "john0",
        "johno",
        "modern",
        "modem",
        "a.b",
        "...",
        "first+tag@example.org",
    ] {
        make(&app.admin(), name).expect(201);
    }
}

#[test]
fn a_name_in_the_trash_is_no_rival_until_it_is_restored() {
    let app = TestApp::start();
    let gone = a_user().named("Calvin").deleted(&app);
    make(&app.admin(), "calvin").expect(201);
    let edit = changes("users", gone.id, json!({}));
    app.admin().patch(&gone.trash_path(), &edit).expect(409);
    app.admin().get(&gone.path()).expect(404);
}

#[test]
fn of_many_who_come_at_the_same_time_one_has_the_name() {
    let app = TestApp::start();
    let names = ["calvin", "Calvin", "CALVIN", "cALVIN", "caLvin", "calviN"];
    let made: usize = std::thread::scope(|scope| {
        let threads = names.map(|name| {
            let app = &app;
            scope.spawn(move || {
                let status = make(&app.admin(), name).status;
                assert!(matches!(status, 201 | 400), "{status}");
                usize::from(status == 201)
            })
        });
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(made, 1);
}

#[test]
fn somebody_may_change_the_case_of_a_name() {
    let app = TestApp::start();
    let user = a_user().named("calvin").create(&app);
    let answer = rename(&app.admin(), &user, json!({"username": "Calvin"})).expect(200);
    assert_eq!(answer.data()["attributes"]["username"], "Calvin");
    make(&app.admin(), "calvin").expect(400);
}
