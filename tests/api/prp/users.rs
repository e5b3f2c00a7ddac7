//! `users/`

use rolecall::directory::delegation::GrantScope;
use serde_json::{Value, json};

use super::{EVERYWHERE, World, forbidden, get, give, ids, post};
use crate::support::{Member, a_user};

fn sorted(mut ids: Vec<i64>) -> Vec<i64> {
    ids.sort_unstable();
    ids
}

fn of(people: &[&Member]) -> Vec<i64> {
    sorted(people.iter().map(|person| person.id).collect())
}

fn invitation(email: &str) -> Value {
    json!({"email": email, "first_name": "F", "last_name": "L"})
}

#[test]
fn an_item_has_the_members_of_the_original() {
    let world = World::new();
    let made = post(
        &world.ip_admin(),
        "users/?portal=IP",
        &invitation("a@x.org"),
    )
    .expect(201);
    let id = made.json()["id"].as_i64().unwrap();
    let expected = |roles: Value, user_type: Value, incomplete: bool| {
        json!({
            "id": id, "email": "a@x.org", "first_name": "F", "last_name": "L",
            "partner": {"id": world.acme.id, "title": "ACME", "ocha_external_id": null},
            "organization": null, "prp_roles": roles, "position": null, "last_login": null,
            "status": "INVITED", "user_type": user_type, "is_incomplete": incomplete,
        })
    };
    assert_eq!(made.json(), expected(json!([]), Value::Null, true));
    let user = Member {
        id,
        username: "a@x.org".into(),
    };
    let ip = give(&world.app, &user, "IP_ADMIN", world.kenya.place());
    let cluster = give(&world.app, &user, "CLUSTER_VIEWER", world.health.place());
    let ip = json!({
        "id": ip, "user": id, "role": "IP_ADMIN", "role_display": "IP Admin",
        "workspace": {"id": world.kenya.id, "title": "Kenya", "workspace_code": "KEN"},
        "cluster": null, "is_active": true,
    });
    let cluster = json!({
        "id": cluster, "user": id, "role": "CLUSTER_VIEWER", "role_display": "Cluster Viewer",
        "workspace": null, "cluster": {"id": world.health.id, "full_title": "Health (Kenya)"},
        "is_active": true,
    });
    for (query, roles) in [
        ("portal=IP&", json!([ip])),
        ("portal=CLUSTER&", json!([cluster])),
        ("", json!([ip, cluster])),
    ] {
        let path = format!("users/?{query}name_email=a@x");
        let answer = get(&world.app.admin(), &path).expect(200).json();
        let results = json!([expected(roles, json!("PARTNER"), false)]);
        assert_eq!(answer["results"], results, "{path}");
        assert_eq!(answer["count"], 1);
    }
}

#[test]
fn the_cluster_half_shows_all_to_system_admins_and_imos_and_their_own_partner_to_members() {
    let world = World::new();
    let app = &world.app;
    let ours = world.somebody(Some(&world.acme), &[]);
    let theirs = world.somebody(Some(&world.other), &[("IP_ADMIN", world.chad.place())]);
    for client in [world.system_admin(), world.imo(), app.admin()] {
        let seen = ids(&get(&client, "users/?portal=CLUSTER&page_size=100").expect(200));
        assert!(seen.contains(&ours.id) && seen.contains(&theirs.id));
    }
    let seen = ids(&get(&world.member(), "users/?portal=CLUSTER").expect(200));
    assert!(
        seen.contains(&ours.id) && !seen.contains(&theirs.id),
        "{seen:?}"
    );
    let alone = world.somebody(None, &[("CLUSTER_MEMBER", world.health.place())]);
    let seen = get(&alone.client(app), "users/?portal=CLUSTER").expect(200);
    assert_eq!(seen.json()["count"], 0, "nothing is never the same partner");
    for client in [
        world.viewer(),
        world.nobody(),
        world.officer(),
        world.ip_admin(),
    ] {
        let answer = get(&client, "users/?portal=CLUSTER").expect(403);
        assert_eq!(answer.json(), forbidden());
    }
}

