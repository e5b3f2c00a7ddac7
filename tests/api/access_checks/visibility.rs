//! Which hosts and bundles of CFEngine a user sees.

use serde_json::{Value, json};

use crate::support::{Answer, Client, Member, RoleMade, TestApp, a_role, a_user, a_workspace};

/// The four lists of a role, as CFEngine's surface calls them; "" is none.
type Lists = [&'static str; 4];

fn a_sighted_role(app: &TestApp, lists: &Lists) -> RoleMade {
    let role = a_role().create(app);
    let names = [
        "include_context",
        "exclude_context",
        "include_bundles",
        "exclude_bundles",
    ];
    let attributes: Value = names
        .iter()
        .zip(lists)
        .map(|(n, l)| (n.to_string(), json!(l)))
        .collect();
    let document = json!({"data": {
        "type": "roles", "id": role.id.to_string(), "attributes": attributes,
    }});
    app.admin().patch(&role.path(), &document).expect(200);
    role
}

fn ask(client: &Client, user: &Member, attributes: &Value) -> Answer {
    let document = json!({"data": {
        "type": "access-checks", "attributes": attributes,
        "relationships": {"user": {"data": {"type": "users", "id": user.id.to_string()}}},
    }});
    client.post("/access-checks", &document)
}

fn attributes(answer: Answer) -> Value {
    answer.expect(200).data()["attributes"].clone()
}

/// Written for these tests alone, without regular expressions: a pattern is a
/// piece of text, bound to the ends by `^` and `$`.
fn fits(pattern: &str, name: &str) -> bool {
    let begins = pattern.strip_prefix('^');
    let middle = begins.unwrap_or(pattern);
    let ends = middle.strip_suffix('$');
    let middle = ends.unwrap_or(middle);
    match (begins, ends) {
        (Some(_), Some(_)) => name == middle,
        (Some(_), None) => name.starts_with(middle),
        (None, Some(_)) => name.ends_with(middle),
        (None, None) => name.contains(middle),
    }
}

fn sees(roles: &[&Lists], names: &[&str], first: usize) -> bool {
    let any = |list: &str| {
        let patterns = list.split(',').map(str::trim).filter(|one| !one.is_empty());
        patterns
            .into_iter()
            .any(|pattern| names.iter().any(|name| fits(pattern, name)))
    };
    let is_empty = |list: &str| list.chars().all(|c| c == ',' || c == ' ');
    let role = |lists: &&Lists| {
        let (include, exclude) = (lists[first], lists[first + 1]);
        (is_empty(include) || any(include)) && !any(exclude)
    };
    !roles.is_empty() && roles.iter().all(role)
}

const ROLES: [Lists; 7] = [
    ["", "", "", ""],
    ["linux,^solaris$", "", "", ""],
    ["linux", "prod", "^hr_", "secret$"],
    ["", "prod, ,test", "", "^cfe_"],
    ["nothing_has_this", "", "nothing", ""],
    ["64$", "^linux$", "report,inventory", "^hr_secret"],
    [" , ", "", ",", ""],
];

const HOSTS: [&[&str]; 8] = [
    &[],
    &["linux"],
    &["linux_x86_64", "prod"],
    &["solaris"],
    &["solaris_10", "sparc64"],
    &["linux", "x86_64", "test"],
    &["windows", "production"],
    &["xlinuxx", "aix", "solaris"],
];

const BUNDLES: [&str; 6] = [
    "hr_report",
    "hr_secret",
    "cfe_internal",
    "inventory",
    "a_secret",
    "secret_hr_",
];

#[test]
fn every_host_and_bundle_is_seen_as_another_evaluator_says() {
    let app = TestApp::start();
    let roles = ROLES.map(|lists| a_sighted_role(&app, &lists));
    // No role, each role, and each pair; three at last.
    let mut sets: Vec<Vec<usize>> = vec![vec![], vec![1, 2, 3]];
    for one in 0..ROLES.len() {
        sets.push(vec![one]);
        sets.extend((one + 1..ROLES.len()).map(|other| vec![one, other]));
    }
    let hosts: Vec<Value> = HOSTS
        .iter()
        .enumerate()
        .map(|(n, classes)| json!({"id": n.to_string(), "classes": classes, "bundles": BUNDLES}))
        .collect();
    for set in sets {
        let user = set
            .iter()
            .fold(a_user(), |user, n| user.holding(&roles[*n]));
        let user = user.create(&app);
        let held: Vec<&Lists> = set.iter().map(|n| &ROLES[*n]).collect();
        let answer = attributes(ask(&app.admin(), &user, &json!({ "hosts": hosts })));
        for (n, classes) in HOSTS.iter().enumerate() {
            let seen = &answer["hosts"][n];
            assert_eq!(seen["id"], n.to_string());
            let of_bundle = |name: &&str| sees(&held, &[*name], 2);
            let all = BUNDLES.iter().all(of_bundle);
            let host = sees(&held, classes, 0);
            assert_eq!(
                seen["allowed"],
                host && all,
                "roles {set:?}, host {classes:?}"
            );
            for (b, name) in BUNDLES.iter().enumerate() {
                let bundle = &seen["bundles"][b];
                assert_eq!(bundle["name"], *name);
                assert_eq!(
                    bundle["allowed"],
                    of_bundle(name),
                    "roles {set:?}, bundle {name}"
                );
            }
            // Alone, and without bundles, the same is said of the host.
            let alone = attributes(ask(&app.admin(), &user, &json!({ "classes": classes })));
            assert_eq!(
                alone["allowed"], host,
                "roles {set:?}, host {classes:?} alone"
            );
        }
        assert_eq!(answer["hosts"].as_array().unwrap().len(), HOSTS.len());
    }
}

#[test]
fn the_answer_tells_which_role_and_which_expression_decided() {
    let app = TestApp::start();
    let wide = a_sighted_role(&app, &["linux,bsd", "", "", ""]);
    let narrow = a_sighted_role(&app, &["", "^prod", "^hr_", ""]);
    let user = a_user().holding(&wide).holding(&narrow).create(&app);
    let asked = |classes: &[&str]| {
        let answer = attributes(ask(&app.admin(), &user, &json!({ "classes": classes })));
        (
            answer["allowed"].clone(),
            answer["decided_by"].clone(),
            answer["missing"].is_string(),
        )
    };
    let by = |role: &RoleMade, list: &str, expression: Value, name: Value| {
        json!([{
            "role": role.id.to_string(), "list": list, "expression": expression, "name": name,
        }])
    };
    let seen = by(&wide, "include_context", json!("bsd"), json!("freebsd"));
    assert_eq!(asked(&["freebsd"]), (json!(true), seen, false));
    let excluded = by(
        &narrow,
        "exclude_context",
        json!("^prod"),
        json!("production"),
    );
    assert_eq!(
        asked(&["linux", "production"]),
        (json!(false), excluded, true)
    );
    let unmatched = by(&wide, "include_context", Value::Null, Value::Null);
    assert_eq!(asked(&["windows"]), (json!(false), unmatched, true));
    let stranger = a_user().create(&app);
    let answer = attributes(ask(&app.admin(), &stranger, &json!({"classes": ["linux"]})));
    assert_eq!(
        (&answer["allowed"], &answer["decided_by"]),
        (&json!(false), &json!([]))
    );
    let answer = attributes(ask(
        &app.admin(),
        &user,
        &json!({"bundles": ["hr_x", "it_x"]}),
    ));
    assert_eq!(answer["allowed"], false);
    assert_eq!(answer["bundles"][0]["allowed"], true);
    let unmatched = by(&narrow, "include_bundles", Value::Null, Value::Null);
    assert_eq!(answer["bundles"][1]["decided_by"], unmatched);
}

#[test]
fn admin_sees_all_until_another_role_matches_nothing() {
    let app = TestApp::start();
    let user = a_user().administrator().create(&app);
    let seen =
        || attributes(ask(&app.admin(), &user, &json!({"classes": ["linux"]})))["allowed"].clone();
    assert_eq!(seen(), true);
    user.grant(&app, &a_sighted_role(&app, &["no_such_class", "", "", ""]));
    assert_eq!(seen(), false);
}

#[test]
fn a_change_of_a_role_counts_at_once() {
    let app = TestApp::start();
    let role = a_sighted_role(&app, &["linux", "", "", ""]);
    let user = a_user().holding(&role).create(&app);
    let seen =
        || attributes(ask(&app.admin(), &user, &json!({"classes": ["linux"]})))["allowed"].clone();
    assert_eq!(seen(), true);
    let document = json!({"data": {
        "type": "roles", "id": role.id.to_string(), "attributes": {"include_context": "solaris"},
    }});
    app.admin().patch(&role.path(), &document).expect(200);
    assert_eq!(seen(), false);
}

#[test]
fn roles_within_roles_and_roles_of_the_place_restrict_too() {
    let app = TestApp::start();
    let part = a_sighted_role(&app, &["linux", "", "", ""]);
    let whole = a_role().create(&app);
    let document = json!({"data": [{"type": "roles", "id": part.id.to_string()}]});
    let path = format!("/roles/{}/relationships/includes", whole.id);
    app.admin().post(&path, &document).expect(200);
    let user = a_user().holding(&whole).create(&app);
    let seen = |class: &str| {
        attributes(ask(&app.admin(), &user, &json!({"classes": [class]})))["allowed"].clone()
    };
    assert_eq!((seen("linux"), seen("aix")), (json!(true), json!(false)));

    let here = a_workspace().create(&app);
    let placed = a_role().held_in("workspace").create(&app);
    let document = json!({"data": {
        "type": "roles", "id": placed.id.to_string(), "attributes": {"exclude_context": "web"},
    }});
    app.admin().patch(&placed.path(), &document).expect(200);
    user.grant_in(&app, &placed, here.place());
    assert_eq!(seen("linux_web"), true);
    let document = json!({"data": {
        "type": "access-checks", "attributes": {"classes": ["linux_web"]},
        "relationships": {
            "user": {"data": {"type": "users", "id": user.id.to_string()}},
            "workspace": {"data": {"type": "workspaces", "id": here.id.to_string()}},
        },
    }});
    let there = attributes(app.admin().post("/access-checks", &document));
    assert_eq!(there["allowed"], false);
    assert_eq!(there["decided_by"][0]["role"], placed.id.to_string());
}

#[test]
fn ten_thousand_hosts_are_answered_in_their_order() {
    let app = TestApp::start();
    let role = a_sighted_role(&app, &["linux,^web_\\d+$", "prod", "", ""]);
    let user = a_user().holding(&role).create(&app);
    let hosts: Vec<Value> = (0..10_000)
        .map(|n| {
            let mut classes: Vec<String> = (0..30).map(|c| format!("class_{c}_of_{n}")).collect();
            classes.push(if n % 3 == 0 {
                "linux".into()
            } else {
                "aix".into()
            });
            if n % 2 == 0 {
                classes.push("production".into());
            }
            json!({"id": format!("host{n}"), "classes": classes})
        })
        .collect();
    let answer = ask(&app.admin(), &user, &json!({ "hosts": hosts })).expect(200);
    // Sent while it was written: nobody knew how long it would be.
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    let answer = attributes(answer);
    let seen = answer["hosts"].as_array().unwrap();
    assert_eq!(seen.len(), hosts.len());
    for (n, seen) in seen.iter().enumerate() {
        assert_eq!(seen["id"], format!("host{n}"));
        assert_eq!(seen["allowed"], n % 3 == 0 && n % 2 == 1, "{seen}");
    }
    assert_eq!(answer["allowed"], false);
}

#[test]
fn no_hosts_at_all_are_all_seen_by_whoever_has_a_role() {
    let app = TestApp::start();
    let user = a_user().holding(&a_role().create(&app)).create(&app);
    let answer = attributes(ask(&app.admin(), &user, &json!({"hosts": []})));
    assert_eq!(
        (&answer["allowed"], &answer["hosts"]),
        (&json!(true), &json!([]))
    );
}

#[test]
fn what_is_no_host_is_a_400_with_its_pointer_and_nothing_is_sent_before() {
    let app = TestApp::with(|settings| {
        settings.limits.access_check_hosts = 3;
        settings.limits.access_check_names = 2;
    });
    let user = a_user().create(&app);
    let good = json!({"id": "a", "classes": ["linux"]});
    let within = "/data/attributes/hosts/1";
    let whole = "/data/attributes/hosts";
    for (hosts, pointer) in [
        (json!({}), whole),
        (json!("a"), whole),
        (json!([good, good, good, good]), whole),
        (json!([good, 7]), within),
        (json!([good, {"classes": ["a"]}]), within),
        (json!([good, {"id": 7, "classes": []}]), within),
        (json!([good, {"id": "b"}]), within),
        (json!([good, {"id": "b", "classes": "linux"}]), within),
        (json!([good, {"id": "b", "classes": [1]}]), within),
        (
            json!([good, {"id": "b", "bundles": ["1", "2", "3"]}]),
            within,
        ),
        (
            json!([good, {"id": "x".repeat(256), "bundles": []}]),
            within,
        ),
    ] {
        let answer = ask(&app.admin(), &user, &json!({ "hosts": hosts })).expect(400);
        assert_eq!(answer.pointers(), [pointer], "{hosts}");
    }
    for (attributes, pointer) in [
        (json!({"classes": "linux"}), "/data/attributes/classes"),
        (
            json!({"bundles": ["1", "2", "3"]}),
            "/data/attributes/bundles",
        ),
        (
            json!({"classes": [], "permission": "a:b"}),
            "/data/attributes/classes",
        ),
        (
            json!({"hosts": [good], "classes": []}),
            "/data/attributes/classes",
        ),
        (
            json!({"hosts": [good], "role_name": "HR"}),
            "/data/attributes/role_name",
        ),
    ] {
        let answer = ask(&app.admin(), &user, &attributes).expect(400);
        assert_eq!(answer.pointers(), [pointer], "{attributes}");
    }
}

#[test]
fn only_hosts_make_a_body_longer_than_others_may_be() {
    let app = TestApp::with(|settings| {
        settings.limits.body_bytes = 1024;
        settings.limits.access_check_bytes = 8192;
    });
    let user = a_user().create(&app);
    let hosts = |count| json!({"hosts": vec![json!({"id": "a", "classes": ["linux"]}); count]});
    ask(&app.admin(), &user, &hosts(100)).expect(200);
    ask(&app.admin(), &user, &hosts(1000)).expect(413);
    let classes = json!({"classes": vec!["linux"; 200]});
    ask(&app.admin(), &user, &classes).expect(413);
}

#[test]
fn whom_a_caller_does_not_see_they_cannot_ask_about() {
    let app = TestApp::start();
    let (one, other) = (a_user().create(&app), a_user().create(&app));
    let client = one.client(&app);
    for attributes in [
        json!({"classes": ["linux"]}),
        json!({"hosts": [{"id": "a", "classes": []}]}),
    ] {
        ask(&client, &one, &attributes).expect(200);
        let answer = ask(&client, &other, &attributes).expect(404);
        assert_eq!(answer.pointers(), ["/data/relationships/user/data"]);
    }
    let inactive = a_user().administrator().inactive().create(&app);
    let answer = attributes(ask(&app.admin(), &inactive, &json!({"classes": ["linux"]})));
    assert_eq!(answer["allowed"], false);
}

#[test]
fn in_operations_a_check_sees_what_came_before_it() {
    let app = TestApp::start();
    let role = a_sighted_role(&app, &["linux", "", "", ""]);
    let user = a_user().create(&app);
    let id = user.id.to_string();
    let check = json!({"op": "add", "data": {
        "type": "access-checks", "attributes": {"classes": ["linux"]},
        "relationships": {"user": {"data": {"type": "users", "id": id}}},
    }});
    let give = json!({
        "op": "add", "ref": {"type": "users", "id": id, "relationship": "roles"},
        "data": [{"type": "roles", "id": role.id.to_string()}],
    });
    let answer = app
        .admin()
        .operations(&json!({"atomic:operations": [check, give, check]}));
    let answer = answer.expect(200).json();
    let allowed = |place: usize| &answer["atomic:results"][place]["data"]["attributes"]["allowed"];
    assert_eq!((allowed(0), allowed(2)), (&json!(false), &json!(true)));
    let mut many = check.clone();
    many["data"]["attributes"] = json!({"hosts": [{"id": "a", "classes": []}]});
    let answer = app
        .admin()
        .operations(&json!({"atomic:operations": [many]}))
        .expect(400);
    assert_eq!(
        answer.pointers(),
        ["/atomic:operations/0/data/attributes/hosts"]
    );
}
