//! Users and roles as CFEngine's API knows them: by their names, and a user
//! together with the names of the roles that they hold without a scope.

use super::Operation;
use super::listing::{List, Listed, Visibility};
use super::roles::{CreateRole, DeleteRole, Role, Roles, UpdateRole};
use super::users::{CreateUser, DeleteUser, UpdateUser, User, Users};

/// A user, and the names of the roles held now, in the order of their ids.
#[derive(Debug)]
pub struct NamedUser {
    pub user: User,
    pub roles: Vec<String>,
}

#[derive(Debug)]
pub struct ListNamedUsers(pub List<Users>);

impl Operation for ListNamedUsers {
    type Output = Listed<NamedUser>;
    const SNAPSHOT: bool = true;

    fn is_slow(&self) -> bool {
        self.0.is_slow()
    }
}

/// One living user.
#[derive(Debug)]
pub struct FindNamedUser {
    pub username: String,
    pub visible: Visibility,
}

impl Operation for FindNamedUser {
    type Output = Option<NamedUser>;
    const SNAPSHOT: bool = true;
}

/// Makes a user; unknown roles make nothing.
#[derive(Clone, Debug)]
pub struct CreateNamedUser {
    pub create: CreateUser,
    /// By their names.
    pub roles: Vec<String>,
}

impl Operation for CreateNamedUser {
    type Output = User;
}

/// Changes a user; with `roles` what they hold now without a scope is replaced.
#[derive(Clone, Debug)]
pub struct UpdateNamedUser {
    pub username: String,
    /// Its id and its roles are found by the names.
    pub update: UpdateUser,
    pub roles: Option<Vec<String>>,
}

impl Operation for UpdateNamedUser {
    type Output = User;
}

/// Puts a user into the trash, unless they are an external one.
#[derive(Clone, Debug)]
pub struct DeleteNamedUser {
    pub username: String,
    /// Its id is found by the name.
    pub delete: DeleteUser,
}

impl Operation for DeleteNamedUser {
    type Output = ();
}

#[derive(Debug)]
pub struct ListNamedRoles(pub List<Roles>);

impl Operation for ListNamedRoles {
    type Output = Listed<Role>;
    const SNAPSHOT: bool = true;
}

#[derive(Debug)]
pub struct FindNamedRole {
    pub name: String,
}

impl Operation for FindNamedRole {
    type Output = Option<Role>;
}

#[derive(Clone, Debug)]
pub struct CreateNamedRole(pub CreateRole);

impl Operation for CreateNamedRole {
    type Output = Role;
}

#[derive(Clone, Debug)]
pub struct UpdateNamedRole {
    pub name: String,
    /// Its id is found by the name.
    pub update: UpdateRole,
}

impl Operation for UpdateNamedRole {
    type Output = Role;
}

#[derive(Clone, Debug)]
pub struct DeleteNamedRole {
    pub name: String,
    /// Its id is found by the name.
    pub delete: DeleteRole,
}

impl Operation for DeleteNamedRole {
    type Output = ();
}

/// The one name of an entry: as it was given, else what its parts come to.
pub fn displayed_name(user: &User) -> Option<String> {
    let parts = [&user.name, &user.surname].into_iter().flatten();
    let joined = || parts.map(String::as_str).collect::<Vec<_>>().join(" ");
    let whole = user.full_name.clone().filter(|whole| !whole.is_empty());
    let whole = whole.unwrap_or_else(|| joined().trim().to_owned());
    Some(whole).filter(|whole| !whole.is_empty())
}