#[test]
fn the_ip_half_shows_officers_and_ip_admins_whom_they_can_manage() {
    let world = World::new();
    let acme = Some(&world.acme);
    let here = world.somebody(acme, &[("IP_VIEWER", world.kenya.place())]);
    let elsewhere = world.somebody(acme, &[("IP_VIEWER", world.chad.place())]);
    let without = world.somebody(acme, &[]);
    let in_cluster = world.somebody(
        acme,
        &[
            ("CLUSTER_VIEWER", world.wash.place()),
            ("IP_VIEWER", world.chad.place()),
        ],
    );
    let foreign = world.somebody(Some(&world.other), &[("IP_VIEWER", world.kenya.place())]);
    let _ = (&elsewhere, &foreign);
    for role in ["IP_AUTHORIZED_OFFICER", "IP_ADMIN"] {
        // Of other names, so that neither sees the other.
        let world_partner = world.somebody(acme, &[(role, world.kenya.place())]);
        let client = world_partner.client(&world.app);
        for query in ["?portal=IP", ""] {
            let mut seen = ids(&get(&client, &format!("users/{query}")).expect(200));
            seen.retain(|id| *id <= foreign.id);
            assert_eq!(
                sorted(seen),
                of(&[&here, &without, &in_cluster]),
                "{role} {query}"
            );
        }
    }
    for client in [
        world.system_admin(),
        world.imo(),
        world.member(),
        world.nobody(),
    ] {
        assert_eq!(
            get(&client, "users/?portal=IP").expect(403).json(),
            forbidden()
        );
    }
}

#[test]
fn without_a_portal_the_callers_own_half_is_meant() {
    let world = World::new();
    get(&world.member(), "users/").expect(200);
    get(&world.ip_admin(), "users/").expect(200);
    get(&world.nobody(), "users/").expect(403);
    get(&world.viewer(), "users/").expect(403);
    let both = world.somebody(
        Some(&world.acme),
        &[
            ("IP_ADMIN", world.kenya.place()),
            ("CLUSTER_IMO", world.health.place()),
        ],
    );
    let foreign = world.somebody(Some(&world.other), &[]);
    let seen = ids(&get(&both.client(&world.app), "users/").expect(200));
    assert!(seen.contains(&foreign.id), "cluster rights go first");
}

#[test]
fn nobody_finds_themselves() {
    let world = World::new();
    let admin = get(&world.app.admin(), "users/?page_size=100").expect(200);
    assert!(!ids(&admin).contains(&1));
    let count = admin.json()["count"].as_u64().unwrap();
    assert_eq!(count, ids(&admin).len() as u64);
    let imo = world.somebody(None, &[("CLUSTER_IMO", world.health.place())]);
    assert!(!ids(&get(&imo.client(&world.app), "users/").expect(200)).contains(&imo.id));
}

#[test]
fn a_role_that_is_off_or_over_gives_no_power() {
    let world = World::new();
    let imo = a_user().create(&world.app);
    let grant = give(&world.app, &imo, "CLUSTER_IMO", world.health.place());
    let client = imo.client(&world.app);
    get(&client, "users/").expect(200);
    let statement = format!("UPDATE grants SET is_active = FALSE WHERE id = {grant}");
    world.app.database.execute(&statement);
    get(&client, "users/").expect(403);
    let statement = format!(
        "UPDATE grants SET is_active = TRUE, valid_until = '2026-01-02T00:00:00+00:00' WHERE id = {grant}"
    );
    world.app.database.execute(&statement);
    get(&client, "users/").expect(403);
    let shown = get(&world.app.admin(), "users/?roles=CLUSTER_IMO")
        .expect(200)
        .json();
    assert_eq!(shown["results"][0]["prp_roles"][0]["is_active"], false);
}

