//! What somebody who may not see things could learn of them all the same: by
//! answers that differ, by tags, by kept answers, by what a search goes through.

use rolecall::directory::versions::Digest;
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, JSON_API, TestApp, a_cluster, a_new, a_partner, a_role, a_user, a_workspace,
    changes, is_postgres,
};

fn found(client: &Client, path: &str) -> Vec<String> {
    client.get(path).expect(200).ids()
}

fn total(answer: &Answer) -> i64 {
    answer.json()["meta"]["pagination"]["count"]
        .as_i64()
        .unwrap()
}

/// Whoever would search through the index of all users fails from now on.
fn break_search(app: &TestApp) {
    if is_postgres() {
        app.database
            .execute("ALTER TABLE users RENAME COLUMN search_text TO hidden");
    } else {
        app.database.execute("DROP TABLE users_search");
    }
}

#[test]
fn whoever_sees_only_themself_searches_only_themself() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user()
        .named("calvin")
        .with_surname("Zweistein")
        .create(&app);
    user.grant(&app, &role);
    for number in 0..5 {
        let other = a_user()
            .named(&format!("calvin{number}"))
            .with_surname("Zweistein");
        other.holding(&role).create(&app);
    }
    let client = user.client(&app);
    let own = vec![user.id.to_string()];
    break_search(&app);
    for query in [
        "q=zweistein",
        "q=calv",
        "filter[query]=ZWEI",
        "filter[surname][regex]=^Z.*n$",
        "filter[username][regex]=a",
        "filter[surname][contains]=wei",
        "filter[or][0][surname][regex]=xx&filter[or][1][username][regex]=lvin",
        &format!("filter[roles]={}", role.name.replace(' ', "%20")),
        "q=zweistein&page[count]=estimated",
        "q=zweistein&sort=-surname",
    ] {
        let answer = client.get(&format!("/users?{query}")).expect(200);
        assert_eq!(answer.ids(), own, "{query}");
        assert_eq!(total(&answer), 1, "{query}");
    }
    for query in [
        "q=calvin0",
        "filter[username][regex]=[0-9]",
        "filter[roles]=admin",
        "filter[roles]=nothing",
        "filter[username][prefix]=calvin0",
    ] {
        assert!(
            found(&client, &format!("/users?{query}")).is_empty(),
            "{query}"
        );
    }
    // Of a role they see the holders that they see.
    assert_eq!(
        found(
            &client,
            &format!("{}/users?filter[query]=zweistein", role.path())
        ),
        own
    );
}

#[test]
fn somebody_without_any_sight_finds_nobody() {
    let app = TestApp::start();
    let user = a_user().named("calvin").create(&app);
    let blind = app.token(&app.token_of(user.id, Some(&["roles:read"])));
    break_search(&app);
    for query in [
        "q=calvin",
        "filter[username][regex]=c",
        "filter[roles]=admin",
        "",
    ] {
        let answer = blind.get(&format!("/users?{query}")).expect(200);
        assert_eq!((answer.ids().len(), total(&answer)), (0, 0), "{query}");
    }
    let uncounted = blind.get("/users?page[count]=none&q=calvin").expect(200);
    assert!(uncounted.ids().is_empty());
}

#[test]
fn patterns_find_ones_own_tokens_grants_and_places_only() {
    let app = TestApp::start();
    let (user, other) = (a_user().create(&app), a_user().create(&app));
    let client = user.client(&app);
    let make = |member: &crate::support::Member, name: &str| {
        let owner = json!({"data": {"type": "users", "id": member.id.to_string()}});
        let mut document = a_new("tokens", json!({"name": name}));
        document["data"]["relationships"] = json!({"user": owner});
        app.admin().post("/tokens", &document).expect(201).id()
    };
    let own = make(&user, "backup one");
    make(&other, "backup two");
    assert_eq!(found(&client, "/tokens?filter[name][regex]=^backup"), [own]);
    assert_eq!(
        found(&app.admin(), "/tokens?filter[name][regex]=^backup").len(),
        2
    );
    let (here, there) = (
        a_workspace().titled("Kenya").create(&app),
        a_workspace().titled("Kenia").create(&app),
    );
    let role = a_role().held_in("workspace").create(&app);
    user.grant_in(&app, &role, here.place());
    assert_eq!(
        found(&client, "/workspaces?filter[title][regex]=^Ken"),
        [here.id.to_string()]
    );
    assert_eq!(
        found(&app.admin(), "/workspaces?filter[title][regex]=^Ken").len(),
        2
    );
    let _ = there;
    assert_eq!(
        found(&client, "/roles?filter[name][regex]=."),
        [role.id.to_string()]
    );
}

