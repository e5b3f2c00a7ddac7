//! What mails say. Names come from people: they may hold anything.

use diesel::Queryable;

use super::{MailKind, Wording};
use crate::directory::values;

/// Whom a mail is for.
#[derive(Clone, Debug, Queryable)]
pub struct Addressee {
    pub id: i64,
    pub username: String,
    pub name: Option<String>,
    pub surname: Option<String>,
    pub full_name: Option<String>,
    pub email: Option<String>,
}

impl Addressee {
    /// The e-mail address, or the username where that is one.
    pub fn address(&self) -> Option<&str> {
        let given = self.email.as_deref().filter(|email| !email.is_empty());
        given.or_else(|| {
            let username = self.username.as_str();
            values::email(username).is_ok().then_some(username)
        })
    }

    fn called(&self) -> String {
        let parts = [self.name.as_deref(), self.surname.as_deref()];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        let full = self
            .full_name
            .clone()
            .filter(|full| !full.trim().is_empty());
        let called = full.unwrap_or_else(|| parts.join(" "));
        let called = one_line(&called);
        if called.trim().is_empty() {
            one_line(&self.username)
        } else {
            called
        }
    }
}

/// A role in its place, in words.
#[derive(Clone, Debug)]
pub struct RoleInWords<'a> {
    pub role: &'a str,
    pub before: Option<&'a str>,
    /// Such as `the workspace Syria`; nothing for everywhere.
    pub place: Option<String>,
}

/// Subject and body of a mail to somebody who is new.
pub fn welcome(to: &Addressee, wording: &Wording) -> (String, String) {
    let site = one_line(&wording.site_name);
    let news = format!(
        "an account was made for you in {site}. Your username is {}.",
        one_line(&to.username)
    );
    let hint = wording
        .link
        .as_deref()
        .map(|link| format!("You can sign in at {}", one_line(link)));
    (format!("{site}: your account"), body(to, &news, hint))
}

/// Subject and body of a mail about a role.
pub fn about_role(
    to: &Addressee,
    what: MailKind,
    role: &RoleInWords<'_>,
    wording: &Wording,
) -> (String, String) {
    let site = one_line(&wording.site_name);
    let name = one_line(role.role);
    let place = role.place.as_deref().map(one_line);
    let place = place.map_or_else(String::new, |place| format!(" in {place}"));
    let (subject, news) = match (what, role.before) {
        (MailKind::Removed, _) => (
            format!("{site}: you no longer hold the role {name}"),
            format!("in {site} you no longer hold the role \"{name}\"{place}."),
        ),
        (MailKind::Changed, Some(before)) => {
            let before = one_line(before);
            (
                format!("{site}: your role is now {name}"),
                format!("in {site} your role{place} was changed from \"{before}\" to \"{name}\"."),
            )
        }
        _ => (
            format!("{site}: you now hold the role {name}"),
            format!("in {site} you now hold the role \"{name}\"{place}."),
        ),
    };
    let hint = wording.link.as_deref().map(one_line);
    (subject, body(to, &news, hint))
}

pub(super) fn body(to: &Addressee, news: &str, hint: Option<String>) -> String {
    let hint = hint.map_or_else(String::new, |hint| format!("{hint}\n\n"));
    format!(
        "Hello {},\n\n{news}\n\n{hint}This message was sent automatically.\n",
        to.called()
    )
}

/// Names may hold any character; none of them may begin a line of its own.
pub(super) fn one_line(text: &str) -> String {
    let plain = |c: char| {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            ' '
        } else {
            c
        }
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calvin() -> Addressee {
        Addressee {
            id: 7,
            username: "calvin".into(),
            name: Some("Calvin".into()),
            surname: None,
            full_name: None,
            email: Some("calvin@example.org".into()),
        }
    }

    fn wording() -> Wording {
        Wording {
            site_name: "People".into(),
            link: Some("https://people.example.org".into()),
            about: vec![MailKind::Created],
        }
    }

    #[test]
    fn a_username_that_is_an_address_will_do() {
        let mut to = calvin();
        assert_eq!(to.address(), Some("calvin@example.org"));
        to.email = None;
        assert_eq!(to.address(), None);
        to.username = "hobbes@example.org".into();
        assert_eq!(to.address(), Some("hobbes@example.org"));
    }

    #[test]
    fn a_mail_says_what_has_changed() {
        let (subject, body) = welcome(&calvin(), &wording());
        assert_eq!(subject, "People: your account");
        assert_eq!(
            body,
            "Hello Calvin,\n\nan account was made for you in People. Your username is calvin.\n\n\
             You can sign in at https://people.example.org\n\nThis message was sent automatically.\n"
        );
        let role = RoleInWords {
            role: "IP Admin",
            before: Some("IP Editor"),
            place: Some("the workspace Syria".into()),
        };
        let (subject, body) = about_role(&calvin(), MailKind::Changed, &role, &wording());
        assert_eq!(subject, "People: your role is now IP Admin");
        assert!(body.contains(
            "your role in the workspace Syria was changed from \"IP Editor\" to \"IP Admin\"."
        ));
        let (subject, _) = about_role(&calvin(), MailKind::Removed, &role, &wording());
        assert_eq!(subject, "People: you no longer hold the role IP Admin");
    }

    #[test]
    fn a_name_cannot_begin_a_line() {
        let role = RoleInWords {
            role: "x\r\nBcc: spy@example.org\r\n\r\nClick here",
            before: None,
            place: None,
        };
        let (subject, body) = about_role(&calvin(), MailKind::Granted, &role, &wording());
        assert_eq!(subject.lines().count(), 1);
        assert!(!body.contains('\r'));
        assert!(
            !body
                .lines()
                .any(|line| line.starts_with("Bcc") || line.starts_with("Click"))
        );
    }
}
