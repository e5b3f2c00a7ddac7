//! `GET /api/admin/users/`: everybody, as one array that is written while it is read.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::openl2m::{USERS, get};
use crate::support::{BEGIN, Beside, TestApp, a_role, a_user, eventually, make_endless, restore};

/// Adds users beside the service.
fn crowd(app: &TestApp, count: usize) {
    let rows: Vec<String> = (0..count)
        .map(|number| {
            format!("('crowd{number}', 'crowd{number}', 'Some name', '{BEGIN}', '{BEGIN}')")
        })
        .collect();
    for rows in rows.chunks(1000) {
        app.database.execute(&format!(
            "INSERT INTO users (username, uname, name, created, modified) VALUES {}",
            rows.join(", ")
        ));
    }
}

fn ids(list: &Value) -> Vec<i64> {
    let users = list.as_array().unwrap().iter();
    users.map(|user| user["id"].as_i64().unwrap()).collect()
}

#[test]
fn everybody_is_there_once_in_the_order_of_the_ids_whatever_the_number() {
    let app = TestApp::start();
    // Around the number that is read at once, the administrator among them.
    for (more, total) in [
        (0, 1),
        (254, 255),
        (1, 256),
        (1, 257),
        (255, 512),
        (100, 612),
    ] {
        let last = Beside::count(&app.database, "users", "id > 0");
        let rows: Vec<String> = (last..last + more)
            .map(|number| format!("('u{number}', 'u{number}', '{BEGIN}', '{BEGIN}')"))
            .collect();
        if more > 0 {
            app.database.execute(&format!(
                "INSERT INTO users (username, uname, created, modified) VALUES {}",
                rows.join(", ")
            ));
        }
        let list = get(&app.admin(), USERS).expect(200).json();
        let ids = ids(&list);
        assert_eq!(ids.len(), total);
        assert!(ids.is_sorted_by(|one, next| one < next));
    }
}

#[test]
fn each_shows_their_own_roles_and_the_trash_is_left_out() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let holder = a_user().holding(&role).create(&app);
    let gone = a_user().deleted(&app);
    crowd(&app, 300);
    let last = a_user().holding(&role).administrator().create(&app);
    let list = get(&app.admin(), USERS).expect(200).json();
    assert!(!ids(&list).contains(&gone.id));
    for user in list.as_array().unwrap() {
        let id = user["id"].as_i64().unwrap();
        let holds = id == holder.id || id == last.id;
        let groups = user["groups"].as_array().unwrap();
        assert_eq!(groups.len(), usize::from(holds), "{user}");
        assert_eq!(user["is_superuser"], id == 1 || id == last.id);
        assert_eq!(user.as_object().unwrap().len(), 13);
    }
}

/// A caller who reads as slowly as the test likes.
fn asked(app: &TestApp) -> TcpStream {
    let mut stream = TcpStream::connect(app.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let request = format!(
        "GET {USERS} HTTP/1.1\r\nHost: x\r\nAuthorization: Token {}\r\n\r\n",
        app.admin_token()
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// Enough users that what the sockets hold is far from all of them.
const MANY: usize = 60_000;

#[test]
fn who_reads_slowly_or_goes_away_holds_nobody_up() {
    let app = TestApp::with(|settings| settings.server.workers = Some(1));
    crowd(&app, MANY);
    let mut slow = asked(&app);
    let mut part = [0; 1024];
    assert!(slow.read(&mut part).unwrap() > 0);
    // One worker, and the list waits for its reader in the middle.
    get(&app.admin(), "/health").expect(200);
    drop(slow);
    get(&app.admin(), "/health").expect(200);
}

#[test]
fn a_list_that_breaks_off_does_not_look_complete() {
    let app = TestApp::start();
    breaks_off(&app, || {
        app.database
            .execute("ALTER TABLE grants RENAME TO elsewhere");
    });
    app.database
        .execute("ALTER TABLE elsewhere RENAME TO grants");
    is_whole(&app);
}

#[test]
fn a_list_whose_query_takes_too_long_does_not_look_complete_either() {
    let app = TestApp::with(|settings| settings.database.statement_timeout_ms = 400);
    breaks_off(&app, || make_endless(&app.database, "users"));
    restore(&app.database, "users");
    is_whole(&app);
}

/// Begins to read a long list, lets this happen, and reads on.
fn breaks_off(app: &TestApp, happens: impl FnOnce()) {
    crowd(app, MANY);
    let mut reader = asked(app);
    let mut part = vec![0; 64 * 1024];
    let begun = reader.read(&mut part).unwrap();
    assert!(part[..begun].starts_with(b"HTTP/1.1 200"));
    happens();
    let mut all = part[..begun].to_vec();
    loop {
        match reader.read(&mut part) {
            Ok(0) => break,
            Ok(read) => all.extend_from_slice(&part[..read]),
            Err(error) => {
                assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "no end");
                break;
            }
        }
    }
    assert!(!all.ends_with(b"0\r\n\r\n"), "it looks complete");
    assert!(!all.ends_with(b"]"));
}

fn is_whole(app: &TestApp) {
    eventually("the list is whole again", || {
        get(&app.admin(), "/api/admin/users/1/").status == 200
    });
}
