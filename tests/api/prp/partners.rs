//! `partners/`

use serde_json::{Value, json};

use super::{World, forbidden, get, ids, not_found, patch, post};
use crate::support::{Client, a_cluster, a_partner};

fn allowed(world: &World) -> [Client; 3] {
    [world.app.admin(), world.system_admin(), world.imo()]
}

fn refused(world: &World) -> [Client; 5] {
    [
        world.member(),
        world.viewer(),
        world.officer(),
        world.ip_admin(),
        world.nobody(),
    ]
}

#[test]
fn a_partner_is_made_with_every_field() {
    let world = World::new();
    let sent = json!({
        "ocha_external_id": "o1", "external_id": "e1", "external_source": "HPC",
        "title": "New partner", "short_title": "NP", "alternate_title": "Nouveau",
        "shared_partner": "U&U", "partner_type": "CSO", "cso_type": "Nat",
        "email": "np@x.org", "phone_number": "1", "street_address": "S 1", "city": "Nairobi",
        "postal_code": "00100", "country_code": "KE", "total_ct_cp": "10.5", "total_ct_cy": 7,
        "vendor_number": "v1", "alternate_id": 71, "rating": "Low",
        "basis_for_risk_rating": "Micro Assessment", "clusters": [world.health.id.to_string()],
    });
    let made = post(&world.imo(), "partners/", &sent).expect(201).json();
    let mut expected = sent.clone();
    expected["id"] = made["id"].clone();
    expected["partner_type_display"] = json!("Civil Society Organization");
    expected["total_ct_cp"] = json!("10.50");
    expected["total_ct_cy"] = json!("7.00");
    let cluster = json!({
        "id": world.health.id, "type": "health", "imported_type": null,
        "title": "Health", "full_title": "Health (Kenya)",
    });
    expected["clusters"] = json!([cluster]);
    assert_eq!(made, expected);
    let path = format!("partners/{}/", made["id"]);
    assert_eq!(get(&world.imo(), &path).expect(200).json(), expected);
    let clusters = get(&world.imo(), &format!("{path}clusters/"))
        .expect(200)
        .json();
    assert_eq!(clusters, json!([cluster]));
    let listed = get(&world.imo(), "partners/").expect(200).json();
    assert_eq!(
        listed["results"][0],
        json!({
            "id": made["id"], "title": "New partner",
            "partner_type_display": "Civil Society Organization", "clusters": [cluster],
        })
    );
}

#[test]
fn a_partner_needs_a_title_and_is_a_government_unless_it_says_otherwise() {
    let world = World::new();
    let made = post(&world.app.admin(), "partners/", &json!({"title": "T"}))
        .expect(201)
        .json();
    assert_eq!(made["partner_type"], "Gov");
    assert_eq!(made["partner_type_display"], "Government");
    assert_eq!(made["shared_partner"], "No");
    assert_eq!(made["total_ct_cp"], Value::Null);
    for (body, code) in [
        (json!({}), "required"),
        (json!({"title": " "}), "blank"),
        (json!({"title": null}), "null"),
        (json!({"title": "x".repeat(256)}), "max_length"),
    ] {
        for client in [world.app.admin(), world.nobody()] {
            let answer = world
                .refused(400, || post(&client, "partners/", &body))
                .json();
            assert_eq!(answer["error_codes"], json!({"title": [code]}), "{body}");
        }
    }
}

#[test]
fn the_names_of_the_documents_are_taken_as_well() {
    let world = World::new();
    let sent = json!({
        "title": "T", "ocha_id": "o9", "raiting": "High", "basis_for_risk_raiting": "Audit",
    });
    let made = post(&world.app.admin(), "partners/", &sent)
        .expect(201)
        .json();
    assert_eq!(made["ocha_external_id"], "o9");
    assert_eq!(made["rating"], "High");
    assert_eq!(made["basis_for_risk_rating"], "Audit");
    let sent =
        json!({"title": "U", "type_of_assessment": "Micro", "rating": "Low", "raiting": "x"});
    let made = post(&world.app.admin(), "partners/", &sent)
        .expect(201)
        .json();
    assert_eq!(made["basis_for_risk_rating"], "Micro");
    assert_eq!(made["rating"], "Low", "the real name goes first");
}

