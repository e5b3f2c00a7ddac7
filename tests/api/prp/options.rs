//! `OPTIONS`, `HEAD`, and both forms of each address.

use serde_json::json;

use super::{BASE, World};

#[test]
fn options_of_partners_list_the_choices() {
    let world = World::new();
    let path = format!("{BASE}partners/");
    let answer = world
        .app
        .admin()
        .send("OPTIONS", &path, &[], None)
        .expect(200);
    let fields = &answer.json()["actions"]["POST"];
    assert_eq!(
        fields["partner_type"]["choices"],
        json!([
            {"value": "B/M", "display_name": "Bilateral / Multilateral"},
            {"value": "CSO", "display_name": "Civil Society Organization"},
            {"value": "Gov", "display_name": "Government"},
            {"value": "UNA", "display_name": "UN Agency"},
        ])
    );
    for (field, values) in [
        ("shared_partner", ["No", "UND", "UNF", "U&U"].as_slice()),
        ("cso_type", ["Int", "Nat", "CBO", "AI", "RC"].as_slice()),
    ] {
        let choices = fields[field]["choices"].as_array().unwrap();
        let found: Vec<_> = choices.iter().map(|choice| &choice["value"]).collect();
        assert_eq!(found, values, "{field}");
        assert!(
            choices
                .iter()
                .all(|choice| choice["display_name"].is_string())
        );
    }
    assert_eq!(fields["title"]["required"], true);
    assert_eq!(fields["title"]["max_length"], 255);
    assert_eq!(answer.header("allow"), Some("GET, POST, HEAD, OPTIONS"));
}

#[test]
fn every_address_answers_to_options_and_with_and_without_a_slash() {
    let world = World::new();
    let partner = world.acme.id;
    let paths = [
        "users".to_owned(),
        "role-group".into(),
        "role-group/1".into(),
        "partners".into(),
        format!("partners/{partner}"),
        format!("partners/{partner}/clusters"),
        "assignable-clusters".into(),
        "assignable-partners".into(),
    ];
    let admin = world.app.admin();
    for path in &paths {
        let (bare, slash) = (format!("{BASE}{path}"), format!("{BASE}{path}/"));
        for path in [&bare, &slash] {
            let answer = admin.send("OPTIONS", path, &[], None).expect(200);
            assert!(
                answer
                    .header("allow")
                    .is_some_and(|allow| allow.contains("OPTIONS"))
            );
            assert!(answer.json()["name"].is_string());
        }
        let (one, other) = (admin.get_with(&bare, &[]), admin.get_with(&slash, &[]));
        assert_eq!(one.status, other.status, "{path}");
        assert_eq!(admin.head(&slash).status, other.status, "{path}");
    }
}
