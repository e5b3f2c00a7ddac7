//! Which passwords can be set: one rule on every surface and in the program.

use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::program::rolecall;
use crate::support::{
    ADMIN_PASSWORD, Answer, Member, TestApp, TestDatabase, a_new, a_user, changes, unique,
};

const COMMON: &str = "This password is too common.";
const SHORT: &str = "Use at least 7 characters.";
const USERNAME: &str = "The password must not be the username.";
const EMAIL: &str = "The password must not be the e-mail address or the part of it before the @.";

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// Sets a password; for somebody new without a member.
type Set = fn(&TestApp, Option<&Member>, &str, &str) -> Answer;

/// Every way to a password over HTTP, and whether it makes the user. The e-mail
/// address of a user who is there is `local.part@example.org`.
const WAYS: &[(&str, bool, Set)] = &[
    ("POST /users", true, |app, _, username, password| {
        let attributes = json!({
            "username": username, "email": "local.part@example.org", "password": password
        });
        app.admin().post("/users", &a_new("users", attributes))
    }),
    ("PATCH /users/ID", false, |app, user, _, password| {
        let user = user.unwrap();
        let document = changes("users", user.id, json!({"password": password}));
        app.admin().patch(&user.path(), &document)
    }),
    ("PATCH /auth/user", false, |app, user, _, password| {
        let user = user.unwrap();
        let attributes = json!({"password": password, "old_password": ADMIN_PASSWORD});
        let document = changes("users", user.id, attributes);
        user.client(app).patch("/auth/user", &document)
    }),
    ("/operations, add", true, |app, _, username, password| {
        let attributes = json!({
            "username": username, "email": "local.part@example.org", "password": password
        });
        let data = json!({"type": "users", "attributes": attributes});
        let operation = json!({"op": "add", "data": data});
        app.admin()
            .operations(&json!({"atomic:operations": [operation]}))
    }),
    ("/operations, update", false, |app, user, _, password| {
        let id = user.unwrap().id.to_string();
        let data = json!({"type": "users", "id": id, "attributes": {"password": password}});
        let operation = json!({"op": "update", "data": data});
        app.admin()
            .operations(&json!({"atomic:operations": [operation]}))
    }),
    ("CFEngine, PUT", true, |app, _, username, password| {
        let body = json!({"email": "local.part@example.org", "password": password});
        let path = format!("/api/user/{username}");
        app.admin()
            .send("PUT", &path, JSON, Some(body.to_string().as_bytes()))
    }),
    ("CFEngine, POST", false, |app, user, _, password| {
        let body = json!({"password": password}).to_string();
        let path = format!("/api/user/{}", user.unwrap().username);
        app.admin().send("POST", &path, JSON, Some(body.as_bytes()))
    }),
    ("CFEngine, one's own", false, |app, user, _, password| {
        let user = user.unwrap();
        let body = json!({"password": password, "old_password": ADMIN_PASSWORD}).to_string();
        let path = format!("/api/user/{}", user.username);
        user.client(app)
            .send("POST", &path, JSON, Some(body.as_bytes()))
    }),
    ("OpenL2M, POST", true, |app, _, username, password| {
        let body = json!({
            "username": username, "email": "local.part@example.org", "password": password
        });
        let body = body.to_string();
        app.admin()
            .send("POST", "/api/admin/users/", JSON, Some(body.as_bytes()))
    }),
    ("OpenL2M, PATCH", false, |app, user, _, password| {
        let body = json!({"password": password}).to_string();
        let path = format!("/api/admin/users/{}/", user.unwrap().id);
        app.admin()
            .send("PATCH", &path, JSON, Some(body.as_bytes()))
    }),
];

/// What an error says about the password, at the place where it belongs.
fn told(way: &str, answer: &Answer) -> Vec<String> {
    if way.starts_with("CFEngine") {
        let text = answer.text.trim().strip_prefix("password: ");
        return vec![
            text.unwrap_or_else(|| panic!("{way}: {}", answer.text))
                .to_owned(),
        ];
    }
    let body = answer.json();
    if way.starts_with("OpenL2M") {
        let texts = body["password"].as_array();
        let texts = texts.unwrap_or_else(|| panic!("{way}: {body}"));
        return texts
            .iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect();
    }
    let pointer = match way.starts_with("/operations") {
        true => "/atomic:operations/0/data/attributes/password",
        false => "/data/attributes/password",
    };
    assert_eq!(answer.pointers(), [pointer], "{way}");
    vec![body["errors"][0]["detail"].as_str().unwrap().to_owned()]
}

