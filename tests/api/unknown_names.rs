//! Names in request documents that there are not: refused with the nearest one, on
//! every resource, unless the setting lets them pass.

use rolecall::config::UnknownAttributes;
use serde_json::{Value, json};

use crate::support::{
    Answer, TestApp, a_cluster, a_new, a_partner, a_role, a_user, a_workspace, changes, tables,
};

/// What can be made of each type, and changed.
fn documents(app: &TestApp) -> Vec<(&'static str, Value, String)> {
    let (user, role) = (a_user().create(app), a_role().create(app));
    let workspace = a_workspace().create(app);
    let cluster = a_cluster().within(&workspace).create(app);
    let partner = a_partner().create(app);
    let one = |kind: &str, id: i64| json!({"data": {"type": kind, "id": id.to_string()}});
    let with = |kind: &str, attributes: Value, relationships: Value| {
        let mut document = a_new(kind, attributes);
        document["data"]["relationships"] = relationships;
        document
    };
    let made = |path: &str, document: &Value| {
        format!(
            "{path}/{}",
            app.admin().post(path, document).expect(201).id()
        )
    };
    let scoped = with(
        "grant-rules",
        json!({"scope": "any", "verbs": ["give"]}),
        json!({"granter": one("roles", role.id)}),
    );
    let granted = with(
        "grants",
        json!({"is_active": true}),
        json!({"user": one("users", user.id), "role": one("roles", role.id)}),
    );
    let token = a_new("tokens", json!({"name": "laptop"}));
    let inside = with(
        "clusters",
        json!({"title": "WASH", "cluster_type": "wash"}),
        json!({"workspace": one("workspaces", workspace.id)}),
    );
    vec![
        (
            "users",
            a_new(
                "users",
                json!({"username": "moe", "password": "tulip-1637"}),
            ),
            user.path(),
        ),
        ("roles", a_new("roles", json!({"name": "HR"})), role.path()),
        (
            "workspaces",
            a_new("workspaces", json!({"title": "Kenya", "code": "KEN"})),
            format!("/workspaces/{}", workspace.id),
        ),
        ("clusters", inside, format!("/clusters/{}", cluster.id)),
        (
            "partners",
            a_new("partners", json!({"title": "Relief"})),
            format!("/partners/{}", partner.id),
        ),
        ("grants", granted.clone(), made("/grants", &granted)),
        ("grant-rules", scoped.clone(), made("/grant-rules", &scoped)),
        ("tokens", token.clone(), made("/tokens", &token)),
    ]
}

fn operation(op: &str, document: &Value) -> Value {
    json!({"atomic:operations": [{"op": op, "data": document["data"]}]})
}

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

#[track_caller]
fn is_refused(answer: &Answer, pointer: &str, message: &str) {
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert!(
        answer.pointers().iter().any(|found| found == pointer),
        "{}",
        answer.text
    );
    assert!(answer.text.contains(message), "{}", answer.text);
    assert_eq!(answer.errors()[0]["code"], "unknown_attribute");
}

#[test]
fn unknown_names_are_refused_on_every_resource_in_every_document() {
    let app = TestApp::start();
    let admin = app.admin();
    for (kind, document, path) in documents(&app) {
        let before = tables(&app.database);
        let mut new = document.clone();
        new["data"]["attributes"]["creatd"] = json!(1);
        new["data"]["relationships"]["friends"] = json!({"data": []});
        let mut edit = changes(kind, id_of(&path), json!({"creatd": 1}));
        edit["data"]["relationships"] = json!({"friends": {"data": []}});
        for (answer, base) in [
            (admin.post(&format!("/{kind}"), &new), "/data"),
            (admin.patch(&path, &edit), "/data"),
            (
                admin.operations(&operation("add", &new)),
                "/atomic:operations/0/data",
            ),
            (
                admin.operations(&operation("update", &edit)),
                "/atomic:operations/0/data",
            ),
        ] {
            let pointer = format!("{base}/attributes/creatd");
            is_refused(&answer, &pointer, "did you mean created?");
            let pointer = format!("{base}/relationships/friends/data");
            is_refused(&answer, &pointer, "There is no such relationship");
        }
        assert_eq!(tables(&app.database), before, "{kind}");
    }
}

