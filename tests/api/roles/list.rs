//! `GET /roles`

use serde_json::json;

use super::{post_sample_role, shown};
use crate::support::{TestApp, a_role, a_user};

#[test]
fn the_list_is_answered_as_the_document_shows() {
    let app = TestApp::start();
    let id = post_sample_role(&app);
    let path = "/roles?filter[name]=sample role".replace(' ', "%20");
    let answer = app.admin().get(&path).expect(200);
    let own = app.url("/roles?filter%5Bname%5D=sample%20role");
    assert_eq!(
        answer.json(),
        json!({
            "links": {
                "self": own,
                "home": app.url("/home"), "describedby": app.url("/openapi.json"),
                "first": own,
                "last": own,
                "prev": null,
                "next": null,
            },
            "data": [shown(&app, id, "sample role")],
            "meta": {"total": 1, "pagination": {
                "count": 1, "page": 1, "page_count": 1, "page_items": 1, "page_size": 20,
            }},
        })
    );
}

#[test]
fn the_documents_id_parameter_finds_one_or_none() {
    let app = TestApp::start();
    assert_eq!(app.admin().get("/roles?id=1").expect(200).ids(), ["1"]);
    assert_eq!(
        app.admin().get("/roles?id=11").expect(200).data(),
        json!([])
    );
}

#[test]
fn roles_are_paged_and_sorted() {
    let app = TestApp::start();
    let (b, a) = (
        a_role().named("zb").create(&app),
        a_role().named("za").create(&app),
    );
    let ids = |query: &str| {
        app.admin()
            .get(&format!("/roles?{query}"))
            .expect(200)
            .ids()
    };
    assert_eq!(
        ids("sort=-name&page[size]=2"),
        [b.id, a.id].map(|id| id.to_string())
    );
    assert_eq!(ids("sort=-name&page[size]=2&page[number]=2"), ["1", "5"]);
    assert_eq!(ids("filter[unchangeable]=true"), ["1"]);
    app.admin().get("/roles?page=2").expect(404);
}

#[test]
fn roles_are_filtered_by_what_their_texts_hold() {
    let app = TestApp::start();
    let hr = a_role().named("HR 100%").create(&app);
    let it = a_role().named("IT").create(&app);
    let ids = |query: &str| {
        let answer = app.admin().get(&format!("/roles?{query}"));
        answer.expect(200).ids()
    };
    let (hr, it) = (hr.id.to_string(), it.id.to_string());
    assert_eq!(ids("filter[name][contains]=0%25"), [hr.as_str()]);
    assert_eq!(ids("filter[name][prefix]=IT"), [it.as_str()]);
    assert_eq!(ids("filter[name][suffix]=IT"), [it.as_str()]);
    assert_eq!(
        ids("filter[name][regex]=^(HR|IT)"),
        [hr.as_str(), it.as_str()]
    );
    assert_eq!(ids("filter[description][regex]=may%20do"), ["1"]);
}

#[test]
fn lists_are_sorted_by_every_value_that_is_shown() {
    let app = TestApp::start();
    a_role().create(&app);
    for path in ["/users", "/roles", "/tokens", "/events"] {
        let data = app.admin().get(path).expect(200).data();
        let attributes = data[0]["attributes"].as_object().unwrap().clone();
        for name in attributes.keys() {
            // Lists and objects have no order, nor has what follows from another row.
            let structures = [
                "permissions",
                "scopes",
                "before",
                "after",
                "ends_with_sign_in",
            ];
            let status = if structures.contains(&name.as_str()) {
                400
            } else {
                200
            };
            for sort in [name.clone(), format!("-{name},id")] {
                app.admin()
                    .get(&format!("{path}?sort={sort}"))
                    .expect(status);
            }
        }
    }
}

#[test]
fn include_users_links_both_ways() {
    let app = TestApp::start();
    let answer = app.admin().get("/roles?include=users").expect(200).json();
    assert_eq!(
        answer["data"][0]["relationships"]["users"]["data"],
        json!([{"type": "users", "id": "1"}])
    );
    assert_eq!(answer["included"][0]["attributes"]["username"], "admin");
}

#[test]
fn fields_of_two_types_apply_side_by_side() {
    let app = TestApp::start();
    let path = "/roles?include=users&fields[roles]=name&fields[users]=username";
    let answer = app.admin().get(path).expect(200).json();
    assert_eq!(answer["data"][0]["attributes"], json!({"name": "admin"}));
    assert_eq!(
        answer["included"][0]["attributes"],
        json!({"username": "admin"})
    );
}

#[test]
fn whoever_may_not_see_all_roles_sees_those_they_hold() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let user = a_user().holding(&role).create(&app);
    let answer = user.client(&app).get("/roles").expect(200);
    assert_eq!(answer.ids(), [role.id.to_string()]);
    assert_eq!(answer.json()["meta"]["pagination"]["count"], 1);
}