#[test]
fn every_limit_of_a_field_is_told() {
    let world = World::new();
    a_partner()
        .with(|changes| {
            changes.vendor_number = Some(Some("taken".into()));
            changes.ocha_external_id = Some(Some("taken".into()));
        })
        .create(&world.app);
    let long = |most: usize| json!("x".repeat(most + 1));
    let cases = [
        ("short_title", long(50), "max_length"),
        ("alternate_title", long(255), "max_length"),
        ("email", json!("x".repeat(256)), "max_length"),
        ("alternate_id", json!("a1"), "invalid"),
        ("alternate_id", json!(1.5), "invalid"),
        ("alternate_id", json!(true), "invalid"),
        ("alternate_id", json!([1]), "invalid"),
        ("alternate_id", json!(2_147_483_648_i64), "max_value"),
        (
            "alternate_id",
            json!("99999999999999999999999"),
            "max_value",
        ),
        ("alternate_id", json!("-2147483649"), "min_value"),
        ("phone_number", long(32), "max_length"),
        ("street_address", long(512), "max_length"),
        ("city", long(64), "max_length"),
        ("postal_code", long(32), "max_length"),
        ("vendor_number", long(30), "max_length"),
        ("vendor_number", json!("taken"), "unique"),
        ("ocha_external_id", long(128), "max_length"),
        ("ocha_external_id", json!("taken"), "unique"),
        ("rating", long(50), "max_length"),
        ("basis_for_risk_rating", long(50), "max_length"),
        ("external_id", long(32), "max_length"),
        ("partner_type", json!("FOO"), "invalid_choice"),
        ("partner_type", json!(null), "null"),
        ("cso_type", json!("FOO"), "invalid_choice"),
        ("shared_partner", json!("FOO"), "invalid_choice"),
        ("external_source", json!(["HPC"]), "invalid_choice"),
        ("country_code", json!("XX"), "invalid_choice"),
        ("total_ct_cp", json!("ten"), "invalid"),
        ("total_ct_cp", json!("1.234"), "max_decimal_places"),
        ("total_ct_cy", json!("12345678901"), "max_whole_digits"),
        ("total_ct_cy", json!("1234567890123.4"), "max_digits"),
        ("clusters", json!(["x"]), "incorrect_type"),
        ("clusters", json!([999_999]), "does_not_exist"),
    ];
    for (field, value, code) in cases {
        let body = json!({"title": "T", field: value});
        let answer = world
            .refused(400, || post(&world.app.admin(), "partners/", &body))
            .json();
        assert_eq!(answer["error_codes"], json!({field: [code]}), "{answer}");
        assert!(answer[field][0].is_string(), "{answer}");
    }
}

#[test]
fn what_is_changed_stays_and_the_rest_too() {
    let world = World::new();
    let partner = a_partner()
        .titled("Old")
        .working_in(&world.health)
        .create(&world.app);
    let path = format!("partners/{}/", partner.id);
    for (number, client) in allowed(&world).iter().enumerate() {
        let title = format!("New {number}");
        let changed = patch(client, &path, &json!({"title": title}))
            .expect(200)
            .json();
        assert_eq!(changed["title"], title);
        assert_eq!(changed["clusters"][0]["id"], world.health.id);
    }
    let whole = get(&world.app.admin(), &path).expect(200).json();
    assert_eq!(
        patch(&world.app.admin(), &path, &whole).expect(200).json(),
        whole
    );
    let bare = patch(&world.app.admin(), &path, &json!({"clusters": []}))
        .expect(200)
        .json();
    assert_eq!(bare["clusters"], json!([]));
    let ask = || patch(&world.app.admin(), &path, &json!({"title": ""}));
    assert_eq!(
        world.refused(400, ask).json()["error_codes"],
        json!({"title": ["blank"]})
    );
    for id in ["0", "999999", "x"] {
        let path = format!("partners/{id}/");
        assert_eq!(
            get(&world.app.admin(), &path).expect(404).json(),
            not_found()
        );
        let ask = || patch(&world.app.admin(), &path, &json!({"title": "T"}));
        assert_eq!(world.refused(404, ask).json(), not_found());
        assert_eq!(
            get(&world.imo(), &format!("{path}clusters/"))
                .expect(404)
                .json(),
            not_found()
        );
    }
}

#[test]
fn only_those_who_know_all_partners_look_after_them() {
    let world = World::new();
    let path = format!("partners/{}/", world.acme.id);
    for client in allowed(&world) {
        get(&client, "partners/").expect(200);
        get(&client, &path).expect(200);
        get(&client, &format!("{path}clusters/")).expect(200);
        post(&client, "partners/", &json!({"title": "T"})).expect(201);
    }
    for client in refused(&world) {
        for path in ["partners/", &path] {
            assert_eq!(get(&client, path).expect(403).json(), forbidden(), "{path}");
        }
        let body = json!({"title": "T"});
        assert_eq!(
            world
                .refused(403, || post(&client, "partners/", &body))
                .json(),
            forbidden()
        );
        assert_eq!(
            world.refused(403, || patch(&client, &path, &body)).json(),
            forbidden()
        );
    }
}

