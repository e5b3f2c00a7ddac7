//! What was read is sent back, on every surface.

use serde_json::{Value, json};

use super::{
    OPENL2M, PORTAL, by_cfengine, encoded, json_to, odd_partners, odd_users, read, state, unchanged,
};
use crate::support::{Member, TestApp, a_cluster, a_role, a_workspace, changes};

fn operation(document: &Value) -> Value {
    json!({"atomic:operations": [{"op": "update", "data": document["data"]}]})
}

fn as_form(record: &Value) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let members = record.as_object().unwrap().iter();
    let scalars = members.filter(|(_, value)| !value.is_array());
    let pairs = scalars.map(|(name, value)| format!("{name}={}", encoded(&text(value))));
    pairs.collect::<Vec<_>>().join("&")
}

#[test]
fn users_of_every_surface_are_sent_back_on_every_surface() {
    let app = TestApp::start();
    let admin = app.admin();
    for id in odd_users(&app) {
        let path = format!("/users/{id}");
        let document = read(&app, "users", &path);
        let username = document["data"]["attributes"]["username"].as_str().unwrap();
        unchanged(&app, &path, "native", || admin.patch(&path, &document));
        unchanged(&app, &path, "operations", || {
            admin.operations(&operation(&document))
        });
        let member = Member {
            id,
            username: username.to_owned(),
        };
        let own = member.client(&app);
        unchanged(&app, &path, "own", || own.patch("/auth/user", &document));

        let address = format!("{OPENL2M}{id}/");
        let mut record = admin.send("GET", &address, &[], None).expect(200).json();
        record.as_object_mut().unwrap().remove("password");
        for method in ["PATCH", "POST"] {
            unchanged(&app, &path, "openl2m", || {
                json_to(&admin, method, &address, &record)
            });
        }
        let form = as_form(&record);
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        unchanged(&app, &path, "openl2m form", || {
            admin.send("PATCH", &address, &kind, Some(form.as_bytes()))
        });

        // Two dots are another address.
        if username != ".." {
            let address = format!("/api/user/{}", encoded(username));
            let envelope = admin.send("GET", &address, &[], None).expect(200).json();
            let entry = envelope["data"][0].clone();
            unchanged(&app, &path, "cfengine", || {
                json_to(&admin, "POST", &address, &entry)
            });
        }
    }
}

#[test]
fn a_new_value_is_looked_at_beside_one_that_stands() {
    let app = TestApp::start();
    let admin = app.admin();
    let id = by_cfengine(&app)[0];
    let path = format!("/users/{id}");
    let mut document = read(&app, "users", &path);
    assert_eq!(document["data"]["attributes"]["email"], "noreply@@aol.com");
    // Another that is no better, and a good one beside what stands.
    for email in ["noreply@@aol.org", "Noreply@@aol.com"] {
        let wrong = changes("users", id, json!({"email": email}));
        let pointers = admin.patch(&path, &wrong).expect(400).pointers();
        assert_eq!(pointers, ["/data/attributes/email"]);
        admin.operations(&operation(&wrong)).expect(400);
        json_to(
            &admin,
            "PATCH",
            &format!("{OPENL2M}{id}/"),
            &json!({"email": email}),
        )
        .expect(400);
    }
    document["data"]["attributes"]["name"] = json!("Calvin");
    admin.patch(&path, &document).expect(200);
    let changed = state(&app, &path).0;
    assert_eq!(changed["name"], "Calvin");
    assert_eq!(changed["email"], "noreply@@aol.com");
    // What others do not see is not compared with.
    let stranger = crate::support::a_user().create(&app).client(&app);
    let same = changes("users", id, json!({"email": "noreply@@aol.com"}));
    assert_ne!(stranger.patch(&path, &same).status, 200);
}

#[test]
fn an_earlier_operation_of_the_same_request_counts() {
    let app = TestApp::start();
    let id = by_cfengine(&app)[0];
    let update = |email: &str| {
        let document = changes("users", id, json!({"email": email}));
        json!({"op": "update", "data": document["data"]})
    };
    let both = json!({"atomic:operations": [update("a@x.org"), update("noreply@@aol.com")]});
    app.admin().operations(&both).expect(400);
    assert_eq!(
        state(&app, &format!("/users/{id}")).0["email"],
        "noreply@@aol.com"
    );
}

#[test]
fn partners_of_both_surfaces_are_sent_back_on_both() {
    let app = TestApp::start();
    let admin = app.admin();
    for id in odd_partners(&app) {
        let path = format!("/partners/{id}");
        let document = read(&app, "partners", &path);
        unchanged(&app, &path, "native", || admin.patch(&path, &document));
        unchanged(&app, &path, "operations", || {
            admin.operations(&operation(&document))
        });
        let address = format!("{PORTAL}/partners/{id}/");
        let shown = admin.send("GET", &address, &[], None).expect(200).json();
        unchanged(&app, &path, "portal", || {
            json_to(&admin, "PATCH", &address, &shown)
        });
        let email = json!({"email": shown["email"], "city": "Rome"});
        json_to(&admin, "PATCH", &address, &email).expect(200);
    }
}

