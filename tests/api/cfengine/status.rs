//! `/api`

use super::{entry, get, make_external};
use crate::support::{ADMIN_PASSWORD, TestApp, a_user};

#[test]
fn the_status_names_the_caller_and_where_they_come_from() {
    let app = TestApp::start();
    let inside = entry(get(&app.basic("admin", ADMIN_PASSWORD), ""));
    assert_eq!(inside["userId"], "admin");
    assert_eq!(inside["authenticated"], "internal");
    let user = a_user().create(&app);
    make_external(&app, &user);
    let outside = entry(get(&user.client(&app), "/"));
    assert_eq!(outside["userId"], *user.username);
    assert_eq!(outside["authenticated"], "external");
}

#[test]
fn nobody_is_told_who_they_are() {
    let app = TestApp::start();
    let answer = get(&app.anonymous(), "").expect(401);
    let challenges = answer.headers("www-authenticate");
    assert!(challenges.iter().any(|one| one.starts_with("Basic ")));
}