#[test]
fn partners_are_filtered_sorted_and_paged() {
    let world = World::new();
    let admin = world.app.admin();
    let mines = a_cluster()
        .titled("Mines")
        .about("imported")
        .within(&world.chad)
        .create(&world.app);
    let zeta = a_partner()
        .titled("Zeta")
        .of_type("UNA")
        .working_in(&mines)
        .create(&world.app);
    let alpha = a_partner()
        .titled("Alpha")
        .of_type("CSO")
        .with(|changes| changes.short_title = Some(Some("ÄLPHA-short".into())))
        .working_in(&world.health)
        .create(&world.app);
    let beta = a_partner()
        .titled("Beta")
        .with(|changes| changes.alternate_title = Some(Some("alpha too".into())))
        .create(&world.app);
    let (acme, other) = (world.acme.id, world.other.id);
    for (query, expected) in [
        (String::new(), vec![beta.id, alpha.id, zeta.id, other, acme]),
        ("partner_type=UNA,CSO".into(), vec![alpha.id, zeta.id]),
        ("partner_type=B/M".into(), vec![]),
        (
            format!("clusters={}%2C{}", mines.id, world.health.id),
            vec![alpha.id, zeta.id],
        ),
        (format!("clusters={}&partner_type=CSO", mines.id), vec![]),
        ("title=ALPHA".into(), vec![beta.id, alpha.id]),
        ("title=%C3%A4lpha".into(), vec![alpha.id]),
        ("title=%25".into(), vec![]),
        (
            "ordering=title".into(),
            vec![acme, alpha.id, beta.id, other, zeta.id],
        ),
        (
            "ordering=-title".into(),
            vec![zeta.id, other, beta.id, alpha.id, acme],
        ),
        (
            "ordering=partner_type&title=a".into(),
            vec![alpha.id, beta.id, acme, zeta.id],
        ),
    ] {
        let answer = get(&admin, &format!("partners/?{query}")).expect(200);
        assert_eq!(ids(&answer), expected, "{query}");
    }
    let page = get(&admin, "partners/?page_size=2&page=last")
        .expect(200)
        .json();
    assert_eq!(page["count"], 5);
    assert_eq!(page["results"].as_array().unwrap().len(), 1);
    get(&admin, "partners/?page=2").expect(404);
    get(&admin, "partners/?clusters=x").expect(400);
    let imported = get(&admin, "partners/?title=zeta").expect(200).json();
    assert_eq!(imported["results"][0]["clusters"][0]["type"], "imported");
    assert_eq!(
        imported["results"][0]["clusters"][0]["imported_type"],
        "Mines"
    );
}

#[test]
fn an_address_of_a_partner_is_any_text() {
    let world = World::new();
    for email in ["not an email", "a,b@x", "<a@x.org>"] {
        let body = json!({"title": email, "email": email});
        let made = post(&world.imo(), "partners/", &body).expect(201).json();
        assert_eq!(made["email"], email);
        let path = format!("partners/{}/", made["id"]);
        let changed = patch(&world.imo(), &path, &json!({"email": "other one"})).expect(200);
        assert_eq!(changed.json()["email"], "other one");
        let none = patch(&world.imo(), &path, &json!({"email": ""})).expect(200);
        assert_eq!(none.json()["email"], Value::Null);
    }
}

#[test]
fn an_alternate_id_is_an_integer_or_its_text() {
    let world = World::new();
    for (sent, shown) in [
        (json!(7), json!(7)),
        (json!("7"), json!(7)),
        (json!(" -3 "), json!(-3)),
        (json!("+04"), json!(4)),
        (json!(5.0), json!(5)),
        (json!(2_147_483_647), json!(2_147_483_647)),
        (Value::Null, Value::Null),
    ] {
        let body = json!({"title": "T", "alternate_id": sent});
        let made = post(&world.imo(), "partners/", &body).expect(201).json();
        assert_eq!(made["alternate_id"], shown, "{sent}");
    }
}

#[test]
fn a_member_reads_the_clusters_of_their_own_partner() {
    let world = World::new();
    let member = world.member();
    let path = |id: i64| format!("partners/{id}/clusters/");
    let body = json!({"clusters": [world.health.id]});
    let own = format!("partners/{}/", world.acme.id);
    patch(&world.app.admin(), &own, &body).expect(200);
    let shown = get(&member, &path(world.acme.id)).expect(200).json();
    assert_eq!(shown[0]["full_title"], "Health (Kenya)");
    for other in [world.other.id, 4711] {
        let answer = world.refused(403, || get(&member, &path(other)));
        assert_eq!(answer.json(), forbidden());
    }
    // No more than the clusters, and no other role.
    world.refused(403, || get(&member, &own));
    for client in [
        world.viewer(),
        world.officer(),
        world.ip_admin(),
        world.nobody(),
    ] {
        world.refused(403, || get(&client, &path(world.acme.id)));
    }
    let alone = world.somebody(None, &[("CLUSTER_MEMBER", world.health.place())]);
    let alone = alone.client(&world.app);
    world.refused(403, || get(&alone, &path(world.acme.id)));
}
