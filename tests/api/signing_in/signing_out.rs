use serde_json::json;

use super::{Pair, sign_in, try_renew};
use crate::support::{ADMIN_PASSWORD, TestApp, a_user};

#[test]
fn signing_out_ends_this_sign_in_and_no_other() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let other = sign_in(&app, &user);
    for by_refresh_token in [false, true] {
        let first = sign_in(&app, &user);
        let second = Pair::of(try_renew(&app, &first.renew));
        second.client(&app).get("/home").expect(200);
        let token = if by_refresh_token {
            &second.renew
        } else {
            &second.jwt
        };
        app.token(token).delete("/auth").expect(204);
        for pair in [&first, &second] {
            pair.client(&app).get("/home").expect(401);
            try_renew(&app, &pair.renew).expect(401);
            pair.client(&app).delete("/auth").expect(401);
        }
        app.token(&second.renew).delete("/auth").expect(401);
    }
    other.client(&app).get("/home").expect(200);
}

#[test]
fn signing_out_is_in_the_audit_log() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    sign_in(&app, &user)
        .client(&app)
        .delete("/auth")
        .expect(204);
    let events = app.admin().get("/events?filter[subject_type]=sign_ins");
    let events = events.data();
    assert_eq!(events.as_array().unwrap().len(), 1);
    let event = &events[0]["attributes"];
    assert_eq!(event["actor"], user.username.as_str());
    assert_eq!(event["verb"], "delete");
    assert_eq!(event["after"], json!({"ended": "signed out"}));
}

#[test]
fn other_credentials_have_nothing_to_end() {
    let app = TestApp::start();
    for client in [app.admin(), app.basic("admin", ADMIN_PASSWORD)] {
        let answer = client.delete("/auth").expect(400);
        assert_eq!(answer.errors()[0]["code"], "no_sign_in");
        assert_eq!(answer.errors()[0]["source"]["header"], "Authorization");
    }
    app.anonymous().delete("/auth").expect(401);
    app.token("rcr_0").delete("/auth").expect(401);
    app.token("a.b.c").delete("/auth").expect(401);
    app.basic("admin", "wrong").delete("/auth").expect(401);
    app.admin().get("/home").expect(200);
}