/// A way, and a user for it, who can sign in with [`ADMIN_PASSWORD`].
fn each_way(app: &TestApp, mut act: impl FnMut(&str, &str, &dyn Fn(&str) -> Answer)) {
    for (way, is_new, set) in WAYS {
        let username = unique("Chrysanthemum");
        let user = (!is_new).then(|| {
            a_user()
                .named(&username)
                .with_email("local.part@example.org")
                .with_password()
                .create(app)
        });
        act(way, &username, &|password| {
            set(app, user.as_ref(), &username, password)
        });
    }
}

#[test]
fn weak_passwords_are_refused_on_every_surface_and_change_nothing() {
    let app = TestApp::start();
    each_way(&app, |way, username, set| {
        for (password, why) in [
            ("password1", COMMON),
            ("PassWord1", COMMON),
            ("12345678", COMMON),
            (username, USERNAME),
            (&*username.to_uppercase(), USERNAME),
            ("local.part", EMAIL),
            ("Local.Part@example.org", EMAIL),
        ] {
            let answer = set(password).expect(400);
            let told = told(way, &answer);
            assert_eq!(told.len(), 1, "{way}");
            assert!(told[0].ends_with(why), "{way}, {password}: {}", answer.text);
            assert!(!answer.text.contains(password), "{way}: {}", answer.text);
            app.basic(username, password).get("/home").expect(401);
            app.advance(60);
        }
    });
}

#[test]
fn all_reasons_are_told_at_once() {
    let app = TestApp::start();
    each_way(&app, |way, _, set| {
        let answer = set("123456").expect(400);
        let told = told(way, &answer);
        if way.starts_with("OpenL2M") {
            let short = "Ensure this field has at least 7 characters.";
            assert_eq!(told, [short, COMMON], "{way}");
        } else {
            let both = format!("{SHORT} {COMMON}");
            assert!(told[0].ends_with(&both), "{way}: {}", answer.text);
        }
    });
}

#[test]
fn seven_characters_are_enough_on_every_surface() {
    let app = TestApp::start();
    each_way(&app, |way, username, set| {
        let status = set("j04nd0e").status;
        assert!((200..300).contains(&status), "{way}: {status}");
        app.basic(username, "j04nd0e").get("/home").expect(200);
    });
}

#[test]
fn the_name_and_the_address_that_are_set_with_it_count() {
    let app = TestApp::start();
    let user = a_user().with_email("old.address@example.org").create(&app);
    let set = |attributes: Value| {
        app.admin()
            .patch(&user.path(), &changes("users", user.id, attributes))
    };
    let renamed = json!({"username": "rosalind-f", "password": "Rosalind-F"});
    assert_eq!(
        set(renamed).expect(400).pointers(),
        ["/data/attributes/password"]
    );
    let moved = json!({"email": "new.address@example.org", "password": "new.address"});
    assert_eq!(
        set(moved).expect(400).pointers(),
        ["/data/attributes/password"]
    );
    let left = json!({"email": null, "password": "old.address"});
    set(left).expect(200);
}

#[test]
fn who_cannot_be_seen_is_not_compared_with() {
    let app = TestApp::start();
    let stranger = a_user().create(&app);
    let hidden = a_user().with_email("hidden.part@example.org").create(&app);
    let client = stranger.client(&app);
    for password in ["hidden.part", "tulips in may"] {
        let document = changes("users", hidden.id, json!({"password": password}));
        client.patch(&hidden.path(), &document).expect(404);
    }
}

#[test]
fn passwords_that_were_set_before_a_rule_stay_good() {
    let app = TestApp::with(|settings| settings.auth.password_min_length = 20);
    let user = a_user().with_password().create(&app);
    app.basic(&user.username, ADMIN_PASSWORD)
        .get("/home")
        .expect(200);
    let document = changes("users", user.id, json!({"password": ADMIN_PASSWORD}));
    app.admin().patch(&user.path(), &document).expect(400);
}

#[test]
fn common_passwords_can_be_allowed() {
    let app = TestApp::with(|settings| settings.auth.refuse_common_passwords = false);
    let attributes = json!({"username": "calvin", "password": "password1"});
    app.admin()
        .post("/users", &a_new("users", attributes))
        .expect(201);
}

