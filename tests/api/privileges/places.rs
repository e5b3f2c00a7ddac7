//! What is held in a workspace counts in its clusters: a cluster is moved by those
//! alone who may themselves what the move gives and takes.

use serde_json::json;

use super::{a_grant, in_workspace, one, somebody_with};
use crate::support::{
    Answer, Client, ClusterMade, TestApp, a_cluster, a_role, a_user, a_workspace,
};

const WRITES: &[&str] = &[
    "clusters:read",
    "clusters:write",
    "access:check",
    "workspaces:read",
];

/// By each way that leads there.
fn moves(client: &Client, cluster: &ClusterMade, workspace: i64) -> [Answer; 3] {
    let linkage = one("workspaces", workspace);
    let mut document = json!({"data": {"type": "clusters", "id": cluster.id.to_string()}});
    document["data"]["relationships"] = json!({"workspace": linkage});
    let operation = json!({"atomic:operations": [{"op": "update", "data": document["data"]}]});
    let relationship = format!("{}/relationships/workspace", cluster.path());
    [
        client.patch(&cluster.path(), &document),
        client.patch(&relationship, &linkage),
        client.operations(&operation),
    ]
}

#[test]
fn a_cluster_is_not_moved_to_where_more_is_held_than_its_mover_may() {
    let app = TestApp::start();
    let (here, there) = (a_workspace().create(&app), a_workspace().create(&app));
    let cluster = a_cluster().within(&here).create(&app);
    let (mover, client) = somebody_with(&app, WRITES);
    let paying = a_role()
        .permitting(&["payments:send"])
        .held_in("workspace")
        .create(&app);
    // The mover holds it in one workspace, and would have it in the cluster.
    let grant = in_workspace(a_grant(mover.id, paying.id, json!({})), &there);
    app.admin().post("/grants", &grant).expect(201);
    for answer in moves(&client, &cluster, there.id) {
        answer.expect(403);
    }
    // Nor away from where somebody has it by the workspace.
    let far = a_cluster().within(&there).create(&app);
    for answer in moves(&client, &far, here.id) {
        answer.expect(403);
    }
    // Titles are changed as ever, and what stands is no move.
    let same = one("workspaces", here.id);
    let path = format!("{}/relationships/workspace", cluster.path());
    client.patch(&path, &same).expect(200);
    // Those who may it everywhere move it.
    let (_, payer) = somebody_with(&app, &[WRITES, &["payments:send"]].concat());
    for (answer, _) in moves(&payer, &cluster, there.id).into_iter().zip(0..) {
        answer.expect(200);
    }
    for answer in moves(&app.admin(), &cluster, here.id) {
        answer.expect(200);
    }
}

#[test]
fn a_cluster_is_moved_where_nothing_more_is_held() {
    let app = TestApp::start();
    let (here, there) = (a_workspace().create(&app), a_workspace().create(&app));
    let cluster = a_cluster().within(&here).create(&app);
    let (_, client) = somebody_with(&app, WRITES);
    let powerless = a_role().held_in("workspace").create(&app);
    let over = a_role()
        .permitting(&["payments:send"])
        .held_in("workspace")
        .create(&app);
    let user = a_user().create(&app);
    let grants = [
        (powerless.id, json!({})),
        (over.id, json!({"valid_until": "2001-01-01T00:00:00+00:00"})),
    ];
    for (role, attributes) in grants {
        let grant = in_workspace(a_grant(user.id, role, attributes), &there);
        app.admin().post("/grants", &grant).expect(201);
    }
    // The portal looks at the workspace of a grant alone.
    let officer = crate::support::role_named(&app, "IP_AUTHORIZED_OFFICER");
    user.grant_in(&app, &officer, there.place());
    for answer in moves(&client, &cluster, there.id) {
        answer.expect(200);
    }
}
