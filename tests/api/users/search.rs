//! Searches as people make them: words in any order, each in any name, whatever
//! the case of any letter, on both databases alike.

use serde_json::{Value, json};

use crate::bulk::{import, lines, run};
use crate::program::Running;
use crate::support::{TestApp, TestDatabase, a_partner, a_user, changes};

/// As an address has it.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn make(app: &TestApp, attributes: Value) -> String {
    let user = a_user().create(app);
    let change = changes("users", user.id, attributes);
    app.admin().patch(&user.path(), &change).expect(200);
    user.id.to_string()
}

/// Who is found, by `q` and by the filter alike, and how many they are.
fn found(app: &TestApp, text: &str) -> Vec<String> {
    let text = encoded(text);
    let by_q = app.admin().get(&format!("/users?q={text}")).expect(200);
    let filter = format!("/users?filter[query]={text}");
    let by_filter = app.admin().get(&filter).expect(200);
    assert_eq!(by_q.ids(), by_filter.ids(), "{text}");
    assert_eq!(by_q.json()["meta"]["total"], by_q.ids().len(), "{text}");
    by_q.ids()
}

#[test]
fn all_words_must_match_in_any_order_and_in_any_name() {
    let app = TestApp::start();
    let johanna = make(&app, json!({"name": "Johanna", "surname": "Doeling"}));
    let quine = make(&app, json!({"full_name": "Willard Van Orman Quine"}));
    let mail = make(
        &app,
        json!({"surname": "Zweistein", "email": "Post@Example.org"}),
    );
    for (text, who) in [
        ("johanna doeling", &johanna),
        (" johanna ", &johanna),
        ("DOELING\t johanna", &johanna),
        ("hann oelin", &johanna),
        ("jo doe", &johanna),
        ("j d", &johanna),
        ("quine", &quine),
        ("quine willard", &quine),
        ("va or qu", &quine),
        ("example.org zweistein", &mail),
        ("post@", &mail),
    ] {
        assert_eq!(found(&app, text), std::slice::from_ref(who), "{text}");
    }
    for text in [
        "johanna quine",
        "johanna zz",
        "johannadoeling",
        "oe",
        "\"johanna\"",
        "*",
    ] {
        assert_eq!(found(&app, text), [""; 0], "{text}");
    }
    let everybody = app.admin().get("/users").ids();
    assert_eq!(found(&app, ""), everybody);
    assert_eq!(found(&app, " \u{a0} "), everybody);
}

#[test]
fn words_are_found_by_what_a_user_is_called_now() {
    let app = TestApp::start();
    let user = a_user().named("calvin").create(&app);
    let own = [user.id.to_string()];
    for (attributes, text, others) in [
        (json!({"name": "Ada"}), "ada", "watterson"),
        (json!({"surname": "Watterson"}), "ada watterson", "hobbes"),
        (json!({"full_name": "Hobbes Tiger"}), "tiger ada", "ada lee"),
        (json!({"name": null}), "watterson", "ada"),
        (
            json!({"email": "lee@example.org"}),
            "lee@example",
            "example.com",
        ),
        (json!({"username": "susie"}), "susie", "calvin"),
        (json!({"surname": "WATTERSON"}), "watterson", "calvin"),
    ] {
        let change = changes("users", user.id, attributes);
        app.admin().patch(&user.path(), &change).expect(200);
        assert_eq!(found(&app, text), own, "{text}");
        assert_eq!(found(&app, others), [""; 0], "{others}");
    }
    app.admin().delete(&user.path()).expect(204);
    assert_eq!(found(&app, "watterson"), [""; 0]);
    let trash = app.admin().get("/trash/users?q=watt%20tiger").expect(200);
    assert_eq!(trash.ids(), own);
}

/// Letters whose cases older tables do not know, of which one is in a name.
fn letters() -> Vec<(char, String)> {
    let scripts = [
        'A'..='Z',
        'À'..='Þ',
        'Ā'..='ž',
        'Ѐ'..='Я',
        'Ა'..='Ჿ',
        'Ꭰ'..='Ᏽ',
        '\u{1e900}'..='\u{1e921}',
        '\u{104b0}'..='\u{104d3}',
        '\u{10c80}'..='\u{10cb2}',
        '\u{10570}'..='\u{10595}',
        '\u{118a0}'..='\u{118bf}',
        '\u{16e40}'..='\u{16e5f}',
        'Ⰰ'..='Ⱟ',
        'Ꙁ'..='Ꙭ',
        'Ꜣ'..='Ꟶ',
        'µ'..='µ',
    ];
    let cased = scripts.into_iter().flatten().filter_map(|letter| {
        let other: String = match letter {
            'µ' => "μ".into(),
            letter => letter.to_lowercase().collect(),
        };
        (other != letter.to_string()).then_some((letter, other))
    });
    cased.collect()
}

