//! People, places and grants as the table speaks of them.

use std::collections::BTreeMap;

use rolecall::auth::Principal;
use rolecall::directory::credentials::FindAccount;
use rolecall::directory::delegation::GrantScope;
use rolecall::directory::grants::{CreateGrant, GrantChanges};
use rolecall::directory::listing::Visibility;
use rolecall::directory::members::Authority;
use rolecall::directory::permissions::PrivilegeCeiling;
use rolecall::directory::{Context, Credential, Directory, DirectoryError};

use super::table::{Force, GIVER, Granter, NOBODY, Spot, Target, home};
use crate::support::{
    Member, PartnerMade, TestApp, a_cluster, a_partner, a_role, a_user, a_workspace,
};

pub struct Stage {
    roles: BTreeMap<String, i64>,
    workspaces: [i64; 2],
    clusters: [i64; 2],
    partners: [PartnerMade; 2],
}

impl Stage {
    pub fn set(app: &TestApp) -> Self {
        let giver = a_role().named(GIVER);
        giver
            .permitting(&["grants:write", "users:read"])
            .create(app);
        let listed = app.admin().get("/roles?page[size]=100").expect(200).data();
        let role = |role: &serde_json::Value| {
            let name = role["attributes"]["name"].as_str().unwrap().to_owned();
            (name, role["id"].as_str().unwrap().parse().unwrap())
        };
        Self {
            roles: listed.as_array().unwrap().iter().map(role).collect(),
            workspaces: [(); 2].map(|()| a_workspace().create(app).id),
            clusters: [(); 2].map(|()| a_cluster().create(app).id),
            partners: [(); 2].map(|()| a_partner().create(app)),
        }
    }

    pub fn role(&self, name: &str) -> i64 {
        self.roles[name]
    }

    pub fn place(&self, spot: Spot) -> GrantScope {
        match spot {
            Spot::Everywhere => GrantScope::UN_SCOPED,
            Spot::Workspace(number) => GrantScope {
                workspace: Some(self.workspaces[number]),
                cluster: None,
            },
            Spot::Cluster(number) => GrantScope {
                workspace: None,
                cluster: Some(self.clusters[number]),
            },
        }
    }

    /// Somebody with the role that the table says, and the id of that grant.
    pub fn granter(&self, app: &TestApp, granter: Granter) -> (Member, Option<i64>) {
        let user = match granter.partner {
            Some(number) => a_user().of_partner(&self.partners[number]),
            None => a_user(),
        };
        let user = user.create(app);
        if granter.role == NOBODY {
            return (user, None);
        }
        let changes = match granter.force {
            Force::Standing => GrantChanges::default(),
            Force::Inactive => GrantChanges {
                is_active: Some(false),
                ..GrantChanges::default()
            },
            Force::Expired => GrantChanges {
                valid_until: Some(Some("2026-01-02T03:04:05+00:00".into())),
                ..GrantChanges::default()
            },
            Force::NotBegun => GrantChanges {
                valid_from: Some(Some("2026-01-02T03:04:06+00:00".into())),
                ..GrantChanges::default()
            },
        };
        let mut own = self.grant(user.id, granter.role, home(granter.role), true);
        own.changes = changes;
        let own = app.inside(async |directory, context| directory.write(context, own).await);
        (user, Some(own.id))
    }

    pub fn target(&self, app: &TestApp, target: Target) -> Member {
        let user = match target.partner {
            Some(number) => a_user().of_partner(&self.partners[number]),
            None => a_user(),
        };
        if target.is_active {
            user.create(app)
        } else {
            user.inactive().create(app)
        }
    }

    /// A grant that nobody needs a right for.
    pub fn grant(&self, user: i64, role: &str, spot: Spot, is_active: bool) -> CreateGrant {
        CreateGrant {
            visible: Visibility::All,
            user_id: user,
            role_id: self.role(role),
            place: self.place(spot),
            changes: GrantChanges {
                is_active: Some(is_active),
                ..GrantChanges::default()
            },
            authority: Authority::Permission(PrivilegeCeiling::Everything),
        }
    }
}

/// What the service knows of whoever has proved to be this user.
pub async fn principal(
    directory: &Directory,
    context: &Context,
    user: &Member,
) -> Result<Principal, DirectoryError> {
    let find = FindAccount {
        username: user.username.clone(),
    };
    let account = directory.read(context, find).await?.unwrap();
    Ok(Principal {
        credential: Credential::Password,
        id: account.id,
        username: account.username.as_str().into(),
        is_administrator: account.is_administrator,
        permissions: account.permissions,
        token_id: None,
        scopes: None,
        expires: None,
        sign_in: None,
        renames_self: false,
    })
}
