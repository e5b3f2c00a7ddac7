//! What everybody else may: their own record, and nothing that tells of others.

use serde_json::json;

use super::{delete, entry, get, post, put, refused};
use crate::support::{ADMIN_PASSWORD, Answer, Client, TestApp, a_role, a_user};

/// Whether a name is there cannot be told from the answer.
#[test]
fn all_but_the_own_record_is_a_403_that_tells_nothing() {
    let app = TestApp::start();
    let role = a_role()
        .named("HR")
        .permitting(&["users:read", "users:write", "roles:write"]);
    let user = a_user().holding(&role.create(&app)).create(&app);
    let other = a_user().named("other").create(&app);
    let client = user.client(&app);
    let own = format!("/user/{}", user.username);
    let empty = json!({});
    let forbidden = |work: &dyn Fn(&Client) -> Answer| refused(&app, 403, || work(&client)).text;
    forbidden(&|client| get(client, "/user"));
    forbidden(&|client| get(client, "/user?page=x&id=("));
    forbidden(&|client| get(client, "/role"));
    forbidden(&|client| put(client, &own, &empty));
    forbidden(&|client| delete(client, &own));
    for name in [other.username.as_str(), "nobody", ".*", "%00"] {
        let path = format!("/user/{name}");
        let texts = [
            forbidden(&|client| get(client, &path)),
            forbidden(&|client| post(client, &path, &json!({"name": "N"}))),
            forbidden(&|client| super::raw(client, "POST", &path, b"{")),
            forbidden(&|client| put(client, &path, &empty)),
            forbidden(&|client| delete(client, &path)),
        ];
        assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    }
    for name in ["HR", "admin", "nothing"] {
        let path = format!("/role/{name}");
        forbidden(&|client| get(client, &path));
        forbidden(&|client| post(client, &path, &empty));
        forbidden(&|client| put(client, &path, &empty));
        forbidden(&|client| delete(client, &path));
    }
}

#[test]
fn the_own_record_is_read_and_changed_but_for_its_roles() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let client = app.basic(&user.username, ADMIN_PASSWORD);
    let path = format!("/user/{}", user.username);
    let body = json!({"name": "Me", "email": "me@x.org", "time_zone": "Europe/Rome"});
    post(&client, &path, &body).expect(204);
    let shown = entry(get(&client, &path));
    assert_eq!(
        shown,
        json!({
            "id": user.username, "name": "Me", "email": "me@x.org",
            "time_zone": "Europe/Rome", "external": false, "roles": [],
        })
    );
    for roles in [json!([]), json!(["admin"]), json!(["nothing"])] {
        let body = json!({"name": "Other", "roles": roles});
        refused(&app, 403, || post(&client, &path, &body));
    }
    assert_eq!(entry(get(&client, &path)), shown);
}

#[test]
fn an_own_password_is_changed_by_whoever_knows_the_old_one() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let path = format!("/user/{}", user.username);
    let by_token = user.client(&app);
    refused(&app, 403, || {
        post(&by_token, &path, &json!({"password": "another one"}))
    });
    let wrong = json!({"password": "another one", "old_password": "wrong"});
    refused(&app, 403, || post(&by_token, &path, &wrong));
    let right = json!({"password": "another one", "old_password": ADMIN_PASSWORD});
    post(&by_token, &path, &right).expect(204);
    let by_password = app.basic(&user.username, "another one");
    post(&by_password, &path, &json!({"password": "a third one"})).expect(204);
    get(&app.basic(&user.username, "a third one"), &path).expect(200);
    get(&by_password, &path).expect(401);
}

#[test]
fn a_token_that_may_less_than_its_administrator_is_nobody_in_particular() {
    let app = TestApp::start();
    let admin = a_user().administrator().create(&app);
    let token = |scopes: &[&str]| app.token(&app.token_of(admin.id, Some(scopes)));
    let path = format!("/user/{}", admin.username);
    let narrow = token(&["users:read", "users:write", "self:read"]);
    get(&narrow, &path).expect(200);
    refused(&app, 403, || get(&narrow, "/user"));
    refused(&app, 403, || get(&narrow, "/user/admin"));
    refused(&app, 403, || post(&narrow, &path, &json!({"name": "N"})));
    let narrower = token(&["users:read"]);
    refused(&app, 403, || get(&narrower, &path));
}