#[test]
fn filters_are_lists_that_narrow_together() {
    let world = World::new();
    let admin = world.app.admin();
    let (acme, other) = (Some(&world.acme), Some(&world.other));
    let ada = world.somebody(
        acme,
        &[
            ("CLUSTER_IMO", world.health.place()),
            ("IP_VIEWER", world.chad.place()),
        ],
    );
    let bob = world.somebody(other, &[("CLUSTER_VIEWER", world.wash.place())]);
    let cid = world.somebody(None, &[("IP_ADMIN", world.kenya.place())]);
    let dot = world.somebody(None, &[]);
    let (partner, kenya, chad) = (world.acme.id, world.kenya.id, world.chad.id);
    let (health, wash) = (world.health.id, world.wash.id);
    let cases: &[(String, Vec<&Member>)] = &[
        ("roles=CLUSTER_IMO,CLUSTER_VIEWER".into(), vec![&ada, &bob]),
        ("roles=CLUSTER_IMO%2CIP_ADMIN".into(), vec![&ada, &cid]),
        ("roles=IP_ADMIN&roles=CLUSTER_VIEWER".into(), vec![&bob]),
        ("roles=NO_SUCH".into(), vec![]),
        ("roles=".into(), vec![&ada, &bob, &cid, &dot]),
        ("unknown=1".into(), vec![&ada, &bob, &cid, &dot]),
        (format!("partners={partner}"), vec![&ada]),
        (
            format!("partners={partner},{}", world.other.id),
            vec![&ada, &bob],
        ),
        (format!("clusters={health},{wash}"), vec![&ada, &bob]),
        (format!("workspaces={kenya},{chad}"), vec![&ada, &cid]),
        (format!("roles=CLUSTER_IMO&workspaces={chad}"), vec![&ada]),
        (format!("roles=CLUSTER_IMO&workspaces={kenya}"), vec![]),
        ("status=INCOMPLETE".into(), vec![&dot]),
        ("status=INVITED".into(), vec![&ada, &bob, &cid]),
        (
            "status=INVITED,INCOMPLETE".into(),
            vec![&ada, &bob, &cid, &dot],
        ),
        ("status=ACTIVE".into(), vec![]),
    ];
    for (query, expected) in cases {
        let answer = get(&admin, &format!("users/?{query}")).expect(200);
        assert_eq!(sorted(ids(&answer)), of(expected), "{query}");
    }
    for (query, field) in [
        ("partners=x", "partners"),
        ("clusters=1,x", "clusters"),
        ("workspaces=1.5", "workspaces"),
        ("status=LATE", "status"),
        ("portal=MOON", "portal"),
    ] {
        let answer = get(&admin, &format!("users/?{query}")).expect(400).json();
        assert!(answer[field].is_array(), "{answer}");
        assert!(answer["error_codes"][field].is_array(), "{answer}");
    }
}

#[test]
fn a_name_is_searched_within_first_and_last_together_whatever_the_case() {
    let world = World::new();
    let admin = world.app.admin();
    let body = json!({"email": "zed@mail.org", "first_name": "Émile", "last_name": "Zola"});
    post(&admin, "users/", &body).expect(201);
    for (text, count) in [
        ("%C3%A9mile", 1),
        ("%C3%89MILE%20ZO", 1),
        ("e%20z", 1),
        ("zo", 1),
        ("Mail.ORG", 1),
        ("zolaz", 0),
        ("%25", 0),
        ("_", 0),
        ("%00", 0),
    ] {
        let answer = get(&admin, &format!("users/?name_email={text}")).expect(200);
        assert_eq!(answer.json()["count"], count, "{text}");
    }
}

#[test]
fn status_follows_from_signing_in_and_being_switched_off() {
    let world = World::new();
    let admin = world.app.admin();
    let seen = a_user().with_password().create(&world.app);
    give(&world.app, &seen, "IP_VIEWER", world.kenya.place());
    let statement = format!(
        "UPDATE users SET last_login = '2026-01-02T00:00:00+00:00' WHERE id = {}",
        seen.id
    );
    world.app.database.execute(&statement);
    let off = a_user().inactive().create(&world.app);
    let one = get(&admin, "users/?status=ACTIVE").expect(200).json();
    assert_eq!(one["results"][0]["id"], seen.id);
    assert_eq!(one["results"][0]["status"], "ACTIVE");
    let one = get(&admin, "users/?status=DEACTIVATED").expect(200).json();
    assert_eq!(one["results"][0]["id"], off.id);
    assert_eq!(one["results"][0]["status"], "DEACTIVATED");
}

