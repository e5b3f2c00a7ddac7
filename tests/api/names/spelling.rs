//! A name has one spelling, normalization form C, however it is typed.

use serde_json::json;

use super::{encoded, make};
use crate::support::{ADMIN_PASSWORD, TestApp, a_user};

const COMPOSED: &str = "Zoë";
const DECOMPOSED: &str = "Zoe\u{308}";

#[test]
fn a_name_is_kept_in_its_one_spelling() {
    let app = TestApp::start();
    let data = make(&app.admin(), DECOMPOSED).expect(201).data();
    assert_eq!(data["attributes"]["username"], COMPOSED);
    make(&app.admin(), COMPOSED).expect(400);
    make(&app.admin(), DECOMPOSED).expect(400);
}

#[test]
fn people_sign_in_however_their_name_is_typed() {
    let app = TestApp::start();
    let user = a_user().named(COMPOSED).with_password().create(&app);
    for name in [COMPOSED, DECOMPOSED] {
        app.basic(name, ADMIN_PASSWORD).get("/home").expect(200);
        let pair = json!({"username": name, "password": ADMIN_PASSWORD});
        app.anonymous().json("POST", "/auth", &pair).expect(200);
        let path = format!("/api/user/{}", encoded(name));
        app.basic(name, ADMIN_PASSWORD)
            .get_with(&path, &[])
            .expect(200);
    }
    // A name from before, when every spelling was kept.
    app.database.execute(&format!(
        "UPDATE users SET username = '{DECOMPOSED}' WHERE id = {}",
        user.id
    ));
    for name in [COMPOSED, DECOMPOSED] {
        app.basic(name, ADMIN_PASSWORD).get("/home").expect(200);
    }
}

#[test]
fn the_spellings_of_a_name_share_one_count_of_wrong_passwords() {
    let app = TestApp::with(|settings| settings.auth.sign_in_attempts = 2);
    a_user().named(COMPOSED).with_password().create(&app);
    app.basic(COMPOSED, "wrong").get("/home").expect(401);
    app.basic(DECOMPOSED, "wronger").get("/home").expect(401);
    app.basic(DECOMPOSED, ADMIN_PASSWORD)
        .get("/home")
        .expect(429);
    app.basic(COMPOSED, ADMIN_PASSWORD).get("/home").expect(429);
}
