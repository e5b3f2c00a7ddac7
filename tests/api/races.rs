//! Requests at the same time: whoever loses is told so, and nothing is half done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Barrier;

use rolecall::directory::delegation::GrantScope;
use serde_json::{Value, json};

use crate::support::{Answer, Client, JSON_API, RoleMade, TestApp, a_cluster, a_role, a_user};

/// Sends all of these at once, each from a thread of its own.
fn at_once<T: Send>(works: Vec<impl FnOnce() -> T + Send>) -> Vec<T> {
    let barrier = Barrier::new(works.len());
    std::thread::scope(|scope| {
        let running: Vec<_> = works
            .into_iter()
            .map(|work| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    work()
                })
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

fn new_user(attributes: Value) -> Value {
    let mut document = json!({"data": {"type": "users", "attributes": {"password": "tulip-1637"}}});
    let all = document["data"]["attributes"].as_object_mut().unwrap();
    all.extend(attributes.as_object().unwrap().clone());
    document
}

fn statuses(answers: &[Answer]) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.status).or_default() += 1;
    }
    counts
}

fn identifiers(kind: &str, ids: &[i64]) -> Value {
    let items: Vec<Value> = ids
        .iter()
        .map(|id| json!({"type": kind, "id": id.to_string()}))
        .collect();
    json!({"data": items})
}

fn changed(answers: &[Answer]) -> i64 {
    answers
        .iter()
        .map(|answer| answer.json()["meta"]["changed"].as_i64().unwrap())
        .sum()
}

fn events(admin: &Client, kind: &str) -> Vec<Value> {
    let path = format!("/events?filter[subject_type]={kind}&page[size]=100");
    let data = admin.get(&path).expect(200).data();
    data.as_array().unwrap().clone()
}

#[test]
fn of_many_new_users_with_one_username_exactly_one_is_made() {
    let app = TestApp::start();
    let admin = app.admin();
    for round in 0..3 {
        let username = format!("calvin{round}");
        let document = new_user(json!({"username": username}));
        let answers = at_once(vec![|| admin.post("/users", &document); 6]);
        assert_eq!(
            statuses(&answers),
            BTreeMap::from([(201, 1), (400, 5)]),
            "{answers:?}"
        );
        for lost in answers.iter().filter(|answer| answer.status == 400) {
            assert_eq!(lost.pointers(), ["/data/attributes/username"]);
        }
        let found = admin.get(&format!("/users?filter[username]={username}"));
        assert_eq!(found.expect(200).ids().len(), 1);
    }
}

#[test]
fn of_many_new_users_with_one_uname_exactly_one_is_made() {
    let app = TestApp::start();
    let admin = app.admin();
    let answers = at_once(
        (0..6)
            .map(|number| {
                let username = format!("hobbes{number}");
                let document = new_user(json!({"username": username, "uname": "hobbes"}));
                let admin = &admin;
                move || admin.post("/users", &document)
            })
            .collect(),
    );
    assert_eq!(
        statuses(&answers),
        BTreeMap::from([(201, 1), (400, 5)]),
        "{answers:?}"
    );
    for lost in answers.iter().filter(|answer| answer.status == 400) {
        assert_eq!(lost.pointers(), ["/data/attributes/uname"]);
    }
}

#[test]
fn usernames_that_suggest_one_uname_all_get_one_of_their_own() {
    let app = TestApp::start();
    let admin = app.admin();
    let names = [
        "a@x@org", "a+x+org", "a-x-org", "a@x+org", "a+x@org", "a@x-org",
    ];
    let answers = at_once(
        names
            .iter()
            .map(|name| {
                let document = new_user(json!({"username": name}));
                let admin = &admin;
                move || admin.post("/users", &document)
            })
            .collect(),
    );
    assert_eq!(
        statuses(&answers),
        BTreeMap::from([(201, 6)]),
        "{answers:?}"
    );
    let unames: BTreeSet<String> = answers
        .iter()
        .map(|answer| answer.data()["attributes"]["uname"].to_string())
        .collect();
    assert_eq!(unames.len(), 6, "{unames:?}");
}

