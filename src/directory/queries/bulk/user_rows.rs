//! Users: those that are new go in together; those that are there already are
//! compared, and changed as everybody's are.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::Insertable;
use serde_json::{Map, Value};

use super::super::names::taken;
use super::super::prelude::*;
use super::names::Names;
use super::similar_names::{Alike, Which};
use super::{Batch, env, guarded, names};
use crate::directory::bulk::{Doubt, Kind, Numbered, Row, RowProblem, UserRow};
use crate::directory::delegation::GrantScope;
use crate::directory::grants::{NewGrant, ORIGIN_LDAP, misplaced};
use crate::directory::members::{Authority, Change, ChangeMembers, Relation};
use crate::directory::names::{folded, normalized, skeleton};
use crate::directory::permissions::PrivilegeCeiling;
use crate::directory::search::SearchedNames;
use crate::directory::users::{PasswordHash, UpdateUser, User, UserChanges};
use crate::directory::{Expected, values};
use crate::storage::schema::{grants, users};

const KIND: Kind = Kind::Users;
/// How many variants of a suggested uname are tried.
const UNAME_VARIANTS: u32 = 1000;

/// Every column that a row can fill.
#[derive(Insertable)]
#[diesel(table_name = users)]
#[diesel(treat_none_as_default_value = false)]
struct WholeUser<'a> {
    username: &'a str,
    uname: &'a str,
    username_folded: Option<String>,
    username_skeleton: String,
    uname_skeleton: String,
    search_text: String,
    name: Option<&'a str>,
    surname: Option<&'a str>,
    full_name: Option<&'a str>,
    email: Option<&'a str>,
    position: Option<&'a str>,
    organization: Option<&'a str>,
    time_zone: Option<&'a str>,
    partner_id: Option<i64>,
    password_hash: Option<&'a str>,
    external: bool,
    external_id: Option<&'a str>,
    ldap_id: Option<&'a str>,
    is_active: bool,
    is_staff: bool,
    last_login: Option<&'a str>,
    created: &'a str,
    modified: &'a str,
    created_by: Option<i64>,
    modified_by: Option<i64>,
}

/// A row with what it names.
struct Wanted {
    line: u64,
    row: UserRow,
    uname: String,
    roles: Option<Vec<i64>>,
    /// Those of the roles that a group in LDAP gives.
    of_groups: BTreeSet<i64>,
}

/// Users who are not in the trash: only their names are taken.
fn not_trashed() -> diesel::dsl::Filter<users::table, diesel::dsl::IsNull<users::deleted_at>> {
    users::table.filter(users::deleted_at.is_null())
}

pub async fn take(
    rows: Vec<Numbered>,
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let rows = once(with_normal_names(rows, connection).await?, batch);
    let known = Known::load(&rows, connection).await?;
    let mut new = Vec::new();
    for (line, mut row) in rows {
        let roles = match known.resolve(&mut row) {
            Ok(roles) => roles,
            Err(problems) => {
                batch.outcome.refuse(KIND, line, problems);
                continue;
            }
        };
        let there = known.users.get(row.username());
        let problems = remaining(&row, there);
        if !problems.is_empty() {
            batch.outcome.refuse(KIND, line, problems);
            continue;
        }
        match there {
            None => new.push(Wanted {
                line,
                of_groups: known.of_groups(&row),
                row,
                uname: String::new(),
                roles,
            }),
            Some(there) => {
                let wanted = Wanted {
                    line,
                    row,
                    uname: String::new(),
                    roles,
                    of_groups: BTreeSet::new(),
                };
                update(wanted, there, &known, batch, context, connection).await?;
            }
        }
    }
    let new = beside_each_other(new, batch, connection).await?;
    let new = with_unames(new, &known, batch, connection).await?;
    insert(&new, batch, context, connection).await
}

/// What is wrong with values that the user does not have already.
fn remaining(row: &UserRow, there: Option<&There>) -> Vec<RowProblem> {
    let there = there.filter(|_| !row.doubts.is_empty());
    let there = there.map(|there| crate::directory::events::described(&there.user));
    Doubt::remaining(&row.doubts, there.as_ref())
}

