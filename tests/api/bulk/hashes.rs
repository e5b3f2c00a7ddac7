//! People who bring their passwords along.

use serde_json::json;

use super::{import, lines, run};
use crate::program::Running;
use crate::support::{Beside, TestDatabase};

/// "correct horse", hashed by crypt(3), Django's hasher and `openssl passwd`.
const HASHES: &[(&str, &str)] = &[
    (
        "bcrypt-a",
        "$2a$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
    ),
    (
        "bcrypt-b",
        "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
    ),
    (
        "bcrypt-y",
        "$2y$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
    ),
    (
        "django",
        "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=",
    ),
    (
        "sha256",
        "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/",
    ),
    (
        "sha512",
        "$6$rounds=7000$roundsalt$3N2MkVEmyxsyb8lKfw.MtlGU27toms1.4H9H/J5eaMs9JOmgEBxs6E4hcswYgPSbdxxqpwL8PFh3Zgl3xhjsA0",
    ),
    (
        "argon2id",
        "$argon2id$v=19$m=19456,t=2,p=1$cm9sZWNhbGwtdGVzdHMhIQ$fIc0DduaqrilxMrpfF6NVnf0IBC54HRAt41A1q/D6vQ",
    ),
];

#[test]
fn every_known_hash_signs_in_and_becomes_argon2id() {
    let database = TestDatabase::migrated();
    let rows: Vec<_> = HASHES
        .iter()
        .map(|(username, hash)| json!({"username": username, "password_hash": hash}))
        .collect();
    import(&database, lines(&rows), &[]).well();
    let service = Running::start(&database);
    for (username, hash) in HASHES {
        service
            .client(username, "wrong horse")
            .get("/auth/user")
            .expect(401);
        let same = format!("username = '{username}' AND password_hash = '{hash}'");
        assert_eq!(
            Beside::count(&database, "users", &same),
            1,
            "{username} is as it was"
        );
        service
            .client(username, "correct horse")
            .get("/auth/user")
            .expect(200);
    }
    let ours = "password_hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%' AND username <> 'admin'";
    let all = i64::try_from(HASHES.len()).unwrap();
    while Beside::count(&database, "users", ours) < all {
        std::thread::yield_now();
    }
    for (username, _) in HASHES {
        service
            .client(username, "correct horse")
            .get("/auth/user")
            .expect(200);
        service
            .client(username, "wrong horse")
            .get("/auth/user")
            .expect(401);
    }
    let unchanged = format!(
        "username = 'argon2id' AND password_hash = '{}'",
        HASHES[6].1
    );
    assert_eq!(
        Beside::count(&database, "users", &unchanged),
        1,
        "ours stays"
    );
}

#[test]
fn a_hash_that_costs_too_much_is_refused() {
    let database = TestDatabase::migrated();
    let rows = lines(&[
        json!({"username": "a", "password_hash": "pbkdf2_sha256$900000000$salt$AAAA"}),
        json!({"username": "b", "password_hash": "$2b$31$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2"}),
    ]);
    let said = import(&database, rows, &[]).badly();
    for line in 1..=2 {
        let wanted = format!("line {line}: password_hash: This hash costs too much to verify");
        assert!(said.err.contains(&wanted), "{}", said.err);
    }
    run(&database, &["check"]).well();
}
