//! A part of the table, from the request to the status.

use serde_json::{Value, json};

use super::stage::Stage;
use super::table::{Granter, Outcome, Spot, Target, Wish, home, outcome, pairs, wishes};
use crate::support::{Answer, Client, TestApp, a_new, changes, is_postgres};

fn one(kind: &str, id: i64) -> Value {
    json!({"data": {"type": kind, "id": id.to_string()}})
}

fn new_grant(stage: &Stage, user: i64, role: &str, spot: Spot) -> Value {
    let mut document = a_new("grants", json!({}));
    let place = stage.place(spot);
    let mut relationships = json!({
        "user": one("users", user),
        "role": one("roles", stage.role(role)),
    });
    if let Some(id) = place.workspace {
        relationships["workspace"] = one("workspaces", id);
    }
    if let Some(id) = place.cluster {
        relationships["cluster"] = one("clusters", id);
    }
    document["data"]["relationships"] = relationships;
    document
}

fn ask(stage: &Stage, client: &Client, user: i64, grant: i64, wish: Wish) -> Answer {
    let path = format!("/grants/{grant}");
    match wish {
        Wish::Give(role, spot) => client.post("/grants", &new_grant(stage, user, role, spot)),
        Wish::Remove(..) => client.delete(&path),
        Wish::Toggle(..) => {
            let attributes = json!({"is_active": false, "valid_until": "2030-01-01T00:00:00Z"});
            client.patch(&path, &changes("grants", grant, attributes))
        }
        Wish::Change(_, _, new) => {
            let path = format!("{path}/relationships/role");
            client.patch(&path, &one("roles", stage.role(new)))
        }
    }
}

fn status(outcome: Outcome, wish: Wish) -> u16 {
    match (outcome, wish) {
        (Outcome::Done, Wish::Give(..)) => 201,
        (Outcome::Done, Wish::Remove(..)) => 204,
        (Outcome::Done, _) => 200,
        (Outcome::Impossible, _) => 400,
        (Outcome::Refused, _) => 403,
        (Outcome::Hidden, _) => 404,
    }
}

/// Everybody anew, so that nothing has to be undone.
fn answer(app: &TestApp, stage: &Stage, granter: Granter, target: Target, wish: Wish) -> u16 {
    let (caller, own) = stage.granter(app, granter);
    let user = if target.is_granter {
        caller.id
    } else {
        stage.target(app, target).id
    };
    let is_own = |role| target.is_granter && role == granter.role && wish.spot() == home(role);
    let grant = match wish.standing() {
        None => 0,
        Some(role) if is_own(role) => own.unwrap(),
        Some(role) => {
            let grant = stage.grant(user, role, wish.spot(), !target.is_granter);
            app.inside(async |directory, context| directory.write(context, grant).await)
                .id
        }
    };
    ask(stage, &caller.client(app), user, grant, wish).status
}

#[test]
fn requests_are_answered_as_the_table_says() {
    let app = TestApp::start();
    let stage = Stage::set(&app);
    let all = pairs().into_iter().flat_map(|(granter, target)| {
        wishes()
            .into_iter()
            .map(move |wish| (granter, target, wish))
    });
    // Everybody is made anew, which takes longer over a network.
    let step = if is_postgres() { 353 } else { 71 };
    let some: Vec<_> = all.step_by(step).collect();
    // Of every answer there are some.
    for wanted in [
        Outcome::Done,
        Outcome::Impossible,
        Outcome::Refused,
        Outcome::Hidden,
    ] {
        let count = some
            .iter()
            .filter(|(g, t, w)| outcome(*g, *t, *w) == wanted)
            .count();
        assert!(count > 0, "{wanted:?}");
    }
    for (granter, target, wish) in some {
        let expected = status(outcome(granter, target, wish), wish);
        let got = answer(&app, &stage, granter, target, wish);
        assert_eq!(got, expected, "{granter:?} {target:?} {wish:?}");
    }
}