/// The rows with names in their one spelling, except those that are kept in
/// another, here or where they come from.
async fn with_normal_names(
    mut rows: Vec<Numbered>,
    connection: &mut Conn,
) -> Result<Vec<Numbered>, DirectoryError> {
    let is_normal = |name: &str| matches!(normalized(name), Cow::Borrowed(_));
    let names = rows.iter().filter_map(|row| match &row.row {
        Row::User(row) => Some(row.username()).filter(|name| !is_normal(name)),
        _ => None,
    });
    let others: Vec<String> = names.map(str::to_owned).collect();
    let kept: Vec<String> = if others.is_empty() {
        Vec::new()
    } else {
        let kept = not_trashed().filter(env::text_in(users::username, &others));
        kept.select(users::username).load(connection).await?
    };
    let kept: HashSet<String> = kept.into_iter().collect();
    for row in &mut rows {
        if let Row::User(row) = &mut row.row
            && !kept.contains(row.username())
            && row.unchecked.is_empty()
        {
            row.changes = std::mem::take(&mut row.changes).normalized();
        }
    }
    Ok(rows)
}

/// The new users whose names can stand beside those of others.
async fn beside_each_other(
    rows: Vec<Wanted>,
    batch: &mut Batch<'_>,
    connection: &mut Conn,
) -> Result<Vec<Wanted>, DirectoryError> {
    if rows.is_empty() {
        return Ok(rows);
    }
    let name = |row: &Wanted| row.row.username().to_owned();
    let names: Vec<String> = rows.iter().map(name).collect();
    let mut alike = Alike::load(Which::Username, &names, connection).await?;
    let mut kept = Vec::with_capacity(rows.len());
    for wanted in rows {
        if wanted.row.is_unchecked("username") {
            alike.add(wanted.row.username());
            kept.push(wanted);
            continue;
        }
        match alike.take("username", wanted.row.username()) {
            Some(problem) => batch.refuse(KIND, wanted.line, problem.into()),
            None => kept.push(wanted),
        }
    }
    Ok(kept)
}

/// The users among the rows, without those whose username an earlier one has.
fn once(rows: Vec<Numbered>, batch: &mut Batch<'_>) -> Vec<(u64, UserRow)> {
    let mut lines: HashMap<String, u64> = HashMap::with_capacity(rows.len());
    let mut kept = Vec::with_capacity(rows.len());
    for Numbered { line, row, doubts } in rows {
        let Row::User(mut row) = row else { continue };
        row.doubts = doubts;
        if let Some(first) = lines.get(row.username()) {
            let message = format!("The line {first} has the same.");
            batch.refuse(KIND, line, RowProblem::new("username", message));
            continue;
        }
        lines.insert(row.username().to_owned(), line);
        kept.push((line, *row));
    }
    kept
}

struct There {
    user: User,
    password_hash: Option<PasswordHash>,
    /// Roles held everywhere: those without an end, and those that are limited.
    lasting: BTreeSet<i64>,
    limited: BTreeSet<i64>,
}

/// What there is of all that a batch names.
struct Known {
    users: HashMap<String, There>,
    unames: HashSet<String>,
    own_ids: HashSet<String>,
    ldap_ids: HashSet<String>,
    roles: Names,
    scopes: HashMap<i64, String>,
    partners: Names,
}

