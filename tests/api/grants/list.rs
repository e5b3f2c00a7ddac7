//! `GET /grants`, and the lists of grants of users and roles.

use serde_json::{Value, json};

use super::{gift_in, given, holder_of, role_named};
use crate::support::{
    Answer, BY_CURSOR, Client, Member, RoleMade, TestApp, a_cluster, a_partner, a_role, a_user,
    a_workspace,
};

fn ids(answer: Answer) -> Vec<String> {
    answer.expect(200).ids()
}

fn id(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

struct Given {
    users: [Member; 2],
    roles: [RoleMade; 2],
    /// Of the users' pairs with the roles, in this order.
    grants: Vec<String>,
}

fn some(app: &TestApp) -> Given {
    let users = [(); 2].map(|()| a_user().create(app));
    let roles = [(); 2].map(|()| a_role().create(app));
    let mut grants = Vec::new();
    for user in &users {
        for role in &roles {
            grants.push(id(&given(app, user, role, json!({}))));
        }
    }
    Given {
        users,
        roles,
        grants,
    }
}

#[test]
fn filters_find_grants_by_whom_what_and_where() {
    let app = TestApp::start();
    let some = some(&app);
    let workspace = a_workspace().create(&app);
    let cluster = a_cluster().create(&app);
    let (editor, imo) = (
        role_named(&app, "IP_EDITOR"),
        role_named(&app, "CLUSTER_IMO"),
    );
    let user = &some.users[0];
    let post = |document: Value| app.admin().post("/grants", &document).expect(201).id();
    let there = post(gift_in(user.id, editor.id, ("workspaces", workspace.id)));
    let here = post(gift_in(user.id, imo.id, ("clusters", cluster.id)));
    let off = a_role().create(&app);
    let off = id(&given(
        &app,
        user,
        &off,
        json!({"is_active": false, "valid_until": "2027-01-01T00:00:00Z"}),
    ));
    let find = |query: String| ids(app.admin().get(&format!("/grants?{query}")));
    let [first, second] = &some.roles;
    let pair = format!("filter[user]={}&filter[role]={}", user.id, second.id);
    assert_eq!(find(pair), [some.grants[1].clone()]);
    let any = format!(
        "filter[role]={},{}&sort=-id&filter[user]={}",
        first.id, second.id, some.users[1].id
    );
    assert_eq!(find(any), [some.grants[3].clone(), some.grants[2].clone()]);
    assert_eq!(
        find(format!("filter[workspace]={}", workspace.id)),
        std::slice::from_ref(&there)
    );
    assert_eq!(
        find(format!("filter[cluster]={}", cluster.id)),
        std::slice::from_ref(&here)
    );
    assert_eq!(
        find("filter[is_active]=false".into()),
        std::slice::from_ref(&off)
    );
    assert_eq!(
        find("filter[valid_until][ge]=2027-01-01T00:00:00Z".into()),
        [off]
    );
    assert_eq!(
        find(format!(
            "filter[workspace][null]=true&filter[cluster][null]=false&filter[user]={}",
            user.id
        )),
        [here]
    );
    app.admin().get("/grants?filter[holder]=1").expect(400);
    app.admin().get("/grants?filter[user]=x").expect(400);
}

#[test]
fn the_grants_of_a_user_and_of_a_role_are_listed() {
    let app = TestApp::start();
    let some = some(&app);
    let of_user = format!("{}/grants", some.users[1].path());
    assert_eq!(ids(app.admin().get(&of_user)), some.grants[2..]);
    let of_role = format!("{}/grants", some.roles[0].path());
    assert_eq!(
        ids(app.admin().get(&of_role)),
        [some.grants[0].clone(), some.grants[2].clone()]
    );
    let linkage = format!("{}/relationships/grants", some.users[1].path());
    let shown = app.admin().get(&linkage).expect(200);
    assert_eq!(shown.ids(), some.grants[2..]);
    for method in ["POST", "PATCH", "DELETE"] {
        let answer = app.admin().json(method, &linkage, &json!({"data": []}));
        answer.expect(403);
    }
    app.admin().get("/users/4711/grants").expect(404);
    app.admin().get("/roles/4711/grants").expect(404);
}

#[test]
fn a_page_follows_the_other_by_cursor_without_gap() {
    let app = TestApp::start();
    let some = some(&app);
    for start in [
        format!(
            "/grants?filter[role]={},{}&sort=-created,id&page[size]=1",
            some.roles[0].id, some.roles[1].id
        ),
        format!("{}/grants?page[size]=1&sort=-id", some.users[0].path()),
    ] {
        let profile = [("accept", BY_CURSOR)];
        let all = ids(app.admin().get(&start.replace("size]=1", "size]=50")));
        let mut found = Vec::new();
        let mut path = start.clone();
        while found.len() <= all.len() {
            let page = app.admin().get_with(&path, &profile).expect(200);
            found.extend(page.ids());
            match page.json()["links"]["next"].as_str() {
                Some(link) => path = link.to_owned(),
                None => break,
            }
        }
        assert_eq!(found, all, "{start}");
    }
}

#[test]
fn what_a_grant_refers_to_is_included() {
    let app = TestApp::start();
    let workspace = a_workspace().create(&app);
    let editor = role_named(&app, "IP_EDITOR");
    let user = a_user().create(&app);
    let document = gift_in(user.id, editor.id, ("workspaces", workspace.id));
    let grant = app
        .admin()
        .post("/grants?include=user,role", &document)
        .expect(201);
    let kinds = |answer: &Answer| -> Vec<String> {
        let included = answer.json()["included"].clone();
        let kind = |item: &Value| {
            format!(
                "{}/{}",
                item["type"].as_str().unwrap(),
                item["id"].as_str().unwrap()
            )
        };
        included.as_array().unwrap().iter().map(kind).collect()
    };
    let (own_user, own_role) = (format!("users/{}", user.id), format!("roles/{}", editor.id));
    assert_eq!(kinds(&grant), [own_user.clone(), own_role.clone()]);
    let path = format!(
        "/grants?filter[user]={}&include=user.grants,role.grant-rules,workspace,cluster",
        user.id
    );
    let listed = app.admin().get(&path).expect(200);
    let mut all = kinds(&listed);
    all.sort();
    assert_eq!(
        all,
        [own_role, own_user, format!("workspaces/{}", workspace.id)]
    );
    assert_eq!(
        listed.data()[0]["relationships"]["cluster"]["data"],
        Value::Null
    );
    app.admin().get("/grants?include=holder").expect(400);
}

#[test]
fn everybody_sees_the_grants_of_whom_they_see() {
    let app = TestApp::start();
    let some = some(&app);
    let seen = |client: &Client| {
        ids(client.get(&format!(
            "/grants?filter[role]={},{}",
            some.roles[0].id, some.roles[1].id
        )))
    };
    assert_eq!(seen(&some.users[0].client(&app)), some.grants[..2]);
    assert_eq!(
        seen(&a_user().create(&app).client(&app)),
        Vec::<String>::new()
    );
    assert_eq!(seen(&holder_of(&app, &["grants:read"])), some.grants);
    assert_eq!(seen(&holder_of(&app, &["users:read"])), some.grants);
    let client = some.users[0].client(&app);
    client
        .get(&format!("/grants/{}", some.grants[0]))
        .expect(200);
    client
        .get(&format!("/grants/{}", some.grants[2]))
        .expect(404);
    client
        .get(&format!("/grants/{}/role", some.grants[2]))
        .expect(404);
    client
        .get(&format!("{}/grants", some.users[1].path()))
        .expect(404);
    // Of a role that one holds: only one's own.
    let path = format!("{}/grants", some.roles[0].path());
    assert_eq!(ids(client.get(&path)), [some.grants[0].clone()]);
    let narrow = app.token_of(some.users[0].id, Some(&["roles:read"]));
    assert_eq!(seen(&app.token(&narrow)), Vec::<String>::new());
    app.anonymous().get("/grants").expect(401);
}

#[test]
fn rules_show_the_grants_of_those_to_whom_roles_may_be_given() {
    let app = TestApp::start();
    let [ours, theirs] = [(); 2].map(|()| a_partner().create(&app));
    let cluster = a_cluster().create(&app);
    let viewer = role_named(&app, "CLUSTER_VIEWER");
    let people = [Some(&ours), Some(&theirs), None].map(|partner| {
        let user = match partner {
            Some(partner) => a_user().of_partner(partner).create(&app),
            None => a_user().create(&app),
        };
        user.grant_in(&app, &viewer, cluster.place()).to_string()
    });
    let seen_by = |role: &str, partner: Option<&crate::support::PartnerMade>| {
        let granter = match partner {
            Some(partner) => a_user().of_partner(partner).create(&app),
            None => a_user().create(&app),
        };
        granter.grant_in(&app, &role_named(&app, role), cluster.place());
        let path = format!("/grants?filter[role]={}", viewer.id);
        ids(granter.client(&app).get(&path))
    };
    assert_eq!(seen_by("CLUSTER_IMO", None), people);
    assert_eq!(seen_by("CLUSTER_MEMBER", Some(&ours)), people[..1]);
    assert_eq!(seen_by("CLUSTER_MEMBER", None), Vec::<String>::new());
    assert_eq!(
        seen_by("CLUSTER_COORDINATOR", Some(&ours)),
        Vec::<String>::new()
    );
}
