//! `/roles/ID/includes` and `/roles/ID/relationships/includes`: roles that
//! contain others.

use serde_json::{Value, json};

use crate::support::{
    ADMIN_PASSWORD, Answer, Client, RoleMade, TestApp, a_new, a_role, a_user, changes, linkage,
};

fn path(role: &RoleMade) -> String {
    format!("{}/relationships/includes", role.path())
}

/// Puts roles into another as the administrator.
fn put(app: &TestApp, role: &RoleMade, parts: &[&RoleMade]) -> Answer {
    let ids: Vec<i64> = parts.iter().map(|part| part.id).collect();
    app.admin().patch(&path(role), &linkage("roles", &ids))
}

fn parts(app: &TestApp, role: &RoleMade) -> Vec<String> {
    app.admin().get(&path(role)).expect(200).ids()
}

fn names(roles: &[&RoleMade]) -> Vec<String> {
    roles.iter().map(|role| role.id.to_string()).collect()
}

fn may_audit(client: &Client) -> bool {
    client.get("/events?page[size]=1").status == 200
}

#[test]
fn parts_are_added_listed_replaced_and_removed() {
    let app = TestApp::start();
    let [whole, one, two] = [(); 3].map(|()| a_role().create(&app));
    let both = linkage("roles", &[one.id, two.id]);
    let answer = app.admin().post(&path(&whole), &both).expect(200);
    assert_eq!(answer.ids(), names(&[&one, &two]));
    assert_eq!(answer.json()["meta"], json!({"changed": 2}));
    let again = app.admin().post(&path(&whole), &both).expect(200);
    assert_eq!(again.json()["meta"], json!({"changed": 0}));
    let related = format!("{}/includes?sort=-id", whole.path());
    assert_eq!(app.admin().get(&related).ids(), names(&[&two, &one]));
    let tree = app
        .admin()
        .get(&format!("{}?include=includes", whole.path()));
    assert_eq!(
        tree.expect(200).json()["included"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(put(&app, &whole, &[&two]).ids(), names(&[&two]));
    let gone = app.admin().delete_with(&path(&whole), &both).expect(200);
    assert_eq!(gone.json()["meta"], json!({"changed": 1}));
    assert_eq!(parts(&app, &whole), Vec::<String>::new());
}

#[test]
fn a_role_is_made_and_changed_with_its_parts() {
    let app = TestApp::start();
    let [one, two] = [(); 2].map(|()| a_role().create(&app));
    for unchangeable in [false, true] {
        let name = format!("whole {unchangeable}");
        let mut document = a_new("roles", json!({"name": name, "unchangeable": unchangeable}));
        document["data"]["relationships"] = json!({"includes": linkage("roles", &[one.id])});
        let id: i64 = app
            .admin()
            .post("/roles", &document)
            .expect(201)
            .id()
            .parse()
            .unwrap();
        let whole = RoleMade { id, name };
        assert_eq!(parts(&app, &whole), names(&[&one]));
        let mut document = changes("roles", id, json!({}));
        document["data"]["relationships"] = json!({"includes": linkage("roles", &[two.id])});
        let status = if unchangeable { 403 } else { 200 };
        app.admin().patch(&whole.path(), &document).expect(status);
        put(&app, &whole, &[]).expect(status);
    }
}

#[test]
fn one_unknown_part_fails_the_whole_request() {
    let app = TestApp::start();
    let [whole, part] = [(); 2].map(|()| a_role().create(&app));
    let answer = app
        .admin()
        .post(&path(&whole), &linkage("roles", &[part.id, 4711]));
    assert_eq!(answer.expect(404).pointers(), ["/data/1"]);
    assert_eq!(parts(&app, &whole), Vec::<String>::new());
    for method in ["GET", "POST", "PATCH", "DELETE"] {
        let path = "/roles/4711/relationships/includes";
        let document = linkage("roles", &[part.id]);
        let answer = match method {
            "GET" => app.admin().get(path),
            _ => app.admin().json(method, path, &document),
        };
        answer.expect(404);
    }
}

#[test]
fn nothing_is_put_into_admin() {
    let app = TestApp::start();
    let part = a_role().create(&app);
    let one = linkage("roles", &[part.id]);
    for method in ["POST", "PATCH", "DELETE"] {
        let path = "/roles/1/relationships/includes";
        app.admin().json(method, path, &one).expect(403);
    }
}

#[test]
fn no_role_contains_itself_at_any_depth() {
    let app = TestApp::start();
    let chain = [(); 4].map(|()| a_role().create(&app));
    put(&app, &chain[0], &[&chain[0]]).expect(403);
    for link in chain.windows(2) {
        put(&app, &link[0], &[&link[1]]).expect(200);
    }
    for above in &chain {
        let back = app
            .admin()
            .post(&path(&chain[3]), &linkage("roles", &[above.id]));
        assert_eq!(back.expect(403).errors()[0]["code"], "protected");
    }
    assert_eq!(parts(&app, &chain[3]), Vec::<String>::new());
    let mut document = changes("roles", chain[3].id, json!({"label": "x"}));
    document["data"]["relationships"] = json!({"includes": linkage("roles", &[chain[0].id])});
    app.admin().patch(&chain[3].path(), &document).expect(403);
    let shown = app.admin().get(&chain[3].path()).data();
    assert_eq!(shown["attributes"]["label"], Value::Null);
}

#[test]
fn what_parts_permit_counts_for_holders_at_once_whatever_their_credentials() {
    let app = TestApp::start();
    let auditing = a_role().permitting(&["audit:read"]).create(&app);
    let [top, middle] = [(); 2].map(|()| a_role().create(&app));
    let user = a_user().with_password().holding(&top).create(&app);
    let signed_in = app.anonymous().post(
        "/auth",
        &json!({"username": user.username, "password": ADMIN_PASSWORD}),
    );
    let access = signed_in.expect(200).json()["meta"]["jwt"]
        .as_str()
        .unwrap()
        .to_owned();
    let clients = [
        user.client(&app),
        app.token(&access),
        app.basic(&user.username, ADMIN_PASSWORD),
    ];
    let check = |expected: bool| {
        for client in clients.iter().chain(&clients) {
            assert_eq!(may_audit(client), expected);
        }
    };
    check(false);
    put(&app, &middle, &[&auditing]).expect(200);
    check(false);
    put(&app, &top, &[&middle]).expect(200);
    check(true);
    let permissions = |names: &[&str]| {
        let document = changes("roles", auditing.id, json!({"permissions": names}));
        app.admin().patch(&auditing.path(), &document).expect(200);
    };
    permissions(&[]);
    check(false);
    permissions(&["audit:read"]);
    check(true);
    put(&app, &middle, &[]).expect(200);
    check(false);
}

#[test]
fn a_diamond_loses_its_foot_only_with_both_sides() {
    let app = TestApp::start();
    let foot = a_role().permitting(&["audit:read"]).create(&app);
    let [top, left, right] = [(); 3].map(|()| a_role().create(&app));
    put(&app, &top, &[&left, &right]).expect(200);
    put(&app, &left, &[&foot]).expect(200);
    put(&app, &right, &[&foot]).expect(200);
    let client = a_user().holding(&top).create(&app).client(&app);
    assert!(may_audit(&client));
    put(&app, &left, &[]).expect(200);
    assert!(may_audit(&client));
    app.admin().delete(&right.path()).expect(204);
    assert!(!may_audit(&client));
    // A role may be in another directly and through a third.
    put(&app, &top, &[&left, &foot]).expect(200);
    put(&app, &left, &[&foot]).expect(200);
    assert!(may_audit(&client));
    put(&app, &top, &[&left]).expect(200);
    assert!(may_audit(&client));
}

#[test]
fn deleting_the_middle_of_a_chain_parts_its_ends() {
    let app = TestApp::start();
    let foot = a_role().permitting(&["audit:read"]).create(&app);
    let [top, upper, lower] = [(); 3].map(|()| a_role().create(&app));
    put(&app, &top, &[&upper]).expect(200);
    put(&app, &upper, &[&lower]).expect(200);
    put(&app, &lower, &[&foot]).expect(200);
    let [above, below] =
        [&top, &lower].map(|role| a_user().holding(role).create(&app).client(&app));
    assert!(may_audit(&above) && may_audit(&below));
    app.admin().delete(&upper.path()).expect(204);
    assert!(!may_audit(&above) && may_audit(&below));
    assert_eq!(parts(&app, &top), Vec::<String>::new());
    // And there is no cycle any more where there would have been one.
    put(&app, &foot, &[&top]).expect(200);
    app.admin().delete(&foot.path()).expect(204);
    assert!(!may_audit(&below));
}

#[test]
fn at_most_200_roles_are_in_one_at_any_depth() {
    let app = TestApp::start();
    let many: Vec<RoleMade> = (0..201).map(|_| a_role().create(&app)).collect();
    let all: Vec<&RoleMade> = many.iter().collect();
    let [whole, above] = [(); 2].map(|()| a_role().create(&app));
    put(&app, &whole, &all).expect(403);
    assert_eq!(parts(&app, &whole), Vec::<String>::new());
    put(&app, &whole, &all[..200]).expect(200);
    // 201 with the one between.
    put(&app, &above, &[&whole]).expect(403);
    put(&app, &whole, &all[..199]).expect(200);
    put(&app, &above, &[&whole]).expect(200);
    app.admin()
        .post(&path(&whole), &linkage("roles", &[all[200].id]))
        .expect(403);
    assert_eq!(parts(&app, &whole), names(&all[..199]));
}

fn maker(app: &TestApp) -> (RoleMade, Client) {
    let role = a_role()
        .permitting(&["roles:read", "roles:write", "grants:write"])
        .create(app);
    let client = a_user().holding(&role).create(app).client(app);
    (role, client)
}

#[test]
fn nobody_puts_what_permits_more_into_a_role_or_touches_what_does() {
    let app = TestApp::start();
    let (own, client) = maker(&app);
    let stronger = a_role().permitting(&["audit:read"]).create(&app);
    let plain = a_role().create(&app);
    let [wrapping, hiding] = [(); 2].map(|()| a_role().create(&app));
    put(&app, &wrapping, &[&stronger]).expect(200);
    put(&app, &hiding, &[&wrapping]).expect(200);
    let admin = RoleMade {
        id: 1,
        name: "admin".into(),
    };
    for part in [&stronger, &wrapping, &hiding, &admin] {
        for into in [&own, &plain] {
            for method in ["POST", "PATCH"] {
                let answer = client.json(method, &path(into), &linkage("roles", &[part.id]));
                answer.expect(403);
            }
            let mut document = changes("roles", into.id, json!({}));
            document["data"]["relationships"] = json!({"includes": linkage("roles", &[part.id])});
            client.patch(&into.path(), &document).expect(403);
        }
        let mut document = a_new("roles", json!({"name": format!("with {}", part.id)}));
        document["data"]["relationships"] = json!({"includes": linkage("roles", &[part.id])});
        client.post("/roles", &document).expect(403);
        if part.id != 1 {
            client
                .delete_with(&path(part), &linkage("roles", &[stronger.id]))
                .expect(403);
            client.delete(&part.path()).expect(403);
            let members = format!("{}/relationships/users", part.path());
            client.post(&members, &linkage("users", &[1])).expect(403);
        }
    }
    assert_eq!(parts(&app, &own), Vec::<String>::new());
    assert!(!may_audit(&client));
    client
        .post(&path(&plain), &linkage("roles", &[own.id]))
        .expect(200);
    // What contains one's own role now permits as much as it.
    client.delete(&plain.path()).expect(204);
}

#[test]
fn nobody_takes_the_powers_of_rules_by_putting_a_role_into_their_own() {
    let app = TestApp::start();
    let listed = app
        .admin()
        .get("/roles?filter[name]=CLUSTER_SYSTEM_ADMIN")
        .ids();
    let system_admin: i64 = listed[0].parse().unwrap();
    let own = a_role()
        .permitting(&["roles:read", "roles:write"])
        .create(&app);
    let client = a_user().holding(&own).create(&app).client(&app);
    client
        .post(&path(&own), &linkage("roles", &[system_admin]))
        .expect(403);
    let mut document = changes("roles", own.id, json!({}));
    document["data"]["relationships"] = json!({"includes": linkage("roles", &[system_admin])});
    client.patch(&own.path(), &document).expect(403);
    assert_eq!(parts(&app, &own), Vec::<String>::new());
}

#[test]
fn a_role_that_contains_more_is_not_given_by_whoever_may_less() {
    let app = TestApp::start();
    let stronger = a_role().permitting(&["audit:read"]).create(&app);
    let whole = a_role().create(&app);
    put(&app, &whole, &[&stronger]).expect(200);
    let giver = a_role()
        .permitting(&["users:read", "users:write", "grants:write"])
        .create(&app);
    let client = a_user().holding(&giver).create(&app).client(&app);
    let user = a_user().create(&app);
    let own = format!("{}/relationships/roles", user.path());
    client
        .post(&own, &linkage("roles", &[whole.id]))
        .expect(403);
    // Nor is somebody taken over who holds it.
    user.grant(&app, &whole);
    let password = changes("users", user.id, json!({"password": "long enough"}));
    client.patch(&user.path(), &password).expect(403);
    client.delete(&user.path()).expect(403);
}

#[test]
fn the_parts_of_a_role_are_seen_by_its_holders() {
    let app = TestApp::start();
    let [whole, part, other] = [(); 3].map(|()| a_role().create(&app));
    put(&app, &whole, &[&part]).expect(200);
    let client = a_user().holding(&whole).create(&app).client(&app);
    assert_eq!(client.get(&path(&whole)).expect(200).ids(), names(&[&part]));
    assert_eq!(
        client.get("/roles?sort=id").expect(200).ids(),
        names(&[&whole, &part])
    );
    client.get(&part.path()).expect(200);
    client.get(&path(&other)).expect(404);
    client
        .post(&path(&whole), &linkage("roles", &[other.id]))
        .expect(403);
    client
        .post(&path(&other), &linkage("roles", &[whole.id]))
        .expect(404);
    // They hold it only within another: their roles are what was given.
    let me = client.get("/auth/user").expect(200).id();
    assert_eq!(
        client.get(&format!("/users/{me}/roles")).ids(),
        names(&[&whole])
    );
}

#[test]
fn linkage_has_an_entity_tag_that_guards_it() {
    let app = TestApp::start();
    let [whole, one, two] = [(); 3].map(|()| a_role().create(&app));
    let tag = app
        .admin()
        .get(&path(&whole))
        .header("etag")
        .unwrap()
        .to_owned();
    put(&app, &whole, &[&one]).expect(200);
    let json_api = crate::support::JSON_API;
    let headers = [
        ("accept", json_api),
        ("content-type", json_api),
        ("if-match", &*tag),
    ];
    let body = linkage("roles", &[two.id]).to_string();
    let answer = app
        .admin()
        .send("PATCH", &path(&whole), &headers, Some(body.as_bytes()));
    answer.expect(412);
    assert_eq!(parts(&app, &whole), names(&[&one]));
}

#[test]
fn the_log_tells_what_a_role_contained_and_contains() {
    let app = TestApp::start();
    let [whole, one, two] = [(); 3].map(|()| a_role().create(&app));
    put(&app, &whole, &[&one]).expect(200);
    put(&app, &whole, &[&one]).expect(200);
    put(&app, &whole, &[&two]).expect(200);
    let events = format!(
        "/events?filter[subject_type]=roles&filter[subject_id]={}&filter[verb]=update&sort=id",
        whole.id
    );
    let data = app.admin().get(&events).data();
    let told: Vec<Value> = data
        .as_array()
        .unwrap()
        .iter()
        .map(|event| json!([event["attributes"]["before"], event["attributes"]["after"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!([{"includes": []}, {"includes": [one.id]}]),
            json!([{"includes": [one.id]}, {"includes": [two.id]}]),
        ]
    );
}
