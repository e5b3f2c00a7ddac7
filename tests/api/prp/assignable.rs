//! `assignable-clusters/` and `assignable-partners/`

use serde_json::json;

use super::{World, forbidden, get};

#[test]
fn clusters_are_those_in_which_the_caller_gives_roles() {
    let world = World::new();
    let health = json!({"id": world.health.id, "full_title": "Health (Kenya)"});
    let wash = json!({"id": world.wash.id, "full_title": "Wash (Chad)"});
    let both = world.somebody(
        None,
        &[
            ("CLUSTER_IMO", world.health.place()),
            ("CLUSTER_MEMBER", world.wash.place()),
        ],
    );
    for (client, expected) in [
        (world.app.admin(), json!([health, wash])),
        (world.system_admin(), json!([health, wash])),
        (world.imo(), json!([health])),
        (world.member(), json!([health])),
        (both.client(&world.app), json!([health, wash])),
    ] {
        assert_eq!(
            get(&client, "assignable-clusters/").expect(200).json(),
            expected
        );
    }
    for client in [
        world.viewer(),
        world.officer(),
        world.ip_admin(),
        world.nobody(),
    ] {
        assert_eq!(
            get(&client, "assignable-clusters/").expect(403).json(),
            forbidden()
        );
    }
}

#[test]
fn partners_are_those_for_which_the_caller_invites() {
    let world = World::new();
    let acme = json!({"id": world.acme.id, "title": "ACME", "ocha_external_id": null});
    let other = json!({"id": world.other.id, "title": "Other", "ocha_external_id": null});
    for (client, expected) in [
        (world.app.admin(), json!([acme, other])),
        (world.system_admin(), json!([acme, other])),
        (world.imo(), json!([acme, other])),
        (world.member(), json!([acme])),
    ] {
        assert_eq!(
            get(&client, "assignable-partners/").expect(200).json(),
            expected
        );
    }
    for client in [world.viewer(), world.officer(), world.nobody()] {
        assert_eq!(
            get(&client, "assignable-partners/").expect(403).json(),
            forbidden()
        );
    }
}
