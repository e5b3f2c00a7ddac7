//! What is asked for: one user with all that can belong to one, and around.

use rolecall::directory::delegation::GrantScope;

use crate::support::{
    ADMIN_PASSWORD, ClusterMade, Member, PartnerMade, RoleMade, TestApp, WorkspaceMade, a_cluster,
    a_new, a_partner, a_role, a_user, a_workspace, linkage, role_named, unique,
};
use serde_json::{Value, json};

/// Made once for all requests that change nothing, and anew for each other.
pub struct Things {
    pub owner: Member,
    /// The owner's.
    pub role: RoleMade,
    pub token: i64,
    pub sign_in: i64,
    pub deleted: Member,
    pub workspace: WorkspaceMade,
    pub cluster: ClusterMade,
    /// The owner's, in the workspace.
    pub grant: i64,
    /// What it could be of instead.
    pub other_in_workspace: RoleMade,
    /// The owner's, of a role of the portal in the cluster.
    pub role_group: i64,
    /// Of the owner's role.
    pub rule: i64,
    /// Nobody's.
    pub spare: RoleMade,
    pub partner: PartnerMade,
    pub other_partner: PartnerMade,
    /// Of the partner, without any role.
    pub newcomer: Member,
}

impl Things {
    pub fn make(app: &TestApp) -> Self {
        let part = a_role().create(app);
        let role = a_role().create(app);
        let includes = format!("{}/relationships/includes", role.path());
        let parts = linkage("roles", &[part.id]);
        app.admin().post(&includes, &parts).expect(200);
        let workspace = a_workspace().create(app);
        let cluster = a_cluster().within(&workspace).create(app);
        let partner = a_partner().working_in(&cluster).create(app);
        let owner = unique("owner");
        let owner = a_user()
            .named(&owner)
            .with_password()
            .with_email(&address_of(&owner))
            .holding(&role)
            .of_partner(&partner)
            .create(app);
        let role_group = portal_role(app, &owner, "CLUSTER_VIEWER", cluster.place());
        let in_workspace = a_role().held_in("workspace").create(app);
        let grant = owner.grant_in(app, &in_workspace, workspace.place());
        let spare = a_role().create(app);
        let rule = app.admin().post("/grant-rules", &a_rule(&role, &spare));
        app.token_of(owner.id, None);
        let tokens = app.admin().get(&format!("{}/tokens", owner.path())).ids();
        let password = password_of(&owner);
        app.anonymous().post("/auth", &password).expect(200);
        let sign_ins = format!("{}/sign-ins", owner.path());
        let sign_ins = app.admin().get(&sign_ins).ids();
        Self {
            role,
            token: tokens[0].parse().unwrap(),
            sign_in: sign_ins[0].parse().unwrap(),
            deleted: a_user().deleted(app),
            workspace,
            cluster,
            grant,
            other_in_workspace: a_role().held_in("workspace").create(app),
            role_group,
            rule: rule.expect(201).id().parse().unwrap(),
            spare,
            newcomer: a_user().of_partner(&partner).create(app),
            partner,
            other_partner: a_partner().create(app),
            owner,
        }
    }

    /// The id that stands for `{id}` in an address.
    pub fn id(&self, path: &str) -> i64 {
        let path = path.trim_start_matches("/api/id-management");
        match path.split('/').nth(1) {
            _ if path.contains("{newcomer}") => self.newcomer.id,
            _ if path.contains("{spare}") => self.spare.id,
            Some("users" | "api") => self.owner.id,
            Some("roles") => self.role.id,
            Some("tokens") => self.token,
            Some("sign-ins") => self.sign_in,
            Some("trash") => self.deleted.id,
            Some("grants") => self.grant,
            Some("role-group") => self.role_group,
            Some("grant-rules") => self.rule,
            Some("workspaces") => self.workspace.id,
            Some("clusters") => self.cluster.id,
            Some("partners") => self.partner.id,
            _ => 1,
        }
    }

    /// A name that is nobody's yet.
    pub fn new_name(&self) -> String {
        format!("new{}", self.owner.id)
    }

    /// The owner's.
    pub fn email(&self) -> String {
        address_of(&self.owner.username)
    }

    /// What `POST /auth` and the tokens of OpenL2M take.
    pub fn password(&self) -> Value {
        password_of(&self.owner)
    }
}

fn address_of(username: &str) -> String {
    format!("{username}@example.org")
}

fn password_of(user: &Member) -> Value {
    json!({"username": user.username, "password": ADMIN_PASSWORD})
}

fn portal_role(app: &TestApp, user: &Member, name: &str, place: GrantScope) -> i64 {
    user.grant_in(app, &role_named(app, name), place)
}

/// That holders of one role may take another away from anybody: nothing that
/// the rest of the table is about.
pub fn a_rule(granter: &RoleMade, target: &RoleMade) -> Value {
    let mut document = a_new("grant-rules", json!({"scope": "any", "verbs": ["remove"]}));
    document["data"]["relationships"] = json!({
        "granter": {"data": {"type": "roles", "id": granter.id.to_string()}},
        "targets": linkage("roles", &[target.id]),
    });
    document
}