#[test]
fn lists_are_newest_first_and_sorted_as_asked() {
    let world = World::new();
    let admin = world.app.admin();
    let mut made = Vec::new();
    for (email, first, last) in [
        ("a@x.org", "B", "Z"),
        ("b@x.org", "C", "Y"),
        ("c@x.org", "A", "X"),
    ] {
        let body = json!({"email": email, "first_name": first, "last_name": last});
        let answer = post(&admin, "users/", &body).expect(201);
        made.push(answer.json()["id"].as_i64().unwrap());
    }
    let (a, b, c) = (made[0], made[1], made[2]);
    for (order, expected) in [
        ("", [c, b, a]),
        ("first_name", [c, a, b]),
        ("-first_name", [b, a, c]),
        ("last_name", [c, b, a]),
        ("-last_name", [a, b, c]),
        ("partner,-first_name", [b, a, c]),
        ("last_login", [c, b, a]),
        ("-status", [c, b, a]),
        ("no_such", [c, b, a]),
    ] {
        let answer = get(&admin, &format!("users/?ordering={order}")).expect(200);
        assert_eq!(ids(&answer), expected, "{order}");
    }
}

#[test]
fn pages_have_an_envelope_with_absolute_addresses() {
    let world = World::new();
    let admin = world.app.admin();
    for number in 0..5 {
        post(&admin, "users/", &invitation(&format!("p{number}@x.org"))).expect(201);
    }
    let at = |query: &str| world.app.url(&format!("/api/id-management/users/{query}"));
    let page = |query: &str| get(&admin, &format!("users/{query}")).expect(200).json();
    let first = page("?page_size=2");
    assert_eq!(first["count"], 5);
    assert_eq!(first["previous"], Value::Null);
    assert_eq!(first["next"], at("?page_size=2&page=2"));
    assert_eq!(first["results"].as_array().unwrap().len(), 2);
    let second = page("?page_size=2&page=2");
    assert_eq!(second["previous"], at("?page_size=2"));
    assert_eq!(second["next"], at("?page_size=2&page=3"));
    let last = page("?page_size=2&page=last");
    assert_eq!(last["results"].as_array().unwrap().len(), 1);
    assert_eq!(last["next"], Value::Null);
    for bad in ["0", "x", "-1", ""] {
        assert_eq!(
            page(&format!("?page_size={bad}"))["results"]
                .as_array()
                .unwrap()
                .len(),
            5
        );
    }
    let empty = page("?name_email=nobody-at-all");
    assert_eq!(
        empty,
        json!({"count": 0, "next": null, "previous": null, "results": []})
    );
    for outside in ["4", "0", "x", "99999999999999999999"] {
        let answer = get(&admin, &format!("users/?page_size=2&page={outside}")).expect(404);
        assert_eq!(
            answer.json(),
            json!({"detail": ["Invalid page."], "error_codes": "not_found"})
        );
    }
}

#[test]
fn at_most_a_hundred_are_on_a_page() {
    let world = World::new();
    let values: Vec<String> = (0..101)
        .map(|n| format!("('u{n}', 'u{n}', '{0}', '{0}')", crate::support::BEGIN))
        .collect();
    world.app.database.execute(&format!(
        "INSERT INTO users (username, uname, created, modified) VALUES {}",
        values.join(", ")
    ));
    let answer = get(&world.app.admin(), "users/?page_size=1000").expect(200);
    assert_eq!(ids(&answer).len(), 100);
    assert_eq!(answer.json()["count"], 101);
}

#[test]
fn every_field_that_is_wrong_is_told_before_rights_are_asked() {
    let world = World::new();
    post(&world.app.admin(), "users/", &invitation("taken@x.org")).expect(201);
    let (long, longer) = ("x".repeat(65), format!("{}@x.org", "x".repeat(255)));
    let cases = [
        (json!({}), "email", "required", "This field is required."),
        (
            json!({"email": ""}),
            "email",
            "blank",
            "This field may not be blank.",
        ),
        (
            json!({"email": " "}),
            "email",
            "blank",
            "This field may not be blank.",
        ),
        (
            json!({"email": null}),
            "email",
            "null",
            "This field may not be null.",
        ),
        (
            json!({"email": []}),
            "email",
            "invalid",
            "Not a valid string.",
        ),
        (
            json!({"email": "nobody"}),
            "email",
            "invalid",
            "Enter a valid email address.",
        ),
        (
            json!({"email": longer}),
            "email",
            "max_length",
            "Ensure this field has no more than 255 characters.",
        ),
        (
            json!({"email": "A@x.org"}),
            "email",
            "invalid",
            "Email needs to be lower case.",
        ),
        (
            json!({"email": "a@x.org"}),
            "first_name",
            "required",
            "This field is required.",
        ),
        (
            json!({"email": "a@x.org", "last_name": null}),
            "last_name",
            "null",
            "This field may not be null.",
        ),
        (
            json!({"first_name": long}),
            "first_name",
            "max_length",
            "Ensure this field has no more than 64 characters.",
        ),
        (
            json!({"last_name": "a\u{0}"}),
            "last_name",
            "null_characters_not_allowed",
            "Null characters are not allowed.",
        ),
        (
            invitation("taken@x.org"),
            "email",
            "unique",
            "This user already exists in the system.",
        ),
    ];
    for (body, field, code, message) in cases {
        for client in [world.app.admin(), world.nobody()] {
            let answer = world
                .refused(400, || post(&client, "users/?portal=IP", &body))
                .json();
            assert_eq!(answer[field], json!([message]), "{body}");
            assert_eq!(answer["error_codes"][field], json!([code]), "{body}");
        }
    }
}

