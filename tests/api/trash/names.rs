//! Names of users in the trash are free for nobody.

use serde_json::{Value, json};

use super::clerk;
use crate::support::{Answer, TestApp, a_new, a_role, a_user, changes};

fn details(answer: &Answer) -> Vec<String> {
    let detail = |error: &Value| error["detail"].as_str().unwrap().to_owned();
    answer.errors().iter().map(detail).collect()
}

fn calvin() -> Value {
    let attributes = json!({"username": "calvin", "uname": "calvin", "password": "secret"});
    a_new("users", attributes)
}

#[test]
fn whoever_sees_the_trash_hears_that_the_name_is_there() {
    let app = TestApp::start();
    a_user().named("calvin").deleted(&app);
    let clerk = clerk(&app, &["users:read", "users:write"]);
    let refused = clerk.post("/users", &calvin()).expect(400);
    let at = ["/data/attributes/username", "/data/attributes/uname"];
    assert_eq!(refused.pointers(), at);
    for detail in details(&refused) {
        assert!(detail.contains("is in the trash"), "{detail}");
    }
    let user = a_user().create(&app);
    let edit = changes("users", user.id, json!({"username": "calvin"}));
    let refused = clerk.patch(&user.path(), &edit).expect(400);
    assert!(details(&refused)[0].contains("is in the trash"));
}

#[test]
fn others_hear_the_same_as_of_the_living() {
    let app = TestApp::start();
    a_user().named("calvin").deleted(&app);
    a_user().named("hobbes").create(&app);
    let writer = clerk(&app, &["users:write"]);
    let role = a_role().permitting(&["users:write"]).create(&app);
    let user = a_user().holding(&role).create(&app);
    let own = user.client(&app);
    let told = |name: &str| {
        let attributes = json!({"username": name, "uname": name, "password": "secret"});
        let made = writer
            .post("/users", &a_new("users", attributes))
            .expect(400);
        let edit = changes("users", user.id, json!({"username": name, "uname": name}));
        let changed = own.patch(&user.path(), &edit).expect(400);
        [details(&made), details(&changed)]
    };
    assert_eq!(told("calvin"), told("hobbes"));
    assert_eq!(
        told("calvin")[0],
        [
            "username: A user with this username already exists.",
            "uname: A user with this uname already exists.",
        ]
    );
}

#[test]
fn the_own_names_are_never_taken() {
    let app = TestApp::start();
    let user = a_user().named("calvin").create(&app);
    let same = json!({"username": "calvin", "uname": "calvin", "name": "Calvin"});
    let edit = changes("users", user.id, same);
    app.admin().patch(&user.path(), &edit).expect(200);
}