#[test]
fn of_many_roles_with_one_name_exactly_one_is_made() {
    let app = TestApp::start();
    let admin = app.admin();
    let document = json!({"data": {"type": "roles", "attributes": {"name": "HR"}}});
    let answers = at_once(vec![|| admin.post("/roles", &document); 8]);
    assert_eq!(
        statuses(&answers),
        BTreeMap::from([(201, 1), (400, 7)]),
        "{answers:?}"
    );
    for lost in answers.iter().filter(|answer| answer.status == 400) {
        assert_eq!(lost.pointers(), ["/data/attributes/name"]);
    }
}

#[test]
fn of_many_renamings_to_one_username_exactly_one_is_done() {
    let app = TestApp::start();
    let admin = app.admin();
    let users: Vec<_> = (0..6).map(|_| a_user().create(&app)).collect();
    let answers = at_once(
        users
            .iter()
            .map(|user| {
                let document = json!({"data": {"type": "users", "id": user.id,
                    "attributes": {"username": "susie", "name": "Susie"}}});
                let admin = &admin;
                move || admin.patch(&user.path(), &document)
            })
            .collect(),
    );
    assert_eq!(
        statuses(&answers),
        BTreeMap::from([(200, 1), (400, 5)]),
        "{answers:?}"
    );
    for (answer, user) in answers.iter().zip(&users) {
        let now = admin.get(&user.path()).expect(200).data();
        let wanted = match answer.status {
            200 => json!(["susie", "Susie"]),
            _ => json!([user.username, null]),
        };
        let now = &now["attributes"];
        assert_eq!(json!([now["username"], now["name"]]), wanted);
    }
}

#[test]
fn roles_added_at_the_same_time_are_all_there() {
    let app = TestApp::start();
    let admin = app.admin();
    let user = a_user().create(&app);
    let roles: Vec<i64> = (0..8).map(|_| a_role().create(&app).id).collect();
    let path = format!("{}/relationships/roles", user.path());
    let answers = at_once(
        roles
            .iter()
            .map(|role| {
                let (admin, path) = (&admin, &path);
                let document = identifiers("roles", &[*role]);
                move || admin.post(path, &document).expect(200)
            })
            .collect(),
    );
    assert_eq!(changed(&answers), 8);
    let wanted: Vec<String> = roles.iter().map(ToString::to_string).collect();
    assert_eq!(admin.get(&path).expect(200).ids(), wanted);
}

/// R15: what is there already is not added again.
#[test]
fn one_role_added_and_removed_many_times_at_once_changes_once() {
    let app = TestApp::start();
    let admin = app.admin();
    let user = a_user().create(&app);
    let role = a_role().create(&app);
    let from_user = format!("{}/relationships/roles", user.path());
    let from_role = format!("{}/relationships/users", role.path());
    let roles = identifiers("roles", &[role.id]);
    let users = identifiers("users", &[user.id]);
    for _ in 0..4 {
        let ways = [(&from_user, &roles), (&from_role, &users)];
        let add = |way: usize| {
            let (path, document) = ways[way % 2];
            let admin = &admin;
            move || admin.post(path, document).expect(200)
        };
        let answers = at_once((0..8).map(add).collect());
        assert_eq!(changed(&answers), 1);
        assert_eq!(
            admin.get(&from_user).expect(200).ids(),
            [role.id.to_string()]
        );
        let remove = |way: usize| {
            let (path, document) = ways[way % 2];
            let admin = &admin;
            move || admin.delete_with(path, document).expect(200)
        };
        let answers = at_once((0..8).map(remove).collect());
        assert_eq!(changed(&answers), 1);
        assert_eq!(admin.get(&from_user).expect(200).ids(), [""; 0]);
    }
    assert_eq!(events(&admin, "grants").len(), 1 + 8, "the admin's own too");
}