#[test]
fn one_name_is_split_at_the_first_blank() {
    let world = World::new();
    let body = json!({"email": "j@x.org", "name": "Jane van Doe"});
    let made = post(&world.app.admin(), "users/", &body).expect(201).json();
    assert_eq!(
        (&made["first_name"], &made["last_name"]),
        (&json!("Jane"), &json!("van Doe"))
    );
    let body = json!({"email": "k@x.org", "name": "Jane"});
    let answer = world
        .refused(400, || post(&world.app.admin(), "users/", &body))
        .json();
    assert_eq!(answer["error_codes"], json!({"last_name": ["blank"]}));
}

#[test]
fn the_ip_half_invites_into_the_own_partner() {
    let world = World::new();
    for (number, client) in [world.officer(), world.ip_admin()].iter().enumerate() {
        let mut body = invitation(&format!("{number}@x.org"));
        body["partner"] = json!(world.other.id);
        let made = post(client, "users/?portal=IP", &body).expect(201).json();
        assert_eq!(made["partner"]["id"], world.acme.id);
    }
    for client in [
        world.system_admin(),
        world.imo(),
        world.member(),
        world.nobody(),
    ] {
        let refused = world.refused(403, || {
            post(&client, "users/?portal=IP", &invitation("n@x.org"))
        });
        assert_eq!(refused.json(), forbidden());
    }
}

#[test]
fn the_cluster_half_invites_by_type() {
    let world = World::new();
    let app = &world.app;
    let (acme, other) = (json!(world.acme.id), json!(world.other.id.to_string()));
    let none = Value::Null;
    let clients = [
        ("administrator", app.admin()),
        ("system admin", world.system_admin()),
        ("imo", world.imo()),
        ("member", world.member()),
        ("viewer", world.viewer()),
        ("officer", world.officer()),
    ];
    let cases = [
        (
            "PARTNER",
            &acme,
            &["administrator", "system admin", "imo", "member"][..],
        ),
        ("PARTNER", &other, &["administrator", "system admin", "imo"]),
        ("IMO", &none, &["administrator", "system admin"]),
        ("IMO", &acme, &[]),
        ("CLUSTER_ADMIN", &none, &["administrator", "system admin"]),
        ("CLUSTER_ADMIN", &acme, &[]),
    ];
    for (number, (user_type, partner, allowed)) in cases.iter().enumerate() {
        for (who, client) in &clients {
            let email = format!("{number}-{}@x.org", who.replace(' ', "-"));
            let mut body = invitation(&email);
            body["user_type"] = json!(user_type);
            if !partner.is_null() {
                body["partner"] = (*partner).clone();
            }
            let ask = || post(client, "users/?portal=CLUSTER", &body);
            if !allowed.contains(who) {
                assert_eq!(world.refused(403, ask).json(), forbidden(), "{who} {body}");
                continue;
            }
            let made = ask().expect(201).json();
            let roles = made["prp_roles"].as_array().unwrap();
            if *user_type == "CLUSTER_ADMIN" {
                assert_eq!(roles[0]["role"], "CLUSTER_SYSTEM_ADMIN", "{who}");
                assert_eq!(made["user_type"], "CLUSTER_ADMIN");
            } else {
                assert!(roles.is_empty(), "{made}");
            }
        }
    }
}

