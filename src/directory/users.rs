//! Users: people and programs that may be known here.

use std::borrow::Cow;

use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use serde::Serialize;

use super::batch::{CreatedIds, ResolveIds};
use super::error::FieldError;
use super::listing::{Entity, Visibility};
use super::permissions::PrivilegeCeiling;
use super::search::SearchedNames;
use super::secret::secret_text;
use super::{Expected, Operation, names, values};
use crate::storage::schema::users;
pub use differing::differing;

mod differing;

/// A user as it is read. The password hash is not read with it.
#[derive(Clone, Debug, Queryable, Selectable, Serialize)]
#[diesel(table_name = users)]
pub struct User {
    pub id: i64,
    pub username: String,
    pub uname: String,
    pub name: Option<String>,
    pub surname: Option<String>,
    pub full_name: Option<String>,
    pub email: Option<String>,
    pub position: Option<String>,
    pub organization: Option<String>,
    pub time_zone: Option<String>,
    #[serde(rename = "partner")]
    pub partner_id: Option<i64>,
    pub external: bool,
    /// What a client calls them, when it chose the name itself.
    pub external_id: Option<String>,
    /// By what the entry of an external user is known in LDAP, whatever it is
    /// called. No surface shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ldap_id: Option<String>,
    pub is_active: bool,
    pub is_staff: bool,
    pub last_login: Option<String>,
    pub version: i64,
    pub created: String,
    pub modified: String,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
    /// Since when it is in the trash; who put it there changed it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<String>,
}

#[derive(Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub struct NewUser<'a> {
    pub username: &'a str,
    pub uname: &'a str,
    pub username_folded: String,
    pub username_skeleton: String,
    pub uname_skeleton: String,
    pub search_text: String,
    pub password_hash: Option<&'a str>,
    pub created: &'a str,
    pub modified: &'a str,
    pub created_by: Option<i64>,
    pub modified_by: Option<i64>,
}

impl<'a> NewUser<'a> {
    /// With what names are told apart and searched by.
    pub fn named(
        username: &'a str,
        uname: &'a str,
        password_hash: Option<&'a str>,
        now: &'a str,
        by: Option<i64>,
    ) -> Self {
        let called = SearchedNames {
            username,
            name: None,
            surname: None,
            full_name: None,
            email: None,
        };
        Self {
            username,
            uname,
            search_text: called.search_text(),
            username_folded: names::folded(username),
            username_skeleton: names::skeleton(username),
            uname_skeleton: names::skeleton(uname),
            password_hash,
            created: now,
            modified: now,
            created_by: by,
            modified_by: by,
        }
    }
}

/// What follows from new names.
#[derive(Default, AsChangeset)]
#[diesel(table_name = users)]
pub struct NameKeys {
    username_folded: Option<String>,
    username_skeleton: Option<String>,
    uname_skeleton: Option<String>,
    search_text: Option<String>,
}

impl NameKeys {
    /// Of all names of somebody.
    pub fn of_names(called: SearchedNames<'_>, uname: &str) -> Self {
        Self {
            search_text: Some(called.search_text()),
            username_folded: Some(names::folded(called.username)),
            username_skeleton: Some(names::skeleton(called.username)),
            uname_skeleton: Some(names::skeleton(uname)),
        }
    }

    /// Of what the user is called `after` these changes.
    pub fn of(changes: &UserChanges, after: &User) -> Self {
        Self {
            search_text: changes
                .recalls()
                .then(|| SearchedNames::from(after).search_text()),
            username_folded: changes.username.as_deref().map(names::folded),
            username_skeleton: changes.username.as_deref().map(names::skeleton),
            uname_skeleton: changes.uname.as_deref().map(names::skeleton),
        }
    }
}

/// What shall be changed; `None` leaves a column alone, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, AsChangeset)]
#[diesel(table_name = users)]
pub struct UserChanges {
    pub username: Option<String>,
    pub uname: Option<String>,
    pub name: Option<Option<String>>,
    pub surname: Option<Option<String>>,
    pub full_name: Option<Option<String>>,
    pub email: Option<Option<String>>,
    pub position: Option<Option<String>>,
    pub organization: Option<Option<String>>,
    pub time_zone: Option<Option<String>>,
    pub partner_id: Option<Option<i64>>,
    pub password_hash: Option<Option<PasswordHash>>,
    /// Whether the password is kept elsewhere; no surface changes it.
    pub external: Option<bool>,
    pub external_id: Option<String>,
    /// Only what brings external users in changes it.
    pub ldap_id: Option<String>,
    pub is_active: Option<bool>,
    pub is_staff: Option<bool>,
    /// Since when the user is known, and when they signed in last, where an
    /// administrator knows better; in stored form.
    pub created: Option<String>,
    pub last_login: Option<Option<String>>,
}