/// X04: a replacement is complete, so the outcome is one of those asked for.
#[test]
fn of_many_replacements_of_the_roles_one_stands_whole() {
    let app = TestApp::start();
    let admin = app.admin();
    let user = a_user().create(&app);
    let path = format!("{}/relationships/roles", user.path());
    let sets: Vec<Vec<i64>> = (0..6)
        .map(|_| (0..3).map(|_| a_role().create(&app).id).collect())
        .collect();
    for _ in 0..5 {
        at_once(
            sets.iter()
                .map(|set| {
                    let (admin, path) = (&admin, &path);
                    let document = identifiers("roles", set);
                    move || admin.patch(path, &document).expect(200)
                })
                .collect(),
        );
        let stands: Vec<i64> = admin
            .get(&path)
            .expect(200)
            .ids()
            .iter()
            .map(|id| id.parse().unwrap())
            .collect();
        assert!(sets.contains(&stands), "{stands:?} is none of {sets:?}");
    }
}

#[test]
fn of_many_replacements_of_the_users_one_stands_whole() {
    let app = TestApp::start();
    let admin = app.admin();
    let role = a_role().create(&app);
    let path = format!("{}/relationships/users", role.path());
    let sets: Vec<Vec<i64>> = (0..4)
        .map(|_| (0..3).map(|_| a_user().create(&app).id).collect())
        .collect();
    for round in 0..5 {
        at_once(
            sets.iter()
                .enumerate()
                .map(|(number, set)| {
                    let (admin, path, role) = (&admin, &path, &role);
                    let linkage = identifiers("users", set);
                    // Some through the relationship, some through the role itself.
                    let whole = json!({"data": {"type": "roles", "id": role.id,
                        "relationships": {"users": linkage}}});
                    move || match (number + round) % 2 {
                        0 => admin.patch(path, &linkage).expect(200),
                        _ => admin.patch(&role.path(), &whole).expect(200),
                    }
                })
                .collect(),
        );
        let stands: Vec<i64> = admin
            .get(&path)
            .expect(200)
            .ids()
            .iter()
            .map(|id| id.parse().unwrap())
            .collect();
        assert!(sets.contains(&stands), "{stands:?} is none of {sets:?}");
    }
}

#[test]
fn changes_of_different_fields_lose_nothing() {
    let app = TestApp::start();
    let admin = app.admin();
    let user = a_user().create(&app);
    let fields = [
        "name",
        "surname",
        "full_name",
        "email",
        "position",
        "time_zone",
    ];
    for round in 0..4 {
        let value = |field: &str| format!("{field}@{round}.org");
        at_once(
            fields
                .iter()
                .map(|field| {
                    let document = json!({"data": {"type": "users", "id": user.id,
                        "attributes": {*field: value(field)}}});
                    let (admin, user) = (&admin, &user);
                    move || admin.patch(&user.path(), &document).expect(200)
                })
                .collect(),
        );
        let now = admin.get(&user.path()).expect(200).data();
        for field in fields {
            assert_eq!(now["attributes"][field], value(field), "{field}");
        }
    }
}

/// The log tells of each change what it changed, and nothing of the others'.
#[test]
fn changes_at_the_same_time_are_recorded_each_by_itself() {
    let app = TestApp::start();
    let admin = app.admin();
    let user = a_user().create(&app);
    let fields = [
        "name",
        "surname",
        "full_name",
        "email",
        "position",
        "time_zone",
    ];
    at_once(
        fields
            .iter()
            .map(|field| {
                let document = json!({"data": {"type": "users", "id": user.id,
                    "attributes": {*field: "x@x.org"}}});
                let (admin, user) = (&admin, &user);
                move || admin.patch(&user.path(), &document).expect(200)
            })
            .collect(),
    );
    let mut seen = BTreeSet::new();
    for event in events(&admin, "users") {
        let event = &event["attributes"];
        if event["verb"] != "update" {
            continue;
        }
        let after = event["after"].as_object().unwrap();
        let changed: Vec<&str> = after
            .keys()
            .map(String::as_str)
            .filter(|name| fields.contains(name))
            .collect();
        assert_eq!(changed.len(), 1, "{event}");
        assert_eq!(event["before"][changed[0]], Value::Null, "{event}");
        seen.insert(changed[0].to_owned());
    }
    assert_eq!(seen.len(), fields.len());
}

