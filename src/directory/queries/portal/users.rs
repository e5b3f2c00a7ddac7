use diesel::sql_types::{Nullable, Text};

use super::super::prelude::*;
use super::super::users::{count_users, partner_exists, refuse_names};
use super::super::{env, found};
use super::{RoleIds, held_roles, refused};
use crate::directory::delegation::GrantScope;
use crate::directory::permissions::PrivilegeCeiling;
use crate::directory::portal::{
    GivePortalRoles, HeldRole, HeldRoles, InviteUser, InvitedAs, ListPortalUsers, PartnerBrief,
    Portal, PortalPage, PortalRole, PortalUser, UserOrder, UserStatus, WantedRole, WorkspaceBrief,
};
use crate::directory::search::{SEARCHED_ANYWHERE, Words, fold};
use crate::directory::users::{CreateUser, User, UserChanges};
use crate::storage::schema::{clusters, grants, roles, users, workspaces};

/// Whom a caller sees in one half of the portal.
enum Seen {
    All,
    Partner(i64),
    /// Of this partner, who also manages these workspaces or has no role there.
    Workspaces(i64, Vec<i64>),
    Nobody,
}

fn seen(held_roles: &HeldRoles, portal: Option<Portal>) -> Result<Seen, DirectoryError> {
    if held_roles.unbounded {
        return Ok(Seen::All);
    }
    match portal.unwrap_or(held_roles.usual_portal()) {
        Portal::Cluster if held_roles.knows_all_partners() => Ok(Seen::All),
        Portal::Cluster if held_roles.is_member() => {
            Ok(held_roles.partner.map_or(Seen::Nobody, Seen::Partner))
        }
        Portal::Ip if held_roles.manages_workspaces() => Ok(match held_roles.partner {
            Some(partner) => Seen::Workspaces(partner, held_roles.managed_workspaces()),
            None => Seen::Nobody,
        }),
        Portal::Cluster | Portal::Ip => Err(refused()),
    }
}

impl Run for ListPortalUsers {
    type Answer = PortalPage<PortalUser>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<PortalPage<PortalUser>, DirectoryError> {
        let held_roles = held_roles(self.caller, context, connection).await?;
        let seen = seen(&held_roles, self.portal)?;
        let ids = RoleIds::load(connection).await?;
        let everybody = matches!(seen, Seen::All) && !self.is_filtered();
        let total = if everybody {
            // The caller is one of the living.
            count_users(connection).await? - 1
        } else {
            let matching = matching(self, &seen, &ids);
            matching.count().get_result(connection).await?
        };
        let slice = self.page.slice(total);
        let page = ordered(matching(self, &seen, &ids), &self.order)
            .limit(slice.limit)
            .offset(slice.offset);
        let rows = with_roles(page, context, connection).await?;
        Ok(PortalPage { rows, total })
    }
}

type Matching = users::BoxedQuery<'static, Db>;

