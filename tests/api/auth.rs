//! Who is asking, and what they can reach: credentials and their end, and the
//! rules that keep anybody from gaining more than they were given.

use serde_json::json;

use crate::support::{
    ADMIN_PASSWORD, Answer, Client, Member, TestApp, a_new, a_role, a_user, changes, is_postgres,
    linkage,
};

/// A holder of a role with these permissions.
fn holder_of(app: &TestApp, permissions: &[&str]) -> Client {
    let role = a_role().permitting(permissions).create(app);
    a_user().holding(&role).create(app).client(app)
}

fn set_password(client: &Client, user: &Member, password: &str) -> Answer {
    let patch = changes("users", user.id, json!({"password": password}));
    client.patch(&user.path(), &patch)
}

/// Changes that another process made are believed at once on SQLite; on
/// PostgreSQL they are heard of a moment later, and believed after a while at the latest.
fn after_foreign_change(app: &TestApp) {
    if is_postgres() {
        app.advance(60);
    }
}

mod credentials {
    use super::*;

    #[test]
    fn a_username_and_a_password_let_in() {
        let app = TestApp::start();
        app.basic("admin", ADMIN_PASSWORD).get("/home").expect(200);
    }

    #[test]
    fn a_token_lets_in_as_bearer_and_as_token_in_any_case() {
        let app = TestApp::start();
        let secret = app.token_of(1, None);
        for scheme in ["Bearer", "Token", "bearer", "TOKEN"] {
            let header = format!("{scheme} {secret}");
            app.anonymous()
                .get_with("/home", &[("authorization", &header)])
                .expect(200);
        }
    }

    #[test]
    fn without_credentials_it_is_401_with_both_challenges_f12() {
        let app = TestApp::start();
        let answer = app.anonymous().get("/users").expect(401);
        assert_eq!(answer.errors()[0]["code"], "unauthorized");
        assert_eq!(
            answer.headers("www-authenticate"),
            [
                "Basic realm=\"rolecall\", charset=\"UTF-8\"",
                "Bearer realm=\"rolecall\"",
            ]
        );
    }

    #[test]
    fn wrong_credentials_of_every_kind_are_401_with_a_challenge() {
        let app = TestApp::start();
        for header in [
            "Bearer rc_0000",
            "Token x",
            "Basic !!!",
            "Basic YWRtaW4=",
            "Digest username=\"admin\"",
            "nonsense",
        ] {
            let answer = app
                .anonymous()
                .get_with("/home", &[("authorization", header)])
                .expect(401);
            assert!(answer.header("www-authenticate").is_some(), "{header}");
        }
    }

    #[test]
    fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
        let app = TestApp::start();
        let wrong = app.basic("admin", "wrong").get("/home").expect(401);
        let unknown = app.basic("nobody", "wrong").get("/home").expect(401);
        let without = a_user().create(&app);
        let without = app.basic(&without.username, "wrong").get("/home");
        for answer in [unknown, without.expect(401)] {
            assert_eq!(answer.text, wrong.text);
            assert_eq!(
                answer.headers("www-authenticate"),
                wrong.headers("www-authenticate")
            );
        }
    }

    #[test]
    fn usernames_are_compared_whole_whatever_the_case() {
        let app = TestApp::start();
        app.basic("Admin", ADMIN_PASSWORD).get("/home").expect(200);
        for other in ["admin ", "admi", "adminn", "а\u{64}min", "admin\u{200b}"] {
            app.basic(other, ADMIN_PASSWORD).get("/home").expect(401);
        }
    }

    #[test]
    fn a_user_without_a_password_cannot_sign_in_with_any() {
        let app = TestApp::start();
        let user = a_user().create(&app);
        for password in ["", "null", &user.username] {
            app.basic(&user.username, password).get("/home").expect(401);
        }
    }

    #[test]
    fn an_empty_stored_hash_is_no_password_either() {
        let app = TestApp::start();
        let user = a_user().create(&app);
        app.database.execute(&format!(
            "UPDATE users SET password_hash = '' WHERE id = {}",
            user.id
        ));
        app.basic(&user.username, "").get("/home").expect(401);
    }

    #[test]
    fn an_inactive_user_cannot_sign_in() {
        let app = TestApp::start();
        let user = a_user().with_password().inactive().create(&app);
        app.basic(&user.username, ADMIN_PASSWORD)
            .get("/home")
            .expect(401);
    }

    #[test]
    fn signing_in_is_noted_as_the_last_login() {
        let app = TestApp::start();
        let user = a_user().with_password().create(&app);
        app.basic(&user.username, ADMIN_PASSWORD)
            .get("/home")
            .expect(200);
        crate::support::eventually("the sign-in is noted", || {
            let user = app.admin().get(&user.path()).data();
            user["attributes"]["last_login"] == crate::support::BEGIN
        });
    }

    #[test]
    fn a_password_may_hold_colons_and_letters_of_all_scripts() {
        let app = TestApp::start();
        let user = a_user().create(&app);
        set_password(&app.admin(), &user, "pä:ss:wörd 🐙").expect(200);
        app.basic(&user.username, "pä:ss:wörd 🐙")
            .get("/home")
            .expect(200);
        app.basic(&user.username, "pä").get("/home").expect(401);
    }
}

