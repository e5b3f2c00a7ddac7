//! Users and roles with good defaults: a test names only what matters to it.

use std::sync::atomic::{AtomicU32, Ordering};

use rolecall::directory::Expected;
use rolecall::directory::delegation::GrantScope;
use rolecall::directory::grants::{CreateGrant, GrantChanges};
use rolecall::directory::listing::Visibility;
use rolecall::directory::members::{Authority, Change, ChangeMembers, Relation};
use rolecall::directory::permissions::PrivilegeCeiling;
use rolecall::directory::roles::{CreateRole, RoleChanges};
use rolecall::directory::users::{CreateUser, PasswordHash, UserChanges};

use super::app::{ADMIN_HASH, TestApp};
use super::client::Client;
use super::places::PartnerMade;

static NEXT: AtomicU32 = AtomicU32::new(1);

pub fn unique(word: &str) -> String {
    format!("{word}{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A user with a name of its own, without a password and without roles.
pub fn a_user() -> UserBuilder {
    UserBuilder {
        username: unique("user"),
        changes: UserChanges::default(),
        roles: Vec::new(),
    }
}

pub struct UserBuilder {
    username: String,
    changes: UserChanges,
    roles: Vec<i64>,
}

impl UserBuilder {
    pub fn named(mut self, username: &str) -> Self {
        self.username = username.to_owned();
        self
    }

    pub fn with_email(mut self, email: &str) -> Self {
        self.changes.email = Some(Some(email.to_owned()));
        self
    }

    pub fn with_surname(mut self, surname: &str) -> Self {
        self.changes.surname = Some(Some(surname.to_owned()));
        self
    }

    /// Can sign in with [`ADMIN_PASSWORD`](super::ADMIN_PASSWORD), without the cost of another hash.
    pub fn with_password(mut self) -> Self {
        self.changes.password_hash = Some(Some(PasswordHash::new(ADMIN_HASH.into())));
        self
    }

    pub fn of_partner(mut self, partner: &PartnerMade) -> Self {
        self.changes.partner_id = Some(Some(partner.id));
        self
    }

    pub fn inactive(mut self) -> Self {
        self.changes.is_active = Some(false);
        self
    }

    pub fn holding(mut self, role: &RoleMade) -> Self {
        self.roles.push(role.id);
        self
    }

    pub fn administrator(mut self) -> Self {
        self.roles.push(rolecall::directory::roles::ADMIN);
        self
    }

    pub fn create(self, app: &TestApp) -> Member {
        let Self {
            username,
            mut changes,
            roles,
        } = self;
        changes.username = Some(username.clone());
        let create = CreateUser {
            changes,
            roles: Some(roles),
            ceiling: PrivilegeCeiling::Everything,
        };
        let user = app.inside(async |directory, context| directory.write(context, create).await);
        Member {
            id: user.id,
            username,
        }
    }

    /// Made, and put into the trash by the administrator.
    pub fn deleted(self, app: &TestApp) -> Member {
        let member = self.create(app);
        app.admin().delete(&member.path()).expect(204);
        member
    }
}

/// A user that was made.
#[derive(Clone, Debug)]
pub struct Member {
    pub id: i64,
    pub username: String,
}

impl Member {
    pub fn path(&self) -> String {
        format!("/users/{}", self.id)
    }

    /// Where it is while it is deleted.
    pub fn trash_path(&self) -> String {
        format!("/trash{}", self.path())
    }

    /// Calls as this user, by a token without narrower scopes.
    pub fn client(&self, app: &TestApp) -> Client {
        app.token(&app.token_of(self.id, None))
    }

    pub fn grant(&self, app: &TestApp, role: &RoleMade) {
        let change = ChangeMembers {
            side: Relation::UserRoles.of(self.id),
            expected: Expected::Anything,
            visible: Visibility::All,
            change: Change::Add,
            members: vec![role.id],
            authority: Authority::Permission(PrivilegeCeiling::Everything),
        };
        app.inside(async |directory, context| directory.write(context, change).await);
    }

    /// The role in a workspace or a cluster; answers the id of the grant.
    pub fn grant_in(&self, app: &TestApp, role: &RoleMade, place: GrantScope) -> i64 {
        let create = CreateGrant {
            visible: Visibility::All,
            user_id: self.id,
            role_id: role.id,
            place,
            changes: GrantChanges::default(),
            authority: Authority::Permission(PrivilegeCeiling::Everything),
        };
        let grant = app.inside(async |directory, context| directory.write(context, create).await);
        grant.id
    }
}

/// A role with a name of its own and without permissions.
/// How many roles of the portal every fresh directory has, beside `admin`.
pub const PORTAL_ROLES: i64 = 9;

pub fn a_role() -> RoleBuilder {
    RoleBuilder {
        changes: RoleChanges {
            name: Some(unique("role ")),
            ..RoleChanges::default()
        },
    }
}

pub struct RoleBuilder {
    changes: RoleChanges,
}

impl RoleBuilder {
    pub fn named(mut self, name: &str) -> Self {
        self.changes.name = Some(name.to_owned());
        self
    }

    pub fn permitting(mut self, permissions: &[&str]) -> Self {
        self.changes.permissions = Some(serde_json::to_string(permissions).unwrap());
        self
    }

    /// Held in a `workspace` or a `cluster`, or everywhere (`none`).
    pub fn held_in(mut self, scope: &str) -> Self {
        self.changes.scope = Some(scope.to_owned());
        self
    }

    pub fn unchangeable(mut self) -> Self {
        self.changes.unchangeable = Some(true);
        self
    }

    pub fn create(self, app: &TestApp) -> RoleMade {
        let create = CreateRole {
            changes: self.changes,
            includes: None,
            users: None,
            ceiling: PrivilegeCeiling::Everything,
        };
        let role = app.inside(async |directory, context| directory.write(context, create).await);
        RoleMade {
            id: role.id,
            name: role.name,
        }
    }
}

/// A role that was made.
#[derive(Clone, Debug)]
pub struct RoleMade {
    pub id: i64,
    pub name: String,
}

impl RoleMade {
    pub fn path(&self) -> String {
        format!("/roles/{}", self.id)
    }
}

/// A role that is there already, as those of the portal are.
pub fn role_named(app: &TestApp, name: &str) -> RoleMade {
    let found = app.admin().get(&format!("/roles?filter[name]={name}"));
    RoleMade {
        id: found.expect(200).ids()[0].parse().unwrap(),
        name: name.into(),
    }
}
