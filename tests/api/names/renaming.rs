//! Who may rename themselves: holders of users:write, unless a setting lets all.

use serde_json::{Value, json};

use super::{rename, username};
use crate::support::{ADMIN_PASSWORD, Client, Member, TestApp, a_role, a_user, changes};

/// Every native way to one's own record.
fn ways(client: &Client, user: &Member, attributes: &Value) -> Vec<(&'static str, u16)> {
    let document = changes("users", user.id, attributes.clone());
    let operations = json!({"atomic:operations": [{"op": "update", "data": document["data"]}]});
    vec![
        ("/users/ID", client.patch(&user.path(), &document).status),
        ("/auth/user", client.patch("/auth/user", &document).status),
        ("/operations", client.operations(&operations).status),
    ]
}

#[test]
fn nobody_renames_themself_without_users_write() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let clients = [user.client(&app), app.basic(&user.username, ADMIN_PASSWORD)];
    for client in clients {
        for attributes in [
            json!({"username": "boss"}),
            json!({"uname": "boss"}),
            json!({"username": "admin"}),
            json!({"name": "Jo", "username": "boss"}),
            json!({"username": user.username.to_uppercase()}),
        ] {
            for (way, status) in ways(&client, &user, &attributes) {
                assert_eq!(status, 403, "{way} {attributes}");
            }
        }
    }
    assert_eq!(username(&app, &user), user.username);
}

#[test]
fn the_refusal_is_the_same_whether_a_name_is_taken_or_not() {
    let app = TestApp::start();
    a_user().named("calvin").create(&app);
    a_user().named("hobbes").deleted(&app);
    let user = a_user().create(&app);
    let client = user.client(&app);
    let told = |name: &str| {
        let update = changes(
            "users",
            user.id,
            json!({"username": name, "uname": name.to_lowercase()}),
        );
        let fails = json!({"op": "remove", "ref": {"type": "users", "id": "99999"}});
        let operations =
            json!({"atomic:operations": [{"op": "update", "data": update["data"]}, fails]});
        let alone = client.patch(&user.path(), &update).expect(403);
        let rolled_back = client.operations(&operations).expect(403);
        (alone.errors(), rolled_back.errors())
    };
    let free = told("nobody");
    for taken in ["calvin", "hobbes", "Calvin", "cаlvin"] {
        let (alone, rolled_back) = told(taken);
        for (error, other) in alone
            .iter()
            .chain(&rolled_back)
            .zip(free.0.iter().chain(&free.1))
        {
            assert_eq!(
                (&error["detail"], &error["code"], &error["source"]),
                (&other["detail"], &other["code"], &other["source"])
            );
        }
    }
}

#[test]
fn the_own_record_can_be_sent_back_whole() {
    let app = TestApp::start();
    let user = a_user().named("Zoë").create(&app);
    let client = user.client(&app);
    let whole = client.get(&user.path()).data()["attributes"].clone();
    for (way, status) in ways(&client, &user, &whole) {
        assert_eq!(status, 200, "{way}");
    }
    // The same name in another spelling is no other name.
    let decomposed = json!({"username": "Zoe\u{308}"});
    for (way, status) in ways(&client, &user, &decomposed) {
        assert_eq!(status, 200, "{way}");
    }
    assert_eq!(username(&app, &user), "Zoë");
}

#[test]
fn holders_of_users_write_rename_themselves() {
    let app = TestApp::start();
    let role = a_role()
        .permitting(&["users:read", "users:write"])
        .create(&app);
    let user = a_user().with_password().holding(&role).create(&app);
    // By a token the name is changed with the own password alone.
    let named = |name: &str| json!({"username": name, "old_password": ADMIN_PASSWORD});
    rename(&user.client(&app), &user, named("calvin")).expect(200);
    let own = changes("users", user.id, named("hobbes"));
    user.client(&app).patch("/auth/user", &own).expect(200);
    // A token that leaves the permission out does not.
    let narrow = app.token(&app.token_of(user.id, Some(&["self:read", "self:write"])));
    rename(&narrow, &user, named("susie")).expect(403);
    assert_eq!(username(&app, &user), "hobbes");
}

#[test]
fn a_setting_lets_everybody_rename_themselves() {
    let app = TestApp::with(|settings| settings.auth.rename_self = true);
    let user = a_user().with_password().create(&app);
    let client = user.client(&app);
    for (name, way) in ["one", "two", "three"].into_iter().zip(0..) {
        let attributes = json!({"username": name, "old_password": ADMIN_PASSWORD});
        let document = changes("users", user.id, attributes);
        let operations = json!({"atomic:operations": [{"op": "update", "data": document["data"]}]});
        match way {
            0 => client.patch(&user.path(), &document).expect(200),
            1 => client.patch("/auth/user", &document).expect(200),
            _ => client.operations(&operations).expect(200),
        };
        assert_eq!(username(&app, &user), name);
    }
    // Others stay out of reach, and the rules of names hold.
    let other = a_user().create(&app);
    rename(&client, &other, json!({"username": "four"})).expect(404);
    let look_alike = json!({"username": "аdmin", "old_password": ADMIN_PASSWORD});
    rename(&client, &user, look_alike).expect(400);
    rename(&client, &user, json!({"is_staff": true})).expect(403);
}
