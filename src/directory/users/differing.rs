//! What differs between two states of a user, for the audit log: the same as
//! describing both and comparing that, at a fraction of the cost of a change.

use serde_json::{Map, Value};

use super::User;

type Members = Map<String, Value>;

/// The members that differ, as they were and as they are.
pub fn differing(before: &User, after: &User) -> (Members, Members) {
    let (mut old, mut new) = (Map::new(), Map::new());
    let texts = Texts::of(before).0.into_iter().zip(Texts::of(after).0);
    for ((name, before), (_, after)) in texts.filter(|(before, after)| before != after) {
        old.insert(name.into(), before.into());
        new.insert(name.into(), after.into());
    }
    if before.partner_id != after.partner_id {
        old.insert("partner".into(), before.partner_id.into());
        new.insert("partner".into(), after.partner_id.into());
    }
    for (name, before, after) in [
        ("external", before.external, after.external),
        ("is_active", before.is_active, after.is_active),
        ("is_staff", before.is_staff, after.is_staff),
    ] {
        if before != after {
            old.insert(name.into(), before.into());
            new.insert(name.into(), after.into());
        }
    }
    // These two are left out where there is none.
    for (name, before, after) in [
        ("ldap_id", &before.ldap_id, &after.ldap_id),
        ("deleted_at", &before.deleted_at, &after.deleted_at),
    ] {
        if before != after {
            let text = |text: &String| (name.to_owned(), Value::from(text.as_str()));
            old.extend(before.as_ref().map(text));
            new.extend(after.as_ref().map(text));
        }
    }
    (old, new)
}

struct Texts<'a>([(&'static str, Option<&'a str>); 11]);

impl<'a> Texts<'a> {
    /// Names every member of a user, so that none is forgotten.
    fn of(user: &'a User) -> Self {
        let User {
            username,
            uname,
            name,
            surname,
            full_name,
            email,
            position,
            organization,
            time_zone,
            external_id,
            last_login,
            // Compared above.
            partner_id: _,
            external: _,
            is_active: _,
            is_staff: _,
            ldap_id: _,
            deleted_at: _,
            // Bookkeeping.
            id: _,
            version: _,
            created: _,
            modified: _,
            created_by: _,
            modified_by: _,
        } = user;
        Self([
            ("username", Some(username.as_str())),
            ("uname", Some(uname.as_str())),
            ("name", name.as_deref()),
            ("surname", surname.as_deref()),
            ("full_name", full_name.as_deref()),
            ("email", email.as_deref()),
            ("position", position.as_deref()),
            ("organization", organization.as_deref()),
            ("time_zone", time_zone.as_deref()),
            ("external_id", external_id.as_deref()),
            ("last_login", last_login.as_deref()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::events::{described, difference};

    fn a_user() -> User {
        let text = |text: &str| Some(text.to_owned());
        User {
            id: 1,
            username: "ada".into(),
            uname: "ada".into(),
            name: text("Ada"),
            surname: None,
            full_name: None,
            email: text("ada@x.org"),
            position: None,
            organization: None,
            time_zone: None,
            partner_id: None,
            external: false,
            external_id: None,
            ldap_id: None,
            is_active: true,
            is_staff: false,
            last_login: None,
            version: 1,
            created: "a".into(),
            modified: "b".into(),
            created_by: None,
            modified_by: Some(1),
            deleted_at: None,
        }
    }

    #[test]
    fn it_is_the_difference_of_what_the_log_says_of_both() {
        let text = || Some("x".to_owned());
        let edits: [fn(&mut User, Option<String>); 18] = [
            |user, text| user.username = text.unwrap(),
            |user, text| user.uname = text.unwrap(),
            |user, text| user.name = text,
            |user, text| user.surname = text,
            |user, text| user.full_name = text,
            |user, text| user.email = text,
            |user, text| user.position = text,
            |user, text| user.organization = text,
            |user, text| user.time_zone = text,
            |user, _| user.partner_id = Some(3),
            |user, _| user.external = true,
            |user, text| user.external_id = text,
            |user, text| user.ldap_id = text,
            |user, _| user.is_active = false,
            |user, _| user.is_staff = true,
            |user, text| user.last_login = text,
            |user, text| user.deleted_at = text,
            |user, text| {
                (user.version, user.modified_by) = (2, Some(2));
                (user.created, user.modified) = (text.unwrap(), "y".into());
            },
        ];
        let same = |one: &User, other: &User| {
            let wanted = difference(described(one), described(other));
            assert_eq!(differing(one, other), wanted);
        };
        let before = a_user();
        let mut all = a_user();
        for edit in edits {
            let mut after = a_user();
            edit(&mut after, text());
            same(&before, &after);
            same(&after, &before);
            edit(&mut all, text());
            same(&before, &all);
            same(&all, &before);
        }
    }
}