impl Known {
    async fn load(rows: &[(u64, UserRow)], connection: &mut Conn) -> Result<Self, DirectoryError> {
        let of_all = |names: &mut dyn Iterator<Item = String>| names.collect::<BTreeSet<_>>();
        let roles = of_all(
            &mut rows
                .iter()
                .flat_map(|(_, row)| row.roles.iter().flatten().cloned()),
        );
        let partners = of_all(
            &mut rows
                .iter()
                .filter_map(|(_, row)| row.partner.clone().flatten()),
        );
        let unames: Vec<String> = rows.iter().map(|(_, row)| wanted_uname(row).0).collect();
        let own_ids: Vec<String> = rows
            .iter()
            .filter_map(|(_, row)| row.changes.external_id.clone())
            .collect();
        let usernames: Vec<String> = rows
            .iter()
            .map(|(_, row)| row.username().to_owned())
            .collect();
        let (roles, scopes) = names::roles(roles, connection).await?;
        let taken = not_trashed()
            .filter(env::text_in(users::uname, &unames))
            .select(users::uname);
        let unames: Vec<String> = taken.load(connection).await?;
        let own_ids: Vec<Option<String>> = if own_ids.is_empty() {
            Vec::new()
        } else {
            not_trashed()
                .filter(env::text_in(users::external_id.assume_not_null(), &own_ids))
                .select(users::external_id)
                .load(connection)
                .await?
        };
        let ldap_ids: Vec<String> = rows
            .iter()
            .filter_map(|(_, row)| row.changes.ldap_id.clone())
            .collect();
        let ldap_ids: Vec<String> = if ldap_ids.is_empty() {
            Vec::new()
        } else {
            let ldap_id = users::ldap_id.assume_not_null();
            let theirs = users::table
                .filter(users::ldap_id.is_not_null())
                .filter(env::text_in(ldap_id, &ldap_ids));
            theirs.select(ldap_id).load(connection).await?
        };
        Ok(Self {
            users: there(&usernames, connection).await?,
            unames: unames.into_iter().collect(),
            own_ids: own_ids.into_iter().flatten().collect(),
            ldap_ids: ldap_ids.into_iter().collect(),
            roles,
            scopes,
            partners: names::partners(partners, connection).await?,
        })
    }

    /// The roles that come from LDAP groups. A sign-in or a sync updates them once the
    /// record exists, so they matter for new users only.
    fn of_groups(&self, row: &UserRow) -> BTreeSet<i64> {
        let names = row.ldap_roles.iter().flatten();
        names
            .filter_map(|name| self.roles.find("ldap_roles", name).ok())
            .collect()
    }

    /// Puts ids where the row has names.
    fn resolve(&self, row: &mut UserRow) -> Result<Option<Vec<i64>>, Vec<RowProblem>> {
        let mut problems = Vec::new();
        match &row.partner {
            None => {}
            Some(None) => row.changes.partner_id = Some(None),
            Some(Some(name)) => match self.partners.find("partner", name) {
                Ok(id) => row.changes.partner_id = Some(Some(id)),
                Err(problem) => problems.push(problem),
            },
        }
        let roles = row
            .roles
            .as_ref()
            .map(|names| self.roles.find_all("roles", names));
        let roles = roles.transpose().unwrap_or_else(|found| {
            problems.extend(found);
            None
        });
        let held = |name: &&String| row.roles.iter().flatten().any(|role| role == *name);
        if let Some(name) = row.ldap_roles.iter().flatten().find(|name| !held(name)) {
            let message = format!("{name:?} is not among the roles.");
            problems.push(RowProblem::new("ldap_roles", message));
        }
        let placed = roles
            .iter()
            .flatten()
            .filter(|_| !row.is_unchecked("roles"));
        for role in placed {
            let scope = self.scopes.get(role).map_or("none", String::as_str);
            if let Some(problem) = misplaced(scope, GrantScope::UN_SCOPED) {
                problems.push(RowProblem::new("roles", problem.message));
            }
        }
        if problems.is_empty() {
            Ok(roles)
        } else {
            Err(problems)
        }
    }
}

