//! What mails say about the keys to an account: whoever did not change them
//! themselves learns of it.

use super::texts::{body, one_line};
use super::{Addressee, Wording};

const NOT_YOU: &str = "If you know nothing of this, tell your administrator at once.";

fn notice(to: &Addressee, subject: &str, news: &str, wording: &Wording) -> (String, String) {
    let site = one_line(&wording.site_name);
    let username = one_line(&to.username);
    let news = format!("in {site} {news} of your account {username}.\n\n{NOT_YOU}");
    let hint = wording.link.as_deref().map(one_line);
    (format!("{site}: {subject}"), body(to, &news, hint))
}

pub fn new_password(to: &Addressee, wording: &Wording) -> (String, String) {
    let news = "a new password was set, which ended the sign-ins";
    notice(to, "your new password", news, wording)
}

/// The name of a token comes from people.
pub fn new_token(to: &Addressee, name: &str, wording: &Wording) -> (String, String) {
    let name = one_line(name);
    let news = format!("an API token called \"{name}\" was made, which acts with the rights");
    notice(to, "a new API token", &news, wording)
}

/// What an address is told that an account had, or has now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailChange {
    Left,
    Came,
}

pub fn new_email(to: &Addressee, change: EmailChange, wording: &Wording) -> (String, String) {
    let news = match change {
        EmailChange::Left => "this address is no longer the e-mail address",
        EmailChange::Came => "this address is now the e-mail address",
    };
    notice(to, "your e-mail address", news, wording)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::mail::MailKind;

    #[test]
    fn a_notice_names_the_account_and_what_to_do() {
        let to = Addressee {
            id: 7,
            username: "calvin".into(),
            name: Some("Calvin".into()),
            surname: None,
            full_name: None,
            email: Some("calvin@example.org".into()),
        };
        let wording = Wording {
            site_name: "People".into(),
            link: None,
            about: vec![MailKind::Token],
        };
        let (subject, body) = new_token(&to, "x\r\nBcc: spy@example.org", &wording);
        assert_eq!(subject, "People: a new API token");
        assert_eq!(
            body,
            "Hello Calvin,\n\nin People an API token called \"x  Bcc: spy@example.org\" was made, \
             which acts with the rights of your account calvin.\n\nIf you know nothing of this, \
             tell your administrator at once.\n\nThis message was sent automatically.\n"
        );
        let (subject, body) = new_email(&to, EmailChange::Left, &wording);
        assert_eq!(subject, "People: your e-mail address");
        assert!(body.contains("no longer the e-mail address of your account calvin."));
    }
}