mod their_end {
    use super::*;

    #[test]
    fn a_new_password_ends_the_old_one_at_once() {
        let app = TestApp::start();
        let user = a_user().with_password().create(&app);
        let old = app.basic(&user.username, ADMIN_PASSWORD);
        old.get("/home").expect(200);
        set_password(&app.admin(), &user, "a new one").expect(200);
        old.get("/home").expect(401);
        app.basic(&user.username, "a new one")
            .get("/home")
            .expect(200);
    }

    #[test]
    fn deactivation_ends_password_and_token_at_once() {
        let app = TestApp::start();
        let user = a_user().with_password().create(&app);
        let clients = [app.basic(&user.username, ADMIN_PASSWORD), user.client(&app)];
        for client in &clients {
            client.get("/home").expect(200);
        }
        let patch = changes("users", user.id, json!({"is_active": false}));
        app.admin().patch(&user.path(), &patch).expect(200);
        for client in &clients {
            client.get("/home").expect(401);
        }
    }

    #[test]
    fn a_lost_role_gives_no_right_from_the_next_request_on() {
        let app = TestApp::start();
        let role = a_role().permitting(&["users:read"]).create(&app);
        let user = a_user().with_password().holding(&role).create(&app);
        let clients = [app.basic(&user.username, ADMIN_PASSWORD), user.client(&app)];
        for client in &clients {
            client.get("/users/1").expect(200);
        }
        app.admin()
            .delete_with(
                &format!("{}/relationships/roles", user.path()),
                &linkage("roles", &[role.id]),
            )
            .expect(200);
        for client in &clients {
            client.get("/users/1").expect(404);
        }
    }

    #[test]
    fn what_another_process_changes_counts_too() {
        let app = TestApp::start();
        let user = a_user().with_password().create(&app);
        let clients = [app.basic(&user.username, ADMIN_PASSWORD), user.client(&app)];
        let set = |set: &str| {
            let id = user.id;
            app.database
                .execute(&format!("UPDATE users SET {set} WHERE id = {id}"));
            after_foreign_change(&app);
        };
        for (change, status) in [
            ("is_active = FALSE", 401),
            ("is_active = TRUE", 200),
            ("deleted_at = '2026-01-02T00:00:00+00:00'", 401),
        ] {
            set(change);
            for client in &clients {
                client.get("/home").expect(status);
            }
        }
    }

    #[test]
    fn a_token_or_role_that_another_process_takes_away_is_gone_too() {
        let app = TestApp::start();
        let role = a_role().permitting(&["users:read"]).create(&app);
        let user = a_user().holding(&role).create(&app);
        let client = user.client(&app);
        client.get("/users/1").expect(200);
        app.database
            .execute(&format!("DELETE FROM grants WHERE user_id = {}", user.id));
        after_foreign_change(&app);
        client.get("/users/1").expect(404);
        app.database
            .execute(&format!("DELETE FROM tokens WHERE user_id = {}", user.id));
        after_foreign_change(&app);
        client.get("/home").expect(401);
    }

