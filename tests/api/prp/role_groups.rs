//! `role-group/`

use rolecall::directory::delegation::GrantScope;
use serde_json::{Value, json};

use super::{EVERYWHERE, World, delete, forbidden, get, give, not_found, patch, post};
use crate::support::{Client, Member, a_user};

/// The body that gives one role.
fn one(user: &Member, role: &str, place: GrantScope) -> Value {
    let mut entry = json!({"role": role});
    if let Some(id) = place.workspace {
        entry["workspace"] = json!(id);
    }
    if let Some(id) = place.cluster {
        entry["cluster"] = json!(id);
    }
    json!({"user_id": user.id, "prp_roles": [entry]})
}

#[test]
fn roles_are_given_and_answered_with_both_places() {
    let world = World::new();
    let user = world.somebody(None, &[]);
    let body = json!({"user_id": user.id.to_string(), "prp_roles": [
        {"role": "CLUSTER_VIEWER", "cluster": world.health.id.to_string()},
        {"role": "IP_EDITOR", "workspace": world.kenya.id, "cluster": null},
    ]});
    let answer = post(&world.app.admin(), "role-group/", &body).expect(201);
    assert_eq!(
        answer.json(),
        json!({"user_id": user.id, "prp_roles": [
            {"role": "CLUSTER_VIEWER", "workspace": null, "cluster": world.health.id},
            {"role": "IP_EDITOR", "workspace": world.kenya.id, "cluster": null},
        ]})
    );
    let shown = get(
        &world.app.admin(),
        &format!("users/?clusters={}", world.health.id),
    )
    .json();
    assert_eq!(
        shown["results"][0]["prp_roles"].as_array().unwrap().len(),
        2
    );
}

/// Who may give, take, change and switch which role, from the table of rules:
/// the granter's role, the target's, the granter's place and partner, those of
/// the target, and the verbs.
#[test]
fn the_rules_decide_who_may_do_what() {
    let world = World::new();
    let (health, wash) = (world.health.place(), world.wash.place());
    let (kenya, chad) = (world.kenya.place(), world.chad.place());
    let (acme, other) = (Some(&world.acme), Some(&world.other));
    let admin = ("CLUSTER_SYSTEM_ADMIN", None, EVERYWHERE);
    let imo = ("CLUSTER_IMO", None, health);
    let member = ("CLUSTER_MEMBER", acme, health);
    let officer = ("IP_AUTHORIZED_OFFICER", acme, kenya);
    let ip_admin = ("IP_ADMIN", acme, kenya);
    let cases = [
        (admin, "CLUSTER_IMO", other, wash, "GRT"),
        (admin, "CLUSTER_COORDINATOR", None, health, "GRT"),
        (admin, "CLUSTER_SYSTEM_ADMIN", None, EVERYWHERE, "G"),
        (admin, "IP_VIEWER", None, kenya, ""),
        (imo, "CLUSTER_COORDINATOR", other, health, "GRT"),
        (imo, "CLUSTER_VIEWER", None, health, "GRT"),
        (imo, "CLUSTER_VIEWER", None, wash, ""),
        (imo, "CLUSTER_IMO", None, health, ""),
        (imo, "CLUSTER_SYSTEM_ADMIN", None, EVERYWHERE, ""),
        (member, "CLUSTER_MEMBER", acme, wash, "GRT"),
        (member, "CLUSTER_VIEWER", acme, health, "GRT"),
        (member, "CLUSTER_VIEWER", other, health, ""),
        (member, "CLUSTER_VIEWER", None, health, ""),
        (member, "CLUSTER_COORDINATOR", acme, health, ""),
        (
            ("CLUSTER_MEMBER", None, health),
            "CLUSTER_VIEWER",
            None,
            health,
            "",
        ),
        (officer, "IP_ADMIN", acme, kenya, "GRT"),
        (officer, "IP_VIEWER", acme, kenya, "GRT"),
        (officer, "IP_VIEWER", other, kenya, ""),
        (officer, "IP_VIEWER", acme, chad, ""),
        (officer, "IP_AUTHORIZED_OFFICER", acme, kenya, "T"),
        (officer, "IP_AUTHORIZED_OFFICER", other, kenya, "T"),
        (ip_admin, "IP_EDITOR", acme, kenya, "GRT"),
        (ip_admin, "IP_ADMIN", acme, kenya, "GT"),
        (ip_admin, "IP_ADMIN", other, kenya, ""),
        (ip_admin, "IP_AUTHORIZED_OFFICER", acme, kenya, ""),
        (("IP_EDITOR", acme, kenya), "IP_VIEWER", acme, kenya, ""),
        (
            ("CLUSTER_VIEWER", acme, health),
            "CLUSTER_VIEWER",
            acme,
            health,
            "",
        ),
    ];
    for ((granter, own, held), role, partner, place, verbs) in cases {
        let client = world.somebody(own, &[(granter, held)]).client(&world.app);
        let what = format!("{granter} {role} {place:?}");
        let target = world.somebody(partner, &[]);
        let ask = || post(&client, "role-group/", &one(&target, role, place));
        let (yes, no) = (201, 403);
        if verbs.contains('G') {
            ask().expect(yes);
        } else {
            assert_eq!(world.refused(no, ask).json(), forbidden(), "{what}");
            give(&world.app, &target, role, place);
        }
        let id = grant_of(&world, &target);
        let path = format!("role-group/{id}/");
        for is_active in [false, true] {
            let ask = || patch(&client, &path, &json!({"is_active": is_active}));
            if verbs.contains('T') {
                let answer = ask().expect(200).json();
                assert_eq!(
                    answer,
                    json!({"role": role, "is_active": is_active}),
                    "{what}"
                );
            } else {
                assert_eq!(world.refused(no, ask).json(), forbidden(), "{what}");
            }
        }
        if verbs.contains('R') {
            assert_eq!(delete(&client, &path).expect(204).text, "", "{what}");
            delete(&client, &path).expect(404);
        } else {
            assert_eq!(
                world.refused(no, || delete(&client, &path)).json(),
                forbidden(),
                "{what}"
            );
        }
    }
}

