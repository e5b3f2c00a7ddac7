//! Users of another directory: their records, and roles that follow groups.

use std::collections::{BTreeMap, BTreeSet};

use super::grants::{containing, is_last_administrator};
use super::prelude::*;
use super::{env, grant_writes, users};
use crate::directory::delegation::GrantScope;
use crate::directory::external::{
    Changes, FindEntryId, Outcome, PreviewProvisioning, ProvisionUser, Provisioning,
    ProvisioningDenial,
};
use crate::directory::grants::{CreateGrant, Grant, GrantChanges, ORIGIN_LDAP};
use crate::directory::members::Authority;
use crate::directory::permissions::PrivilegeCeiling;
use crate::directory::roles::ADMIN;
use crate::directory::users::{CreateUser, UserChanges};
use crate::storage::schema::{self, grants, roles};
use record_match::{Record, RecordMatch, match_record};

mod record_match;

/// Names that one query asks for.
const NAMES_AT_ONCE: usize = 500;

impl Run for PreviewProvisioning {
    type Answer = Outcome;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Outcome, DirectoryError> {
        let found = match_record(&self.0, false, connection).await?;
        let mut next = Next::of(&self.0, found, context, connection).await?;
        if next.is_unfit() {
            // On PostgreSQL each statement sees what is committed by then: another
            // sign-in may have made the record between two of them.
            let found = match_record(&self.0, false, connection).await?;
            next = Next::of(&self.0, found, context, connection).await?;
        }
        Ok(next.outcome(&self.0))
    }
}

impl Run for ProvisionUser {
    type Answer = Outcome;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Outcome, DirectoryError> {
        // Held: two sign-ins of one user at the same time come one after the other.
        let mut theirs = match_record(&self.0, true, connection).await?;
        if matches!(theirs, RecordMatch::None) {
            // Of several who come first at the same time one makes the record.
            env::serialize(connection).await?;
            theirs = match_record(&self.0, true, connection).await?;
        }
        let next = Next::of(&self.0, theirs, context, connection).await?;
        let mut outcome = next.outcome(&self.0);
        if let Some((id, _)) = &outcome.record {
            let changes = UserChanges {
                username: next.new_name(&self.0),
                ldap_id: self.0.user.record().ldap_id,
                ..UserChanges::default()
            };
            let changed = users::change_elsewhere(*id, changes, context, connection);
            changed.await.map_err(raced)?;
        }
        let Next::Comes { plan, .. } = next else {
            return Ok(outcome);
        };
        let (id, _) = match &mut outcome.record {
            Some(known) => known,
            none => none.insert(create(&self.0, context, connection).await?),
        };
        for role in &plan.given {
            give(*id, role, context, connection).await.map_err(raced)?;
        }
        for (grant, _) in &plan.taken {
            grant_writes::end(grant, context, connection)
                .await
                .map_err(raced)?;
        }
        Ok(outcome)
    }
}

impl Run for FindEntryId {
    type Answer = Option<String>;

    async fn run(
        &self,
        _: &Context,
        connection: &mut Conn,
    ) -> Result<Option<String>, DirectoryError> {
        use schema::users::{ldap_id, table};
        let row = table.find(self.user_id).select(ldap_id);
        let row: Option<Option<String>> = row.get_result(connection).await.optional()?;
        Ok(row.flatten())
    }
}

/// What is to be done about an provisioning.
enum Next {
    Refused {
        why: ProvisioningDenial,
        record: Option<Record>,
    },
    Comes {
        /// None: it is made.
        record: Option<Record>,
        /// Whether the name of the entry can be theirs.
        is_free: bool,
        plan: Plan,
    },
}