#[test]
fn a_file_of_passwords_and_one_of_hashes_are_heeded() {
    // The SHA-1 of "tulips in may" between two others, as Have I Been Pwned writes them.
    let hashes = "0000000A1D4B746FAA3FD526FF6D5BC8052FDB38:16\r\n\
        F9CF268C4AA225D036860FA1050FD40E0D3C508A:37\r\n\
        FFFFFFFEE791CBAC0F6305CAF0CEE06BBE131160:2\r\n";
    let files = ["Tulips In May\nswordfish-9\n", hashes];
    for text in files {
        let path = std::env::temp_dir().join(unique(&format!("refused-{}-", std::process::id())));
        std::fs::write(&path, text).unwrap();
        let app = TestApp::with(|settings| {
            settings.auth.refused_passwords_file = Some(path.clone());
        });
        let make = |password: &str| {
            let attributes = json!({"username": unique("calvin"), "password": password});
            app.admin().post("/users", &a_new("users", attributes))
        };
        let answer = make("tulips in may").expect(400);
        let detail = answer.errors()[0]["detail"].as_str().unwrap().to_owned();
        assert!(
            detail.ends_with("on the list of refused passwords."),
            "{detail}"
        );
        make("tulips in june").expect(201);
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn the_native_surface_tells_how_strong_a_chosen_password_is() {
    let app = TestApp::start();
    let user = a_user().with_password().create(&app);
    let strength = |answer: Answer| answer.json()["meta"]["password_strength"].clone();
    let chosen = |user: &Member, password: &str, old: &str| {
        let attributes = json!({"password": password, "old_password": old});
        let document = changes("users", user.id, attributes);
        let client = app.basic(&user.username, old);
        client.patch("/auth/user", &document).expect(200)
    };
    let other = a_user().with_password().create(&app);
    let weak = strength(chosen(&other, "calvin99", ADMIN_PASSWORD));
    assert!(weak["score"].as_u64().unwrap() <= 1, "{weak}");
    assert!(!weak["suggestions"].as_array().unwrap().is_empty());

    let attributes = json!({"password": "kettle-otter-9-violin", "old_password": ADMIN_PASSWORD});
    let document = changes("users", user.id, attributes);
    let own = user.client(&app).patch("/auth/user", &document).expect(200);
    assert_eq!(strength(own), json!({"score": 4}));
    let document = changes(
        "users",
        user.id,
        json!({"password": "kettle-otter-8-violin"}),
    );
    // It is no news to somebody else, nor part of a new user's document.
    let changed = app.admin().patch(&user.path(), &document).expect(200);
    assert_eq!(strength(changed), Value::Null);

    let document = changes("users", user.id, json!({"name": "Susie"}));
    let renamed = app.admin().patch(&user.path(), &document).expect(200);
    assert_eq!(strength(renamed), Value::Null);
}

/// The program with a password on its standard input.
fn with_password(database: &TestDatabase, arguments: &[&str], password: &str) -> Output {
    let mut child = rolecall(database, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let line = format!("{password}\n");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(line.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn the_command_line_refuses_weak_passwords_and_tells_the_strength() {
    let database = TestDatabase::migrated();
    let add = |password: &str| {
        let arguments = [
            "user",
            "add",
            "hobbes-1985",
            "--email",
            "tiger.cat@example.org",
        ];
        let arguments = [&arguments[..], &["--password-stdin"]].concat();
        with_password(&database, &arguments, password)
    };
    for (password, why) in [
        ("password1", COMMON),
        ("Hobbes-1985", USERNAME),
        ("tiger.cat", EMAIL),
        ("zq-9x", SHORT),
    ] {
        let output = add(password);
        assert_eq!(output.status.code(), Some(2), "{password}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said, format!("rolecall: --password-stdin: {why}\n"));
    }
    let output = add("a tiger in a tree");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("The strength of the password is "), "{said}");

    let arguments = ["user", "password", "hobbes-1985", "--password-stdin"];
    let output = with_password(&database, &arguments, "tiger.cat");
    assert_eq!(output.status.code(), Some(2));
    let output = with_password(&database, &arguments, "another tiger in a tree");
    assert!(output.status.success());
}

#[test]
fn a_start_with_a_weak_first_password_or_an_unreadable_list_is_refused_with_one_sentence() {
    let database = TestDatabase::migrated();
    let refused = |name: &str, value: &str| {
        let output = rolecall(&database, &["serve", "--listen", "127.0.0.1:0"])
            .env(name, value)
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let said = refused("ROLECALL_ADMIN_PASSWORD", "short1");
    let expected = "rolecall: auth.admin_password: Use at least 7 characters.";
    assert_eq!(said.lines().last(), Some(expected), "{said}");
    let said = refused("ROLECALL_REFUSED_PASSWORDS_FILE", "/nowhere/list");
    let expected = "auth.refused_passwords_file: /nowhere/list cannot be read (";
    assert!(said.contains(expected), "{said}");
}