/// The one grant of a user.
fn grant_of(world: &World, user: &Member) -> i64 {
    let found = world.app.admin().get(&format!("/users/{}/grants", user.id));
    found.expect(200).ids()[0].parse().unwrap()
}

#[test]
fn a_change_needs_the_right_to_change_the_old_and_to_give_the_new() {
    let world = World::new();
    let acme = Some(&world.acme);
    let (kenya, health) = (world.kenya.place(), world.health.place());
    let cases = [
        (
            "officer",
            world.officer(),
            "IP_ADMIN",
            "IP_VIEWER",
            kenya,
            true,
        ),
        (
            "officer",
            world.officer(),
            "IP_VIEWER",
            "IP_AUTHORIZED_OFFICER",
            kenya,
            false,
        ),
        (
            "officer",
            world.officer(),
            "IP_AUTHORIZED_OFFICER",
            "IP_VIEWER",
            kenya,
            false,
        ),
        (
            "ip admin",
            world.ip_admin(),
            "IP_ADMIN",
            "IP_EDITOR",
            kenya,
            true,
        ),
        (
            "ip admin",
            world.ip_admin(),
            "IP_EDITOR",
            "IP_ADMIN",
            kenya,
            true,
        ),
        (
            "ip admin",
            world.ip_admin(),
            "IP_EDITOR",
            "IP_AUTHORIZED_OFFICER",
            kenya,
            false,
        ),
        (
            "member",
            world.member(),
            "CLUSTER_VIEWER",
            "CLUSTER_MEMBER",
            health,
            true,
        ),
        (
            "member",
            world.member(),
            "CLUSTER_VIEWER",
            "CLUSTER_IMO",
            health,
            false,
        ),
        (
            "imo",
            world.imo(),
            "CLUSTER_VIEWER",
            "CLUSTER_COORDINATOR",
            health,
            true,
        ),
        (
            "imo",
            world.imo(),
            "CLUSTER_IMO",
            "CLUSTER_VIEWER",
            health,
            false,
        ),
        (
            "nobody",
            world.nobody(),
            "IP_VIEWER",
            "IP_VIEWER",
            kenya,
            false,
        ),
        (
            "administrator",
            world.app.admin(),
            "IP_VIEWER",
            "IP_AUTHORIZED_OFFICER",
            kenya,
            true,
        ),
    ];
    for (who, client, old, new, place, allowed) in cases {
        let target = world.somebody(acme, &[(old, place)]);
        let path = format!("role-group/{}/", grant_of(&world, &target));
        let ask = || patch(&client, &path, &json!({"role": new}));
        if allowed {
            let answer = ask().expect(200).json();
            assert_eq!(answer, json!({"role": new, "is_active": true}), "{who}");
        } else {
            assert_eq!(
                world.refused(403, ask).json(),
                forbidden(),
                "{who} {old} {new}"
            );
        }
    }
}