#[test]
fn roles_are_sent_back_whatever_stands_in_them() {
    let app = TestApp::start();
    let admin = app.admin();
    let empty = a_role().named("empty").create(&app);
    admin
        .patch(
            &empty.path(),
            &changes("roles", empty.id, json!({"description": "", "label": ""})),
        )
        .expect(200);
    let old = a_role().named("old").create(&app);
    app.database.execute(&format!(
        "UPDATE roles SET include_context = 'linux,(', permissions = '[\"Gone: once\"]', \
         scope = 'moon' WHERE id = {}",
        old.id
    ));
    let blank = a_role().named("blank").create(&app);
    app.database.execute(&format!(
        "UPDATE roles SET name = '  ' WHERE id = {}",
        blank.id
    ));
    // Of what is protected nothing is sent at all.
    let all = admin
        .get("/roles?page[size]=100&filter[unchangeable]=false")
        .expect(200)
        .ids();
    assert!(all.len() > 9);
    for id in all {
        let path = format!("/roles/{id}");
        let mut document = read(&app, "roles", &path);
        let name = document["data"]["attributes"]["name"]
            .as_str()
            .unwrap()
            .to_owned();
        unchanged(&app, &path, "native", || admin.patch(&path, &document));
        unchanged(&app, &path, "operations", || {
            admin.operations(&operation(&document))
        });
        let parts = admin
            .get(&format!("{path}/relationships/includes"))
            .expect(200)
            .data();
        document["data"]["relationships"] = json!({"includes": {"data": parts}});
        unchanged(&app, &path, "native with parts", || {
            admin.patch(&path, &document)
        });
        if name.trim() == name {
            let address = format!("/api/role/{}", encoded(&name));
            let envelope = admin.send("GET", &address, &[], None).expect(200).json();
            let entry = &envelope["data"][0];
            unchanged(&app, &path, "cfengine", || {
                json_to(&admin, "POST", &address, entry)
            });
        }
    }
    let wrong = changes("roles", old.id, json!({"include_context": "linux,(("}));
    admin.patch(&old.path(), &wrong).expect(400);
}

#[test]
fn places_grants_and_rules_are_sent_back_too() {
    let app = TestApp::start();
    let admin = app.admin();
    let workspace = a_workspace().titled(" Kenya ").coded("KEN").create(&app);
    let cluster = a_cluster().titled(" W ").within(&workspace).create(&app);
    app.database.execute(&format!(
        "UPDATE workspaces SET code = 'LONGER THAN 8' WHERE id = {}",
        workspace.id
    ));
    app.database.execute(&format!(
        "UPDATE clusters SET cluster_type = 'moon', imported_type = 'x' WHERE id = {}",
        cluster.id
    ));
    let user = crate::support::a_user().create(&app);
    let viewer = crate::support::role_named(&app, "CLUSTER_VIEWER");
    let grant = user.grant_in(&app, &viewer, cluster.place());
    let rule = admin.get("/grant-rules?page[size]=1").expect(200).ids()[0].clone();
    app.database.execute(&format!(
        "UPDATE grant_rules SET scope = 'moon' WHERE id = {rule}"
    ));
    for (kind, id) in [
        ("workspaces", workspace.id.to_string()),
        ("clusters", cluster.id.to_string()),
        ("grants", grant.to_string()),
        ("grant-rules", rule),
    ] {
        let path = format!("/{kind}/{id}");
        let document = read(&app, kind, &path);
        unchanged(&app, &path, "native", || admin.patch(&path, &document));
        unchanged(&app, &path, "operations", || {
            admin.operations(&operation(&document))
        });
    }
}

#[test]
fn roles_for_a_time_and_switched_off_are_sent_back_as_they_are() {
    let app = TestApp::start();
    let admin = app.admin();
    let user = crate::support::a_user().create(&app);
    for attributes in [
        json!({"valid_until": "2040-01-01T00:00:00+00:00"}),
        json!({"valid_from": "2039-01-01T00:00:00+00:00"}),
        json!({"is_active": false}),
        json!({}),
    ] {
        let role = a_role().create(&app);
        let one = |kind: &str, id: i64| json!({"data": {"type": kind, "id": id.to_string()}});
        let mut grant = crate::support::a_new("grants", attributes);
        grant["data"]["relationships"] =
            json!({"user": one("users", user.id), "role": one("roles", role.id)});
        admin.post("/grants", &grant).expect(201);
    }
    let grants = || {
        admin
            .get(&format!("{}/grants", user.path()))
            .expect(200)
            .data()
    };
    let before = grants();
    let path = user.path();
    let address = format!("{OPENL2M}{}/", user.id);
    let mut record = admin.send("GET", &address, &[], None).expect(200).json();
    record.as_object_mut().unwrap().remove("password");
    unchanged(&app, &path, "openl2m", || {
        json_to(&admin, "PATCH", &address, &record)
    });
    let address = format!("/api/user/{}", user.username);
    let envelope = admin.send("GET", &address, &[], None).expect(200).json();
    let entry = &envelope["data"][0];
    unchanged(&app, &path, "cfengine", || {
        json_to(&admin, "POST", &address, entry)
    });
    let linkage = format!("{path}/relationships/roles");
    let roles = admin.get(&linkage).expect(200).json();
    unchanged(&app, &path, "linkage", || {
        admin.patch(&linkage, &json!({"data": roles["data"]}))
    });
    let mut document = read(&app, "users", &path);
    document["data"]["relationships"] = json!({"roles": {"data": roles["data"]}});
    unchanged(&app, &path, "native", || admin.patch(&path, &document));
    assert_eq!(grants(), before);
}