#[test]
fn the_cluster_half_asks_for_type_and_partner() {
    let world = World::new();
    let ask = |body: Value| {
        let client = world.imo();
        world
            .refused(400, || post(&client, "users/?portal=CLUSTER", &body))
            .json()
    };
    let mut body = invitation("a@x.org");
    assert_eq!(
        ask(body.clone())["error_codes"],
        json!({"user_type": ["required"]})
    );
    body["user_type"] = json!("KING");
    assert_eq!(
        ask(body.clone())["user_type"],
        json!(["\"KING\" is not a valid choice."])
    );
    body["user_type"] = json!("PARTNER");
    for nothing in [json!(null), json!("")] {
        body["partner"] = nothing;
        assert_eq!(
            ask(body.clone())["non_field_errors"],
            json!(["Partner ID is required."])
        );
    }
    body["partner"] = json!(999_999);
    assert_eq!(
        ask(body.clone())["error_codes"],
        json!({"partner": ["does_not_exist"]})
    );
    body["partner"] = json!([1]);
    assert_eq!(
        ask(body.clone())["error_codes"],
        json!({"partner": ["incorrect_type"]})
    );
}

#[test]
fn without_a_portal_an_administrator_makes_a_plain_user() {
    let world = World::new();
    let made = post(&world.app.admin(), "users/", &invitation("plain@x.org"))
        .expect(201)
        .json();
    assert_eq!(made["partner"], Value::Null);
    for client in [world.system_admin(), world.viewer(), world.nobody()] {
        world.refused(403, || post(&client, "users/", &invitation("n@x.org")));
    }
    let user = world
        .app
        .admin()
        .get(&format!("/users/{}", made["id"]))
        .expect(200)
        .data();
    assert_eq!(user["attributes"]["username"], "plain@x.org");
    assert_eq!(user["attributes"]["email"], "plain@x.org");
}

#[test]
fn without_a_portal_an_officer_makes_a_user_of_their_own_partner() {
    let world = World::new();
    let alone = world.somebody(None, &[("IP_ADMIN", world.kenya.place())]);
    let callers = [
        (world.officer(), json!(world.acme.id)),
        (world.ip_admin(), json!(world.acme.id)),
        (alone.client(&world.app), Value::Null),
    ];
    for (number, (client, partner)) in callers.into_iter().enumerate() {
        let mut body = invitation(&format!("u{number}@x.org"));
        // Nobody makes users of another partner so.
        body["partner"] = json!(world.other.id);
        let made = post(&client, "users/", &body).expect(201).json();
        assert_eq!(made["partner"]["id"], partner);
        assert_eq!(made["prp_roles"], json!([]));
    }
    // In the half with clusters the caller says as what.
    let mut body = invitation("member@x.org");
    body["user_type"] = json!("PARTNER");
    body["partner"] = json!(world.other.id);
    let (member, imo) = (world.member(), world.imo());
    world.refused(403, || post(&member, "users/", &body));
    body["partner"] = json!(world.acme.id);
    let made = post(&member, "users/", &body).expect(201).json();
    assert_eq!(made["partner"]["id"], world.acme.id);
    let mut body = invitation("imo@x.org");
    body["user_type"] = json!("CLUSTER_ADMIN");
    world.refused(403, || post(&imo, "users/", &body));
    let made = post(&world.system_admin(), "users/", &body)
        .expect(201)
        .json();
    assert_eq!(made["prp_roles"][0]["role"], "CLUSTER_SYSTEM_ADMIN");
}

