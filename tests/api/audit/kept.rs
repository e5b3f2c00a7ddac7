use crate::support::{Beside, TestApp, a_user, is_postgres};

#[test]
fn the_database_lets_nobody_change_or_remove_what_was_told() {
    let app = TestApp::start();
    a_user().create(&app);
    let before = Beside::count(&app.database, "events", "true");
    let mut statements = vec![
        "UPDATE events SET actor = 'nobody'",
        "UPDATE events SET count = 0 WHERE id = 1",
        "DELETE FROM events",
        "DELETE FROM events WHERE id = 1",
    ];
    if is_postgres() {
        statements.extend([
            "TRUNCATE events",
            "TRUNCATE events CASCADE",
            "TRUNCATE users, events CASCADE",
            "WITH gone AS (DELETE FROM events RETURNING id) SELECT id FROM gone",
            "INSERT INTO events_other SELECT * FROM events WHERE id = 1
             ON CONFLICT (id) DO UPDATE SET actor = 'nobody'",
            "MERGE INTO events USING users ON events.actor_id = users.id
             WHEN MATCHED THEN DELETE",
        ]);
    } else {
        statements.extend([
            "REPLACE INTO events SELECT * FROM events WHERE id = 1",
            "INSERT OR REPLACE INTO events (id, at, verb, subject_type, subject_id, request_id)
             VALUES (1, '', '', '', 0, '')",
            "UPDATE OR REPLACE events SET id = 1 WHERE id = 2",
        ]);
    }
    for statement in statements {
        let refusal = Beside::refusal(&app.database, statement);
        assert!(refusal.contains("append-only"), "{statement}: {refusal}");
    }
    assert_eq!(Beside::count(&app.database, "events", "true"), before);
    assert_eq!(
        Beside::count(&app.database, "events", "actor = 'nobody'"),
        0
    );
    // New events come in as before.
    a_user().create(&app);
    assert!(Beside::count(&app.database, "events", "true") > before);
}

/// Who knows the partitions by their names gains nothing by it.
#[test]
fn partitions_are_as_safe_as_the_whole() {
    if !is_postgres() {
        return;
    }
    let app = TestApp::start();
    a_user().create(&app);
    app.database
        .execute("SELECT add_event_month('2026-01-01'), add_event_month('2025-12-01')");
    let whole = Beside::count(&app.database, "events", "true");
    let january = Beside::count(&app.database, "events_2026_01", "true");
    assert!(january > 0, "what was there before has moved");
    assert_eq!(whole, january);
    for part in ["events_2026_01", "events_2025_12", "events_other"] {
        for statement in [
            format!("DELETE FROM {part}"),
            format!("DELETE FROM ONLY {part} WHERE id = 1"),
            format!("TRUNCATE {part}"),
        ] {
            let refusal = Beside::refusal(&app.database, &statement);
            assert!(refusal.contains("append-only"), "{statement}: {refusal}");
        }
    }
    for statement in [
        "UPDATE events_2026_01 SET actor = 'nobody'",
        "UPDATE events_2026_01 SET at = '2025-12-01T00:00:00+00:00'",
        "UPDATE events SET at = '2025-12-01T00:00:00+00:00'",
        "SELECT drop_event_month('2027-01-01')",
    ] {
        let refusal = Beside::refusal(&app.database, statement);
        assert!(refusal.contains("append-only"), "{statement}: {refusal}");
    }
    assert_eq!(Beside::count(&app.database, "events", "true"), whole);
}
