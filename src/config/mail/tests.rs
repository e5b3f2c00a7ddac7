use super::*;

#[test]
fn an_address_of_a_server_says_how_to_speak_with_it() {
    let shown = |text| SmtpUrl::parse(text).unwrap().to_string();
    assert_eq!(shown("smtp://localhost"), "smtp://localhost:25");
    assert_eq!(
        shown("smtps://mail.example.org"),
        "smtps://mail.example.org:465"
    );
    assert_eq!(
        shown("smtp://[::1]:2525/here.example.org?tls=opportunistic"),
        "smtp://[::1]:2525?tls=opportunistic"
    );
    assert_eq!(
        shown("smtp://me:hun%40ter2@mail?tls=required"),
        "smtp://me@mail:587?tls=required"
    );
    let url = SmtpUrl::parse("smtp://me%40x:hun%40ter2@mail/here").unwrap();
    assert_eq!(
        url.login,
        Some(("me@x".to_owned(), Secret::new("hun@ter2")))
    );
    assert_eq!(url.hello.as_deref(), Some("here"));
    assert!(!format!("{url:?} {url}").contains("ter2"));
}

#[test]
fn what_is_no_server_is_refused_without_repeating_it() {
    for text in [
        "",
        "mail.example.org",
        "http://mail:hunter2@x",
        "smtp://",
        "smtp://me@host",
        "smtp://:hunter2@host",
        "smtp://me:hunter2@ho st",
        "smtp://me:hunter2@host:0",
        "smtp://me:hunter2@host?tls=maybe",
        "smtps://me:hunter2@host?tls=required",
        "smtp://me:hunter2%0d%0aX@host",
        "smtp://me:hunter2%ff@host",
        "smtp://host/a b",
    ] {
        let problem = SmtpUrl::parse(text).unwrap_err();
        assert!(!problem.contains("hunter2"), "{problem}");
    }
}

#[test]
fn a_sender_is_an_address_with_or_without_a_name() {
    let from = sender("People & roles <people@example.org>").unwrap();
    assert_eq!(from.name.as_deref(), Some("People & roles"));
    assert_eq!(from.address, "people@example.org");
    assert_eq!(sender("a@localhost").unwrap().name, None);
    for text in [
        "",
        "people",
        "a@",
        "@b",
        "a@b>",
        "P <a@b",
        "a..b@c",
        "a@-b",
        "a b@c",
        "a@b@c",
        "x\ny <a@b>",
    ] {
        assert!(sender(text).is_err(), "{text} was accepted");
    }
}

#[test]
fn only_known_news_can_be_asked_for() {
    assert_eq!(about("removed"), Ok(MailAbout::Removed));
    assert!(about("deleted").is_err());
}