async fn there(
    usernames: &[String],
    connection: &mut Conn,
) -> Result<HashMap<String, There>, DirectoryError> {
    let rows: Vec<(User, Option<PasswordHash>)> = not_trashed()
        .filter(env::text_in(users::username, usernames))
        .select((User::as_select(), users::password_hash))
        .load(connection)
        .await?;
    type Held = (i64, i64, bool, Option<String>, Option<String>);
    let ids: Vec<i64> = rows.iter().map(|(user, _)| user.id).collect();
    let held: Vec<Held> = if ids.is_empty() {
        Vec::new()
    } else {
        grants::table
            .filter(env::id_in(grants::user_id, ids))
            .filter(un_scoped!())
            .select((
                grants::user_id,
                grants::role_id,
                grants::is_active,
                grants::valid_from,
                grants::valid_until,
            ))
            .load(connection)
            .await?
    };
    let mut roles: HashMap<i64, [BTreeSet<i64>; 2]> = HashMap::new();
    for (user, role, is_active, from, until) in held {
        let [lasting, limited] = roles.entry(user).or_default();
        let is_lasting = is_active && from.is_none() && until.is_none();
        if is_lasting { lasting } else { limited }.insert(role);
    }
    let there = rows.into_iter().map(|(user, password_hash)| {
        let [lasting, limited] = roles.remove(&user.id).unwrap_or_default();
        let there = There {
            password_hash,
            lasting,
            limited,
            user,
        };
        (there.user.username.clone(), there)
    });
    Ok(there.collect())
}

/// The uname of a row, and whether it asks for that one.
fn wanted_uname(row: &UserRow) -> (String, bool) {
    match &row.changes.uname {
        Some(uname) => (uname.clone(), true),
        None => (values::uname_from(row.username()), false),
    }
}

async fn update(
    wanted: Wanted,
    there: &There,
    known: &Known,
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let line = wanted.line;
    let mut changes = wanted.row.changes.without_unchanged(&there.user);
    if changes.external_id == there.user.external_id {
        changes.external_id = None;
    }
    // A sign-in or a sync determines the entry of an existing record.
    changes.ldap_id = None;
    if changes.password_hash.as_ref() == Some(&there.password_hash) {
        changes.password_hash = None;
    }
    let roles: Option<BTreeSet<i64>> = wanted.roles.map(|roles| roles.into_iter().collect());
    let added: Vec<i64> = roles
        .iter()
        .flatten()
        .filter(|role| !there.lasting.contains(role) && !there.limited.contains(role))
        .copied()
        .collect();
    let removed: Vec<i64> = roles
        .iter()
        .flat_map(|roles| there.lasting.difference(roles))
        .copied()
        .collect();
    if changes.is_empty() && added.is_empty() && removed.is_empty() {
        batch.outcome.of(KIND).unchanged += 1;
        return Ok(());
    }
    if !batch.updates(KIND) {
        let message = "A user with this username already exists.";
        batch.refuse(KIND, line, RowProblem::new("username", message));
        return Ok(());
    }
    if changes
        .external_id
        .as_ref()
        .is_some_and(|id| known.own_ids.contains(id))
    {
        let message = "A user with this external_id already exists.";
        batch.refuse(KIND, line, RowProblem::new("external_id", message));
        return Ok(());
    }
    let change = ChangeUser {
        id: there.user.id,
        changes,
        added,
        removed,
    };
    let answer = guarded(&change, context, connection).await;
    if batch.record_result(KIND, line, answer)?.is_some() {
        batch.outcome.of(KIND).updated += 1;
    }
    Ok(())
}

/// What becomes of one user, all or nothing.
struct ChangeUser {
    id: i64,
    changes: UserChanges,
    added: Vec<i64>,
    removed: Vec<i64>,
}

impl Run for ChangeUser {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        if !self.changes.is_empty() {
            let update = UpdateUser {
                id: self.id,
                expected: Expected::Anything,
                visible: Visibility::All,
                changes: self.changes.clone(),
                roles: None,
                ceiling: PrivilegeCeiling::Everything,
                may_set_flags: true,
                may_rename: true,
                is_password_confirmed: false,
                end_tokens: None,
            };
            update.run(context, connection).await?;
        }
        for (change, members) in [(Change::Add, &self.added), (Change::Remove, &self.removed)] {
            if members.is_empty() {
                continue;
            }
            let change = ChangeMembers {
                side: Relation::UserRoles.of(self.id),
                expected: Expected::Anything,
                visible: Visibility::All,
                change,
                members: members.clone(),
                authority: Authority::Permission(PrivilegeCeiling::Everything),
            };
            change.run(context, connection).await?;
        }
        Ok(())
    }
}