/// Where a role is held.
enum At<'a> {
    Anywhere,
    Workspaces(&'a [i64]),
    Clusters(&'a [i64]),
}

/// Who holds one of these roles there, in force or not. Of few users each is
/// looked at, of all those are taken who hold it.
fn holds(few: bool, roles: Vec<i64>, at: At<'_>) -> Boxed<users::table> {
    macro_rules! held_grants {
        ($($there:expr)?) => {
            if few {
                let theirs = grants::table
                    .filter(grants::user_id.eq(users::id))
                    .filter(env::id_in(grants::role_id, roles))
                    $(.filter($there))?;
                Box::new(diesel::dsl::exists(theirs).nullable())
            } else {
                let holders = grants::table
                    .filter(env::id_in(grants::role_id, roles))
                    $(.filter($there))?
                    .select(grants::user_id);
                Box::new(users::id.eq_any(holders).nullable())
            }
        };
    }
    match at {
        At::Anywhere => held_grants!(),
        At::Workspaces(ids) => held_grants!(env::id_in(
            grants::workspace_id.assume_not_null(),
            ids.to_vec()
        )),
        At::Clusters(ids) => held_grants!(env::id_in(
            grants::cluster_id.assume_not_null(),
            ids.to_vec()
        )),
    }
}

fn matching(list: &ListPortalUsers, seen: &Seen, ids: &RoleIds) -> Matching {
    let few = list.partners.is_some() || !matches!(seen, Seen::All);
    let mut query = users::table
        .filter(users::deleted_at.is_null())
        .filter(users::id.ne(list.caller.id))
        .into_boxed::<Db>();
    query = match seen {
        Seen::All => query,
        Seen::Nobody => query.filter(users::id.eq(0)),
        Seen::Partner(partner) => query.filter(users::partner_id.eq(*partner)),
        Seen::Workspaces(partner, managed) => {
            let in_clusters = ids.of(|role| role.portal() == Portal::Cluster);
            let anything = holds(few, ids.all(), At::Anywhere);
            query.filter(users::partner_id.eq(*partner)).filter(
                holds(few, ids.all(), At::Workspaces(managed))
                    .or(diesel::dsl::not(anything))
                    .or(holds(few, in_clusters, At::Anywhere)),
            )
        }
    };
    if let Some(partners) = &list.partners {
        query = query.filter(env::id_in(
            users::partner_id.assume_not_null(),
            partners.clone(),
        ));
    }
    if let Some(roles) = &list.roles {
        let wanted = ids.of(|role| roles.contains(&role));
        query = query.filter(holds(few, wanted, At::Anywhere));
    }
    if let Some(clusters) = &list.clusters {
        query = query.filter(holds(few, ids.all(), At::Clusters(clusters)));
    }
    if let Some(workspaces) = &list.workspaces {
        query = query.filter(holds(few, ids.all(), At::Workspaces(workspaces)));
    }
    if let Some(words) = &list.name_email {
        query = named(query, words, seen);
    }
    match &list.status {
        Some(wanted) => query.filter(of_status(wanted, few, ids)),
        None => query,
    }
}

/// Who is called so, with each word anywhere. The index of searches leads to few
/// first, where it can; it is of everybody, so only those who see all go by it.
fn named(query: Matching, words: &Words, seen: &Seen) -> Matching {
    let by_index =
        |word: &&String| matches!(seen, Seen::All) && word.chars().count() >= SEARCHED_ANYWHERE;
    let (indexed, others): (Vec<_>, Vec<_>) = words.anywhere().iter().partition(by_index);
    let indexed: Vec<String> = indexed.into_iter().cloned().collect();
    let query = match indexed.is_empty() {
        true => query,
        false => query.filter(env::search(&indexed)),
    };
    let holds =
        |query: Matching, word: &String| query.filter(env::contains("users.search_text", word));
    others.into_iter().fold(query, holds)
}

fn of_status(wanted: &[UserStatus], few: bool, ids: &RoleIds) -> Boxed<users::table> {
    let none: Boxed<users::table> = Box::new(fragment("FALSE"));
    let some = || holds(few, ids.all(), At::Anywhere);
    wanted.iter().fold(none, |any, status| match status {
        UserStatus::Active => {
            Box::new(any.or(some().and(users::last_login.is_not_null().nullable())))
        }
        UserStatus::Invited => Box::new(any.or(some().and(users::last_login.is_null().nullable()))),
        UserStatus::Incomplete => Box::new(any.or(diesel::dsl::not(some()))),
        UserStatus::Deactivated => Box::new(any.or(users::is_active.eq(false).nullable())),
    })
}

const PARTNER_TITLE: &str = "(SELECT title FROM partners WHERE partners.id = users.partner_id)";
const PARTNER_OCHA: &str =
    "(SELECT ocha_external_id FROM partners WHERE partners.id = users.partner_id)";
/// As it is shown.
const STATUS: &str = "CASE WHEN NOT users.is_active THEN 'DEACTIVATED' \
    WHEN users.last_login IS NULL THEN 'INVITED' ELSE 'ACTIVE' END";

fn ordered(mut query: Matching, order: &[(UserOrder, bool)]) -> Matching {
    macro_rules! by {
        ($column:expr, $descends:expr) => {
            if *$descends {
                query.then_order_by(env::descending($column))
            } else {
                query.then_order_by(env::ascending($column))
            }
        };
    }
    for (key, descends) in order {
        query = match key {
            UserOrder::LastLogin => by!(users::last_login, descends),
            UserOrder::FirstName => by!(users::name, descends),
            UserOrder::LastName => by!(users::surname, descends),
            UserOrder::Partner => by!(fragment::<Nullable<Text>>(PARTNER_TITLE), descends),
            UserOrder::Status => by!(fragment::<Nullable<Text>>(STATUS), descends),
        };
    }
    query.then_order_by(users::id.desc())
}

/// The users of a page: one query for them and their partners, one for their roles.
async fn with_roles(
    page: Matching,
    context: &Context,
    connection: &mut Conn,
) -> Result<Vec<PortalUser>, DirectoryError> {
    type Row = (User, Option<String>, Option<String>);
    let rows: Vec<Row> = page
        .select((
            User::as_select(),
            fragment::<Nullable<Text>>(PARTNER_TITLE),
            fragment::<Nullable<Text>>(PARTNER_OCHA),
        ))
        .load(connection)
        .await?;
    let ids = rows.iter().map(|(user, _, _)| user.id).collect();
    let mut held = held_by(ids, context, connection).await?;
    let shown = rows.into_iter().map(|(user, title, ocha_external_id)| {
        let (roles, rest) = std::mem::take(&mut held)
            .into_iter()
            .partition(|role: &HeldRole| role.user == user.id);
        held = rest;
        let brief = |(id, title)| PartnerBrief {
            id,
            title,
            ocha_external_id,
        };
        PortalUser {
            partner: user.partner_id.zip(title).map(brief),
            user,
            roles,
        }
    });
    Ok(shown.collect())
}

/// What these users hold of the predefined roles.
async fn held_by(
    ids: Vec<i64>,
    context: &Context,
    connection: &mut Conn,
) -> Result<Vec<HeldRole>, DirectoryError> {
    type Workspace = (i64, String, String);
    type Row = (
        crate::directory::grants::Grant,
        String,
        Option<Workspace>,
        Option<String>,
    );
    let rows: Vec<Row> = grants::table
        .inner_join(roles::table)
        .left_join(clusters::table.on(clusters::id.nullable().eq(grants::cluster_id)))
        // That of the grant, or that of its cluster.
        .left_join(
            workspaces::table.on(workspaces::id
                .nullable()
                .eq(grants::workspace_id)
                .or(workspaces::id
                    .nullable()
                    .eq(clusters::workspace_id.nullable()))),
        )
        .filter(env::id_in(grants::user_id, ids))
        .filter(roles::predefined.is_not_null())
        .order(grants::id.asc())
        .select((
            crate::directory::grants::Grant::as_select(),
            roles::predefined.assume_not_null(),
            (workspaces::id, workspaces::title, workspaces::code).nullable(),
            clusters::title.nullable(),
        ))
        .load(connection)
        .await?;
    let now = context.now_text();
    let held = |(grant, name, workspace, title): Row| {
        let (id, place, code) = workspace.unwrap_or_default();
        let in_cluster = grant.cluster_id.zip(title);
        Some(HeldRole {
            id: grant.id,
            user: grant.user_id,
            role: PortalRole::named(&name)?,
            is_active: grant.is_in_force(&now),
            cluster: in_cluster.map(|(id, title)| (id, full_title(&title, &place))),
            workspace: grant.workspace_id.map(|_| WorkspaceBrief {
                id,
                title: place,
                code,
            }),
        })
    };
    Ok(rows.into_iter().filter_map(held).collect())
}

fn full_title(cluster: &str, workspace: &str) -> String {
    format!("{cluster} ({workspace})")
}

impl Run for InviteUser {
    type Answer = PortalUser;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<PortalUser, DirectoryError> {
        let held_roles = held_roles(self.caller, context, connection).await?;
        let portal = self.portal.or_else(|| meant(&held_roles));
        let changes = UserChanges {
            username: Some(self.email.clone()),
            email: Some(Some(self.email.clone())),
            name: Some(Some(self.first_name.clone())),
            surname: Some(Some(self.last_name.clone())),
            position: Some(self.position.clone()),
            organization: Some(self.organization.clone()),
            partner_id: Some(match portal {
                Some(Portal::Ip) => held_roles.partner,
                Some(Portal::Cluster) | None => self.partner,
            }),
            ..UserChanges::default()
        };
        // What is wrong with the request is told to everybody, before rights.
        refuse_email(&self.email, connection).await?;
        refuse_names(&changes, None, connection).await?;
        partner_exists(&changes, connection).await?;
        if !may_invite(self, portal, &held_roles) {
            return Err(refused());
        }
        let create = CreateUser {
            changes,
            roles: None,
            ceiling: PrivilegeCeiling::Nothing,
        };
        let id = create.run(context, connection).await?.id;
        if portal == Some(Portal::Cluster) && self.invited_as == Some(InvitedAs::ClusterAdmin) {
            let role = WantedRole {
                role: PortalRole::ClusterSystemAdmin,
                place: GrantScope::UN_SCOPED,
                workspace_of_cluster: None,
            };
            let give = GivePortalRoles {
                user: id,
                roles: vec![role],
                authority: self.authority,
            };
            give.run(context, connection).await?;
        }
        let one = users::table.filter(users::id.eq(id)).into_boxed::<Db>();
        let made = with_roles(one, context, connection).await?;
        found(made.into_iter().next())
    }
}

/// The half in which somebody is invited when none is named; none: in neither, by
/// callers who stand above both.
fn meant(held_roles: &HeldRoles) -> Option<Portal> {
    (!held_roles.unbounded).then(|| held_roles.usual_portal())
}

/// An address of somebody who lives is nobody else's, however it is written.
async fn refuse_email(email: &str, connection: &mut Conn) -> Result<(), DirectoryError> {
    let words = Words::of(email);
    let alike: Vec<Option<String>> = users::table
        .filter(users::deleted_at.is_null())
        // By the index: an address is long enough for it.
        .filter(env::search(words.anywhere()))
        .select(users::email)
        .load(connection)
        .await?;
    let email = fold(email);
    match alike.iter().flatten().any(|other| fold(other) == email) {
        true => Err(DirectoryError::taken(
            "email",
            "A user with this e-mail address already exists.",
        )),
        false => Ok(()),
    }
}

fn may_invite(invite: &InviteUser, portal: Option<Portal>, held_roles: &HeldRoles) -> bool {
    match (portal, invite.invited_as) {
        (None, _) => held_roles.unbounded,
        (Some(Portal::Ip), _) => held_roles.unbounded || held_roles.manages_workspaces(),
        (Some(Portal::Cluster), Some(InvitedAs::Partner)) => {
            let own = held_roles.partner.is_some() && held_roles.partner == invite.partner;
            held_roles.knows_all_partners() || (held_roles.is_member() && own)
        }
        (Some(Portal::Cluster), Some(InvitedAs::Imo | InvitedAs::ClusterAdmin)) => {
            invite.partner.is_none() && (held_roles.unbounded || held_roles.is_system_admin())
        }
        (Some(Portal::Cluster), None) => false,
    }
}
