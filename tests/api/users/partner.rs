//! `/users/ID/partner` and `/users/ID/relationships/partner`

use serde_json::{Value, json};

use crate::support::{PartnerMade, TestApp, a_new, a_partner, a_role, a_user, changes};

fn one(partner: &PartnerMade) -> Value {
    json!({"data": {"type": "partners", "id": partner.id.to_string()}})
}

#[test]
fn the_partner_is_set_and_taken_away() {
    let app = TestApp::start();
    let partner = a_partner().create(&app);
    let user = a_user().create(&app);
    let path = format!("{}/relationships/partner", user.path());
    let related = format!("{}/partner", user.path());
    assert_eq!(app.admin().get(&path).expect(200).data(), json!(null));
    assert_eq!(app.admin().get(&related).expect(200).data(), json!(null));
    let set = app.admin().patch(&path, &one(&partner)).expect(200);
    assert_eq!(set.data(), one(&partner)["data"]);
    assert_eq!(app.admin().get(&related).id(), partner.id.to_string());
    let events = app.admin().get("/events?sort=-id").data();
    assert_eq!(events[0]["attributes"]["subject_type"], "users");
    assert_eq!(
        events[0]["attributes"]["after"],
        json!({"partner": partner.id})
    );
    let none = json!({"data": null});
    assert_eq!(app.admin().patch(&path, &none).data(), json!(null));
    let unknown = json!({"data": {"type": "partners", "id": "4711"}});
    let unknown = app.admin().patch(&path, &unknown).expect(404);
    assert_eq!(unknown.pointers(), ["/data"]);
    let many = json!({"data": [one(&partner)["data"]]});
    app.admin().patch(&path, &many).expect(400);
}

#[test]
fn the_partner_comes_with_a_new_user_and_with_a_change() {
    let app = TestApp::start();
    let [first, second] = [(); 2].map(|()| a_partner().create(&app));
    let mut new = a_new(
        "users",
        json!({"username": "jo", "password": "correct horse"}),
    );
    new["data"]["relationships"] = json!({"partner": one(&first)});
    let id = app
        .admin()
        .post("/users?include=partner", &new)
        .expect(201)
        .id();
    let path = format!("/users/{id}");
    let mut change = changes("users", &id, json!({"position": "Boss"}));
    change["data"]["relationships"] = json!({"partner": one(&second)});
    app.admin().patch(&path, &change).expect(200);
    let shown = app.admin().get(&format!("{path}?include=partner"));
    let shown = shown.expect(200).json();
    assert_eq!(
        shown["data"]["relationships"]["partner"]["data"],
        one(&second)["data"]
    );
    assert_eq!(shown["included"][0]["attributes"]["title"], second.title);
    new["data"]["attributes"]["username"] = json!("other");
    new["data"]["relationships"]["partner"]["data"]["id"] = json!("4711");
    let unknown = app.admin().post("/users", &new).expect(404);
    assert_eq!(unknown.pointers(), ["/data/relationships/partner/data"]);
}

#[test]
fn users_are_filtered_by_their_partner() {
    let app = TestApp::start();
    let [first, second] = [(); 2].map(|()| a_partner().create(&app));
    let user = a_user().of_partner(&first).create(&app);
    a_user().of_partner(&second).create(&app);
    let ids = |query: &str| {
        app.admin()
            .get(&format!("/users?{query}"))
            .expect(200)
            .ids()
    };
    assert_eq!(
        ids(&format!("filter[partner]={}", first.id)),
        [user.id.to_string()]
    );
    assert_eq!(ids("filter[partner][null]=true"), ["1"]);
    app.admin().get("/users?filter[partner]=x").expect(400);
}

#[test]
fn nobody_chooses_their_own_partner() {
    let app = TestApp::start();
    let [own, other] = [(); 2].map(|()| a_partner().create(&app));
    let user = a_user().of_partner(&own).create(&app);
    let client = user.client(&app);
    let path = format!("{}/relationships/partner", user.path());
    client.patch(&path, &one(&other)).expect(403);
    client.patch(&path, &json!({"data": null})).expect(403);
    let mut whole = changes("users", user.id, json!({"position": "Boss"}));
    whole["data"]["relationships"] = json!({"partner": one(&other)});
    client.patch(&user.path(), &whole).expect(403);
    // Whole records are sent back with what is so already.
    whole["data"]["relationships"] = json!({"partner": one(&own)});
    client.patch(&user.path(), &whole).expect(200);
    assert_eq!(client.get(&path).data(), one(&own)["data"]);
    let writer = a_role()
        .permitting(&["users:read", "users:write"])
        .create(&app);
    let writer = a_user().holding(&writer).create(&app).client(&app);
    writer.patch(&path, &one(&other)).expect(200);
}