    #[test]
    fn a_grant_gives_no_right_from_the_second_on_when_it_ends() {
        let app = TestApp::start();
        let role = a_role().permitting(&["users:read"]).create(&app);
        let user = a_user().with_password().create(&app);
        app.give_until(user.id, role.id, "2026-01-02T03:04:35+00:00");
        let clients = [app.basic(&user.username, ADMIN_PASSWORD), user.client(&app)];
        for client in &clients {
            client.get("/users/1").expect(200);
        }
        app.advance(29);
        for client in &clients {
            client.get("/users/1").expect(200);
        }
        app.advance(1);
        for client in &clients {
            client.get("/users/1").expect(404);
        }
    }

    #[test]
    fn an_administrator_for_a_time_is_none_afterwards() {
        let app = TestApp::start();
        let user = a_user().create(&app);
        app.give_until(user.id, 1, "2026-01-02T03:04:35+00:00");
        let client = user.client(&app);
        client.get("/events").expect(200);
        app.advance(30);
        client.get("/events").expect(403);
    }

    #[test]
    fn a_grant_that_has_not_begun_gives_nothing_before() {
        let app = TestApp::start();
        let role = a_role().permitting(&["users:read"]).create(&app);
        let user = a_user().create(&app);
        app.give_until(user.id, role.id, "2027-01-01T00:00:00+00:00");
        app.database
            .execute("UPDATE grants SET valid_from = '2026-01-02T03:04:35+00:00' WHERE valid_until IS NOT NULL");
        let client = user.client(&app);
        client.get("/users/1").expect(404);
        app.advance(30);
        client.get("/users/1").expect(200);
    }

    #[test]
    fn a_role_held_in_a_workspace_gives_nothing_here() {
        let app = TestApp::start();
        let user = a_user().create(&app);
        let now = crate::support::BEGIN;
        app.database.execute(&format!(
            "INSERT INTO workspaces (id, title, code, created, modified)
             VALUES (1, 'Somewhere', 'S', '{now}', '{now}')"
        ));
        app.database.execute(&format!(
            "INSERT INTO grants (user_id, role_id, workspace_id, created, modified)
             VALUES ({}, 1, 1, '{now}', '{now}')",
            user.id
        ));
        let client = user.client(&app);
        client.get("/events").expect(403);
        let roles = client.get(&format!("{}/roles", user.path()));
        assert_eq!(roles.expect(200).data(), json!([]));
    }
}

mod escalation {
    use super::*;

    #[test]
    fn users_write_takes_over_nobody_who_may_more() {
        let app = TestApp::start();
        let clerk = holder_of(&app, &["users:read", "users:write"]);
        let auditor = a_role().permitting(&["audit:read"]).create(&app);
        let auditor = a_user().holding(&auditor).create(&app);
        for id in [1, auditor.id] {
            let path = format!("/users/{id}");
            for attributes in [
                json!({"password": "mine now"}),
                json!({"is_active": false}),
                json!({"username": "other"}),
            ] {
                let answer = clerk.patch(&path, &changes("users", id, attributes));
                assert_eq!(answer.expect(403).errors()[0]["code"], "protected");
            }
            clerk.delete(&path).expect(403);
        }
        app.basic("admin", ADMIN_PASSWORD).get("/home").expect(200);
    }

    #[test]
    fn users_write_changes_whoever_may_the_same_or_less() {
        let app = TestApp::start();
        let clerk = holder_of(&app, &["users:read", "users:write"]);
        let reader = a_role().permitting(&["users:read"]).create(&app);
        let user = a_user().holding(&reader).create(&app);
        set_password(&clerk, &user, "forgotten by me").expect(200);
        app.basic(&user.username, "forgotten by me")
            .get("/home")
            .expect(200);
    }