impl Next {
    async fn of(
        provisioning: &Provisioning,
        whose: RecordMatch,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Self, DirectoryError> {
        let record = match whose {
            RecordMatch::Rejected(why, record) => return Ok(Self::Refused { why, record }),
            RecordMatch::Own(record) => Some(record),
            RecordMatch::None => None,
        };
        let username = provisioning.user.username();
        let known = record.as_ref().map(|record| record.id);
        let is_called_so = record
            .as_ref()
            .is_some_and(|record| record.username == username);
        let is_free = is_called_so || is_free(username, known, connection).await?;
        if record.is_none() && !is_free {
            let why = ProvisioningDenial::Unfit;
            return Ok(Self::Refused { why, record });
        }
        let plan = plan(provisioning, known, context, connection).await?;
        Ok(Self::Comes {
            record,
            is_free,
            plan,
        })
    }

    /// Whether there is no record and none can be made under the name.
    fn is_unfit(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                why: ProvisioningDenial::Unfit,
                ..
            }
        )
    }

    /// What the record is to be called from now on.
    fn new_name(&self, provisioning: &Provisioning) -> Option<String> {
        match self {
            Self::Comes {
                record: Some(record),
                is_free: true,
                ..
            } => Some(provisioning.user.username())
                .filter(|name| *name != record.username)
                .map(str::to_owned),
            _ => None,
        }
    }

    fn outcome(&self, provisioning: &Provisioning) -> Outcome {
        let (Self::Refused { record, .. } | Self::Comes { record, .. }) = self;
        let new_name = self.new_name(provisioning);
        let notes_entry = record
            .as_ref()
            .is_some_and(|record| record.lacks(&provisioning.user.id));
        let result = match self {
            Self::Refused { why, .. } => Err(*why),
            Self::Comes { is_free, plan, .. } => {
                let mut changes = plan.told(record.is_none());
                let is_taken = !is_free;
                changes.name_taken = is_taken.then(|| provisioning.user.username().to_owned());
                let before = record.as_ref().map(|record| record.username.clone());
                changes.renamed_from = before.filter(|_| new_name.is_some());
                Ok(changes)
            }
        };
        Outcome {
            record: record.as_ref().map(|record| {
                let name = new_name.unwrap_or_else(|| record.username.clone());
                (record.id, name)
            }),
            result,
            notes_entry,
        }
    }
}

/// Somebody else gave or took the same at this moment: the plan is made anew.
fn raced(error: DirectoryError) -> DirectoryError {
    match error {
        DirectoryError::Invalid(_) | DirectoryError::NotFound | DirectoryError::Protected(_) => {
            DirectoryError::Again
        }
        error => error,
    }
}