#[test]
fn two_administrators_who_delete_each_other_leave_one() {
    for _ in 0..3 {
        let app = TestApp::start();
        let other = a_user().administrator().create(&app);
        let (first, second) = (app.admin(), other.client(&app));
        let path = other.path();
        let answers = at_once::<Answer>(vec![
            Box::new(|| first.delete(&path)) as Box<dyn FnOnce() -> Answer + Send>,
            Box::new(|| second.delete("/users/1")),
        ]);
        let done = answers.iter().filter(|answer| answer.status == 204).count();
        assert_eq!(done, 1, "{answers:?}");
        let lost = answers.iter().find(|answer| answer.status != 204).unwrap();
        // Refused as the last one, or nobody any more.
        assert!([401, 403].contains(&lost.status), "{answers:?}");
        let (winner, gone) = if answers[0].status == 204 {
            (first, second)
        } else {
            (second, first)
        };
        winner.get("/roles").expect(200);
        gone.get("/roles").expect(401);
        assert_eq!(winner.get("/users").expect(200).ids().len(), 1);
    }
}

#[test]
fn two_administrators_who_take_each_others_role_leave_one() {
    for _ in 0..3 {
        let app = TestApp::start();
        let other = a_user().administrator().create(&app);
        let (first, second) = (app.admin(), other.client(&app));
        let role = identifiers("roles", &[1]);
        let path = format!("{}/relationships/roles", other.path());
        let answers = at_once::<Answer>(vec![
            Box::new(|| first.delete_with(&path, &role)) as Box<dyn FnOnce() -> Answer + Send>,
            Box::new(|| second.delete_with("/users/1/relationships/roles", &role)),
        ]);
        let done = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(done, 1, "{answers:?}");
        let remain = [&first, &second]
            .iter()
            .filter(|client| {
                client.get("/users/1").status == 200 && client.get("/events").status == 200
            })
            .count();
        assert_eq!(remain, 1);
    }
}

#[test]
fn a_user_deleted_many_times_at_once_is_deleted_once() {
    let app = TestApp::start();
    let admin = app.admin();
    let user = a_user().create(&app);
    let path = user.path();
    let answers = at_once(vec![|| admin.delete(&path); 6]);
    assert_eq!(
        statuses(&answers),
        BTreeMap::from([(204, 1), (404, 5)]),
        "{answers:?}"
    );
    let deletes = events(&admin, "users")
        .iter()
        .filter(|event| event["attributes"]["verb"] == "delete")
        .count();
    assert_eq!(deletes, 1);
}

#[test]
fn a_role_that_goes_while_it_is_given_leaves_no_trace() {
    let app = TestApp::start();
    let admin = app.admin();
    let user = a_user().create(&app);
    for _ in 0..5 {
        let role = a_role().create(&app);
        let path = format!("{}/relationships/roles", user.path());
        let add = identifiers("roles", &[role.id]);
        let answers = at_once::<Answer>(vec![
            Box::new(|| admin.delete(&role.path())) as Box<dyn FnOnce() -> Answer + Send>,
            Box::new(|| admin.post(&path, &add)),
            Box::new(|| admin.post(&path, &add)),
        ]);
        assert_eq!(answers[0].status, 204, "{answers:?}");
        for given in &answers[1..] {
            assert!([200, 404].contains(&given.status), "{answers:?}");
        }
        admin.get(&role.path()).expect(404);
        assert_eq!(admin.get(&path).expect(200).ids(), [""; 0]);
    }
}

#[test]
fn a_user_who_goes_while_given_a_role_is_no_member() {
    let app = TestApp::start();
    let admin = app.admin();
    let role = a_role().create(&app);
    for _ in 0..5 {
        let user = a_user().create(&app);
        let path = format!("{}/relationships/users", role.path());
        let add = identifiers("users", &[user.id]);
        let answers = at_once::<Answer>(vec![
            Box::new(|| admin.delete(&user.path())) as Box<dyn FnOnce() -> Answer + Send>,
            Box::new(|| admin.post(&path, &add)),
        ]);
        assert_eq!(answers[0].status, 204, "{answers:?}");
        assert!([200, 404].contains(&answers[1].status), "{answers:?}");
        assert_eq!(admin.get(&path).expect(200).ids(), [""; 0]);
    }
}