    #[test]
    fn grants_write_gives_no_role_that_permits_more_and_never_admin() {
        let app = TestApp::start();
        let granter = holder_of(&app, &["users:read", "roles:read", "grants:write"]);
        let fine = a_role().permitting(&["users:read"]).create(&app);
        let more = a_role().permitting(&["users:write"]).create(&app);
        let elsewhere = a_role().permitting(&["invoices:approve"]).create(&app);
        let user = a_user().create(&app);
        let roles = format!("{}/relationships/roles", user.path());
        granter
            .post(&roles, &linkage("roles", &[fine.id]))
            .expect(200);
        for id in [more.id, elsewhere.id, 1] {
            for (path, document) in [
                (roles.clone(), linkage("roles", &[id])),
                (
                    format!("/roles/{id}/relationships/users"),
                    linkage("users", &[user.id]),
                ),
            ] {
                for method in ["POST", "PATCH"] {
                    let answer = granter.json(method, &path, &document).expect(403);
                    assert_eq!(answer.errors()[0]["code"], "protected");
                }
            }
        }
        let held = app.admin().get(&roles).expect(200).ids();
        assert_eq!(held, [fine.id.to_string()]);
    }

    #[test]
    fn grants_write_takes_no_role_that_permits_more_away() {
        let app = TestApp::start();
        let granter = holder_of(&app, &["users:read", "grants:write"]);
        let deputy = a_user().administrator().create(&app);
        let roles = format!("{}/relationships/roles", deputy.path());
        granter
            .delete_with(&roles, &linkage("roles", &[1]))
            .expect(403);
        granter.patch(&roles, &json!({"data": []})).expect(403);
        // What stays may stay, though it is out of reach.
        let plain = a_role().create(&app);
        granter
            .patch(&roles, &linkage("roles", &[1, plain.id]))
            .expect(200);
    }

    #[test]
    fn nobody_gives_themselves_more() {
        let app = TestApp::start();
        let role = a_role().permitting(&["users:read", "users:write", "grants:write"]);
        let user = a_user().holding(&role.create(&app)).create(&app);
        let path = format!("{}/relationships/roles", user.path());
        user.client(&app)
            .post(&path, &linkage("roles", &[1]))
            .expect(403);
        let mut document = a_new(
            "users",
            json!({"username": "puppet", "password": "s3cret-word"}),
        );
        document["data"]["relationships"] = json!({"roles": linkage("roles", &[1])});
        user.client(&app).post("/users", &document).expect(403);
        let puppets = app.admin().get("/users?filter[username]=puppet");
        assert_eq!(puppets.data(), json!([]));
    }

    #[test]
    fn without_grants_write_not_even_a_plain_role_is_given() {
        let app = TestApp::start();
        let clerk = holder_of(
            &app,
            &["users:read", "users:write", "roles:read", "roles:write"],
        );
        let (user, role) = (a_user().create(&app), a_role().create(&app));
        let members = json!({"users": linkage("users", &[user.id])});
        let mut created = a_new("roles", json!({"name": "HR"}));
        created["data"]["relationships"] = members.clone();
        clerk.post("/roles", &created).expect(403);
        let mut patched = changes("roles", role.id, json!({}));
        patched["data"]["relationships"] = members;
        clerk.patch(&role.path(), &patched).expect(403);
        let mut patched = changes("users", user.id, json!({}));
        patched["data"]["relationships"] = json!({"roles": linkage("roles", &[role.id])});
        clerk.patch(&user.path(), &patched).expect(403);
    }

    #[test]
    fn a_narrowed_token_of_an_administrator_is_none() {
        let app = TestApp::start();
        let scopes = ["users:read", "users:write", "grants:write", "roles:read"];
        let narrow = app.token(&app.token_of(1, Some(&scopes)));
        let deputy = a_user().administrator().create(&app);
        set_password(&narrow, &deputy, "mine now").expect(403);
        let user = a_user().create(&app);
        narrow
            .post(
                &format!("{}/relationships/roles", user.path()),
                &linkage("roles", &[1]),
            )
            .expect(403);
    }
}
