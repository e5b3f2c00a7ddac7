//! What a new password and a deactivation end.

use serde_json::{Value, json};

use super::{sign_in, try_password};
use crate::support::{ADMIN_PASSWORD, Client, Member, TestApp, a_role, a_user, changes};

fn set(client: &Client, user: &Member, attributes: Value) {
    let document = changes("users", user.id, attributes);
    client.patch(&user.path(), &document).expect(200);
}

fn in_openl2m(client: &Client, user: &Member, body: &Value) -> u16 {
    let path = format!("/api/admin/users/{}/", user.id);
    let headers = [("content-type", "application/json")];
    let body = body.to_string();
    client
        .send("PATCH", &path, &headers, Some(body.as_bytes()))
        .status
}

fn in_cfengine(client: &Client, user: &Member, body: &Value) -> u16 {
    let path = format!("/api/user/{}", user.username);
    let headers = [("content-type", "application/json")];
    let body = body.to_string();
    client
        .send("POST", &path, &headers, Some(body.as_bytes()))
        .status
}

#[test]
fn a_password_that_somebody_else_sets_ends_the_api_tokens_on_every_surface() {
    let app = TestApp::start();
    let admin = app.admin();
    for surface in ["native", "operations", "cfengine", "openl2m"] {
        let user = a_user().with_password().create(&app);
        let token = user.client(&app);
        let session = sign_in(&app, &user).client(&app);
        token.get("/home").expect(200);
        let new = json!({"password": "an entirely new one"});
        match surface {
            "native" => set(&admin, &user, new),
            "operations" => {
                let update =
                    json!({"op": "update", "data": changes("users", user.id, new)["data"]});
                admin
                    .operations(&json!({"atomic:operations": [update]}))
                    .expect(200);
            }
            "cfengine" => assert_eq!(in_cfengine(&admin, &user, &new), 204),
            _ => assert_eq!(in_openl2m(&admin, &user, &new), 200),
        }
        token.get("/home").expect(401);
        session.get("/home").expect(401);
        try_password(&app, &user.username, "an entirely new one").expect(200);
    }
    let events = admin.get("/events?filter[subject_type]=tokens&filter[verb]=delete");
    assert_eq!(events.expect(200).ids().len(), 4);
}

#[test]
fn whoever_resets_a_password_can_leave_the_api_tokens_alone() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let token = user.client(&app);
    let session = sign_in(&app, &user).client(&app);
    set(
        &app.admin(),
        &user,
        json!({"password": "an entirely new one", "end_tokens": false}),
    );
    token.get("/home").expect(200);
    session.get("/home").expect(401);
}

#[test]
fn an_own_new_password_leaves_api_tokens_alone_unless_it_shall_end_them() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let token = user.client(&app);
    let client = app.basic(&user.username, ADMIN_PASSWORD);
    let new = json!({"password": "a second one", "old_password": ADMIN_PASSWORD});
    set(&client, &user, new);
    token.get("/home").expect(200);
    let client = app.basic(&user.username, "a second one");
    let document = changes(
        "users",
        user.id,
        json!({"password": "a third one", "old_password": "a second one", "end_tokens": true}),
    );
    client.patch("/auth/user", &document).expect(200);
    token.get("/home").expect(401);
}

#[test]
fn end_tokens_says_nothing_without_a_password_and_is_never_shown() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let document = changes("users", user.id, json!({"end_tokens": true}));
    let wrong = app.admin().patch(&user.path(), &document).expect(400);
    assert_eq!(wrong.pointers(), ["/data/attributes/end_tokens"]);
    let document = changes(
        "users",
        user.id,
        json!({"password": "long enough", "end_tokens": 1}),
    );
    app.admin().patch(&user.path(), &document).expect(400);
    let whole = app.admin().get(&user.path()).data()["attributes"].clone();
    assert!(whole.get("end_tokens").is_none());
}

#[test]
fn whoever_is_switched_on_again_gets_no_token_back_on_any_surface() {
    let app = TestApp::start();
    let admin = app.admin();
    for off in ["native", "openl2m"] {
        for on in ["native", "openl2m"] {
            let user = a_user().with_password().create(&app);
            let token = user.client(&app);
            let pair = sign_in(&app, &user);
            let switch = |surface: &str, is_active: bool| {
                let body = json!({"is_active": is_active});
                match surface {
                    "native" => set(&admin, &user, body),
                    _ => assert_eq!(in_openl2m(&admin, &user, &body), 200),
                }
            };
            switch(off, false);
            token.get("/home").expect(401);
            pair.client(&app).get("/home").expect(401);
            // Made meanwhile, it does not come to life either.
            let meanwhile = user.client(&app);
            meanwhile.get("/home").expect(401);
            switch(on, true);
            for dead in [&token, &pair.client(&app), &meanwhile] {
                dead.get("/home").expect(401);
            }
            let tokens = admin.get(&format!("{}/tokens", user.path())).ids();
            assert_eq!(tokens, Vec::<String>::new(), "{off} {on}");
            try_password(&app, &user.username, ADMIN_PASSWORD).expect(200);
        }
    }
}

#[test]
fn a_restored_user_who_is_switched_on_gets_no_token_back() {
    let app = TestApp::start();
    let admin = app.admin();
    let user = a_user().with_password().create(&app);
    let token = user.client(&app);
    set(&admin, &user, json!({"is_active": false}));
    admin.delete(&user.path()).expect(204);
    let back = changes("users", user.id, json!({}));
    admin.patch(&user.trash_path(), &back).expect(200);
    token.get("/home").expect(401);
    set(&admin, &user, json!({"is_active": true}));
    token.get("/home").expect(401);
}

#[test]
fn tokens_of_a_user_who_stays_as_they_are_live_on() {
    let app = TestApp::start();
    let user = a_user().create(&app);
    let token = user.client(&app);
    set(&app.admin(), &user, json!({"is_active": true, "name": "N"}));
    token.get("/home").expect(200);
}

#[test]
fn an_import_that_sets_a_password_or_switches_on_ends_tokens_too() {
    use rolecall::directory::permissions::PrivilegeCeiling;
    use rolecall::directory::users::{UpdateUser, UserChanges};
    use rolecall::directory::{Expected, listing::Visibility};
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let role = a_role().create(&app);
    user.grant(&app, &role);
    // As the program itself, which imports and the command line are.
    let change = |changes: UserChanges| {
        let update = UpdateUser {
            id: user.id,
            expected: Expected::Anything,
            visible: Visibility::All,
            changes,
            roles: None,
            ceiling: PrivilegeCeiling::Everything,
            may_set_flags: true,
            may_rename: true,
            is_password_confirmed: false,
            end_tokens: None,
        };
        app.inside(async |directory, context| directory.write(context, update).await);
        super::after_foreign_change(&app);
    };
    let flag = |is_active| UserChanges {
        is_active: Some(is_active),
        ..UserChanges::default()
    };
    let token = user.client(&app);
    change(flag(false));
    change(flag(true));
    token.get("/home").expect(401);
    let token = user.client(&app);
    token.get("/home").expect(200);
    change(UserChanges {
        password_hash: Some(None),
        ..UserChanges::default()
    });
    token.get("/home").expect(401);
}