#[test]
fn a_role_of_another_kind_of_place_cannot_take_its_place() {
    let world = World::new();
    let target = world.somebody(None, &[("IP_VIEWER", world.kenya.place())]);
    let path = format!("role-group/{}/", grant_of(&world, &target));
    for role in ["CLUSTER_VIEWER", "CLUSTER_SYSTEM_ADMIN"] {
        let ask = || patch(&world.app.admin(), &path, &json!({"role": role}));
        let answer = world.refused(400, ask).json();
        assert_eq!(answer["error_codes"], json!({"role": ["invalid"]}));
    }
    for (body, codes) in [
        (json!({"role": "FOO"}), json!({"role": ["invalid_choice"]})),
        (json!({"role": null}), json!({"role": ["null"]})),
        (
            json!({"is_active": "perhaps"}),
            json!({"is_active": ["invalid"]}),
        ),
        (json!({"is_active": null}), json!({"is_active": ["null"]})),
    ] {
        let answer = world
            .refused(400, || patch(&world.app.admin(), &path, &body))
            .json();
        assert_eq!(answer["error_codes"], codes, "{body}");
    }
}

#[test]
fn what_is_wrong_is_told_entry_by_entry() {
    let world = World::new();
    let user = world.somebody(None, &[]);
    let (cluster, workspace) = (world.health.id, world.kenya.id);
    let body = |roles: Value| json!({"user_id": user.id, "prp_roles": roles});
    let dictionary = "Invalid data. Expected a dictionary, but got str.";
    let cases = [
        (
            json!({}),
            json!({"user_id": ["required"], "prp_roles": ["required"]}),
        ),
        (
            json!({"user_id": 999_999, "prp_roles": [{"role": "CLUSTER_VIEWER", "cluster": cluster}]}),
            json!({"user_id": ["does_not_exist"]}),
        ),
        (
            json!({"user_id": "x", "prp_roles": []}),
            json!({"user_id": ["incorrect_type"]}),
        ),
        (body(json!([])), json!({"prp_roles": ["empty"]})),
        (body(json!(null)), json!({"prp_roles": ["null"]})),
        (
            body(json!("x")),
            json!({"prp_roles": {"non_field_errors": ["not_a_list"]}}),
        ),
        (
            body(json!([{"role": "FOO"}])),
            json!({"prp_roles": [{"role": ["invalid_choice"]}]}),
        ),
        (
            body(json!([{}])),
            json!({"prp_roles": [{"role": ["required"]}]}),
        ),
        (
            body(json!(["x"])),
            json!({"prp_roles": [{"non_field_errors": ["invalid"]}]}),
        ),
        (
            body(json!([{"role": "IP_VIEWER", "workspace": workspace}, {"role": "IP_VIEWER"}])),
            json!({"prp_roles": [{}, {"workspace": ["required"]}]}),
        ),
        (
            body(json!([{"role": "IP_VIEWER", "workspace": workspace, "cluster": cluster}])),
            json!({"prp_roles": [{"cluster": ["invalid"]}]}),
        ),
        (
            body(json!([{"role": "CLUSTER_SYSTEM_ADMIN", "cluster": cluster}])),
            json!({"prp_roles": [{"cluster": ["invalid"]}]}),
        ),
        (
            body(json!([{"role": "CLUSTER_VIEWER", "cluster": 999_999}])),
            json!({"prp_roles": [{"cluster": ["does_not_exist"]}]}),
        ),
        (
            body(json!([{"role": "IP_VIEWER", "workspace": "99999999999999999999"}])),
            json!({"prp_roles": [{"workspace": ["does_not_exist"]}]}),
        ),
        (
            body(
                json!([{"role": "CLUSTER_VIEWER", "cluster": cluster}, {"role": "CLUSTER_IMO", "cluster": cluster}]),
            ),
            json!({"prp_roles": {"non_field_errors": ["invalid"]}}),
        ),
        (
            body(json!([{"role": "CLUSTER_SYSTEM_ADMIN"}, {"role": "CLUSTER_SYSTEM_ADMIN"}])),
            json!({"prp_roles": {"non_field_errors": ["invalid"]}}),
        ),
    ];
    for (body, codes) in cases {
        for client in [world.app.admin(), world.nobody()] {
            let answer = world
                .refused(400, || post(&client, "role-group/", &body))
                .json();
            assert_eq!(answer["error_codes"], codes, "{body}");
        }
    }
    let answer = post(
        &world.app.admin(),
        "role-group/",
        &body(json!([{"role": "FOO"}])),
    )
    .json();
    assert_eq!(
        answer["prp_roles"],
        json!([{"role": ["\"FOO\" is not a valid choice."]}])
    );
    let answer = post(&world.app.admin(), "role-group/", &body(json!("x"))).json();
    let message = "Expected a list of items but got type \"str\".";
    assert_eq!(answer["prp_roles"], json!({"non_field_errors": [message]}));
    let answer = post(&world.app.admin(), "role-group/", &body(json!(["x"]))).json();
    assert_eq!(
        answer["prp_roles"],
        json!([{"non_field_errors": [dictionary]}])
    );
}

