use serde_json::{Value, json};

use super::sign_in;
use crate::support::{
    ADMIN_PASSWORD, Answer, Client, Member, TestApp, a_role, a_user, changes, linkage,
};

fn change(client: &Client, user: &Member, attributes: Value) -> Answer {
    client.patch("/auth/user", &changes("users", user.id, attributes))
}

#[test]
fn the_caller_comes_with_their_roles() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().with_password().holding(&role).create(&app);
    let password = app.basic(&user.username, ADMIN_PASSWORD);
    for client in [
        user.client(&app),
        sign_in(&app, &user).client(&app),
        password,
    ] {
        let answer = client.get("/auth/user").expect(200);
        let document = answer.json();
        assert_eq!(document["links"]["self"], app.url("/auth/user"));
        assert_eq!(document["included"][0]["attributes"]["name"], role.name);
        let other = client.get(&format!("{}?include=roles", user.path())).json();
        assert_eq!(document["data"], other["data"]);
        assert_eq!(document["included"], other["included"]);
    }
    let client = user.client(&app);
    let plain = client.get("/auth/user?include=&fields[users]=name").json();
    assert_eq!(plain["included"], json!([]));
    client.get("/auth/user?sort=name").expect(400);
    client.get("/auth/user?include=nothing").expect(400);
}

#[test]
fn a_token_without_self_read_does_not_see_its_user() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let token = app.token(&app.token_of(user.id, Some(&["roles:read"])));
    token.get("/auth/user").expect(404);
    change(&token, &user, json!({"name": "x"})).expect(403);
}

#[test]
fn what_is_personal_can_be_changed() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let client = sign_in(&app, &user).client(&app);
    let answer = change(
        &client,
        &user,
        json!({"name": "John", "email": "john@example.org"}),
    );
    let attributes = answer.expect(200).data()["attributes"].clone();
    assert_eq!(attributes["name"], "John");
    let whole = client.get("/auth/user").data()["attributes"].clone();
    change(&client, &user, whole).expect(200);
}

#[test]
fn flags_roles_and_other_people_cannot_even_by_administrators() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().administrator().create(&app);
    let other = a_user().create(&app);
    let client = user.client(&app);
    change(&client, &user, json!({"is_staff": true})).expect(403);
    change(&client, &user, json!({"is_active": false})).expect(403);
    let answer = change(&client, &other, json!({"name": "x"})).expect(409);
    assert_eq!(answer.pointers(), ["/data/id"]);
    let mut document = changes("users", user.id, json!({}));
    document["data"]["relationships"] = json!({"roles": linkage("roles", &[role.id])});
    let answer = client.patch("/auth/user", &document).expect(403);
    assert_eq!(answer.pointers(), ["/data/relationships/roles/data"]);
    let wrong = changes("roles", user.id, json!({"name": "x"}));
    client.patch("/auth/user", &wrong).expect(409);
}

#[test]
fn a_new_password_needs_the_old_one() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let pair = sign_in(&app, &user);
    let client = pair.client(&app);
    let missing = change(&client, &user, json!({"password": "a new one"})).expect(400);
    assert_eq!(missing.pointers(), ["/data/attributes"]);
    let attributes = json!({"password": "a new one", "old_password": 7});
    let strange = change(&client, &user, attributes).expect(400);
    assert_eq!(strange.pointers(), ["/data/attributes/old_password"]);
    let attributes = json!({"password": "a new one", "old_password": "wrong"});
    let wrong = change(&client, &user, attributes).expect(403);
    assert_eq!(wrong.pointers(), ["/data/attributes/old_password"]);
    assert_eq!(wrong.errors()[0]["code"], "wrong_password");
    let attributes = json!({"password": "short", "old_password": ADMIN_PASSWORD});
    let short = change(&client, &user, attributes).expect(400);
    assert_eq!(short.pointers(), ["/data/attributes/password"]);
    client.get("/home").expect(200);

    let attributes = json!({"password": "a new one", "old_password": ADMIN_PASSWORD});
    change(&client, &user, attributes).expect(200);
    client.get("/home").expect(401);
    super::try_renew(&app, &pair.renew).expect(401);
    super::try_password(&app, &user.username, ADMIN_PASSWORD).expect(401);
    super::try_password(&app, &user.username, "a new one").expect(200);
}

#[test]
fn guessing_the_old_password_is_slow_too() {
    let app = TestApp::with(|settings| settings.auth.sign_in_attempts = 2);
    let user = a_user().with_password().create(&app);
    let client = user.client(&app);
    let guess = |old| {
        let attributes = json!({"password": "a new one", "old_password": old});
        change(&client, &user, attributes)
    };
    guess("wrong").expect(403);
    guess("wronger").expect(403);
    let answer = guess(ADMIN_PASSWORD).expect(429);
    assert_eq!(answer.header("retry-after"), Some("6"));
    app.advance(6);
    guess(ADMIN_PASSWORD).expect(200);
}
