//! Whose page it is: what `Origin` and `Sec-Fetch-Site` tell.

use super::{EVIL, Victim};
use crate::support::{TestApp, raw, tables};

const SITE: &str = "sec-fetch-site";

#[test]
fn pages_of_other_origins_are_refused() {
    let victim = Victim::of(TestApp::start());
    let own = victim.app.url("");
    let (host, port) = victim.app.address().rsplit_once(':').unwrap();
    let next_port = port.parse::<u16>().unwrap() ^ 1;
    let other_port = format!("http://{host}:{next_port}");
    let foreign = [
        EVIL.to_owned(),
        "HTTPS://EVIL.EXAMPLE".to_owned(),
        "null".to_owned(),
        String::new(),
        "nonsense".to_owned(),
        "file://".to_owned(),
        other_port,
        own.replace("http://", "https://"),
        format!("http://localhost:{port}"),
        format!("http://{host}"),
        format!("http://{host}:{port}.evil.example"),
        format!("http://evil.example@{host}:{port}"),
        format!("{own}/"),
        format!("{own} {EVIL}"),
        format!("{own}, {EVIL}"),
        format!("{EVIL}, {own}"),
    ];
    for origin in &foreign {
        victim.is_refused(&[("origin", origin)]);
        for site in ["cross-site", "same-site", "same-origin", "none"] {
            victim.is_refused(&[("origin", origin), (SITE, site)]);
        }
    }
}

#[test]
fn one_foreign_origin_among_several_is_enough() {
    let victim = Victim::of(TestApp::start());
    let own = victim.app.url("");
    victim.is_refused(&[("origin", &own), ("origin", EVIL)]);
    victim.is_refused(&[("origin", EVIL), ("origin", &own)]);
    victim.is_done(&[("origin", &own), ("origin", &own)]);
}

#[test]
fn without_an_origin_the_site_tells() {
    let victim = Victim::of(TestApp::start());
    for site in ["cross-site", "same-site", "Same-Origin", "unheard-of", ""] {
        victim.is_refused(&[(SITE, site)]);
        victim.is_refused(&[(SITE, "same-origin"), (SITE, site)]);
    }
    for site in ["same-origin", "none"] {
        victim.is_done(&[(SITE, site)]);
    }
}

#[test]
fn programs_that_are_no_browsers_are_not_asked() {
    let victim = Victim::of(TestApp::start());
    victim.is_done(&[]);
    victim.is_done(&[("referer", "https://evil.example/form.html")]);
}

#[test]
fn the_service_s_own_origin_may() {
    let victim = Victim::of(TestApp::start());
    let own = victim.app.url("");
    for site in ["same-origin", "same-site", "cross-site", "none"] {
        victim.is_done(&[("origin", &own), (SITE, site)]);
    }
    victim.is_done(&[("origin", &own)]);
    victim.is_done(&[("origin", &own.to_uppercase())]);
}

#[test]
fn the_own_origin_is_what_the_client_called_the_service() {
    let victim = Victim::of(TestApp::start());
    for (host, origin) in [
        ("people.example", "http://people.example"),
        ("People.Example:80", "http://people.example"),
        ("people.example", "http://PEOPLE.example:80"),
        ("people.example.", "http://people.example."),
        ("[::1]:8080", "http://[::1]:8080"),
        ("[0:0:0:0:0:0:0:1]:8080", "http://[::1]:8080"),
    ] {
        victim.is_done(&[("host", host), ("origin", origin)]);
    }
    for (host, origin) in [
        ("people.example", "https://people.example"),
        ("people.example", "http://people.example:8080"),
        ("people.example", "http://people.example."),
        ("[::1]:8080", "http://[::2]:8080"),
    ] {
        victim.is_refused(&[("host", host), ("origin", origin)]);
    }
}

#[test]
fn the_configured_address_is_own_too() {
    let victim = Victim::of(TestApp::with(|settings| {
        settings.server.base_url = Some("https://People.example:443/directory".into());
    }));
    victim.is_done(&[("origin", "https://people.example")]);
    victim.is_done(&[("origin", &victim.app.url(""))]);
    victim.is_refused(&[("origin", "http://people.example")]);
    victim.is_refused(&[("origin", "https://people.example:8443")]);
}

#[test]
fn trusted_proxies_tell_the_own_origin_and_strangers_do_not() {
    let forwarded = [
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "people.example"),
    ];
    let from = |origin| [&forwarded[..], &[("origin", origin)]].concat();
    let behind = Victim::of(TestApp::with(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    }));
    behind.is_done(&from("https://people.example"));
    behind.is_done(&from("https://people.example:443"));
    behind.is_refused(&from("http://people.example"));
    behind.is_refused(&from(EVIL));
    let alone = Victim::of(TestApp::start());
    alone.is_refused(&from("https://people.example"));
}

#[test]
fn bytes_that_are_no_text_are_no_origin() {
    let victim = Victim::of(TestApp::start());
    let before = tables(&victim.app.database);
    for header in [&b"Origin: \xff\xfe"[..], b"Sec-Fetch-Site: \xff"] {
        let head = format!(
            "DELETE /users/{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n",
            victim.id,
            victim.app.address(),
            victim.app.admin_token(),
        );
        let request = [head.as_bytes(), header, b"\r\n\r\n"].concat();
        assert_eq!(raw::exchange(&victim.app, &request).status, 403);
    }
    assert_eq!(tables(&victim.app.database), before);
}
