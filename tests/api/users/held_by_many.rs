//! `filter[roles]` and `/roles/ID/users` of a role that thousands hold: read in
//! another way than few holders, with the same answers.

use serde_json::Value;

use crate::support::{Answer, BEGIN, BY_CURSOR, RoleMade, TestApp, a_role, a_user};

/// More than what counts as many.
const MANY: i64 = 5_100;

/// Users 3 to 5102 hold the role; user 2 does not.
fn with_many(app: &TestApp) -> RoleMade {
    let role = a_role().named("everybody").create(app);
    let outsider = a_user().create(app);
    assert_eq!(outsider.id, 2);
    let numbers = format!(
        "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < {})",
        MANY + 2
    );
    app.database.execute(&format!(
        "{numbers} INSERT INTO users (id, username, uname, created, modified)
         SELECT i, 'user' || i, 'user' || i, '{BEGIN}', '{BEGIN}' FROM n"
    ));
    app.database.execute(&format!(
        "{numbers} INSERT INTO grants (user_id, role_id, created, modified)
         SELECT i, {}, '{BEGIN}', '{BEGIN}' FROM n",
        role.id
    ));
    role
}

fn count(answer: &Answer) -> Value {
    answer.json()["meta"]["pagination"]["count"].clone()
}

fn ids(range: std::ops::Range<i64>) -> Vec<String> {
    range.map(|id| id.to_string()).collect()
}

#[test]
fn a_page_of_many_holders_is_that_of_the_role() {
    let app = TestApp::start();
    let role = with_many(&app);
    let admin = app.admin();
    for path in [
        "/users?filter[roles]=everybody".to_owned(),
        format!("/users?filter[roles]={}", role.id),
        format!("{}/users?page[number]=1", role.path()),
        "/users?filter[roles]=everybody,admin&filter[id][gt]=1".to_owned(),
    ] {
        let page = admin.get(&path).expect(200);
        assert_eq!(page.ids(), ids(3..23), "{path}");
        assert_eq!(count(&page), MANY, "{path}");
    }
    let last = admin.get("/users?filter[roles]=everybody&sort=-id&page[size]=2");
    assert_eq!(last.expect(200).ids(), ["5102", "5101"]);
    let deep = admin.get("/users?filter[roles]=everybody&page[number]=255");
    assert_eq!(deep.expect(200).ids(), ids(5083..5103));
    let estimate = admin.get("/users?filter[roles]=everybody&page[count]=estimated");
    assert_eq!(count(&estimate.expect(200)), MANY);
}

#[test]
fn cursors_lead_through_the_holders_in_both_directions() {
    let app = TestApp::start();
    let role = with_many(&app);
    let admin = app.admin();
    for path in [
        "/users?filter[roles]=everybody&".to_owned(),
        format!("{}/users?", role.path()),
    ] {
        let first = admin.get_with(&format!("{path}page[size]=3"), &[("accept", BY_CURSOR)]);
        assert_eq!(first.ids(), ids(3..6), "{path}");
        let links = first.json()["links"].clone();
        let next = admin.get(links["next"].as_str().unwrap()).expect(200);
        assert_eq!(next.ids(), ids(6..9), "{path}");
        let prev = next.json()["links"]["prev"].as_str().unwrap().to_owned();
        assert_eq!(admin.get(&prev).expect(200).ids(), ids(3..6), "{path}");
    }
}

#[test]
fn whose_grant_is_off_over_or_in_a_place_is_no_holder() {
    let app = TestApp::start();
    let role = a_role().named("some").create(&app);
    let users = [(); 4].map(|()| a_user().holding(&role).create(&app));
    for (user, change) in users.iter().zip([
        "is_active = FALSE",
        "valid_from = '2999-01-01T00:00:00+00:00'",
        "valid_until = '2001-01-01T00:00:00+00:00'",
    ]) {
        let id = user.id;
        let change = format!("UPDATE grants SET {change} WHERE user_id = {id}");
        app.database.execute(&change);
    }
    let holders = app.admin().get("/users?filter[roles]=some").expect(200);
    assert_eq!(holders.ids(), [users[3].id.to_string()]);
    assert_eq!(count(&holders), 1);
}

#[test]
fn who_is_not_among_many_holders_is_found_too() {
    let app = TestApp::start();
    with_many(&app);
    let admin = app.admin();
    for (filter, wanted) in [
        ("filter[roles][ne]=everybody", vec!["1", "2"]),
        ("filter[roles][nin]=everybody,admin", vec!["2"]),
        ("filter[roles][null]=true", vec!["2"]),
        (
            "filter[roles]=everybody&filter[roles][ne]=admin&filter[id]=7,2",
            vec!["7"],
        ),
        (
            "filter[or][0][roles]=admin&filter[or][1][id]=2",
            vec!["1", "2"],
        ),
    ] {
        let page = admin.get(&format!("/users?{filter}")).expect(200);
        assert_eq!(page.ids(), wanted, "{filter}");
        assert_eq!(count(&page), wanted.len(), "{filter}");
    }
    let either = admin.get("/users?filter[or][0][roles]=everybody&filter[or][1][id]=2");
    assert_eq!(count(&either.expect(200)), MANY + 1);
}

#[test]
fn among_many_only_living_holders_with_a_grant_in_force_count() {
    let app = TestApp::start();
    let role = with_many(&app);
    let admin = app.admin();
    admin.delete("/users/3").expect(204);
    app.database.execute(&format!(
        "UPDATE grants SET valid_until = '2026-01-02T04:00:00+00:00'
         WHERE user_id = 4 AND role_id = {}",
        role.id
    ));
    app.database.execute(&format!(
        "UPDATE grants SET is_active = FALSE WHERE user_id = 5 AND role_id = {}",
        role.id
    ));
    let first = || {
        let page = admin.get("/users?filter[roles]=everybody&page[size]=1");
        (page.ids(), count(&page))
    };
    assert_eq!(first(), (ids(4..5), (MANY - 2).into()));
    app.advance(60 * 60 * 24);
    assert_eq!(first(), (ids(6..7), (MANY - 3).into()));
    let without = admin.get("/users?filter[roles][ne]=everybody").expect(200);
    assert_eq!(without.ids(), ["1", "2", "4", "5"]);
}
