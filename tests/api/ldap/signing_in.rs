//! The ways in, with the password that LDAP keeps.

use serde_json::json;

use super::{as_calvin, asking, company, forget, grant, id_of, own};
use crate::support::{Slapd, TULIP, a_person};

#[test]
fn an_external_user_comes_in_by_basic_with_the_password_that_ldap_keeps() {
    let (_slapd, app) = company(&[a_person("calvin")]);
    let attributes = own(&as_calvin(&app));
    assert_eq!(attributes["username"], "calvin");
    assert_eq!(attributes["external"], true);
    app.basic("calvin", "roses").get("/home").expect(401);
}

#[test]
fn the_portal_s_surface_knows_external_users_too() {
    let (mut slapd, app) = company(&[a_person("calvin")]);
    let path = "/api/id-management/users/?portal=IP";
    // Known, but without any right there.
    as_calvin(&app).get_with(path, &[]).expect(403);
    app.basic("calvin", "roses").get_with(path, &[]).expect(401);
    slapd.stop();
    forget(&app);
    let answer = as_calvin(&app).get_with(path, &[]).expect(503);
    assert_eq!(answer.json()["error_codes"], "service_unavailable");
    assert!(answer.header("retry-after").is_some());
}

#[test]
fn cfengine_s_surface_knows_external_users_too() {
    let (mut slapd, app) = company(&[a_person("calvin")]);
    let path = "/api/user/calvin";
    let own = as_calvin(&app).get_with(path, &[]).expect(200).json();
    assert_eq!(own["data"][0]["id"], "calvin");
    assert_eq!(own["data"][0]["external"], true);
    app.basic("calvin", "roses").get_with(path, &[]).expect(401);
    slapd.stop();
    forget(&app);
    let answer = as_calvin(&app).get_with(path, &[]).expect(503);
    assert!(answer.header("retry-after").is_some());
}

#[test]
fn openl2m_s_surface_gives_external_users_a_token() {
    let (mut slapd, app) = company(&[a_person("calvin")]);
    let ask = |password: &str| {
        let form = format!("username=CALVIN&password={}", password.replace(' ', "+"));
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let client = app.anonymous();
        client.send("POST", "/api/users/token/", &headers, Some(form.as_bytes()))
    };
    let given = ask(TULIP).expect(200).json();
    let client = app.token(given["token"].as_str().unwrap());
    assert_eq!(own(&client)["username"], "calvin");
    ask("roses").expect(400);
    slapd.stop();
    forget(&app);
    let answer = ask(TULIP).expect(503);
    assert!(answer.header("retry-after").is_some());
    client.get("/home").expect(200);
}

#[test]
fn a_password_grant_gives_tokens_that_can_be_renewed() {
    let (_slapd, app) = company(&[a_person("calvin")]);
    let pair = grant(&app, "calvin", TULIP).expect(200).json();
    let jwt = pair["meta"]["jwt"].as_str().unwrap();
    assert_eq!(own(&app.token(jwt))["username"], "calvin");
    let renew = json!({"grant_type": "refresh_token", "refresh_token": pair["meta"]["renew"]});
    app.anonymous().post("/auth", &renew).expect(200);
    grant(&app, "calvin", "roses").expect(401);
}

#[test]
fn whoever_is_gone_from_ldap_cannot_renew_a_sign_in() {
    let (slapd, app) = company(&[a_person("calvin")]);
    let pair = grant(&app, "calvin", TULIP).expect(200).json();
    slapd.remove_person("calvin");
    let renew = json!({"grant_type": "refresh_token", "refresh_token": pair["meta"]["renew"]});
    app.anonymous().post("/auth", &renew).expect(401);
    let jwt = pair["meta"]["jwt"].as_str().unwrap();
    app.token(jwt).get("/home").expect(401);
}

#[test]
fn a_refresh_token_stays_good_while_ldap_does_not_answer() {
    let (mut slapd, app) = company(&[a_person("calvin")]);
    let pair = grant(&app, "calvin", TULIP).expect(200).json();
    let renew = json!({"grant_type": "refresh_token", "refresh_token": pair["meta"]["renew"]});
    slapd.stop();
    app.anonymous().post("/auth", &renew).expect(503);
    slapd.start();
    app.anonymous().post("/auth", &renew).expect(200);
}

#[test]
fn an_api_token_of_an_external_user_works_without_ldap() {
    let (mut slapd, app) = company(&[a_person("calvin")]);
    as_calvin(&app).get("/home").expect(200);
    let id = id_of(&app, "calvin").unwrap().parse().unwrap();
    let token = app.token_of(id, None);
    slapd.stop();
    forget(&app);
    assert_eq!(own(&app.token(&token))["username"], "calvin");
}

#[test]
fn a_verified_password_is_remembered_for_a_while_and_no_longer() {
    let (mut slapd, app) = company(&[a_person("calvin")]);
    as_calvin(&app).get("/home").expect(200);
    slapd.stop();
    as_calvin(&app).get("/home").expect(200);
    // What was never verified is not remembered.
    app.basic("calvin", "roses").get("/home").expect(503);
    forget(&app);
    as_calvin(&app).get("/home").expect(503);
}

#[test]
fn a_new_password_in_ldap_is_good_at_once() {
    let (slapd, app) = company(&[a_person("calvin")]);
    as_calvin(&app).get("/home").expect(200);
    slapd.set_password("calvin", "roses");
    app.basic("calvin", "roses").get("/home").expect(200);
    forget(&app);
    as_calvin(&app).get("/home").expect(401);
}

#[test]
fn the_user_is_called_what_ldap_says_however_the_name_is_typed() {
    let (_slapd, app) = company(&[a_person("Quine")]);
    for typed in ["quine", "QUINE", "Quine"] {
        assert_eq!(
            own(&app.basic(typed, TULIP))["username"],
            "Quine",
            "{typed}"
        );
    }
    assert_eq!(id_of(&app, "quine"), None);
    let pair = grant(&app, "qUINE", TULIP).expect(200).json();
    let jwt = pair["meta"]["jwt"].as_str().unwrap();
    assert_eq!(own(&app.token(jwt))["username"], "Quine");
}

#[test]
fn names_and_passwords_of_all_scripts_reach_ldap_whole() {
    let slapd = Slapd::with(&[a_person("zoë").but("userPassword", "tülips")]);
    let app = asking(&slapd);
    assert_eq!(own(&app.basic("zoë", "tülips"))["username"], "zoë");
    app.basic("zoë", "tulips").get("/home").expect(401);
}
