//! `/api/role` and `/api/role/:id`

use serde_json::json;

use super::{delete, entry, get, ids, post, put, refused};
use crate::support::{TestApp, a_role, a_user};

#[test]
fn a_role_is_created_read_changed_and_deleted() {
    let app = TestApp::start();
    let admin = app.admin();
    let body = json!({
        "description": "64-bit Solaris", "includeContext": "solaris,^x86_64$",
        "excludeBundles": "^secret_",
    });
    let answer = put(&admin, "/role/Solaris%20Admins", &body).expect(201);
    assert_eq!(answer.text, "");
    let mut whole = body.clone();
    whole["id"] = "Solaris Admins".into();
    assert_eq!(entry(get(&admin, "/role/Solaris%20Admins")), whole);
    refused(&app, 409, || {
        put(&app.admin(), "/role/Solaris%20Admins", &json!({}))
    });
    let body = json!({"includeContext": "", "excludeContext": "zone", "description": null});
    let answer = post(&admin, "/role/Solaris%20Admins", &body).expect(204);
    assert_eq!(answer.text, "");
    assert_eq!(
        entry(get(&admin, "/role/Solaris%20Admins")),
        json!({
            "id": "Solaris Admins", "description": "", "excludeContext": "zone",
            "excludeBundles": "^secret_",
        })
    );
    assert_eq!(
        delete(&admin, "/role/Solaris%20Admins").expect(204).text,
        ""
    );
    for work in [get, delete] {
        refused(&app, 404, || work(&admin, "/role/Solaris%20Admins"));
    }
    refused(&app, 404, || {
        post(&admin, "/role/Solaris%20Admins", &json!({}))
    });
}

#[test]
fn roles_are_listed_in_pages() {
    let app = TestApp::start();
    a_role().named("last").create(&app);
    let answer = get(&app.admin(), "/role?count=3").expect(200).json();
    assert_eq!(answer["meta"]["count"], 3);
    assert_eq!(answer["meta"]["total"], 2 + crate::support::PORTAL_ROLES);
    assert_eq!(answer["data"][0]["id"], "admin");
    let all = ids(get(&app.admin(), "/role/"));
    assert_eq!(all.last().map(String::as_str), Some("last"));
}

#[test]
fn nobody_holds_a_role_that_was_deleted() {
    let app = TestApp::start();
    let role = a_role().named("HR").create(&app);
    let user = a_user().holding(&role).create(&app);
    delete(&app.admin(), "/role/HR").expect(204);
    let shown = entry(get(&app.admin(), &format!("/user/{}", user.username)));
    assert_eq!(shown["roles"], json!([]));
}

#[test]
fn the_role_admin_stays() {
    let app = TestApp::start();
    refused(&app, 403, || delete(&app.admin(), "/role/admin"));
    refused(&app, 409, || put(&app.admin(), "/role/admin", &json!({})));
    let body = json!({"includeContext": "linux"});
    refused(&app, 403, || post(&app.admin(), "/role/admin", &body));
}

#[test]
fn an_expression_that_does_not_compile_is_a_400_on_both_surfaces() {
    let app = TestApp::start();
    let role = a_role().named("HR").create(&app);
    let lists = [
        ("includeContext", "include_context"),
        ("excludeContext", "exclude_context"),
        ("includeBundles", "include_bundles"),
        ("excludeBundles", "exclude_bundles"),
    ];
    for (member, attribute) in lists {
        for wrong in ["linux,(", "\\w{1000}{1000}", "(?=a)", "a\u{0}"] {
            let body = json!({"description": "D", member: wrong});
            let answer = refused(&app, 400, || post(&app.admin(), "/role/HR", &body));
            assert!(answer.text.starts_with(member), "{}", answer.text);
            refused(&app, 400, || put(&app.admin(), "/role/fresh", &body));
            let document = json!({"data": {
                "type": "roles", "id": role.id.to_string(), "attributes": {attribute: wrong},
            }});
            let answer = app.admin().patch(&role.path(), &document).expect(400);
            assert_eq!(answer.pointers(), [format!("/data/attributes/{attribute}")]);
        }
    }
    let shown = entry(get(&app.admin(), "/role/HR"));
    assert_eq!(shown, json!({"id": "HR", "description": ""}));
}