/// Opposite orders of the same rows are how databases get into deadlocks.
#[test]
fn changes_in_opposite_orders_all_succeed() {
    let app = TestApp::start();
    let admin = app.admin();
    let users: Vec<i64> = (0..6).map(|_| a_user().create(&app).id).collect();
    let roles: Vec<i64> = (0..6).map(|_| a_role().create(&app).id).collect();
    for _ in 0..3 {
        at_once(
            (0..6)
                .map(|number| {
                    let (admin, mut users, mut roles) = (&admin, users.clone(), roles.clone());
                    users.rotate_left(number);
                    roles.rotate_right(number);
                    move || {
                        let (user, role) = (users[0], roles[0]);
                        let of_user = format!("/users/{user}/relationships/roles");
                        let of_role = format!("/roles/{role}/relationships/users");
                        admin
                            .patch(&of_user, &identifiers("roles", &roles))
                            .expect(200);
                        admin
                            .patch(&of_role, &identifiers("users", &users))
                            .expect(200);
                        admin
                            .patch(&of_user, &identifiers("roles", &[]))
                            .expect(200);
                    }
                })
                .collect(),
        );
    }
    let all = admin.get("/events?filter[subject_type]=grants").expect(200);
    assert!(all.json()["meta"]["pagination"]["count"].as_i64().unwrap() > 100);
}

/// A token never gains: two that narrow it differently leave nothing of both.
#[test]
fn two_narrowings_of_a_token_never_give_back_a_scope() {
    let app = TestApp::start();
    let admin = app.admin();
    for _ in 0..5 {
        let token = json!({"data": {"type": "tokens", "attributes":
            {"name": "x", "scopes": ["users:read", "roles:read"]}}});
        let id = admin.post("/tokens", &token).expect(201).id();
        let path = format!("/tokens/{id}");
        let scopes = ["users:read", "roles:read"];
        let answers = at_once(
            scopes
                .iter()
                .map(|scope| {
                    let document = json!({"data": {"type": "tokens", "id": id,
                        "attributes": {"scopes": [scope]}}});
                    let (admin, path) = (&admin, &path);
                    move || admin.patch(path, &document)
                })
                .collect(),
        );
        assert_eq!(
            statuses(&answers),
            BTreeMap::from([(200, 1), (400, 1)]),
            "{answers:?}"
        );
        let first = if answers[0].status == 200 { 0 } else { 1 };
        let now = admin.get(&path).expect(200).data();
        assert_eq!(now["attributes"]["scopes"], json!([scopes[first]]));
    }
}

fn conditional(client: &Client, path: &str, tag: &str, document: &Value) -> Answer {
    let headers = [
        ("accept", JSON_API),
        ("content-type", JSON_API),
        ("if-match", tag),
    ];
    let body = document.to_string();
    client.send("PATCH", path, &headers, Some(body.as_bytes()))
}

#[test]
fn no_update_is_lost_when_everybody_names_what_they_read() {
    let app = TestApp::start();
    let admin = app.admin();
    let role = a_role().create(&app);
    let count = || loop {
        let read = admin.get(&role.path()).expect(200);
        let tag = read.header("etag").unwrap().to_owned();
        let label = read.data()["attributes"]["label"].clone();
        let number: u32 = label.as_str().map_or(0, |label| label.parse().unwrap());
        let attributes = json!({"label": (number + 1).to_string()});
        let edit = json!({"data": {"type": "roles", "id": role.id, "attributes": attributes}});
        match conditional(&admin, &role.path(), &tag, &edit).status {
            200 => return,
            412 => {}
            other => panic!("{other}"),
        }
    };
    at_once(vec![
        || {
            for _ in 0..5 {
                count();
            }
        };
        4
    ]);
    let label = admin.get(&role.path()).data()["attributes"]["label"].clone();
    assert_eq!(label, "20");
}