fn operations(client: &Client, key: &str, operations: &Value) -> Answer {
    let kind = "application/vnd.api+json;ext=\"https://jsonapi.org/ext/atomic\"";
    let headers = [
        ("accept", kind),
        ("content-type", kind),
        ("idempotency-key", key),
    ];
    let body = json!({ "atomic:operations": operations }).to_string();
    client.send("POST", "/operations", &headers, Some(body.as_bytes()))
}

#[test]
fn a_kept_answer_is_told_to_those_alone_who_may_still_do_what_it_tells_of() {
    let app = TestApp::start();
    let administrator = a_user().administrator().create(&app);
    let user = a_user().with_email("secret@example.org").create(&app);
    let (gone, role) = (a_user().create(&app), a_role().create(&app));
    let full = administrator.client(&app);
    let update = changes("users", user.id, json!({"name": "Jo"}))["data"].clone();
    let own = changes("users", administrator.id, json!({"name": "Me"}))["data"].clone();
    let cases = [
        ("update", json!([{"op": "update", "data": update}])),
        ("own", json!([{"op": "update", "data": own}])),
        (
            "remove",
            json!([{"op": "remove", "ref": {"type": "users", "id": gone.id.to_string()}}]),
        ),
        (
            "add",
            json!([{"op": "add", "data": {"type": "roles", "attributes": {"name": "x"}}}]),
        ),
        (
            "link",
            json!([{"op": "add",
            "ref": {"type": "users", "id": user.id.to_string(), "relationship": "roles"},
            "data": [{"type": "roles", "id": role.id.to_string()}]}]),
        ),
    ];
    for (key, document) in &cases {
        let first = operations(&full, key, document);
        assert!(matches!(first.status, 200 | 204), "{key} {}", first.text);
        let again = operations(&full, key, document).expect(first.status);
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{key}");
        assert_eq!(again.text, first.text);
    }
    for scopes in [
        &[][..],
        &["self:read"],
        &["roles:read", "self:read"],
        &["self:write"],
    ] {
        let narrow = app.token(&app.token_of(administrator.id, Some(scopes)));
        for (key, document) in &cases {
            let refused = operations(&narrow, key, document);
            assert!(
                matches!(refused.status, 403 | 404),
                "{key} {scopes:?} {}",
                refused.text
            );
            assert!(!refused.text.contains("secret@example.org"));
        }
    }
}

#[test]
fn tags_of_linkage_tell_nothing_of_members_that_are_not_seen() {
    let app = TestApp::start();
    let (one, two) = (a_cluster().create(&app), a_cluster().create(&app));
    let hidden = a_partner().working_in(&one).working_in(&two).create(&app);
    let seen = a_partner().working_in(&one).working_in(&two).create(&app);
    let user = a_user().of_partner(&seen).create(&app);
    let path = |cluster: &crate::support::ClusterMade| {
        format!("{}/relationships/partners", cluster.path())
    };
    let role = a_role().held_in("cluster").create(&app);
    user.grant_in(&app, &role, one.place());
    user.grant_in(&app, &role, two.place());
    let client = user.client(&app);
    let tag = |client: &Client, path: &str| {
        let answer = client.get(path).expect(200);
        answer.header("etag").unwrap().to_owned()
    };
    let own = client.get(&path(&one)).expect(200);
    assert_eq!(own.ids(), [seen.id.to_string()]);
    let guessed = Digest::of([hidden.id, seen.id].into_iter()).version();
    assert!(!tag(&client, &path(&one)).contains(&format!("{guessed:x}")));
    // Two linkages with the same members do not tell so.
    assert_ne!(tag(&client, &path(&one)), tag(&client, &path(&two)));
    // It is the same for everybody and in every process, and a change moves it.
    let before = tag(&app.admin(), &path(&one));
    assert_eq!(tag(&client, &path(&one)), before);
    assert_eq!(tag(&app.another().admin(), &path(&one)), before);
    let change = |tag: &str, ids: &[i64]| {
        let headers = [
            ("accept", JSON_API),
            ("content-type", JSON_API),
            ("if-match", tag),
        ];
        let body = crate::support::linkage("partners", ids).to_string();
        app.admin()
            .send("PATCH", &path(&one), &headers, Some(body.as_bytes()))
    };
    let foreign = tag(&app.admin(), &path(&two));
    change(&foreign, &[seen.id]).expect(412);
    change(&before, &[seen.id]).expect(200);
    change(&before, &[]).expect(412);
    assert_ne!(tag(&client, &path(&one)), before);
}

