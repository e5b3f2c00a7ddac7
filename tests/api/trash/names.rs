//! Names of users in the trash are free for others.

use rolecall::config::ClientIds;
use serde_json::{Value, json};

use super::{clerk, restoration};
use crate::support::{
    ADMIN_PASSWORD, Answer, Client, Member, TestApp, a_new, a_role, a_user, changes,
};

const PASSWORD: &str = "s3cret-word";

fn details(answer: &Answer) -> Vec<String> {
    let detail = |error: &Value| error["detail"].as_str().unwrap().to_owned();
    answer.errors().iter().map(detail).collect()
}

fn called(username: &str) -> Value {
    a_new("users", json!({"username": username, "password": PASSWORD}))
}

#[track_caller]
fn make(client: &Client, username: &str) -> Member {
    let made = client.post("/users", &called(username)).expect(201);
    Member {
        id: made.id().parse().unwrap(),
        username: username.into(),
    }
}

fn restore(app: &TestApp, user: &Member, names: Value) -> Answer {
    let document = changes("users", user.id, names);
    app.admin().patch(&user.trash_path(), &document)
}

#[test]
fn who_is_made_anew_is_somebody_else_with_nothing_of_the_former() {
    let app = TestApp::start();
    let role = a_role().permitting(&["users:read"]).create(&app);
    let gone = a_user()
        .named("calvin")
        .with_surname("Doe")
        .with_email("calvin@example.org")
        .with_password()
        .holding(&role)
        .create(&app);
    let token = gone.client(&app);
    app.admin().delete(&gone.path()).expect(204);
    let new = make(&app.admin(), "calvin");
    assert_ne!(new.id, gone.id);
    let data = app.admin().get(&new.path()).expect(200).data();
    let attributes = &data["attributes"];
    assert_eq!(attributes["uname"], "calvin");
    assert_eq!(attributes["surname"], json!(null));
    assert_eq!(attributes["email"], json!(null));
    let roles = format!("{}/roles", new.path());
    assert_eq!(app.admin().get(&roles).ids(), [""; 0]);
    // The former one's token and password open nothing, also not in another case.
    token.get("/home").expect(401);
    for name in ["calvin", "Calvin"] {
        app.basic(name, ADMIN_PASSWORD).get("/home").expect(401);
        let own = app.basic(name, PASSWORD).get("/auth/user").expect(200);
        assert_eq!(own.id(), new.id.to_string());
    }
    // Lists and filters know each at its place.
    let found = |path: &str| {
        let path = format!("{path}?filter[username]=calvin&page[size]=1");
        let page = app.admin().get(&path).expect(200);
        assert_eq!(page.json()["meta"]["pagination"]["count"], 1, "{path}");
        page.ids()
    };
    assert_eq!(found("/users"), [new.id.to_string()]);
    assert_eq!(found("/trash/users"), [gone.id.to_string()]);
}

#[test]
fn a_name_goes_on_within_one_request_too() {
    let app = TestApp::start();
    let gone = a_user().named("calvin").create(&app);
    let remove = json!({"op": "remove", "ref": {"type": "users", "id": gone.id.to_string()}});
    let add = json!({"op": "add", "data": called("calvin")["data"]});
    let document = json!({"atomic:operations": [remove, add]});
    app.admin().operations(&document).expect(200);
    let living = app
        .admin()
        .get("/users?filter[username]=calvin")
        .expect(200);
    assert_ne!(living.ids(), [gone.id.to_string()]);
    assert_eq!(living.ids().len(), 1);
}

#[test]
fn others_can_be_renamed_to_it() {
    let app = TestApp::start();
    a_user().named("calvin").deleted(&app);
    let user = a_user().create(&app);
    let names = json!({"username": "Calvin", "uname": "calvin"});
    let edit = changes("users", user.id, names);
    app.admin().patch(&user.path(), &edit).expect(200);
}