#[test]
fn of_many_replacements_of_one_state_of_linkage_exactly_one_is_made() {
    let app = TestApp::start();
    let admin = app.admin();
    let user = a_user().create(&app);
    let roles: Vec<i64> = (0..6).map(|_| a_role().create(&app).id).collect();
    let path = format!("{}/relationships/roles", user.path());
    let before = admin.get(&path).expect(200);
    let tag = before.header("etag").unwrap();
    let works = roles.iter().map(|role| {
        let (admin, path) = (&admin, &path);
        move || conditional(admin, path, tag, &identifiers("roles", &[*role]))
    });
    let answers = at_once(works.collect());
    assert_eq!(statuses(&answers), BTreeMap::from([(200, 1), (412, 5)]));
    assert_eq!(admin.get(&path).ids().len(), 1);
}

#[test]
fn of_many_retries_under_one_key_exactly_one_is_carried_out() {
    let app = TestApp::start();
    let admin = app.admin();
    let headers = [
        ("accept", JSON_API),
        ("content-type", JSON_API),
        ("idempotency-key", "once"),
    ];
    let body = json!({"data": {"type": "roles", "attributes": {"name": "HR"}}}).to_string();
    let answers = at_once(vec![
        || admin.send(
            "POST",
            "/roles",
            &headers,
            Some(body.as_bytes())
        );
        8
    ]);
    assert_eq!(statuses(&answers), BTreeMap::from([(201, 8)]));
    let texts: BTreeSet<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
    assert_eq!(texts.len(), 1);
    let first = answers
        .iter()
        .filter(|answer| answer.header("idempotency-replayed").is_none());
    assert_eq!(first.count(), 1);
    assert_eq!(events(&admin, "roles").len(), 1);
}

#[test]
fn of_a_restoration_and_a_purge_at_once_exactly_one_wins() {
    let app = TestApp::start();
    let admin = app.admin();
    for _ in 0..8 {
        let user = a_user().deleted(&app);
        let path = user.trash_path();
        let document = json!({"data": {"type": "users", "id": user.id.to_string()}});
        let restore = || admin.patch(&path, &document);
        let purge = || admin.delete(&path);
        let answers = at_once::<Answer>(vec![
            Box::new(restore) as Box<dyn FnOnce() -> Answer + Send>,
            Box::new(purge),
        ]);
        let now = admin.get(&user.path()).status;
        match (answers[0].status, answers[1].status) {
            (200, 404) => assert_eq!(now, 200),
            (404, 204) => assert_eq!(now, 404),
            other => panic!("{other:?}: {answers:?}"),
        }
        admin.get(&path).expect(404);
        let path = format!("/events?filter[subject_id]={}&sort=-id", user.id);
        let log = admin.get(&path).expect(200).data();
        let verbs = ["create", "delete", "restore", "purge"];
        let count = |verb: &str| {
            let events = log.as_array().unwrap().iter();
            events
                .filter(|event| event["attributes"]["verb"] == verb)
                .count()
        };
        let counts = verbs.map(count);
        assert_eq!(counts[..2], [1, 1]);
        assert_eq!(counts[2] + counts[3], 1, "{log}");
    }
}

#[test]
fn of_many_purges_at_once_exactly_one_is_made() {
    let app = TestApp::start();
    let admin = app.admin();
    let path = a_user().deleted(&app).trash_path();
    let answers = at_once(vec![|| admin.delete(&path); 6]);
    assert_eq!(statuses(&answers), BTreeMap::from([(204, 1), (404, 5)]));
}

#[test]
fn of_many_same_grants_exactly_one_is_made() {
    let app = TestApp::start();
    let admin = app.admin();
    let imo = admin.get("/roles?filter[name]=CLUSTER_IMO").ids()[0].clone();
    let cluster = a_cluster().create(&app);
    for _ in 0..4 {
        let user = a_user().create(&app);
        let document = json!({"data": {"type": "grants", "relationships": {
            "user": {"data": {"type": "users", "id": user.id.to_string()}},
            "role": {"data": {"type": "roles", "id": imo}},
            "cluster": {"data": {"type": "clusters", "id": cluster.id.to_string()}},
        }}});
        let answers = at_once(vec![|| admin.post("/grants", &document); 5]);
        let wanted = BTreeMap::from([(201, 1), (400, 4)]);
        assert_eq!(statuses(&answers), wanted, "{answers:?}");
        for lost in answers.iter().filter(|answer| answer.status == 400) {
            assert_eq!(lost.pointers(), ["/data/relationships/role/data"]);
        }
        let listed = admin.get(&format!("{}/grants", user.path())).expect(200);
        assert_eq!(listed.ids().len(), 1);
    }
}

