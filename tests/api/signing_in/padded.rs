//! Failed sign-ins take as long as a setting says, whatever hash is compared.

use std::time::{Duration, Instant};

use serde_json::json;

use super::try_password;
use crate::support::{ADMIN_PASSWORD, TestApp, a_user, changes};

const LEAST: Duration = Duration::from_millis(400);

/// Of crypt(3) with few rounds: it takes less time than one of ours.
const QUICK: &str = "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2";

#[test]
fn every_failure_takes_the_time_that_is_set_at_every_door() {
    let app = TestApp::with(|settings| settings.auth.failure_ms = 400);
    let user = a_user().with_password().create(&app);
    let row = json!({"username": "imported", "password_hash": QUICK});
    crate::bulk::import(&app.database, format!("{row}\n"), &[]).well();
    let form = |username: &str| {
        let headers = [("content-type", "application/json")];
        let body = json!({"username": username, "password": "wrong horse"}).to_string();
        let client = app.anonymous();
        client.send("POST", "/api/users/token/", &headers, Some(body.as_bytes()))
    };
    let old = json!({"password": "another horse", "old_password": "wrong horse"});
    let old = changes("users", user.id, old);
    let inactive = a_user().with_password().inactive().create(&app);
    for name in [&*user.username, "imported", "nobody", &inactive.username] {
        let doors: [&dyn Fn() -> u16; 3] = [
            &|| try_password(&app, name, "wrong horse").status,
            &|| app.basic(name, "wrong horse").get("/home").status,
            &|| form(name).status,
        ];
        for (place, door) in doors.iter().enumerate() {
            let begun = Instant::now();
            let status = door();
            assert!(begun.elapsed() >= LEAST, "{name} at {place}");
            assert!(matches!(status, 400 | 401), "{name} at {place}: {status}");
        }
    }
    let begun = Instant::now();
    user.client(&app).patch("/auth/user", &old).expect(403);
    assert!(begun.elapsed() >= LEAST);
    try_password(&app, &user.username, ADMIN_PASSWORD).expect(200);
}
