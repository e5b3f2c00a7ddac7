//! A user as it is shown: thirteen members.

use serde::{Serialize, Serializer};

use crate::directory::administered::Administered;

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

/// A moment in stored form, which is shown with `Z` for UTC.
struct Moment<'a>(&'a str);

impl Serialize for Moment<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.strip_suffix("+00:00") {
            Some(moment) => serializer.collect_str(&format_args!("{moment}Z")),
            None => serializer.serialize_str(self.0),
        }
    }
}