#[test]
fn as_many_roles_as_the_limit_says_come_in_one_request() {
    let world = World::new();
    let user = world.somebody(None, &[]);
    let entry = json!({"role": "IP_VIEWER", "workspace": world.kenya.id});
    let body = json!({"user_id": user.id, "prp_roles": vec![entry; 1001]});
    let answer = world
        .refused(400, || post(&world.app.admin(), "role-group/", &body))
        .json();
    assert_eq!(
        answer["error_codes"],
        json!({"prp_roles": {"non_field_errors": ["max_length"]}})
    );
}

#[test]
fn all_entries_are_given_or_none() {
    let world = World::new();
    let target = world.somebody(Some(&world.acme), &[]);
    let body = json!({"user_id": target.id, "prp_roles": [
        {"role": "CLUSTER_VIEWER", "cluster": world.health.id},
        {"role": "CLUSTER_VIEWER", "cluster": world.wash.id},
    ]});
    let imo = world.imo();
    assert_eq!(
        world
            .refused(403, || post(&imo, "role-group/", &body))
            .json(),
        forbidden()
    );
    post(&world.member(), "role-group/", &body).expect(201);
}

#[test]
fn one_role_is_held_in_a_place() {
    let world = World::new();
    let taken = json!({
        "detail": ["Role already exists in cluster or workspace."],
        "error_codes": "permission_denied",
    });
    let user = world.somebody(
        Some(&world.acme),
        &[
            ("CLUSTER_VIEWER", world.health.place()),
            ("IP_VIEWER", world.kenya.place()),
        ],
    );
    for client in [world.app.admin(), world.system_admin()] {
        let ask = || {
            post(
                &client,
                "role-group/",
                &one(&user, "CLUSTER_IMO", world.health.place()),
            )
        };
        assert_eq!(world.refused(403, ask).json(), taken);
    }
    let ask = || {
        post(
            &world.officer(),
            "role-group/",
            &one(&user, "IP_EDITOR", world.kenya.place()),
        )
    };
    assert_eq!(ask().expect(403).json(), taken);
    let above = world.somebody(None, &[("CLUSTER_SYSTEM_ADMIN", EVERYWHERE)]);
    for (role, place) in [
        ("CLUSTER_VIEWER", world.health.place()),
        ("IP_VIEWER", world.kenya.place()),
        ("CLUSTER_SYSTEM_ADMIN", EVERYWHERE),
    ] {
        let ask = || post(&world.app.admin(), "role-group/", &one(&above, role, place));
        assert_eq!(world.refused(403, ask).json(), taken, "{role}");
    }
}