#[test]
fn other_spellings_of_a_name_lead_to_it() {
    let app = TestApp::start();
    for (sent, near) in [
        ("nmae", "name"),
        ("fullName", "full_name"),
        ("full-name", "full_name"),
        ("FullName", "full_name"),
        ("nam", "name"),
        ("is-active", "is_active"),
        ("passwort", "password"),
    ] {
        let edit = changes("users", 1, json!({ sent: "X" }));
        let answer = app.admin().patch("/users/1", &edit);
        let message = format!("{sent}: There is no such attribute; did you mean {near}?");
        is_refused(&answer, &format!("/data/attributes/{sent}"), &message);
        let own = app.admin().patch("/auth/user", &edit);
        is_refused(&own, &format!("/data/attributes/{sent}"), &message);
    }
    let edit = changes("users", 1, json!({"favourite~colour/": "X"}));
    let answer = app.admin().patch("/users/1", &edit);
    is_refused(
        &answer,
        "/data/attributes/favourite~0colour~1",
        "There is no such attribute.",
    );
}

#[test]
fn members_at_the_wrong_place_are_shown_the_right_one() {
    let app = TestApp::start();
    let admin = app.admin();
    let flat = json!({"data": {"type": "users", "username": "x", "password": "tulip-1637"}});
    let answer = admin.post("/users", &flat);
    is_refused(
        &answer,
        "/data/username",
        "username: This member belongs into \\\"attributes\\\"",
    );
    is_refused(
        &answer,
        "/data/password",
        "password: This member belongs into",
    );
    assert_eq!(answer.errors().len(), 2, "{}", answer.text);
    let role = a_role().create(&app);
    for (document, pointer, message) in [
        (
            json!({"data": {"type": "roles", "id": role.id, "users": {"data": []}}}),
            "/data/users",
            "belongs into \\\"relationships\\\"",
        ),
        (
            json!({"data": {"type": "roles", "id": role.id, "attributes": {"users": []}}}),
            "/data/attributes/users",
            "This is a relationship",
        ),
        (
            json!({"data": {"type": "roles", "id": role.id, "relationships": {"name": {"data": null}}}}),
            "/data/relationships/name/data",
            "This is an attribute",
        ),
    ] {
        is_refused(&admin.patch(&role.path(), &document), pointer, message);
    }
}

#[test]
fn what_was_read_can_be_sent_back_whole() {
    let app = TestApp::start();
    let admin = app.admin();
    for (kind, _, path) in documents(&app) {
        let read = admin.get(&path).expect(200).json();
        let document = json!({"data": read["data"]});
        admin.patch(&path, &document).expect(200);
        admin
            .operations(&operation("update", &document))
            .expect(200);
        let again = admin.get(&path).expect(200).json();
        assert_eq!(
            again["data"]["attributes"], read["data"]["attributes"],
            "{kind}"
        );
    }
    let deleted = a_user().deleted(&app);
    let read = admin.get(&deleted.trash_path()).expect(200).json();
    admin
        .patch(&deleted.trash_path(), &json!({"data": read["data"]}))
        .expect(200);
}

#[test]
fn restoring_and_asking_know_their_names_too() {
    let app = TestApp::start();
    let deleted = a_user().deleted(&app);
    let edit = changes("users", deleted.id, json!({"usrname": "x"}));
    let answer = app.admin().patch(&deleted.trash_path(), &edit);
    is_refused(
        &answer,
        "/data/attributes/usrname",
        "did you mean username?",
    );
    let question = a_new("access-checks", json!({"permision": "users:read"}));
    let answer = app.admin().post("/access-checks", &question);
    is_refused(
        &answer,
        "/data/attributes/permision",
        "did you mean permission?",
    );
    let answer = app.admin().operations(&operation("add", &question));
    let pointer = "/atomic:operations/0/data/attributes/permision";
    is_refused(&answer, pointer, "did you mean permission?");
}

#[test]
fn the_setting_lets_them_pass() {
    let app = TestApp::with(|settings| {
        settings.server.unknown_attributes = UnknownAttributes::Ignore;
    });
    let mut document = a_new(
        "users",
        json!({"username": "moe", "password": "tulip-1637", "x": 1}),
    );
    document["data"]["name"] = json!("Moe");
    document["data"]["relationships"] = json!({"friends": {"data": []}});
    let made = app.admin().post("/users", &document).expect(201);
    assert_eq!(made.data()["attributes"]["name"], Value::Null);
    let edit = changes("users", made.id(), json!({"full-name": "X"}));
    app.admin()
        .patch(&format!("/users/{}", made.id()), &edit)
        .expect(200);
}