/// Gives every new user a uname of their own, and refuses what others have.
async fn with_unames(
    rows: Vec<Wanted>,
    known: &Known,
    batch: &mut Batch<'_>,
    connection: &mut Conn,
) -> Result<Vec<Wanted>, DirectoryError> {
    let unames: Vec<String> = rows.iter().map(|row| wanted_uname(&row.row).0).collect();
    let mut alike = Alike::load(Which::Uname, &unames, connection).await?;
    // Whoever asks for a name goes before those whom any name suits.
    let mut taken: HashSet<String> = HashSet::with_capacity(rows.len());
    let mut own_ids: HashSet<String> = HashSet::new();
    let mut ldap_ids: HashSet<String> = HashSet::new();
    let mut kept = Vec::with_capacity(rows.len());
    for mut wanted in rows {
        let (uname, asked_for) = wanted_uname(&wanted.row);
        if asked_for && (known.unames.contains(&uname) || !taken.insert(uname.clone())) {
            let problem = RowProblem::new("uname", "A user with this uname already exists.");
            batch.refuse(KIND, wanted.line, problem);
            continue;
        }
        if wanted.row.is_unchecked("uname") {
            alike.add(&uname);
        } else if asked_for && let Some(problem) = alike.take("uname", &uname) {
            batch.refuse(KIND, wanted.line, problem.into());
            continue;
        }
        if let Some(id) = &wanted.row.changes.external_id
            && (known.own_ids.contains(id) || !own_ids.insert(id.clone()))
        {
            let message = "A user with this external_id already exists.";
            batch.refuse(KIND, wanted.line, RowProblem::new("external_id", message));
            continue;
        }
        if let Some(id) = &wanted.row.changes.ldap_id
            && (known.ldap_ids.contains(id) || !ldap_ids.insert(id.clone()))
        {
            let message = "A user with this ldap_id already exists.";
            batch.refuse(KIND, wanted.line, RowProblem::new("ldap_id", message));
            continue;
        }
        wanted.uname = uname;
        kept.push(wanted);
    }
    let mut named = Vec::with_capacity(kept.len());
    for mut wanted in kept {
        if wanted.row.changes.uname.is_none() {
            let is_free = !known.unames.contains(&wanted.uname)
                && !taken.contains(&wanted.uname)
                && alike.clash(&wanted.uname).is_none();
            if !is_free {
                match variant(&wanted.uname, &taken, connection).await? {
                    Some(uname) => wanted.uname = uname,
                    None => {
                        let message = "Choose a uname: all that the username suggests are taken.";
                        batch.refuse(KIND, wanted.line, RowProblem::new("uname", message));
                        continue;
                    }
                }
            }
            taken.insert(wanted.uname.clone());
            alike.add(&wanted.uname);
        }
        named.push(wanted);
    }
    Ok(named)
}

/// The first free one of the names that this one suggests.
async fn variant(
    uname: &str,
    taken: &HashSet<String>,
    connection: &mut Conn,
) -> Result<Option<String>, DirectoryError> {
    let all: Vec<String> = (2..=UNAME_VARIANTS)
        .map(|n| format!("{uname}-{n}"))
        .collect();
    let held: Vec<String> = not_trashed()
        .filter(env::text_in(users::uname, &all))
        .select(users::uname)
        .load(connection)
        .await?;
    let held: HashSet<String> = held.into_iter().collect();
    let free = |name: &String| !held.contains(name) && !taken.contains(name);
    Ok(all.into_iter().find(free))
}

