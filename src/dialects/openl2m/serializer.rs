//! Serializes users.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use serde::{Serialize, Serializer};

use crate::directory::administered::{Administered, Record};

#[derive(Serialize)]
pub struct UserBody<'a> {
    id: i64,
    username: &'a str,
    /// Always empty.
    password: &'static str,
    first_name: &'a str,
    last_name: &'a str,
    email: &'a str,
    is_active: bool,
    is_staff: bool,
    is_superuser: bool,
    date_joined: DateTimeText<'a>,
    last_login: Option<DateTimeText<'a>>,
    groups: &'a [i64],
    user_permissions: [i64; 0],
}

impl<'a> UserBody<'a> {
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
            date_joined: DateTimeText(&record.created),
            last_login: record.last_login.as_deref().map(DateTimeText),
            groups: &user.groups,
            user_permissions: [],
        }
    }
}

impl UserBody<'_> {
    /// The value of a string field.
    pub fn text_of<'r>(record: &'r Record, field: &str) -> Option<Cow<'r, str>> {
        let text = |text: &'r Option<String>| text.as_deref().unwrap_or_default();
        Some(Cow::Borrowed(match field {
            "username" => &record.username,
            "first_name" => text(&record.name),
            "last_name" => text(&record.surname),
            "email" => text(&record.email),
            "date_joined" => return Some(DateTimeText(&record.created).to_string().into()),
            "last_login" => {
                let datetime = record.last_login.as_deref().map(DateTimeText)?;
                return Some(datetime.to_string().into());
            }
            _ => return None,
        }))
    }
}

/// A datetime in stored form; UTC is written as `Z`.
struct DateTimeText<'a>(&'a str);

impl Display for DateTimeText<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0.strip_suffix("+00:00") {
            Some(datetime) => write!(out, "{datetime}Z"),
            None => out.write_str(self.0),
        }
    }
}

impl Serialize for DateTimeText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
