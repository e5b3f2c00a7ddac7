//! Pages of origins that `server.cors_origins` lists.

use super::{EVIL, FORM, Victim, rename};
use crate::support::{ADMIN_PASSWORD, JSON_API, TestApp, tables};

const PAGE: &str = "https://page.example";

fn listing(origins: &[&str]) -> Victim {
    Victim::of(TestApp::with(|settings| {
        settings.server.cors_origins = origins.iter().copied().map(Into::into).collect();
    }))
}

#[test]
fn a_listed_origin_may_change_things_whatever_its_credentials() {
    let victim = listing(&["https://other.example", PAGE]);
    let cross_site = ("sec-fetch-site", "cross-site");
    for client in [
        victim.app.admin(),
        victim.app.basic("admin", ADMIN_PASSWORD),
    ] {
        let answer = rename(&client, victim.id, &[("origin", PAGE), cross_site]).expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
    }
    victim.is_refused(&[("origin", EVIL), cross_site]);
    victim.is_refused(&[("origin", "null"), cross_site]);
    victim.is_refused(&[("origin", "http://page.example"), cross_site]);
    victim.is_refused(&[("origin", "https://page.example.evil.example"), cross_site]);
    // Without an origin nobody knows whether it is listed.
    victim.is_refused(&[cross_site]);
}

#[test]
fn a_preflight_of_a_listed_origin_is_answered() {
    let victim = listing(&[PAGE]);
    let headers = [
        ("origin", PAGE),
        ("sec-fetch-site", "cross-site"),
        ("access-control-request-method", "PATCH"),
        (
            "access-control-request-headers",
            "authorization,content-type",
        ),
    ];
    let anonymous = victim.app.anonymous();
    let answer = anonymous.send("OPTIONS", "/users/2", &headers, None);
    let answer = answer.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
}

#[test]
fn with_a_star_every_page_may_use_a_token_but_none_a_password_of_the_browser_s() {
    let victim = listing(&["*"]);
    for origin in [EVIL, "null"] {
        let page = [("origin", origin), ("sec-fetch-site", "cross-site")];
        let answer = rename(&victim.app.admin(), victim.id, &page).expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        victim.is_refused(&page);
        // The page can read why.
        let answer = victim.rename(&page);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
}

#[test]
fn with_a_star_every_page_may_sign_somebody_in() {
    let victim = listing(&["*"]);
    let body = format!(
        "username=admin&password={}",
        ADMIN_PASSWORD.replace(' ', "+")
    );
    let headers = [
        ("origin", EVIL),
        ("content-type", FORM),
        ("accept", JSON_API),
    ];
    let anonymous = victim.app.anonymous();
    anonymous
        .send("POST", "/auth", &headers, Some(body.as_bytes()))
        .expect(200);
}

#[test]
fn with_a_star_two_credentials_are_as_good_as_the_worse() {
    let victim = listing(&["*"]);
    let token = format!("Bearer {}", victim.app.admin_token());
    let before = tables(&victim.app.database);
    for credentials in ["Digest x=y", "Basic", "Bearer"] {
        let headers = [
            ("origin", EVIL),
            ("authorization", &*token),
            ("authorization", credentials),
        ];
        let answer = rename(&victim.app.anonymous(), victim.id, &headers).expect(403);
        assert_eq!(answer.errors()[0]["code"], "cross_origin");
    }
    assert_eq!(tables(&victim.app.database), before);
}

#[test]
fn reading_stays_as_it_was() {
    let victim = listing(&[PAGE]);
    for (origin, allowed) in [(PAGE, Some(PAGE)), (EVIL, None)] {
        for method in ["GET", "HEAD"] {
            let headers = [("origin", origin), ("sec-fetch-site", "cross-site")];
            let answer = victim.app.admin().send(method, "/users", &headers, None);
            let answer = answer.expect(200);
            assert_eq!(answer.header("access-control-allow-origin"), allowed);
        }
    }
}
