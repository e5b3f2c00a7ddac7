//! Totals and versions come from numbers that are kept beside the grants. They
//! agree with the grants themselves, whatever becomes of these.

use serde_json::{Value, json};

use super::{changed, gift_in, given, role_named};
use crate::bulk;
use crate::support::{RoleMade, TestApp, a_cluster, a_role, a_user};
use crate::trash::restoration;

struct Counted<'a> {
    app: &'a TestApp,
    role: RoleMade,
}

impl Counted<'_> {
    fn total(&self, path: &str) -> Value {
        let page = self.app.admin().get(&format!("{path}page[size]=1"));
        page.expect(200).json()["meta"]["pagination"]["count"].clone()
    }

    fn tag(&self) -> String {
        let path = format!("{}/relationships/users", self.role.path());
        let answer = self.app.admin().get(&path).expect(200);
        answer.header("etag").unwrap().to_owned()
    }

    /// How many hold the role, and how many grants there are, are told alike
    /// by lists, linkage and what is counted one by one.
    #[track_caller]
    fn agrees(&self, holders: usize, grants: usize) {
        let role = self.role.path();
        let linkage = format!("{role}/relationships/users");
        let named = format!("/users?filter[roles]={}&", self.role.id);
        for path in [
            format!("{role}/users?"),
            format!("{linkage}?"),
            named.clone(),
        ] {
            assert_eq!(self.total(&path), json!(holders), "{path}");
        }
        // Two conditions are counted anew.
        let anew = format!("{named}filter[username][prefix]=");
        let members = self.app.admin().get(&linkage).expect(200).ids();
        assert_eq!(members.len(), holders);
        assert_eq!(self.total(&format!("{anew}u&")), json!(holders));
        let all = self.app.admin().get("/grants?page[size]=100").expect(200);
        assert_eq!(all.ids().len(), grants);
        assert_eq!(self.total("/grants?"), json!(grants));
        bulk::run(&self.app.database, &["check"]).well();
    }
}

#[test]
fn the_numbers_follow_each_change_of_a_grant() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let users = ["u-one", "u-two"].map(|name| a_user().named(name).create(&app));
    let before = app.admin().get("/grants?page[size]=100").expect(200);
    let others = before.ids().len();
    let counted = Counted { app: &app, role };
    let agrees = |holders, grants| counted.agrees(holders, others + grants);
    let one = given(&app, &users[0], &counted.role, json!({}));
    let two = given(&app, &users[1], &counted.role, json!({}));
    agrees(2, 2);
    changed(&app.admin(), &one, json!({"is_active": false})).expect(200);
    agrees(1, 2);
    changed(&app.admin(), &one, json!({"is_active": true})).expect(200);
    agrees(2, 2);
    changed(
        &app.admin(),
        &two,
        json!({"valid_until": "2026-01-02T03:05:05Z"}),
    )
    .expect(200);
    agrees(2, 2);
    let tag = counted.tag();
    app.advance(60);
    agrees(1, 2);
    assert_ne!(counted.tag(), tag, "time has ended a grant");
    changed(&app.admin(), &two, json!({"valid_until": null})).expect(200);
    agrees(2, 2);
    assert_eq!(counted.tag(), tag, "the same grants as before");
    app.admin().delete(&one).expect(204);
    agrees(1, 1);
}

#[test]
fn a_holder_in_the_trash_does_not_count_until_restored() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let stays = a_user().named("u-stays").holding(&role).create(&app);
    let goes = a_user().named("u-goes").holding(&role).create(&app);
    let all = app.admin().get("/grants?page[size]=100").expect(200);
    let grants = all.ids().len();
    let counted = Counted { app: &app, role };
    counted.agrees(2, grants);
    let tag = counted.tag();
    app.admin().delete(&goes.path()).expect(204);
    counted.agrees(1, grants - 1);
    assert_ne!(counted.tag(), tag);
    app.admin()
        .patch(&goes.trash_path(), &restoration(&goes))
        .expect(200);
    counted.agrees(2, grants);
    assert_eq!(counted.tag(), tag);
    app.admin().delete(&stays.path()).expect(204);
    app.admin().delete(&stays.trash_path()).expect(204);
    counted.agrees(1, grants - 1);
}

#[test]
fn grants_in_places_count_as_grants_only() {
    let app = TestApp::start();
    let user = a_user().named("u-there").create(&app);
    let cluster = a_cluster().create(&app);
    let role = role_named(&app, "CLUSTER_IMO");
    let all = app.admin().get("/grants?page[size]=100").expect(200);
    let grants = all.ids().len();
    let counted = Counted { app: &app, role };
    let document = gift_in(user.id, counted.role.id, ("clusters", cluster.id));
    let grant = app.admin().post("/grants", &document).expect(201).id();
    counted.agrees(0, grants + 1);
    app.admin().delete(&format!("/grants/{grant}")).expect(204);
    counted.agrees(0, grants);
}
