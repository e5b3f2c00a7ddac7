//! `/partners` and what lies below.

use serde_json::{Value, json};

use crate::support::{
    Answer, TestApp, a_cluster, a_new, a_partner, a_role, a_user, changes, linkage,
};

fn post(app: &TestApp, attributes: Value) -> Answer {
    app.admin()
        .post("/partners", &a_new("partners", attributes))
}

#[test]
fn a_partner_needs_a_title_only() {
    let app = TestApp::start();
    let data = post(&app, json!({"title": "ACME"})).expect(201).data();
    let attributes = data["attributes"].as_object().unwrap();
    for (name, value) in attributes {
        let expected = match name.as_str() {
            "title" => json!("ACME"),
            "partner_type" => json!("Gov"),
            "shared_partner" => json!("No"),
            "created" | "modified" => continue,
            _ => json!(null),
        };
        assert_eq!(*value, expected, "{name}");
    }
    let missing = post(&app, json!({"city": "Rome"})).expect(400);
    assert_eq!(missing.errors()[0]["meta"]["attribute"], "title");
}

#[test]
fn every_attribute_that_can_be_written_is_kept() {
    let app = TestApp::start();
    let sent = json!({
        "title": "ACME Relief 🐙",
        "short_title": "ACME",
        "alternate_title": "Secours ACME",
        "partner_type": "CSO",
        "cso_type": "Int",
        "shared_partner": "U&U",
        "external_source": "HPC",
        "external_id": "x-1",
        "ocha_external_id": "OCHA 7",
        "email": "office@example.org",
        "phone_number": "+254 20 123456",
        "street_address": "1 Main Street",
        "city": "Nairobi",
        "postal_code": "00100",
        "country_code": "KE",
        "total_ct_cp": "10.50",
        "total_ct_cy": "-9999999999.99",
        "vendor_number": "2500212345",
        "alternate_id": "7",
        "rating": "Low",
        "basis_for_risk_rating": "Audit",
    });
    let data = post(&app, sent.clone()).expect(201).data();
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(data["attributes"][name], *value, "{name}");
    }
    let emptied: Value = sent
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| !matches!(name.as_str(), "title" | "partner_type" | "shared_partner"))
        .map(|name| (name.clone(), json!(null)))
        .collect();
    let id = data["id"].as_str().unwrap();
    let path = format!("/partners/{id}");
    let changed = app
        .admin()
        .patch(&path, &changes("partners", id, emptied.clone()));
    let data = changed.expect(200).data();
    for name in emptied.as_object().unwrap().keys() {
        assert_eq!(data["attributes"][name], json!(null), "{name}");
    }
}

#[test]
fn totals_are_taken_as_numbers_and_texts_and_shown_with_two_decimals() {
    let app = TestApp::start();
    for (sent, shown) in [
        (json!(10), "10.00"),
        (json!(10.5), "10.50"),
        (json!("10.5"), "10.50"),
        (json!("0010"), "10.00"),
        (json!(-0.0), "0.00"),
        (json!(9_999_999_999.99), "9999999999.99"),
    ] {
        let data = post(&app, json!({"title": "A", "total_ct_cp": sent.clone()}));
        let total = data.expect(201).data()["attributes"]["total_ct_cp"].clone();
        assert_eq!(total, shown, "{sent}");
    }
}

#[test]
fn every_bad_value_has_an_error_c12() {
    let app = TestApp::start();
    a_partner()
        .with(|partner| {
            partner.vendor_number = Some(Some("taken".into()));
            partner.ocha_external_id = Some(Some("taken".into()));
        })
        .create(&app);
    let long = |length: usize| json!("x".repeat(length));
    for (name, bad) in [
        ("title", json!(" ")),
        ("title", long(256)),
        ("short_title", long(51)),
        ("alternate_title", long(256)),
        ("partner_type", json!("gov")),
        ("partner_type", json!(null)),
        ("cso_type", json!("INT")),
        ("shared_partner", json!("Yes")),
        ("external_source", json!("UN")),
        ("external_id", long(33)),
        ("ocha_external_id", long(129)),
        ("ocha_external_id", json!("")),
        ("ocha_external_id", json!("taken")),
        ("email", json!("nobody")),
        ("phone_number", long(33)),
        ("street_address", long(513)),
        ("city", long(65)),
        ("postal_code", long(33)),
        ("country_code", json!("ke")),
        ("country_code", json!("XX")),
        ("country_code", json!("KEN")),
        ("total_ct_cp", json!("ten")),
        ("total_ct_cp", json!(true)),
        ("total_ct_cp", json!(1.234)),
        ("total_ct_cy", json!("12345678901")),
        ("total_ct_cy", json!(1e20)),
        ("vendor_number", long(31)),
        ("vendor_number", json!("taken")),
        ("rating", long(51)),
        ("basis_for_risk_rating", long(51)),
    ] {
        let mut sent = json!({"title": "ACME"});
        sent[name] = bad.clone();
        let answer = post(&app, sent).expect(400);
        let pointer = format!("/data/attributes/{name}");
        assert_eq!(answer.pointers(), [pointer], "{bad}");
    }
    assert_eq!(app.admin().get("/partners").ids().len(), 1);
}

#[test]
fn partners_are_filtered_and_sorted() {
    let app = TestApp::start();
    let acme = a_partner().titled("ACME").of_type("CSO").create(&app);
    let zeta = a_partner()
        .titled("Zeta")
        .with(|partner| partner.city = Some(Some("Rome".into())))
        .create(&app);
    let ids = |query: &str| app.admin().get(&format!("/partners?{query}")).ids();
    let of = |made: &[i64]| made.iter().map(i64::to_string).collect::<Vec<_>>();
    assert_eq!(ids("sort=-title"), of(&[zeta.id, acme.id]));
    assert_eq!(ids("sort=city"), of(&[acme.id, zeta.id]));
    assert_eq!(ids("filter[partner_type]=CSO"), of(&[acme.id]));
    assert_eq!(ids("filter[city][null]=true"), of(&[acme.id]));
    assert_eq!(ids("filter[title][contains]=et"), of(&[zeta.id]));
    // As texts they have no order.
    app.admin()
        .get("/partners?filter[total_ct_cp]=1")
        .expect(400);
    app.admin().get("/partners?sort=total_ct_cp").expect(400);
}