#[test]
fn of_many_grants_that_become_the_same_exactly_one_does() {
    let app = TestApp::start();
    let admin = app.admin();
    let user = a_user().create(&app);
    let goal = a_role().create(&app);
    let grants: Vec<i64> = (0..5)
        .map(|_| user.grant_in(&app, &a_role().create(&app), GrantScope::UN_SCOPED))
        .collect();
    let document = json!({"data": {"type": "roles", "id": goal.id.to_string()}});
    let answers = at_once(
        grants
            .iter()
            .map(|grant| {
                let path = format!("/grants/{grant}/relationships/role");
                let (admin, document) = (&admin, &document);
                move || admin.patch(&path, document)
            })
            .collect(),
    );
    let wanted = BTreeMap::from([(200, 1), (400, 4)]);
    assert_eq!(statuses(&answers), wanted, "{answers:?}");
}

#[test]
fn of_two_compositions_that_would_make_a_cycle_one_is_refused() {
    let app = TestApp::start();
    let admin = app.admin();
    for round in 0..6 {
        let [one, between, other] = [(); 3].map(|()| a_role().create(&app));
        let include = |whole: &RoleMade, part: &RoleMade| {
            let path = format!("{}/relationships/includes", whole.path());
            admin.post(&path, &identifiers("roles", &[part.id]))
        };
        // Every other time through a third.
        let first = if round % 2 == 0 { &one } else { &between };
        if first.id == between.id {
            include(&one, &between).expect(200);
        }
        let works: Vec<Box<dyn FnOnce() -> Answer + Send>> = vec![
            Box::new(|| include(first, &other)),
            Box::new(|| include(&other, &one)),
        ];
        let answers = at_once(works);
        let wanted = BTreeMap::from([(200, 1), (403, 1)]);
        assert_eq!(statuses(&answers), wanted, "{answers:?}");
    }
}

#[test]
fn what_a_role_contains_counts_though_another_way_to_it_ends_at_the_same_time() {
    let app = TestApp::start();
    let admin = app.admin();
    for _ in 0..8 {
        let part = a_role().permitting(&["audit:read"]).create(&app);
        let [whole, middle] = [(); 2].map(|()| a_role().create(&app));
        let include = |whole: &RoleMade, part: &RoleMade| {
            let path = format!("{}/relationships/includes", whole.path());
            admin.post(&path, &identifiers("roles", &[part.id]))
        };
        include(&whole, &middle).expect(200);
        include(&middle, &part).expect(200);
        let client = a_user().holding(&whole).create(&app).client(&app);
        let works: Vec<Box<dyn FnOnce() -> Answer + Send>> = vec![
            Box::new(|| admin.delete(&middle.path())),
            Box::new(|| include(&whole, &part)),
        ];
        let answers = at_once(works);
        let wanted = BTreeMap::from([(200, 1), (204, 1)]);
        assert_eq!(statuses(&answers), wanted, "{answers:?}");
        client.get("/events?page[size]=1").expect(200);
    }
}

#[test]
fn of_two_last_administrators_only_one_is_ended_by_grants() {
    let app = TestApp::start();
    let admin = app.admin();
    let first = admin.get("/users/1/grants").expect(200).ids()[0].clone();
    let deputy = a_user().create(&app);
    let role = RoleMade {
        id: 1,
        name: "admin".into(),
    };
    let second = deputy.grant_in(&app, &role, GrantScope::UN_SCOPED);
    let off = json!({"data": {"type": "grants", "id": first,
        "attributes": {"valid_until": "2999-01-01T00:00:00Z"}}});
    let works: Vec<Box<dyn FnOnce() -> Answer + Send>> = vec![
        Box::new(|| admin.patch(&format!("/grants/{first}"), &off)),
        Box::new(|| admin.delete(&format!("/grants/{second}"))),
    ];
    let answers = at_once(works);
    let refused = answers.iter().filter(|answer| answer.status == 403);
    assert_eq!(refused.count(), 1, "{answers:?}");
}
