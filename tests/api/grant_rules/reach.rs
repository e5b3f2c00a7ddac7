//! Nobody lets others give what they may not give themselves.

use serde_json::json;

use super::{made, one, rule, with};
use crate::support::{Client, TestApp, a_role, a_user, linkage};

const MAKER: &[&str] = &["roles:read", "roles:write", "grants:write"];

fn holder(app: &TestApp, permissions: &[&str]) -> Client {
    let role = a_role().permitting(permissions).create(app);
    a_user().holding(&role).create(app).client(app)
}

#[test]
fn rules_are_made_by_whoever_may_change_roles_and_give_them() {
    let app = TestApp::start();
    let [granter, target] = [(); 2].map(|()| a_role().create(&app));
    let document = rule(granter.id, &[target.id], "any", &["give"]);
    let path = made(&app, &document);
    let targets = format!("{path}/relationships/targets");
    let change = with(&path, json!({"verbs": ["remove"]}));
    for (permissions, status) in [
        (vec![], 403),
        (vec!["roles:read", "grants:write"], 403),
        // By a rule for a role of one's own one would give what one may not.
        (vec!["roles:read", "roles:write"], 403),
        (MAKER.to_vec(), 200),
        ([MAKER, &["users:read"]].concat(), 200),
    ] {
        let client = holder(&app, &permissions);
        let made = if status == 200 { 201 } else { 403 };
        assert_eq!(
            client.post("/grant-rules", &document).status,
            made,
            "{permissions:?}"
        );
        let hidden = if permissions.is_empty() { 404 } else { status };
        assert_eq!(
            client.patch(&path, &change).status,
            hidden,
            "{permissions:?}"
        );
        // Those who got the granter by the rule would see all users, too.
        let shows = permissions.contains(&"users:read");
        let widened = if status == 200 && !shows { 403 } else { hidden };
        let answer = client.post(&targets, &linkage("roles", &[granter.id]));
        assert_eq!(answer.status, widened, "{permissions:?}");
    }
}

#[test]
fn a_rule_about_a_role_that_permits_more_is_out_of_reach() {
    let app = TestApp::start();
    let client = holder(&app, MAKER);
    let plain = a_role().create(&app);
    let stronger = a_role().permitting(&["audit:read"]).create(&app);
    let containing = a_role().create(&app);
    let includes = format!("{}/relationships/includes", containing.path());
    app.admin()
        .post(&includes, &linkage("roles", &[stronger.id]))
        .expect(200);
    let own = made(&app, &rule(plain.id, &[plain.id], "any", &["give"]));
    for role in [stronger.id, containing.id, 1] {
        client
            .post(
                "/grant-rules",
                &rule(plain.id, &[plain.id, role], "any", &["give"]),
            )
            .expect(403);
        client
            .post("/grant-rules", &rule(role, &[plain.id], "any", &["give"]))
            .expect(403);
        let targets = format!("{own}/relationships/targets");
        client
            .post(&targets, &linkage("roles", &[role]))
            .expect(403);
        client
            .patch(&targets, &linkage("roles", &[role]))
            .expect(403);
        let granter = format!("{own}/relationships/granter");
        client.patch(&granter, &one("roles", role)).expect(403);
        let mut document = with(&own, json!({}));
        document["data"]["relationships"] = json!({"targets": linkage("roles", &[role])});
        client.patch(&own, &document).expect(403);
    }
    client.delete(&own).expect(204);
    // Nor is one that is there already changed, weakened or deleted.
    let above = made(&app, &rule(plain.id, &[stronger.id], "any", &["give"]));
    client
        .patch(&above, &with(&above, json!({"verbs": ["remove"]})))
        .expect(403);
    client
        .patch(
            &format!("{above}/relationships/targets"),
            &json!({"data": []}),
        )
        .expect(403);
    client.delete(&above).expect(403);
}

#[test]
fn only_administrators_let_others_make_administrators() {
    let app = TestApp::start();
    let everything = app.admin().get("/roles/1").expect(200);
    assert_eq!(everything.data()["attributes"]["unchangeable"], true);
    let granter = a_role().create(&app);
    let document = rule(granter.id, &[1], "any", &["give"]);
    holder(&app, MAKER)
        .post("/grant-rules", &document)
        .expect(403);
    made(&app, &document);
    // It is their decision, and it works.
    let user = a_user().create(&app);
    let client = a_user().holding(&granter).create(&app).client(&app);
    let own = format!("{}/relationships/roles", user.path());
    client.post(&own, &linkage("roles", &[1])).expect(200);
    user.client(&app).get("/events").expect(200);
}