/// Whether somebody, or the user of this id, can be called so.
async fn is_free(
    username: &str,
    own: Option<i64>,
    connection: &mut Conn,
) -> Result<bool, DirectoryError> {
    let name = UserChanges {
        username: Some(username.to_owned()),
        ..UserChanges::default()
    };
    match users::refuse_names(&name, own, connection).await {
        Ok(()) => Ok(true),
        Err(DirectoryError::Invalid(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A role that is given, and whether a group gives it.
struct Given {
    role: i64,
    name: String,
    follows: bool,
}

#[derive(Default)]
struct Plan {
    given: Vec<Given>,
    taken: Vec<(Grant, String)>,
    passed_over: Vec<(String, &'static str)>,
}

impl Plan {
    fn told(&self, is_new: bool) -> Changes {
        Changes {
            is_new,
            given: self.given.iter().map(|role| role.name.clone()).collect(),
            taken: self.taken.iter().map(|(_, name)| name.clone()).collect(),
            passed_over: self.passed_over.clone(),
            ..Changes::default()
        }
    }
}

type RoleRow = (i64, String, String);

async fn plan(
    provisioning: &Provisioning,
    user: Option<i64>,
    context: &Context,
    connection: &mut Conn,
) -> Result<Plan, DirectoryError> {
    let mut plan = Plan::default();
    let groups = provisioning.groups.as_ref();
    let groups = groups.filter(|groups| groups.always || user.is_none());
    let default = provisioning.default_role.iter().filter(|_| user.is_none());
    let names: BTreeSet<&String> = default
        .clone()
        .chain(groups.iter().flat_map(|groups| &groups.names))
        .collect();
    let named = named(&names, connection).await?;
    let mighty = containing(ADMIN, connection).await?;
    let mut wanted = BTreeMap::new();
    for (id, name, scope) in named {
        let follows = groups.is_some_and(|groups| groups.names.contains(&name));
        if scope != "none" {
            let why = "it is held in a workspace or a cluster, not everywhere";
            plan.passed_over.push((name, why));
        } else if mighty.contains(&id) && !provisioning.may_grant_admin {
            let why = "it makes an administrator, which ldap.grant_admin does not allow";
            plan.passed_over.push((name, why));
        } else {
            let is_default = default.clone().any(|default| *default == name);
            // What everybody has from the beginning does not go with a group.
            let follows = follows && !is_default;
            wanted.insert(
                id,
                Given {
                    role: id,
                    name,
                    follows,
                },
            );
        }
    }
    let held = match user {
        Some(user) if groups.is_some() => held(user, connection).await?,
        _ => Vec::new(),
    };
    for (grant, origin, name) in held {
        let is_wanted = wanted.remove(&grant.role_id).is_some();
        let may_go = groups.is_some_and(|groups| groups.are_all);
        if is_wanted || origin.as_deref() != Some(ORIGIN_LDAP) || !may_go {
            continue;
        }
        if is_last_administrator(&grant, context, connection).await? {
            let why = "the last administrator must remain one";
            plan.passed_over.push((name, why));
        } else {
            plan.taken.push((grant, name));
        }
    }
    plan.given = wanted.into_values().collect();
    Ok(plan)
}

/// The roles of these names; those that there are.
async fn named(
    names: &BTreeSet<&String>,
    connection: &mut Conn,
) -> Result<Vec<RoleRow>, DirectoryError> {
    // PostgreSQL knows no NUL in text, and no role is called so.
    let names: Vec<&String> = names
        .iter()
        .copied()
        .filter(|name| !name.contains('\0'))
        .collect();
    let mut found = Vec::new();
    for names in names.chunks(NAMES_AT_ONCE) {
        let rows = roles::table
            .filter(roles::name.eq_any(names.iter().map(|name| name.as_str()).collect::<Vec<_>>()))
            .order(roles::name.asc())
            .select((roles::id, roles::name, roles::scope));
        found.extend(rows.load::<RoleRow>(connection).await?);
    }
    Ok(found)
}

/// What the user holds everywhere, in force or not: what is switched off here stays off.
async fn held(
    user: i64,
    connection: &mut Conn,
) -> Result<Vec<(Grant, Option<String>, String)>, DirectoryError> {
    let rows = grants::table
        .inner_join(roles::table)
        .filter(grants::user_id.eq(user))
        .filter(un_scoped!())
        .order(grants::id.asc())
        .select((Grant::as_select(), grants::origin, roles::name));
    Ok(rows.load(connection).await?)
}

async fn create(
    provisioning: &Provisioning,
    context: &Context,
    connection: &mut Conn,
) -> Result<(i64, String), DirectoryError> {
    let create = CreateUser {
        changes: provisioning.user.record(),
        roles: None,
        ceiling: PrivilegeCeiling::Everything,
    };
    let made = create.run(context, connection).await?;
    Ok((made.id, made.username))
}

async fn give(
    user: i64,
    given: &Given,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let create = CreateGrant {
        visible: Visibility::All,
        user_id: user,
        role_id: given.role,
        place: GrantScope::UN_SCOPED,
        changes: GrantChanges::default(),
        authority: Authority::Permission(PrivilegeCeiling::Everything),
    };
    let grant = create.run(context, connection).await?;
    if given.follows {
        diesel::update(grants::table.find(grant.id))
            .set(grants::origin.eq(ORIGIN_LDAP))
            .cached()
            .execute(connection)
            .await?;
    }
    Ok(())
}