#[test]
fn addresses_that_django_refuses_are_refused() {
    let world = World::new();
    let long = format!("a@{}.org", "x".repeat(64));
    for wrong in [
        "a,b@x.org",
        "<a@x.org>",
        "mailto:a@x.org",
        "a@x.org;",
        "a..b@x.org",
        "a@-x.org",
        "a@x.o",
        "a@x.com/",
        "a@x",
        "a b@x.org",
        "a@x_y.org",
        "ä@x.org",
        "a@[1.2.3]",
        &long,
    ] {
        let answer = world.refused(400, || {
            post(&world.app.admin(), "users/", &invitation(wrong))
        });
        let answer = answer.json();
        assert_eq!(
            answer["email"],
            json!(["Enter a valid email address."]),
            "{wrong}"
        );
        assert_eq!(
            answer["error_codes"]["email"],
            json!(["invalid"]),
            "{wrong}"
        );
    }
    let umlauts = format!("a@{}.org", "ü".repeat(40));
    for (number, good) in [
        "o'brien@x.org",
        "a/b@x.org",
        "\"q\"@x.org",
        "a@localhost",
        "a@[127.0.0.1]",
        "a@हिन्दी.भारत",
        &umlauts,
    ]
    .iter()
    .enumerate()
    {
        let made = post(&world.app.admin(), "users/", &invitation(good)).expect(201);
        assert_eq!(made.json()["email"], *good, "{number}");
    }
}

#[test]
fn an_address_is_of_one_living_user_whatever_the_case() {
    let world = World::new();
    let app = &world.app;
    let holder = a_user().with_email("Jane@Doe.ORG").create(app);
    a_user().with_email("w@MÜNCHEN.de").create(app);
    a_user().with_email("jane_@doe.org").create(app);
    a_user().named("nick@doe.org").create(app);
    let nobody = world.nobody();
    for taken in [
        "jane@doe.org",
        "w@münchen.de",
        "jane_@doe.org",
        "nick@doe.org",
    ] {
        for client in [&app.admin(), &nobody] {
            let ask = || post(client, "users/", &invitation(taken));
            let answer = world.refused(400, ask).json();
            let told = json!(["This user already exists in the system."]);
            assert_eq!(answer["email"], told, "{taken}");
            assert_eq!(answer["error_codes"]["email"], json!(["unique"]), "{taken}");
        }
    }
    // Parts of an address, and what stands for anything elsewhere, are others.
    for free in [
        "ane@doe.org",
        "jane@doe.or",
        "jane%@doe.org",
        "jan_@doe.org",
        "w@munchen.de",
    ] {
        post(&app.admin(), "users/", &invitation(free)).expect(201);
    }
    app.admin().delete(&holder.path()).expect(204);
    post(&app.admin(), "users/", &invitation("jane@doe.org")).expect(201);
}

#[test]
fn a_token_that_leaves_a_right_out_cannot_use_it() {
    let world = World::new();
    let imo = world.somebody(None, &[("CLUSTER_IMO", world.health.place())]);
    let client = |scopes: &[&str]| world.app.token(&world.app.token_of(imo.id, Some(scopes)));
    let (reader, writer) = (client(&["users:read"]), client(&["users:write"]));
    get(&reader, "users/").expect(200);
    get(&writer, "users/").expect(403);
    let mut body = invitation("a@x.org");
    body["user_type"] = json!("PARTNER");
    body["partner"] = json!(world.acme.id);
    world.refused(403, || post(&reader, "users/?portal=CLUSTER", &body));
    post(&writer, "users/?portal=CLUSTER", &body).expect(201);
}

#[test]
fn a_role_everywhere_is_shown_without_a_place() {
    let world = World::new();
    world.somebody(None, &[("CLUSTER_SYSTEM_ADMIN", EVERYWHERE)]);
    let shown = get(&world.app.admin(), "users/?roles=CLUSTER_SYSTEM_ADMIN")
        .expect(200)
        .json();
    let role = &shown["results"][0]["prp_roles"][0];
    assert_eq!(
        (&role["workspace"], &role["cluster"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(role["role_display"], "Cluster System admin");
    let _: GrantScope = EVERYWHERE;
}

#[test]
fn somebody_in_the_trash_can_be_invited_anew() {
    let world = World::new();
    let path = "users/?portal=IP";
    let admin = world.ip_admin();
    let made = post(&admin, path, &invitation("a@x.org"))
        .expect(201)
        .json();
    post(&admin, path, &invitation("a@x.org")).expect(400);
    let native = format!("/users/{}", made["id"]);
    world.app.admin().delete(&native).expect(204);
    let again = post(&admin, path, &invitation("a@x.org"))
        .expect(201)
        .json();
    assert_ne!(again["id"], made["id"]);
    assert_eq!(again["prp_roles"], json!([]));
    world
        .app
        .admin()
        .get(&format!("/trash{native}"))
        .expect(200);
}