#[test]
fn several_of_one_name_lie_in_the_trash_and_the_log_tells_them_apart() {
    let app = TestApp::start();
    let gone: Vec<Member> = (0..3)
        .map(|_| {
            let user = make(&app.admin(), "calvin");
            app.admin().delete(&user.path()).expect(204);
            user
        })
        .collect();
    let trash = app.admin().get("/trash/users?filter[username]=calvin");
    assert_eq!(trash.ids().len(), 3);
    app.admin().delete(&gone[1].trash_path()).expect(204);
    restore(&app, &gone[2], json!({})).expect(200);
    let verbs = |user: &Member| {
        let path = format!(
            "/events?filter[subject_type]=users&filter[subject_id]={}",
            user.id
        );
        let events = app.admin().get(&path).expect(200).data();
        let verb = |event: &Value| event["attributes"]["verb"].as_str().unwrap().to_owned();
        events
            .as_array()
            .unwrap()
            .iter()
            .map(verb)
            .collect::<Vec<_>>()
    };
    assert_eq!(verbs(&gone[0]), ["create", "delete"]);
    assert_eq!(verbs(&gone[1]), ["create", "delete", "purge"]);
    assert_eq!(verbs(&gone[2]), ["create", "delete", "restore"]);
}

#[test]
fn who_comes_back_to_a_name_that_is_taken_hears_by_whom() {
    let app = TestApp::start();
    for (former, now) in [
        ("calvin", "calvin"),
        ("Hobbes", "hobbes"),
        ("susie", "ѕusie"),
    ] {
        let gone = a_user().named(former).deleted(&app);
        let holder = make(&app.admin(), now);
        let clerk = clerk(&app, &["users:read", "users:write"]);
        for client in [app.admin(), clerk] {
            let refused = client.patch(&gone.trash_path(), &restoration(&gone));
            let refused = refused.expect(409);
            assert_eq!(refused.errors()[0]["code"], "name_taken");
            let said = &details(&refused)[0];
            assert!(said.contains(&format!("The user {} ", holder.id)), "{said}");
            assert!(said.contains(&format!("\"{now}\"")), "{said}");
        }
        app.admin().get(&gone.trash_path()).expect(200);
        // The other way round as well.
        app.admin().delete(&holder.path()).expect(204);
        restore(&app, &gone, json!({})).expect(200);
        restore(&app, &holder, json!({})).expect(409);
    }
}

#[test]
fn another_username_in_the_same_request_brings_them_back() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    let gone = a_user()
        .named("calvin")
        .with_password()
        .holding(&role)
        .deleted(&app);
    make(&app.admin(), "calvin");
    let answer = restore(&app, &gone, json!({"username": "calvin2"})).expect(200);
    let data = answer.data();
    assert_eq!(data["id"], gone.id.to_string());
    assert_eq!(data["attributes"]["username"], "calvin2");
    // What the former uname was is somebody else's by now.
    assert_eq!(data["attributes"]["uname"], "calvin2");
    let roles = format!("{}/roles", gone.path());
    assert_eq!(app.admin().get(&roles).ids(), [role.id.to_string()]);
    let own = app.basic("Calvin2", ADMIN_PASSWORD).get("/auth/user");
    assert_eq!(own.expect(200).id(), gone.id.to_string());
    let request = answer.header("x-request-id").unwrap();
    let path = format!("/events?filter[request_id]={request}&filter[verb]=restore");
    let event = app.admin().get(&path).expect(200).data()[0]["attributes"].clone();
    assert_eq!(event["before"]["username"], "calvin");
    assert_eq!(event["after"]["username"], "calvin2");
    assert_eq!(event["after"]["deleted_at"], json!(null));
}

#[test]
fn a_uname_can_be_chosen_on_the_way_back() {
    let app = TestApp::start();
    let gone = a_user().named("calvin").deleted(&app);
    let new = make(&app.admin(), "hobbes");
    let edit = changes("users", new.id, json!({"uname": "calvin"}));
    app.admin().patch(&new.path(), &edit).expect(200);
    let refused = restore(&app, &gone, json!({})).expect(409);
    assert!(details(&refused)[0].contains(&format!("The user {} ", new.id)));
    let answer = restore(&app, &gone, json!({"uname": "the-tiger"})).expect(200);
    assert_eq!(answer.data()["attributes"]["username"], "calvin");
    assert_eq!(answer.data()["attributes"]["uname"], "the-tiger");
}