/// A password's hash in PHC form. Does not print.
#[derive(
    Clone, PartialEq, Eq, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Text)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

secret_text!(PasswordHash);

impl UserChanges {
    /// Nothing but what everybody may change about themselves: no flags, and
    /// not whom they belong to, since rights follow from that.
    pub fn is_personal(&self) -> bool {
        self.is_active.is_none()
            && self.is_staff.is_none()
            && self.partner_id.is_none()
            && self.created.is_none()
            && self.last_login.is_none()
            && self.external.is_none()
            && self.ldap_id.is_none()
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the user is to be called otherwise.
    pub fn renames(&self) -> bool {
        self.username.is_some() || self.uname.is_some()
    }

    /// Whether the user is to be found by other words.
    fn recalls(&self) -> bool {
        self.username.is_some()
            || self.name.is_some()
            || self.surname.is_some()
            || self.full_name.is_some()
            || self.email.is_some()
    }

    /// With names in their one spelling.
    pub fn normalized(mut self) -> Self {
        for name in [&mut self.username, &mut self.uname].into_iter().flatten() {
            if let Cow::Owned(normal) = names::normalized(name) {
                *name = normal;
            }
        }
        self
    }

    /// Without what the user is already: clients send back whole records.
    pub fn without_unchanged(mut self, user: &User) -> Self {
        drop_same(&mut self.username, &user.username);
        drop_same(&mut self.uname, &user.uname);
        drop_same(&mut self.name, &user.name);
        drop_same(&mut self.surname, &user.surname);
        drop_same(&mut self.full_name, &user.full_name);
        drop_same(&mut self.email, &user.email);
        drop_same(&mut self.position, &user.position);
        drop_same(&mut self.organization, &user.organization);
        drop_same(&mut self.time_zone, &user.time_zone);
        drop_same(&mut self.partner_id, &user.partner_id);
        drop_same(&mut self.external, &user.external);
        drop_same(&mut self.is_active, &user.is_active);
        drop_same(&mut self.is_staff, &user.is_staff);
        drop_same(&mut self.created, &user.created);
        drop_same(&mut self.last_login, &user.last_login);
        self
    }

    /// The user as the database will have them once this is written: it adds
    /// nothing of its own.
    pub fn applied_to(&self, before: &User, now: String, by: Option<i64>) -> User {
        let Self {
            username,
            uname,
            name,
            surname,
            full_name,
            email,
            position,
            organization,
            time_zone,
            partner_id,
            password_hash: _,
            external,
            external_id,
            ldap_id,
            is_active,
            is_staff,
            created,
            last_login,
        } = self;
        let User {
            id,
            version,
            created_by,
            ref deleted_at,
            ..
        } = *before;
        User {
            id,
            username: changed(username, &before.username),
            uname: changed(uname, &before.uname),
            name: changed(name, &before.name),
            surname: changed(surname, &before.surname),
            full_name: changed(full_name, &before.full_name),
            email: changed(email, &before.email),
            position: changed(position, &before.position),
            organization: changed(organization, &before.organization),
            time_zone: changed(time_zone, &before.time_zone),
            partner_id: changed(partner_id, &before.partner_id),
            external: changed(external, &before.external),
            external_id: external_id.clone().or_else(|| before.external_id.clone()),
            ldap_id: ldap_id.clone().or_else(|| before.ldap_id.clone()),
            is_active: changed(is_active, &before.is_active),
            is_staff: changed(is_staff, &before.is_staff),
            last_login: changed(last_login, &before.last_login),
            version: version + 1,
            created: changed(created, &before.created),
            modified: now,
            created_by,
            modified_by: by,
            deleted_at: deleted_at.clone(),
        }
    }

    fn touches_credentials(&self) -> bool {
        self.username.is_some()
            || self.password_hash.is_some()
            || self.is_active.is_some()
            || self.external.is_some()
    }
}

fn changed<T: Clone>(change: &Option<T>, before: &T) -> T {
    change.as_ref().unwrap_or(before).clone()
}

/// Forgets a change to what is so already.
pub fn drop_same<T: PartialEq>(change: &mut Option<T>, now: &T) {
    if change.as_ref() == Some(now) {
        *change = None;
    }
}

/// Columns by which users are filtered and sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserColumn {
    Id,
    Username,
    Uname,
    Name,
    Surname,
    FullName,
    Email,
    Position,
    Organization,
    TimeZone,
    Partner,
    External,
    ExternalId,
    IsActive,
    IsStaff,
    LastLogin,
    Created,
    Modified,
    CreatedBy,
    ModifiedBy,
    DeletedAt,
}

/// What a list of users can be confined to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UsersOf {
    /// Who holds this role without a scope.
    Role(i64),
    /// Who has this role anywhere, by whatever role contains it.
    Effective(i64),
    /// Who belongs to these partners.
    Partners(Vec<i64>),
    /// These ids, for `include`.
    Ids(Vec<i64>),
}