#[test]
fn a_system_admin_loses_the_roles_in_single_clusters() {
    let world = World::new();
    let user = world.somebody(
        None,
        &[
            ("CLUSTER_VIEWER", world.health.place()),
            ("CLUSTER_IMO", world.wash.place()),
            ("IP_VIEWER", world.kenya.place()),
        ],
    );
    let body = one(&user, "CLUSTER_SYSTEM_ADMIN", EVERYWHERE);
    let imo = world.imo();
    assert_eq!(
        world
            .refused(403, || post(&imo, "role-group/", &body))
            .json(),
        forbidden()
    );
    let before = world.events();
    let answer = post(&world.system_admin(), "role-group/", &body)
        .expect(201)
        .json();
    assert_eq!(
        answer["prp_roles"],
        json!([{"role": "CLUSTER_SYSTEM_ADMIN", "workspace": null, "cluster": null}])
    );
    let shown = get(&world.app.admin(), "users/?roles=IP_VIEWER")
        .expect(200)
        .json();
    let mut held: Vec<_> = shown["results"][0]["prp_roles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["role"].as_str().unwrap().to_owned())
        .collect();
    held.sort();
    assert_eq!(held, ["CLUSTER_SYSTEM_ADMIN", "IP_VIEWER"]);
    let told = world
        .app
        .admin()
        .get("/events?filter[subject_type]=grants&sort=-id&page[size]=3");
    let told = told.expect(200).data();
    let verbs: Vec<_> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["attributes"]["verb"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(verbs, ["create", "delete", "delete"]);
    assert!(world.events() >= before + 3);
}

#[test]
fn nobody_changes_what_a_deactivated_user_holds() {
    let world = World::new();
    let off = a_user().inactive().create(&world.app);
    let id = give(&world.app, &off, "CLUSTER_VIEWER", world.health.place());
    let told = json!({"detail": ["This user is deactivated."], "error_codes": "permission_denied"});
    let path = format!("role-group/{id}/");
    for client in [world.app.admin(), world.system_admin(), world.nobody()] {
        let body = one(&off, "CLUSTER_VIEWER", world.wash.place());
        assert_eq!(
            world
                .refused(403, || post(&client, "role-group/", &body))
                .json(),
            told
        );
        let ask = || patch(&client, &path, &json!({"is_active": false}));
        assert_eq!(world.refused(403, ask).json(), told);
        assert_eq!(world.refused(403, || delete(&client, &path)).json(), told);
    }
}

#[test]
fn nobody_changes_their_own_roles() {
    let world = World::new();
    let own = world.somebody(None, &[("CLUSTER_SYSTEM_ADMIN", EVERYWHERE)]);
    let administrator = a_user().administrator().create(&world.app);
    give(&world.app, &administrator, "IP_VIEWER", world.kenya.place());
    for user in [&own, &administrator] {
        let client = user.client(&world.app);
        let body = one(user, "CLUSTER_IMO", world.wash.place());
        assert_eq!(
            world
                .refused(403, || post(&client, "role-group/", &body))
                .json(),
            forbidden()
        );
    }
    let path = format!("role-group/{}/", grant_of(&world, &own));
    let client: Client = own.client(&world.app);
    world.refused(403, || patch(&client, &path, &json!({"is_active": false})));
    world.refused(403, || delete(&client, &path));
}

#[test]
fn a_grant_that_is_off_gives_no_power() {
    let world = World::new();
    let imo = a_user().create(&world.app);
    let grant = give(&world.app, &imo, "CLUSTER_IMO", world.health.place());
    let client = imo.client(&world.app);
    let target = world.somebody(None, &[]);
    let path = format!("role-group/{grant}/");
    let off = patch(&world.app.admin(), &path, &json!({"is_active": false})).expect(200);
    assert_eq!(
        off.json(),
        json!({"role": "CLUSTER_IMO", "is_active": false})
    );
    let body = one(&target, "CLUSTER_VIEWER", world.health.place());
    assert_eq!(
        world
            .refused(403, || post(&client, "role-group/", &body))
            .json(),
        forbidden()
    );
    patch(&world.app.admin(), &path, &json!({"is_active": true})).expect(200);
    post(&client, "role-group/", &body).expect(201);
}

#[test]
fn an_unknown_role_group_is_not_found() {
    let world = World::new();
    let custom = a_user().administrator().create(&world.app);
    let foreign = grant_of(&world, &custom);
    for id in [
        "0",
        "999999",
        "x",
        "-1",
        "99999999999999999999",
        &foreign.to_string(),
    ] {
        let path = format!("role-group/{id}/");
        for client in [world.app.admin(), world.nobody()] {
            let ask = || patch(&client, &path, &json!({"is_active": false}));
            assert_eq!(world.refused(404, ask).json(), not_found(), "{id}");
            assert_eq!(
                world.refused(404, || delete(&client, &path)).json(),
                not_found(),
                "{id}"
            );
        }
    }
}

#[test]
fn a_role_of_a_cluster_is_named_with_the_workspace_of_the_cluster() {
    let world = World::new();
    let user = world.somebody(None, &[]);
    let imo = world.imo();
    let body = |cluster: Value, workspace: Value| {
        json!({"user_id": user.id, "prp_roles": [
            {"role": "CLUSTER_VIEWER", "cluster": cluster, "workspace": workspace},
        ]})
    };
    let health = json!(world.health.id);
    for (workspace, code) in [
        (json!(world.chad.id), "invalid"),
        (json!(4711), "does_not_exist"),
        (json!("x"), "incorrect_type"),
    ] {
        let ask = || {
            post(
                &imo,
                "role-group/",
                &body(health.clone(), workspace.clone()),
            )
        };
        let answer = world.refused(400, ask).json();
        let entry = &answer["error_codes"]["prp_roles"][0];
        assert_eq!(*entry, json!({"workspace": [code]}), "{workspace}");
        assert!(answer["prp_roles"][0]["workspace"][0].is_string());
    }
    // The cluster is what the role needs.
    let ask = || {
        post(
            &imo,
            "role-group/",
            &body(Value::Null, json!(world.kenya.id)),
        )
    };
    world.refused(400, ask);
    let given = post(
        &imo,
        "role-group/",
        &body(
            json!(world.health.id.to_string()),
            json!(world.kenya.id.to_string()),
        ),
    );
    let entry = json!({"role": "CLUSTER_VIEWER", "workspace": null, "cluster": world.health.id});
    assert_eq!(given.expect(201).json()["prp_roles"], json!([entry]));
    // A role of a workspace has no cluster, and the same cluster comes once.
    let both = json!({"user_id": user.id, "prp_roles": [
        {"role": "IP_VIEWER", "cluster": world.health.id, "workspace": world.kenya.id},
    ]});
    world.refused(400, || post(&world.app.admin(), "role-group/", &both));
    let twice = json!({"user_id": user.id, "prp_roles": [
        {"role": "CLUSTER_VIEWER", "cluster": world.wash.id},
        {"role": "CLUSTER_MEMBER", "cluster": world.wash.id, "workspace": world.wash.workspace},
    ]});
    world.refused(400, || post(&world.app.admin(), "role-group/", &twice));
}

#[test]
fn a_role_becomes_that_of_the_system_admin_by_those_who_may_give_it() {
    let world = World::new();
    let app = &world.app;
    let becomes = json!({"role": "CLUSTER_SYSTEM_ADMIN"});
    let held = |user: &Member| {
        let grants = app
            .admin()
            .get(&format!("/users/{}/grants?include=role", user.id));
        let grants = grants.expect(200).json();
        let mut held: Vec<String> = Vec::new();
        for grant in grants["data"].as_array().unwrap() {
            let links = &grant["relationships"];
            held.push(format!(
                "{} {}",
                links["role"]["data"]["id"], links["cluster"]["data"]["id"]
            ));
        }
        held
    };
    let admin_role = crate::support::role_named(app, "CLUSTER_SYSTEM_ADMIN").id;
    for client in [world.system_admin(), app.admin()] {
        let target = world.somebody(Some(&world.acme), &[]);
        let first = give(app, &target, "CLUSTER_MEMBER", world.health.place());
        give(app, &target, "CLUSTER_VIEWER", world.wash.place());
        let workspace = give(app, &target, "IP_VIEWER", world.kenya.place());
        let path = format!("role-group/{first}/");
        let answer = patch(&client, &path, &becomes).expect(200).json();
        assert_eq!(
            answer,
            json!({"role": "CLUSTER_SYSTEM_ADMIN", "is_active": true})
        );
        let shown = get(&app.admin(), "users/?roles=CLUSTER_SYSTEM_ADMIN").json();
        let results = shown["results"].as_array().unwrap().clone();
        let user = results.iter().find(|user| user["id"] == target.id).unwrap();
        let roles = user["prp_roles"].as_array().unwrap();
        assert_eq!(roles.len(), 2, "{user}");
        let promoted = roles.iter().find(|role| role["id"] == first).unwrap();
        assert_eq!(promoted["cluster"], Value::Null);
        assert_eq!(promoted["role"], "CLUSTER_SYSTEM_ADMIN");
        assert!(roles.iter().any(|role| role["id"] == workspace));
        assert_eq!(held(&target).len(), 2);
        // It is that already, and there is one of it.
        let again = give(app, &target, "CLUSTER_VIEWER", world.health.place());
        let again = format!("role-group/{again}/");
        let answer = world
            .refused(403, || patch(&client, &again, &becomes))
            .json();
        assert_eq!(
            answer["detail"],
            json!(["Role already exists in cluster or workspace."])
        );
        let users = app
            .admin()
            .get(&format!("/roles/{admin_role}/users?page[size]=100"));
        assert!(users.expect(200).ids().contains(&target.id.to_string()));
    }
    // Off with the same request.
    let target = world.somebody(None, &[]);
    let grant = give(app, &target, "CLUSTER_IMO", world.health.place());
    let path = format!("role-group/{grant}/");
    let off = json!({"role": "CLUSTER_SYSTEM_ADMIN", "is_active": false});
    let answer = patch(&app.admin(), &path, &off).expect(200).json();
    assert_eq!(answer, off);
    // Nobody else, nobody for themselves, and back into a place by nobody.
    let target = world.somebody(Some(&world.acme), &[]);
    let grant = give(app, &target, "CLUSTER_VIEWER", world.health.place());
    let path = format!("role-group/{grant}/");
    for client in [
        world.imo(),
        world.member(),
        world.viewer(),
        world.officer(),
        world.nobody(),
    ] {
        world.refused(403, || patch(&client, &path, &becomes));
    }
    let own = target.client(app);
    world.refused(403, || patch(&own, &path, &becomes));
    let highest = world.somebody(None, &[]);
    let grant = give(app, &highest, "CLUSTER_SYSTEM_ADMIN", EVERYWHERE);
    let path = format!("role-group/{grant}/");
    world.refused(400, || {
        patch(&app.admin(), &path, &json!({"role": "CLUSTER_VIEWER"}))
    });
    crate::bulk::run(&app.database, &["check"]).well();
}
