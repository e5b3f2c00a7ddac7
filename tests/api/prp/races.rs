//! What happens at the same time.

use std::sync::Barrier;

use serde_json::json;

use super::{World, get, post};

#[test]
fn of_roles_that_are_given_in_one_place_at_the_same_time_one_stands() {
    let world = World::new();
    let user = world.somebody(None, &[]);
    let names = [
        "CLUSTER_VIEWER",
        "CLUSTER_MEMBER",
        "CLUSTER_COORDINATOR",
        "CLUSTER_IMO",
    ];
    let begin = Barrier::new(names.len());
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = names
            .iter()
            .map(|name| {
                let (world, user, begin) = (&world, &user, &begin);
                scope.spawn(move || {
                    let entry = json!({"role": name, "cluster": world.health.id});
                    let body = json!({"user_id": user.id, "prp_roles": [entry]});
                    begin.wait();
                    post(&world.app.admin(), "role-group/", &body).status
                })
            })
            .collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let won = statuses.iter().filter(|status| **status == 201).count();
    let lost = statuses.iter().filter(|status| **status == 403).count();
    assert_eq!((won, lost), (1, names.len() - 1), "{statuses:?}");
    let shown = get(
        &world.app.admin(),
        &format!("users/?clusters={}", world.health.id),
    )
    .json();
    assert_eq!(
        shown["results"][0]["prp_roles"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn of_invitations_to_one_address_at_the_same_time_one_stands() {
    let world = World::new();
    let body = json!({"email": "a@x.org", "first_name": "F", "last_name": "L"});
    let begin = Barrier::new(4);
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (world, body, begin) = (&world, &body, &begin);
                scope.spawn(move || {
                    begin.wait();
                    post(&world.app.admin(), "users/", body).status
                })
            })
            .collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400, 400, 400]);
}