#[derive(Debug)]
pub struct Users;

impl Entity for Users {
    type Row = User;
    type Column = UserColumn;
    type Parent = UsersOf;
    const ID: UserColumn = UserColumn::Id;

    fn of_ids(ids: Vec<i64>) -> UsersOf {
        UsersOf::Ids(ids)
    }

    fn is_indexed(column: UserColumn) -> bool {
        use UserColumn::{
            Created, Email, ExternalId, Id, Modified, Name, Partner, Surname, Uname, Username,
        };
        matches!(
            column,
            Id | Username
                | Uname
                | Name
                | Surname
                | Email
                | ExternalId
                | Partner
                | Created
                | Modified
        )
    }
}

/// One living user.
#[derive(Debug)]
pub struct FindUser {
    pub id: i64,
    pub visible: Visibility,
}

impl Operation for FindUser {
    type Output = Option<User>;
}

/// Makes a user; with `roles` they are held at once, without scope and limit.
#[derive(Clone, Debug)]
pub struct CreateUser {
    pub changes: UserChanges,
    pub roles: Option<Vec<i64>>,
    pub ceiling: PrivilegeCeiling,
}

impl CreateUser {
    /// Tells what a new user lacks.
    pub fn missing(changes: &UserChanges, has_password: bool) -> Vec<FieldError> {
        let mut problems = Vec::new();
        if changes.username.is_none() {
            problems.push(FieldError::missing("username"));
        }
        if !has_password {
            problems.push(FieldError::missing("password"));
        }
        problems
    }

    /// The uname asked for, or the one that the username suggests.
    pub fn wanted_uname(&self) -> (String, bool) {
        match (&self.changes.uname, &self.changes.username) {
            (Some(uname), _) => (uname.clone(), true),
            (None, username) => (values::uname_from(username.as_deref().unwrap_or("")), false),
        }
    }
}

impl Operation for CreateUser {
    type Output = User;

    fn touches_credentials(&self) -> bool {
        // Nobody can have been remembered as a user that did not exist.
        false
    }
}

/// Changes a user; with `roles` the un-scoped roles are replaced.
#[derive(Clone, Debug)]
pub struct UpdateUser {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
    pub changes: UserChanges,
    pub roles: Option<Vec<i64>>,
    pub ceiling: PrivilegeCeiling,
    /// Whether flags may be changed as well, not only what is personal.
    pub may_set_flags: bool,
    /// Whether the names that the user is known by may be changed.
    pub may_rename: bool,
    /// Whether the caller has given their own password for this change.
    pub is_password_confirmed: bool,
    /// Whether a new password ends the API tokens of the user, too; where it is
    /// left open, it does when somebody else sets it.
    pub end_tokens: Option<bool>,
}

impl Operation for UpdateUser {
    type Output = User;

    fn touches_credentials(&self) -> bool {
        self.roles.is_some() || self.changes.touches_credentials()
    }
}

/// A user changes their own record: nothing but what is personal, and no roles.
#[derive(Debug)]
pub struct UpdateOwn(pub UpdateUser);

impl UpdateOwn {
    pub fn new(id: i64, changes: UserChanges) -> Self {
        Self(UpdateUser {
            id,
            visible: Visibility::Nothing,
            changes,
            roles: None,
            ceiling: PrivilegeCeiling::Nothing,
            may_set_flags: false,
            may_rename: false,
            is_password_confirmed: false,
            end_tokens: None,
            expected: Expected::default(),
        })
    }
}

impl Operation for UpdateOwn {
    type Output = User;

    fn touches_credentials(&self) -> bool {
        self.0.touches_credentials()
    }
}

/// Puts a user into the trash.
#[derive(Clone, Debug)]
pub struct DeleteUser {
    pub id: i64,
    pub expected: Expected,
    pub visible: Visibility,
    pub ceiling: PrivilegeCeiling,
}

impl Operation for DeleteUser {
    type Output = ();
}

impl ResolveIds for UserChanges {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        if let Some(Some(partner)) = &mut self.partner_id {
            created_ids.resolve(partner);
        }
    }
}

impl ResolveIds for CreateUser {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        self.changes.resolve_ids(created_ids);
        created_ids.resolve_all(self.roles.as_deref_mut().unwrap_or_default());
    }
}

impl ResolveIds for UpdateUser {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
        self.changes.resolve_ids(created_ids);
        created_ids.resolve_all(self.roles.as_deref_mut().unwrap_or_default());
    }
}

impl ResolveIds for DeleteUser {
    fn resolve_ids(&mut self, created_ids: &CreatedIds) {
        created_ids.resolve(&mut self.id);
    }
}