async fn insert(
    rows: &[Wanted],
    batch: &mut Batch<'_>,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    if rows.is_empty() {
        return Ok(());
    }
    let now = context.now_text();
    let whole = rows.iter().map(|row| whole(row, &now, context));
    let whole = free_letters(whole.collect(), rows, connection).await?;
    let ids: Vec<i64> = env::insert_returning!(users::table, whole, users::id => i64, connection);
    let mut held = Vec::new();
    for (wanted, id) in rows.iter().zip(&ids) {
        let roles: BTreeSet<i64> = wanted.roles.iter().flatten().copied().collect();
        held.extend(roles.into_iter().map(|role_id| NewGrant {
            user_id: *id,
            role_id,
            workspace_id: None,
            cluster_id: None,
            is_active: true,
            valid_from: None,
            valid_until: None,
            created: &now,
            modified: &now,
            created_by: context.actor_id(),
            modified_by: context.actor_id(),
            origin: wanted.of_groups.contains(&role_id).then_some(ORIGIN_LDAP),
        }));
        batch.created(KIND, *id, || described(wanted));
    }
    env::insert_new!(grants::table, held, connection);
    Ok(())
}

/// The users with folded names that nobody else has: of names from elsewhere that
/// differ in case alone, one has it.
async fn free_letters<'a>(
    mut whole: Vec<WholeUser<'a>>,
    rows: &[Wanted],
    connection: &mut Conn,
) -> Result<Vec<WholeUser<'a>>, DirectoryError> {
    if !rows.iter().any(|row| row.row.is_unchecked("username")) {
        return Ok(whole);
    }
    let folded: Vec<String> = whole
        .iter()
        .flat_map(|user| user.username_folded.clone())
        .collect();
    let mut taken = taken(&folded, connection).await?;
    for user in &mut whole {
        user.username_folded = user
            .username_folded
            .take()
            .filter(|folded| taken.insert(folded.clone()));
    }
    Ok(whole)
}

fn whole<'a>(wanted: &'a Wanted, now: &'a str, context: &Context) -> WholeUser<'a> {
    let row = &wanted.row;
    let UserChanges {
        name,
        surname,
        full_name,
        email,
        position,
        organization,
        time_zone,
        ..
    } = &row.changes;
    let text = |change: &'a Option<Option<String>>| change.as_ref().and_then(Option::as_deref);
    let hash = row.changes.password_hash.as_ref().and_then(Option::as_ref);
    let created = text(&row.created).unwrap_or(now);
    WholeUser {
        username: row.username(),
        uname: &wanted.uname,
        username_folded: Some(folded(row.username())),
        username_skeleton: skeleton(row.username()),
        uname_skeleton: skeleton(&wanted.uname),
        search_text: SearchedNames::from(&row.changes).search_text(),
        name: text(name),
        surname: text(surname),
        full_name: text(full_name),
        email: text(email),
        position: text(position),
        organization: text(organization),
        time_zone: text(time_zone),
        partner_id: row.changes.partner_id.flatten(),
        password_hash: hash.map(PasswordHash::expose),
        external: row.external.unwrap_or(false),
        external_id: row.changes.external_id.as_deref(),
        ldap_id: row.changes.ldap_id.as_deref(),
        is_active: row.changes.is_active.unwrap_or(true),
        is_staff: row.changes.is_staff.unwrap_or(false),
        last_login: text(&row.last_login),
        created,
        modified: text(&row.modified).unwrap_or(created),
        created_by: context.actor_id(),
        modified_by: context.actor_id(),
    }
}

/// What the log says of a new user; never of the password.
fn described(wanted: &Wanted) -> Map<String, Value> {
    let mut members = Map::new();
    let changes = &wanted.row.changes;
    members.insert("username".into(), wanted.row.username().into());
    members.insert("uname".into(), wanted.uname.as_str().into());
    for (name, value) in [
        ("name", &changes.name),
        ("surname", &changes.surname),
        ("full_name", &changes.full_name),
        ("email", &changes.email),
        ("position", &changes.position),
        ("organization", &changes.organization),
        ("time_zone", &changes.time_zone),
    ] {
        members.insert(name.into(), value.clone().flatten().into());
    }
    members.insert("partner".into(), changes.partner_id.flatten().into());
    members.insert("is_active".into(), changes.is_active.unwrap_or(true).into());
    members.insert("is_staff".into(), changes.is_staff.unwrap_or(false).into());
    members.insert(
        "roles".into(),
        wanted.roles.clone().unwrap_or_default().into(),
    );
    members
}
