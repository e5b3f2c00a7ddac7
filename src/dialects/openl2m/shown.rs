//! A user as it is shown: thirteen members.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use serde::{Serialize, Serializer};

use crate::directory::administered::{Administered, Record};

#[derive(Serialize)]
pub struct Shown<'a> {
    id: i64,
    username: &'a str,
    /// Never the hash.
    password: &'static str,
    first_name: &'a str,
    last_name: &'a str,
    email: &'a str,
    is_active: bool,
    is_staff: bool,
    is_superuser: bool,
    date_joined: Moment<'a>,
    last_login: Option<Moment<'a>>,
    groups: &'a [i64],
    user_permissions: [i64; 0],
}

impl<'a> Shown<'a> {
    pub fn of(user: &'a Administered) -> Self {
        let record = &user.record;
        Self {
            id: record.id,
            username: &record.username,
            password: "",
            first_name: record.name.as_deref().unwrap_or_default(),
            last_name: record.surname.as_deref().unwrap_or_default(),
            email: record.email.as_deref().unwrap_or_default(),
            is_active: record.is_active,
            is_staff: record.is_staff,
            is_superuser: user.is_administrator,
            date_joined: Moment(&record.created),
            last_login: record.last_login.as_deref().map(Moment),
            groups: &user.groups,
            user_permissions: [],
        }
    }
}

impl Shown<'_> {
    /// What is shown in a field that is a text.
    pub fn text_of<'r>(record: &'r Record, field: &str) -> Option<Cow<'r, str>> {
        let text = |text: &'r Option<String>| text.as_deref().unwrap_or_default();
        Some(Cow::Borrowed(match field {
            "username" => &record.username,
            "first_name" => text(&record.name),
            "last_name" => text(&record.surname),
            "email" => text(&record.email),
            "date_joined" => return Some(Moment(&record.created).to_string().into()),
            "last_login" => {
                let moment = record.last_login.as_deref().map(Moment)?;
                return Some(moment.to_string().into());
            }
            _ => return None,
        }))
    }
}

/// A moment in stored form, which is shown with `Z` for UTC.
struct Moment<'a>(&'a str);

impl Display for Moment<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0.strip_suffix("+00:00") {
            Some(moment) => write!(out, "{moment}Z"),
            None => out.write_str(self.0),
        }
    }
}

impl Serialize for Moment<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