#[test]
fn letters_of_every_script_are_found_in_both_cases() {
    let database = TestDatabase::migrated();
    let letters = letters();
    assert!(letters.len() > 500);
    let rows: Vec<Value> = letters
        .iter()
        .enumerate()
        .map(|(number, (letter, _))| json!({"username": format!("u{number}"), "name": format!("zq{letter}vw{number}")}))
        .collect();
    import(&database, lines(&rows), &[]).well();
    let program = Running::start(&database);
    let admin = program.admin();
    for (number, (letter, other)) in letters.iter().enumerate() {
        let user = admin.get(&format!("/users?filter[username]=u{number}"));
        for spelled in [letter.to_string(), other.clone()] {
            let text = encoded(&format!("q{spelled}vw{number}"));
            let answer = admin.get(&format!("/users?q={text}")).expect(200);
            let is_found = answer.ids().contains(&user.ids()[0]);
            assert!(is_found, "{letter:?} {spelled:?}");
        }
    }
}

#[test]
fn what_people_take_for_the_same_is_found() {
    let app = TestApp::start();
    for (name, searched) in [
        ("ÜMİT", "ümi"),
        ("ÜMİT", "ümit"),
        ("Işıl", "IŞIL"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Straße", "STRASSE"),
        ("Zoe\u{308}", "ZOË"),
        ("Ｗｉｄｅ", "wide"),
        ("ქართული", "Ქართ"),
        ("ᲥᲐ", "ქა"),
    ] {
        let id = make(&app, json!({"name": name}));
        assert!(found(&app, searched).contains(&id), "{name} {searched}");
    }
    let plain = make(&app, json!({"name": "Jose"}));
    assert!(!found(&app, "josé").contains(&plain));
}

#[test]
fn who_sees_a_part_finds_the_same_within_it() {
    let app = TestApp::start();
    let user = a_user().named("calvin").create(&app);
    let edit = json!({"name": "ÜMİT", "full_name": "Ümit van Quine"});
    let edit = changes("users", user.id, edit);
    app.admin().patch(&user.path(), &edit).expect(200);
    let other = make(&app, json!({"name": "Ümit", "surname": "Quine"}));
    let own = [user.id.to_string()];
    for (text, is_found) in [
        ("quine ümit", true),
        ("va qu üm", true),
        ("calvin QUINE", true),
        ("an", false),
        ("quine nobody", false),
    ] {
        let text = encoded(text);
        let path = format!("/users?q={text}");
        let narrow = user.client(&app).get(&path).expect(200).ids();
        assert_eq!(narrow == own, is_found, "{text}");
        assert!(!narrow.contains(&other));
        let all = app.admin().get(&path).expect(200).ids();
        assert_eq!(all.contains(&own[0]), is_found, "{text}");
    }
}

#[test]
fn the_number_of_words_is_bounded() {
    let app = TestApp::with(|settings| settings.limits.search_words = 3);
    let calvin = a_user().named("a-b-c-d-e").create(&app);
    let path = format!("/users?q={}", encoded("a-b b-c c-d"));
    let answer = app.admin().get(&path).expect(200);
    assert_eq!(answer.ids(), [calvin.id.to_string()]);
    let repeated = format!("/users?q={}", encoded("a-b A-B a-b ａ-ｂ"));
    app.admin().get(&repeated).expect(200);
    for parameter in ["q", "filter[query]"] {
        let many = format!("/users?{parameter}={}", encoded("a b c d"));
        let answer = app.admin().get(&many).expect(400);
        assert_eq!(answer.parameters(), [parameter]);
        assert!(answer.text.contains("at most 3 words"), "{}", answer.text);
    }
    let portal = "/api/id-management/";
    for parameter in ["users/?name_email", "partners/?title"] {
        let fits = format!("{portal}{parameter}={}", encoded("a b c"));
        app.admin().get(&fits).expect(200);
        let many = format!("{portal}{parameter}={}", encoded("a b c d"));
        let answer = app.admin().get(&many).expect(400);
        assert!(answer.text.contains("at most 3 words"), "{}", answer.text);
    }
}

#[test]
fn the_portal_searches_alike() {
    let app = TestApp::start();
    let id = make(
        &app,
        json!({"full_name": "Willard Quine", "email": "wq@example.org"}),
    );
    let count = |text: &str| {
        let path = format!("/api/id-management/users/?name_email={}", encoded(text));
        app.admin().get(&path).expect(200).json()["count"].clone()
    };
    for text in [
        "Quine",
        "quine willard",
        " ILLARD  ui",
        "wq@ quine",
        "QUINE example",
    ] {
        assert_eq!(count(text), 1, "{text} {id}");
    }
    assert_eq!(count("quine nobody"), 0);
    a_partner().titled("ᲥᲐrtuli Relief ÜMİT").create(&app);
    a_partner().titled("Other").create(&app);
    let titled = |text: &str| {
        let path = format!("/api/id-management/partners/?title={}", encoded(text));
        app.admin().get(&path).expect(200).json()["count"].clone()
    };
    for text in ["relief ქა", "ümit RELIEF", "el ul"] {
        assert_eq!(titled(text), 1, "{text}");
    }
    assert_eq!(titled("relief other"), 0);
}

#[test]
fn users_from_before_are_found_after_the_next_start() {
    let database = TestDatabase::migrated();
    import(
        &database,
        lines(&[json!({"username": "calvin", "full_name": "ÜMİT Quine"})]),
        &[],
    )
    .well();
    database.execute("UPDATE users SET search_text = NULL");
    run(&database, &["migrate"]).well();
    let listed = |name: &str| run(&database, &["user", "list", "--name", name]).well().out;
    assert!(listed("quine ümit").contains("calvin"));
    assert_eq!(listed("quine nobody"), "");
}