#[test]
fn their_status_follows_that_of_invalid_data() {
    let app = TestApp::with(|settings| {
        settings.server.invalid_data_status =
            rolecall::config::InvalidDataStatus::UnprocessableContent;
    });
    let edit = changes("users", 1, json!({"nam": "X", "email": "no address"}));
    let answer = app.admin().patch("/users/1", &edit).expect(422);
    assert_eq!(answer.errors().len(), 2, "{}", answer.text);
}

/// The pointers of a refusal, in order.
fn pointers(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 400, "{}", answer.text);
    let mut pointers = answer.pointers();
    pointers.sort();
    pointers
}

#[test]
fn taken_names_are_told_with_all_that_is_wrong_beside_them() {
    let app = TestApp::start();
    let admin = app.admin();
    a_user().named("calvin").create(&app);
    let role = a_role().named("HR").create(&app);
    let other = a_role().create(&app);
    let make = |kind: &str, attributes: Value| {
        let path = format!("/{kind}");
        admin.post(&path, &a_new(kind, attributes))
    };
    make("workspaces", json!({"title": "Kenya", "code": "KEN"})).expect(201);
    let known = json!({"title": "Relief", "vendor_number": "V1", "ocha_external_id": "O1"});
    make("partners", known.clone()).expect(201);
    let at = |names: &[&str]| -> Vec<String> {
        names
            .iter()
            .map(|name| format!("/data/attributes/{name}"))
            .collect()
    };
    let user =
        json!({"username": "calvin", "uname": "calvin", "password": "x", "email": "y", "nam": 1});
    let all = at(&["email", "nam", "password", "uname", "username"]);
    assert_eq!(pointers(&make("users", user)), all);
    let form = json!({"username": "Calvin", "email": "y"});
    let answer = pointers(&make("users", form));
    assert_eq!(
        answer,
        [
            "/data/attributes",
            "/data/attributes/email",
            "/data/attributes/username"
        ]
    );
    let answer = make("roles", json!({"name": "HR", "permissions": 7}));
    assert_eq!(pointers(&answer), at(&["name", "permissions"]));
    let answer = make("workspaces", json!({"title": 7, "code": "KEN"}));
    assert_eq!(pointers(&answer), at(&["code", "title"]));
    // Of several that are taken each is told.
    assert_eq!(
        pointers(&make("partners", known)),
        at(&["ocha_external_id", "vendor_number"])
    );
    let wrong = json!({"title": 7, "vendor_number": "V1", "ocha_external_id": "O1"});
    let all = at(&["ocha_external_id", "title", "vendor_number"]);
    assert_eq!(pointers(&make("partners", wrong)), all);
    // In changes, too, where the own name is no other's.
    let edit = changes("roles", other.id, json!({"name": "HR", "permissions": 7}));
    assert_eq!(
        pointers(&admin.patch(&other.path(), &edit)),
        at(&["name", "permissions"])
    );
    let edit = changes("roles", role.id, json!({"name": "HR", "permissions": 7}));
    assert_eq!(
        pointers(&admin.patch(&role.path(), &edit)),
        at(&["permissions"])
    );
    let edit = changes("users", 1, json!({"username": "calvin", "email": "y"}));
    assert_eq!(
        pointers(&admin.patch("/users/1", &edit)),
        at(&["email", "username"])
    );
    let new = a_new(
        "users",
        json!({"username": "calvin", "email": "y", "password": "tulip-1637"}),
    );
    let answer = admin.operations(&operation("add", &new));
    let base = "/atomic:operations/0/data/attributes";
    assert_eq!(
        pointers(&answer),
        [format!("{base}/email"), format!("{base}/username")]
    );
}

#[test]
fn who_may_not_give_a_name_does_not_learn_which_are_taken() {
    let app = TestApp::start();
    let hidden = a_user().named("hidden").create(&app);
    let user = a_user().with_password().create(&app);
    let client = user.client(&app);
    for username in ["hidden", "nobody-at-all"] {
        let edit = changes(
            "users",
            user.id,
            json!({"username": username, "email": "y"}),
        );
        let answer = client.patch(&user.path(), &edit);
        assert_eq!(pointers(&answer), ["/data/attributes/email"], "{username}");
        let new = a_new("users", json!({"username": username, "email": "y"}));
        client.post("/users", &new).expect(403);
        let edit = changes(
            "users",
            hidden.id,
            json!({"username": username, "email": "y"}),
        );
        client.patch(&hidden.path(), &edit).expect(404);
    }
}
