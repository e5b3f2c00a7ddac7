//! Which APIs are served, by `server.surfaces`.

use rolecall::config::Surface;
use rolecall::dialects::{cfengine, openl2m, prp};

use crate::support::{JSON_API, TestApp};

/// Addresses of the other systems' surfaces, by the surface.
fn addresses() -> [(Surface, Vec<String>); 3] {
    let filled = |endpoints: Vec<(String, &str)>| -> Vec<String> {
        let one = |(path, _): (String, &str)| path.replace("{id}", "1");
        endpoints
            .into_iter()
            .map(one)
            .filter(|path| !path.contains('{'))
            .collect()
    };
    [
        (Surface::Cfengine, filled(cfengine::endpoints())),
        (Surface::OpenL2m, filled(openl2m::endpoints())),
        (Surface::Prp, filled(prp::endpoints())),
    ]
}

#[test]
fn a_surface_that_is_off_is_404_in_the_native_form_and_the_others_are_served() {
    for (off, _) in addresses() {
        let app = TestApp::with(|settings| {
            settings.server.surfaces.retain(|surface| *surface != off);
        });
        for (surface, paths) in addresses() {
            assert!(!paths.is_empty());
            for path in paths {
                for method in ["GET", "POST", "OPTIONS"] {
                    let headers = [("accept", JSON_API)];
                    let answer = app.admin().send(method, &path, &headers, None);
                    let is_native_404 =
                        answer.status == 404 && answer.header("content-type") == Some(JSON_API);
                    assert_eq!(
                        is_native_404,
                        surface == off,
                        "{method} {path} is {} without {off:?}",
                        answer.status
                    );
                }
            }
        }
        app.admin().get("/users").expect(200);
    }
}

#[test]
fn other_errors_at_the_addresses_of_a_surface_that_is_off_are_native_too() {
    let app = TestApp::with(|settings| settings.server.surfaces = vec![Surface::Native]);
    for (path, headers) in [
        (
            "/api/user/calvin",
            [("content-encoding", "br"), ("content-type", JSON_API)],
        ),
        (
            "/api/id-management/users/",
            [
                ("origin", "https://evil.example.org"),
                ("content-type", "text/plain"),
            ],
        ),
    ] {
        let answer = app.admin().send("POST", path, &headers, Some(b"{}"));
        assert!((400..500).contains(&answer.status), "{}", answer.status);
        assert_eq!(answer.header("content-type"), Some(JSON_API), "{path}");
    }
}

#[test]
fn the_description_names_no_address_of_other_systems() {
    let app = TestApp::start();
    for page in ["/openapi.json", "/docs"] {
        let text = app.anonymous().get(page).expect(200).text;
        for (_, paths) in addresses() {
            for path in paths.iter().filter(|path| *path != "/api") {
                assert!(!text.contains(path.as_str()), "{page} names {path}");
            }
        }
    }
}