#[test]
fn users_of_a_partner_are_seen_as_far_as_the_caller_sees_users() {
    let app = TestApp::start();
    let partner = a_partner().create(&app);
    let [user, colleague, gone] = [(); 3].map(|()| a_user().of_partner(&partner).create(&app));
    a_user().create(&app);
    app.admin().delete(&gone.path()).expect(204);
    let path = format!("{}/users", partner.path());
    let both = [user.id, colleague.id].map(|id| id.to_string());
    assert_eq!(app.admin().get(&path).expect(200).ids(), both);
    let linked = format!("{}/relationships/users", partner.path());
    assert_eq!(app.admin().get(&linked).expect(200).ids(), both);
    let own = user.client(&app);
    assert_eq!(own.get(&path).expect(200).ids(), [user.id.to_string()]);
    assert_eq!(own.get(&linked).expect(200).ids(), [user.id.to_string()]);
    let included = own.get(&format!("{}?include=users", partner.path()));
    assert_eq!(
        included.expect(200).json()["included"][0]["id"],
        user.id.to_string()
    );
    // The user names the partner.
    let one = linkage("users", &[user.id]);
    app.admin().post(&linked, &one).expect(403);
}

#[test]
fn people_see_their_own_partner() {
    let app = TestApp::start();
    let [own, other] = [(); 2].map(|()| a_partner().create(&app));
    let user = a_user().of_partner(&own).create(&app).client(&app);
    assert_eq!(user.get("/partners").ids(), [own.id.to_string()]);
    user.get(&own.path()).expect(200);
    user.get(&other.path()).expect(404);
    user.delete(&other.path()).expect(404);
    user.delete(&own.path()).expect(403);
    let nobodys = a_user().create(&app).client(&app);
    assert_eq!(nobodys.get("/partners").expect(200).data(), json!([]));
    let reader = a_role().permitting(&["partners:read"]).create(&app);
    let reader = a_user().holding(&reader).create(&app).client(&app);
    reader.get(&other.path()).expect(200);
    let new = a_new("partners", json!({"title": "A"}));
    reader.post("/partners", &new).expect(403);
    let writer = a_role()
        .permitting(&["partners:read", "partners:write"])
        .create(&app);
    let writer = a_user().holding(&writer).create(&app).client(&app);
    writer.post("/partners", &new).expect(201);
    writer.delete(&other.path()).expect(204);
}

#[test]
fn a_partner_with_users_is_not_deleted() {
    let app = TestApp::start();
    let cluster = a_cluster().create(&app);
    let partner = a_partner().working_in(&cluster).create(&app);
    let user = a_user().of_partner(&partner).create(&app);
    app.admin().delete(&partner.path()).expect(403);
    let path = format!("{}/relationships/partner", user.path());
    let none = json!({"data": null});
    app.admin().patch(&path, &none).expect(200);
    app.admin().delete(&partner.path()).expect(204);
    app.admin().get(&cluster.path()).expect(200);
    let events = app.admin().get("/events?sort=-id").data();
    assert_eq!(events[0]["attributes"]["verb"], "delete");
    assert_eq!(
        events[0]["attributes"]["before"]["clusters"],
        json!([cluster.id])
    );
}

#[test]
fn clusters_come_to_a_partner_and_go() {
    let app = TestApp::start();
    let [one, two] = [(); 2].map(|()| a_cluster().create(&app).id);
    let mut new = a_new("partners", json!({"title": "ACME"}));
    new["data"]["relationships"] = json!({"clusters": linkage("clusters", &[one])});
    let id = app.admin().post("/partners", &new).expect(201).id();
    let path = format!("/partners/{id}/relationships/clusters");
    let members = |ids: &[i64]| linkage("clusters", ids)["data"].clone();
    assert_eq!(app.admin().get(&path).data(), members(&[one]));
    let both = app.admin().post(&path, &linkage("clusters", &[two]));
    assert_eq!(both.expect(200).data(), members(&[one, two]));
    let replaced = app.admin().patch(&path, &linkage("clusters", &[two]));
    assert_eq!(replaced.expect(200).data(), members(&[two]));
    let there = app.admin().get(&format!("/clusters/{two}/partners"));
    assert_eq!(there.ids(), [id]);
    new["data"]["relationships"] = json!({"clusters": linkage("clusters", &[one, 4711])});
    assert_eq!(
        app.admin().post("/partners", &new).expect(404).pointers(),
        ["/data/relationships/clusters/data/1"]
    );
    assert_eq!(app.admin().get("/partners").ids().len(), 1);
}

#[test]
fn a_partner_of_users_in_the_trash_alone_is_said_to_be_theirs() {
    let app = TestApp::start();
    let partner = a_partner().create(&app);
    let user = a_user().of_partner(&partner).create(&app);
    let detail = || {
        let refused = app.admin().delete(&partner.path()).expect(403);
        refused.errors()[0]["detail"].as_str().unwrap().to_owned()
    };
    assert!(detail().starts_with("Users belong to this partner"));
    app.admin().delete(&user.path()).expect(204);
    assert!(detail().starts_with("Users in the trash belong"));
    app.admin().delete(&user.trash_path()).expect(204);
    app.admin().delete(&partner.path()).expect(204);
}
