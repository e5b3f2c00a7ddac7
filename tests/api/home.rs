//! `GET /home` and `GET /health`.

use crate::support::TestApp;

#[test]
fn home_tells_where_the_resources_are() {
    let app = TestApp::start();
    let home = app.admin().get("/home").expect(200).json();
    assert_eq!(home["links"]["self"], app.url("/home"));
    assert_eq!(home["links"]["describedby"], app.url("/openapi.json"));
    assert_eq!(
        home["meta"]["resources"]["users"]["href"],
        app.url("/users")
    );
    assert_eq!(home["meta"]["page_size"]["default"], 20);
    assert_eq!(home["meta"]["page_size"]["max"], 100);
    assert_eq!(home["meta"]["project"]["name"], "rolecall");
    assert_eq!(home["meta"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn home_needs_credentials_and_health_does_not() {
    let app = TestApp::start();
    app.anonymous().get("/home").expect(401);
    let health = app.anonymous().get("/health").expect(200).json();
    assert_eq!(health["meta"]["status"], "ok");
}
