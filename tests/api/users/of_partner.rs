//! `/partners/ID/users`, and `/users` as a member sees it: what is counted as
//! users come and go agrees with who is there.

use crate::support::{BEGIN, Member, TestApp, a_cluster, a_partner, a_user, role_named};

/// Ids, and the count that comes with the first page.
fn listed(client: &crate::support::Client, path: &str) -> (Vec<String>, i64) {
    let page = client.get(path).expect(200);
    let count = page.json()["meta"]["pagination"]["count"].as_i64();
    (page.ids(), count.unwrap())
}

fn ids(members: &[&Member]) -> (Vec<String>, i64) {
    let ids: Vec<String> = members.iter().map(|m| m.id.to_string()).collect();
    let count = ids.len().try_into().unwrap();
    (ids, count)
}

#[test]
fn the_count_follows_whoever_joins_leaves_is_deleted_and_restored() {
    let app = TestApp::start();
    let admin = app.admin();
    let [here, there] = [(); 2].map(|()| a_partner().create(&app));
    let [one, two, three] = [(); 3].map(|()| a_user().of_partner(&here).create(&app));
    let users_of = |id: i64| listed(&admin, &format!("/partners/{id}/users"));
    assert_eq!(users_of(here.id), ids(&[&one, &two, &three]));
    assert_eq!(users_of(there.id), ids(&[]));

    let link = |id: i64| serde_json::json!({"data": {"type": "partners", "id": id.to_string()}});
    let partner = |of: &Member| format!("{}/relationships/partner", of.path());
    admin.patch(&partner(&two), &link(there.id)).expect(200);
    assert_eq!(users_of(here.id), ids(&[&one, &three]));
    assert_eq!(users_of(there.id), ids(&[&two]));

    let nobody = serde_json::json!({"data": null});
    admin.patch(&partner(&two), &nobody).expect(200);
    assert_eq!(users_of(there.id), ids(&[]));
    admin.patch(&partner(&two), &link(here.id)).expect(200);

    admin.delete(&one.path()).expect(204);
    assert_eq!(users_of(here.id), ids(&[&two, &three]));
    let restore = crate::support::changes("users", one.id.to_string(), serde_json::json!({}));
    admin.patch(&one.trash_path(), &restore).expect(200);
    assert_eq!(users_of(here.id), ids(&[&one, &two, &three]));
    admin.delete(&one.path()).expect(204);
    admin.delete(&one.trash_path()).expect(204);
    assert_eq!(users_of(here.id), ids(&[&two, &three]));
}

/// Every third of some thousand users is of the partner, so that its pages lie
/// in several runs of counted ids.
#[test]
fn a_member_pages_through_their_partner_alone() {
    let app = TestApp::start();
    let partner = a_partner().create(&app);
    let cluster = a_cluster().create(&app);
    let member = a_user().of_partner(&partner).create(&app);
    let role = role_named(&app, "CLUSTER_MEMBER");
    member.grant_in(&app, &role, cluster.place());
    app.database.execute(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 3999)
         INSERT INTO users (id, username, uname, partner_id, created, modified)
         SELECT i, 'user' || i, 'user' || i, CASE WHEN i % 3 = 0 THEN {} END, '{BEGIN}', '{BEGIN}'
         FROM n",
        partner.id
    ));
    let mut theirs: Vec<i64> = (1000..4000).filter(|id| id % 3 == 0).collect();
    theirs.insert(0, member.id);
    let text = |ids: &[i64]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let client = member.client(&app);
    for number in [1, 2, 34, 51] {
        let page = listed(&client, &format!("/users?page[number]={number}"));
        let first = (number - 1) * 20;
        let end = (first + 20).min(theirs.len());
        assert_eq!(page, (text(&theirs[first..end]), 1001), "page {number}");
    }
    let related = format!("/partners/{}/users?page[number]=51", partner.id);
    let shown = app.admin().get(&related).expect(200).ids();
    assert_eq!(shown, text(&theirs[1000..]));
    client.get("/users?page[number]=52").expect(404);
    let estimated = listed(&client, "/users?page[count]=estimated");
    assert_eq!(estimated.1, 1001);
}
