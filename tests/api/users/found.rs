//! Lists of users that a search, a pattern or a beginning finds: each knows its
//! users by their ids before it reads a page of them.

use serde_json::json;

use crate::support::{BY_CURSOR, Member, TestApp, a_user};

const FINDS: [&str; 5] = [
    "q=swimmer",
    "filter[username][contains]=wimmer",
    "filter[username][regex]=^s.immer",
    "filter[username][regex]=wimmer-[0-9]$",
    "filter[username][prefix]=swimmer-",
];

/// Five of them, the third in the trash, and somebody else.
fn swimmers(app: &TestApp) -> [Member; 4] {
    let swimmer = |name: &str| a_user().named(name).create(app);
    let [one, two] = ["swimmer-1", "swimmer-2"].map(swimmer);
    a_user().named("swimmer-3").deleted(app);
    swimmer("climber-1");
    let [four, five] = ["swimmer-4", "swimmer-5"].map(swimmer);
    [one, two, four, five]
}

#[test]
fn pages_and_totals_leave_out_the_trash() {
    let app = TestApp::start();
    let ids = swimmers(&app).map(|user| user.id.to_string());
    for find in FINDS {
        for (page, shown) in [(1, &ids[..3]), (2, &ids[3..])] {
            let path = format!("/users?{find}&page[size]=3&page[number]={page}");
            let answer = app.admin().get(&path).expect(200);
            assert_eq!(answer.ids(), shown, "{find}");
            let count = &answer.json()["meta"]["pagination"]["count"];
            assert_eq!(*count, json!(4), "{find}");
        }
        let behind = format!("/users?{find}&page[size]=3&page[number]=3");
        app.admin().get(&behind).expect(404);
    }
}

#[test]
fn cursors_lead_forwards_and_back_through_them() {
    let app = TestApp::start();
    let ids = swimmers(&app).map(|user| user.id.to_string());
    for find in FINDS {
        let first = format!("/users?{find}&page[size]=2");
        let first = app.admin().get_with(&first, &[("accept", BY_CURSOR)]);
        assert_eq!(first.ids(), ids[..2], "{find}");
        let next = first.json()["links"]["next"].as_str().unwrap().to_owned();
        let second = app.admin().get(&next).expect(200);
        assert_eq!(second.ids(), ids[2..], "{find}");
        let back = second.json()["links"]["prev"].as_str().unwrap().to_owned();
        assert_eq!(app.admin().get(&back).expect(200).ids(), ids[..2], "{find}");
    }
}

#[test]
fn a_total_that_is_not_asked_is_not_told() {
    let app = TestApp::start();
    swimmers(&app);
    for find in FINDS {
        let path = format!("/users?{find}&page[size]=2&page[count]=none");
        let answer = app.admin().get(&path).expect(200);
        assert_eq!(answer.ids().len(), 2, "{find}");
        let count = &answer.json()["meta"]["pagination"]["count"];
        assert_eq!(*count, json!(null), "{find}");
    }
}

#[test]
fn nobody_is_found_in_an_empty_list() {
    let app = TestApp::start();
    a_user().named("swimmer-3").deleted(&app);
    for find in FINDS {
        let answer = app.admin().get(&format!("/users?{find}")).expect(200);
        assert_eq!(answer.data(), json!([]), "{find}");
    }
}