fn check(client: &Client, attributes: Value, relationships: Value) -> Answer {
    let mut document = a_new("access-checks", attributes);
    document["data"]["relationships"] = relationships;
    client.post("/access-checks", &document)
}

#[test]
fn an_access_check_does_not_tell_whether_a_role_or_a_place_is_there() {
    let app = TestApp::start();
    let role = a_role().named("helpdesk").create(&app);
    let workspace = a_workspace().create(&app);
    let cluster = a_cluster().within(&workspace).create(&app);
    let user = a_user().create(&app);
    let other = a_user().create(&app);
    let own = user.client(&app);
    let one = |kind: &str, id: i64| json!({"data": {"type": kind, "id": id.to_string()}});
    let told = |attributes: Value, relationships: Value| {
        let answer = check(&own, attributes, relationships);
        let data = (answer.status == 200).then(|| answer.data()["attributes"].clone());
        let attributes = data.map(|mut data| {
            data["role_name"] = Value::Null;
            data
        });
        (answer.status, attributes)
    };
    let by_name = |name: &str| told(json!({"role_name": name}), json!({}));
    assert_eq!(by_name("helpdesk"), by_name("nosuch"));
    let by_id = |id| told(json!({}), json!({"role": one("roles", id)}));
    assert_eq!(by_id(role.id), by_id(99_999));
    for (kind, name, id) in [
        ("workspaces", "workspace", workspace.id),
        ("clusters", "cluster", cluster.id),
    ] {
        for attributes in [
            json!({"permission": "users:read"}),
            json!({"role_name": "helpdesk"}),
            json!({"classes": ["any"]}),
        ] {
            let there = |id| told(attributes.clone(), json!({name: one(kind, id)}));
            assert_eq!(there(id), there(99_999), "{name} {attributes}");
        }
    }
    let hand = |role: &str, target: i64| {
        told(
            json!({"role_name": role, "verb": "give"}),
            json!({"target": one("users", target)}),
        )
    };
    assert_eq!(hand("helpdesk", user.id), hand("nosuch", user.id));
    assert_eq!(hand("helpdesk", other.id).0, hand("nosuch", 99_999).0);
    // Whoever sees all of them hears it.
    let admin = app.admin();
    check(&admin, json!({"role_name": "nosuch"}), json!({})).expect(404);
    check(
        &admin,
        json!({"role_name": "admin"}),
        json!({"cluster": one("clusters", 99_999)}),
    )
    .expect(404);
    check(
        &admin,
        json!({"role_name": "admin"}),
        json!({"workspace": one("workspaces", 99_999)}),
    )
    .expect(404);
}

#[test]
fn whoever_may_not_make_things_does_not_learn_which_names_are_taken() {
    let app = TestApp::start();
    a_user().named("calvin").create(&app);
    a_role().named("helpdesk").create(&app);
    let partner = a_partner().create(&app);
    let client = a_user().create(&app).client(&app);
    let add = |data: Value| {
        let fails = json!({"op": "remove", "ref": {"type": "users", "id": "99999"}});
        let document = json!({"atomic:operations": [{"op": "add", "data": data}, fails]});
        let answer = client.operations(&document).expect(403);
        answer.errors()[0]["detail"].clone()
    };
    let user = |name: &str, partner: i64| {
        let mut data = a_new(
            "users",
            json!({"username": name, "password": "j04nd0e-and-more"}),
        )["data"]
            .clone();
        data["relationships"] =
            json!({"partner": {"data": {"type": "partners", "id": partner.to_string()}}});
        add(data)
    };
    assert_eq!(user("calvin", partner.id), user("nobody", 99_999));
    let role = |name: &str| add(a_new("roles", json!({"name": name}))["data"].clone());
    assert_eq!(role("helpdesk"), role("nosuch"));
    // Relationships of one's own record, too.
    let own = |partner: i64| {
        let me = client.get("/auth/user").id();
        let mut document = changes("users", &me, json!({}));
        document["data"]["relationships"] =
            json!({"partner": {"data": {"type": "partners", "id": partner.to_string()}}});
        let answer = client.patch(&format!("/users/{me}"), &document);
        (answer.status, answer.errors()[0]["detail"].clone())
    };
    assert_eq!(own(partner.id), own(99_999));
}