#[test]
fn names_on_the_way_back_follow_the_rules_of_names() {
    let app = TestApp::start();
    let gone = a_user().named("calvin").deleted(&app);
    make(&app.admin(), "hobbes");
    for (names, status, at) in [
        (
            json!({"username": "hobbes"}),
            409,
            "/data/attributes/username",
        ),
        (
            json!({"username": "HOBBES"}),
            409,
            "/data/attributes/username",
        ),
        (json!({"uname": "hobbes"}), 409, "/data/attributes/uname"),
        (
            json!({"username": "two words"}),
            400,
            "/data/attributes/username",
        ),
        (json!({"username": ""}), 400, "/data/attributes/username"),
        (json!({"username": null}), 400, "/data/attributes/username"),
        (
            json!({"username": "adm\u{200b}in"}),
            400,
            "/data/attributes/username",
        ),
        (json!({"uname": "Upper"}), 400, "/data/attributes/uname"),
    ] {
        let refused = restore(&app, &gone, names.clone()).expect(status);
        assert_eq!(refused.pointers(), [at], "{names}");
        app.admin().get(&gone.trash_path()).expect(200);
    }
    // The former name may be sent along.
    restore(
        &app,
        &gone,
        json!({"username": "calvin", "uname": "calvin"}),
    )
    .expect(200);
}

#[test]
fn an_id_that_a_client_gave_is_free_as_well() {
    let app = TestApp::with(|settings| settings.server.client_ids = ClientIds::ExternalId);
    let id = "0d2b9b1e-7c4f-4b8a-9f56-2f1d3c4e5a6b";
    let with_id = |username: &str| {
        let mut document = called(username);
        document["data"]["id"] = id.into();
        app.admin().post("/users", &document)
    };
    let gone: i64 = with_id("calvin").expect(201).id().parse().unwrap();
    with_id("hobbes").expect(409);
    let gone = Member {
        id: gone,
        username: "calvin".into(),
    };
    app.admin().delete(&gone.path()).expect(204);
    let new = with_id("hobbes").expect(201).data();
    assert_eq!(new["meta"]["external_id"], id);
    let refused = restore(&app, &gone, json!({})).expect(409);
    let holder = new["id"].as_str().unwrap();
    assert!(details(&refused)[0].contains(&format!("The user {holder} ")));
    let back = restore(&app, &gone, json!({"username": "calvin2"})).expect(200);
    assert_eq!(back.data()["meta"]["external_id"], json!(null));
}

#[test]
fn others_hear_nothing_of_the_trash() {
    let app = TestApp::start();
    a_user().named("calvin").deleted(&app);
    let writer = clerk(&app, &["users:write"]);
    writer.post("/users", &called("calvin")).expect(201);
    let refused = writer.post("/users", &called("calvin")).expect(400);
    assert_eq!(
        details(&refused),
        ["username: A user with this username already exists."]
    );
}

#[test]
fn the_own_names_are_never_taken() {
    let app = TestApp::start();
    let user = a_user().named("calvin").create(&app);
    let same = json!({"username": "calvin", "uname": "calvin", "name": "Calvin"});
    let edit = changes("users", user.id, same);
    app.admin().patch(&user.path(), &edit).expect(200);
}

#[test]
fn of_a_restoration_and_a_new_user_at_the_same_time_one_has_the_name() {
    let app = TestApp::start();
    for round in 0..5 {
        let name = format!("calvin{round}");
        let gone = a_user().named(&name).deleted(&app);
        let (restored, made) = std::thread::scope(|scope| {
            let restored = scope.spawn(|| restore(&app, &gone, json!({})).status);
            let made = scope.spawn(|| app.admin().post("/users", &called(&name)).status);
            (restored.join().unwrap(), made.join().unwrap())
        });
        assert!(
            matches!((restored, made), (200, 400) | (409, 201)),
            "{restored} {made}"
        );
    }
}
