use diesel::sql_types::Bool;
use serde_json::Value;

use super::audit::append_audit;
use super::ceiling::{Names, may_not_outrank, of_user, privileges, require_user, resolve_ceiling};
use super::columns::found_if_few;
use super::grants::administrators_remain;
use super::members::{add_roles, replace_roles};
use super::notices::{about_email, about_password};
use super::outbox::about_new_user;
use super::prelude::*;
use super::visibility::{ResolvedVisibility, resolve_visibility};
use super::{env, found, grants, name_conflicts, names, roles};
use crate::directory::events::described;
use crate::directory::listing::CustomCondition;
use crate::directory::members::Authority;
use crate::directory::names::SAME_UNAME;
use crate::directory::permissions::PrivilegeCeiling;
use crate::directory::privileges::OfPartner;
use crate::directory::search::SearchedNames;
use crate::directory::users::{
    CreateUser, DeleteUser, FindUser, NameKeys, NewUser, UpdateOwn, UpdateUser, User, UserChanges,
    UserColumn, Users, UsersOf, differing,
};
use crate::directory::values;
use crate::storage::schema::{
    partner_blocks, partner_spans, partners, user_blocks, user_spans, users,
};

columns!(users, UserColumn {
    Id: number id,
    Username: text username,
    Uname: text uname,
    Name: maybe_text name,
    Surname: maybe_text surname,
    FullName: maybe_text full_name,
    Email: maybe_text email,
    Position: maybe_text position,
    Organization: maybe_text organization,
    TimeZone: maybe_text time_zone,
    Partner: maybe_number partner_id,
    External: flag external,
    ExternalId: maybe_text external_id,
    IsActive: flag is_active,
    IsStaff: flag is_staff,
    LastLogin: maybe_text last_login,
    Created: text created,
    Modified: text modified,
    CreatedBy: maybe_number created_by,
    ModifiedBy: maybe_number modified_by,
    DeletedAt: maybe_text deleted_at,
});

mod by_ids;
mod by_role;
mod external_changes;
mod search_visible;
mod self_service;
mod trash;

pub use external_changes::change_elsewhere;

fn own(wanted: &CustomCondition, context: &Context) -> Boxed<users::table> {
    match wanted {
        // Settled before: see `with_roles`.
        CustomCondition::Roles { .. } => Box::new(fragment::<NullableBool>("FALSE")),
        CustomCondition::Holders {
            anywhere,
            roles,
            holds,
            many,
        } => grants::holding(*anywhere, roles.as_deref(), *holds, *many, context),
        CustomCondition::Search(words) => Box::new(env::search(&words.pieces())),
    }
}

impl Run for FindUser {
    type Answer = Option<User>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Option<User>, DirectoryError> {
        let user = find_user(self.id, connection).await?;
        seen(user, self.visible, context, connection).await
    }
}

/// The user, when the caller sees them.
async fn seen(
    user: Option<User>,
    visible: Visibility,
    context: &Context,
    connection: &mut Conn,
) -> Result<Option<User>, DirectoryError> {
    let Some(user) = user else { return Ok(None) };
    let sees = match visible {
        Visibility::Delegated(own) if own == user.id => true,
        visible => {
            let visibility = resolve_visibility(visible, context, connection).await?;
            visibility.sees(user.id, user.partner_id)
        }
    };
    Ok(Some(user).filter(|_| sees))
}

async fn find_user(id: i64, connection: &mut Conn) -> Result<Option<User>, DirectoryError> {
    let query = users::table
        .find(id)
        .filter(users::deleted_at.is_null())
        .select(User::as_select());
    Ok(query.cached().get_result(connection).await.optional()?)
}

/// Before a change: what is recorded as the state before it must be that.
async fn lock_user(id: i64, connection: &mut Conn) -> Result<Option<User>, DirectoryError> {
    let query = env::for_update!(
        users::table
            .find(id)
            .filter(users::deleted_at.is_null())
            .select(User::as_select())
    );
    Ok(query.get_result(connection).await.optional()?)
}

impl Run for List<Users> {
    type Answer = Listed<User>;

    async fn run(
        &self,
        context: &Context,
        connection: &mut Conn,
    ) -> Result<Listed<User>, DirectoryError> {
        let visibility = resolve_visibility(self.visible, context, connection).await?;
        if let Some(scope) = CounterScope::of_list(self, visibility) {
            return page_from_counters(self, scope, connection).await;
        }
        if let Some(role) = by_role::alone(self, visibility, connection).await? {
            return by_role::page(self, role, context, connection).await;
        }
        if visibility == ResolvedVisibility::Nothing {
            let total = (self.count != Count::None).then_some(0);
            let rows = Vec::new();
            return Ok(Listed { rows, total });
        }
        // What a caller sees comes before what they look for: neither the answer
        // nor the time that it takes tells of others.
        let seen = || filtered(self, visibility, None, context);
        let among: Option<&dyn Fn() -> _> = match visibility {
            ResolvedVisibility::All => None,
            _ => Some(&seen),
        };
        let wanted = resolve_patterns(&self.condition, among, connection).await?;
        let wanted = with_roles(wanted, self.parent.as_ref(), visibility, connection).await?;
        let wanted = match among {
            None => searched(wanted, connection).await?,
            Some(among) => search_visible::searched(wanted, among, connection).await?,
        };
        let by_ids = by_ids::page(self, visibility, wanted.as_ref(), context, connection);
        if let Some(page) = by_ids.await? {
            return Ok(page);
        }
        let matching = || filtered(self, visibility, wanted.as_ref(), context);
        let rows = page!(self, matching(), User, context, connection);
        let total = total!(
            self,
            rows,
            if self.is_everything() {
                count_users(connection).await?
            } else if self.count == Count::Estimated && visibility == ResolvedVisibility::All {
                estimate(matching(), context, connection).await?
            } else {
                let wanted = match visibility {
                    ResolvedVisibility::All => to_count(wanted.clone()),
                    _ => wanted.clone(),
                };
                counted_exactly(self, visibility, wanted.as_ref(), context, connection).await?
            }
        );
        Ok(Listed { rows, total })
    }
}

/// The condition with the ids of roles in the place of their names, and with
/// the role whose users are asked for: known ids lead into the index.
async fn with_roles(
    wanted: Option<Condition<UserColumn>>,
    of: Option<&UsersOf>,
    visibility: ResolvedVisibility,
    connection: &mut Conn,
) -> Result<Option<Condition<UserColumn>>, DirectoryError> {
    let mut wanted = wanted;
    for own in wanted.iter_mut().flat_map(Condition::custom) {
        let CustomCondition::Roles { named, holds } = own else {
            continue;
        };
        let roles = match named {
            Some(named) => Some(roles::ids_of(named, connection).await?),
            None => None,
        };
        *own = holders(roles, *holds, visibility, connection).await?;
    }
    let of = match of {
        Some(UsersOf::Role(role)) => {
            holders(Some(vec![*role]), true, visibility, connection).await?
        }
        Some(UsersOf::Effective(role)) => {
            let roles = grants::containing(*role, connection).await?;
            CustomCondition::Holders {
                anywhere: true,
                many: match visibility {
                    ResolvedVisibility::All => grants::are_held_by_many(&roles, connection).await?,
                    _ => true,
                },
                roles: Some(roles),
                holds: true,
            }
        }
        _ => return Ok(wanted),
    };
    let of = Condition::Custom(of);
    Ok(Some(Condition::All(
        std::iter::once(of).chain(wanted).collect(),
    )))
}

/// The condition with the found in the place of the search, so that the index
/// is gone through once, not for the page and for the total.
async fn searched(
    mut wanted: Option<Condition<UserColumn>>,
    connection: &mut Conn,
) -> Result<Option<Condition<UserColumn>>, DirectoryError> {
    for search in wanted.iter_mut().flat_map(Condition::searches) {
        let Condition::Custom(CustomCondition::Search(words)) = search else {
            continue;
        };
        if let Some(ids) = found_if_few(&words.pieces(), connection).await? {
            *search = Condition::Ids(ids);
        }
    }
    Ok(wanted)
}

/// Of few who are seen each is looked at, however many hold the roles.
async fn holders(
    roles: Option<Vec<i64>>,
    holds: bool,
    visibility: ResolvedVisibility,
    connection: &mut Conn,
) -> Result<CustomCondition, DirectoryError> {
    let many = match &roles {
        Some(roles) if visibility == ResolvedVisibility::All => {
            grants::are_held_by_many(roles, connection).await?
        }
        Some(_) | None => true,
    };
    Ok(CustomCondition::Holders {
        anywhere: false,
        roles,
        holds,
        many,
    })
}

/// Whoever counts all that match is quicker with all holders at once.
fn to_count(mut wanted: Option<Condition<UserColumn>>) -> Option<Condition<UserColumn>> {
    for own in wanted.iter_mut().flat_map(Condition::custom) {
        if let CustomCondition::Holders { holds, many, .. } = own {
            *many &= !*holds;
        }
    }
    wanted
}

/// By their ids: else whatever index leads to those who match would be gone
/// through once more for the few of them in the trash.
const IN_TRASH: &str =
    "users.id IN (SELECT gone.id FROM users AS gone WHERE gone.deleted_at IS NOT NULL)";

/// All who match without those in the trash: an index tells that of many
/// without a look at each, where it could not tell who is in the trash.
async fn counted_exactly(
    list: &List<Users>,
    visibility: ResolvedVisibility,
    wanted: Option<&Condition<UserColumn>>,
    context: &Context,
    connection: &mut Conn,
) -> Result<i64, DirectoryError> {
    let matching = || seen_of(users::table.into_boxed(), list, visibility, wanted, context);
    let gone = matching().filter(fragment::<Bool>(IN_TRASH));
    let (all, gone): (i64, i64) = env::pipelined!(
        connection,
        matching().count().get_result(connection).await,
        gone.count().get_result(connection).await,
    );
    Ok(all - gone)
}

fn filtered(
    list: &List<Users>,
    visibility: ResolvedVisibility,
    wanted: Option<&Condition<UserColumn>>,
    context: &Context,
) -> users::BoxedQuery<'static, Db> {
    let living = users::table.filter(users::deleted_at.is_null());
    seen_of(living.into_boxed(), list, visibility, wanted, context)
}

/// Of these users those who match, as far as the caller sees them.
fn seen_of(
    mut query: users::BoxedQuery<'static, Db>,
    list: &List<Users>,
    visibility: ResolvedVisibility,
    wanted: Option<&Condition<UserColumn>>,
    context: &Context,
) -> users::BoxedQuery<'static, Db> {
    query = match visibility {
        ResolvedVisibility::All => query,
        ResolvedVisibility::Own(own) => query.filter(users::id.eq(own)),
        ResolvedVisibility::Partner(partner) => query.filter(users::partner_id.eq(partner)),
        ResolvedVisibility::Nothing => query.filter(users::id.eq(0)),
    };
    query = match &list.parent {
        Some(UsersOf::Partners(partners)) => query.filter(env::id_in(
            users::partner_id.assume_not_null(),
            partners.clone(),
        )),
        Some(UsersOf::Ids(ids)) => query.filter(env::id_in(users::id, ids.clone())),
        // A role is part of the condition: see `with_roles`.
        Some(UsersOf::Role(_) | UsersOf::Effective(_)) | None => query,
    };
    match wanted {
        Some(wanted) => query.filter(condition(wanted, context)),
        None => query,
    }
}

/// Users of whom the counted blocks tell how many there are, and where.
#[derive(Clone, Copy)]
enum CounterScope {
    All,
    Partner(i64),
}

impl CounterScope {
    /// Of a list in the order of the ids that is paged by counting.
    fn of_list(list: &List<Users>, visibility: ResolvedVisibility) -> Option<Self> {
        if !list.is_in_plain_order() {
            return None;
        }
        match (&list.parent, visibility) {
            (None, ResolvedVisibility::All) => Some(Self::All),
            (None, ResolvedVisibility::Partner(own)) => Some(Self::Partner(own)),
            (Some(UsersOf::Partners(partners)), visibility) => {
                match (partners.as_slice(), visibility) {
                    ([one], ResolvedVisibility::All) => Some(Self::Partner(*one)),
                    ([one], ResolvedVisibility::Partner(own)) if *one == own => {
                        Some(Self::Partner(own))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// All users, or a partner's, in the order of their ids: the counted blocks
/// give the total and the place where a deep page begins, so no page costs
/// more than the first.
async fn page_from_counters(
    list: &List<Users>,
    scope: CounterScope,
    connection: &mut Conn,
) -> Result<Listed<User>, DirectoryError> {
    let Slice { offset, limit } = list.slice;
    if offset == 0 {
        let (total, rows) = env::pipelined!(
            connection,
            match list.count {
                Count::None => Ok(None),
                Count::Estimated | Count::Exact => counted(scope, connection).await.map(Some),
            },
            rows(scope, 0, list.slice, connection).await,
        );
        return Ok(Listed { rows, total });
    }
    let spans = spans(scope, connection).await?;
    let total = (list.count != Count::None).then(|| spans.iter().map(|(_, living)| living).sum());
    let (after, offset) = place(scope, &spans, offset, connection).await?;
    let rows = rows(scope, after, Slice { offset, limit }, connection).await?;
    Ok(Listed { rows, total })
}

/// Those of these users whose ids are above `after`, in their order.
async fn rows(
    scope: CounterScope,
    after: i64,
    Slice { offset, limit }: Slice,
    connection: &mut Conn,
) -> Result<Vec<User>, DirectoryError> {
    let living = users::table
        .filter(users::deleted_at.is_null())
        .select(User::as_select());
    let rows = match scope {
        CounterScope::All => {
            let page = living.filter(users::id.gt(after)).order(users::id.asc());
            let page = env::limited(page, PlanMode::Generic, limit, offset);
            page.load(connection).await?
        }
        CounterScope::Partner(partner) => {
            let page = living
                .filter(env::of_partner(partner, after))
                .order((users::partner_id.asc(), users::id.asc()));
            let page = env::limited(page, PlanMode::Generic, limit, offset);
            page.load(connection).await?
        }
    };
    Ok(rows)
}

/// Ids that a block counts together.
const BLOCK: i64 = 1024;
/// Blocks that a span sums up.
const SPAN: i64 = 64;

/// How many of these users each span holds.
async fn spans(
    scope: CounterScope,
    connection: &mut Conn,
) -> Result<Vec<(i64, i64)>, DirectoryError> {
    let spans = match scope {
        CounterScope::All => {
            let spans = user_spans::table
                .order(user_spans::span.asc())
                .select((user_spans::span, user_spans::living));
            spans.load(connection).await?
        }
        CounterScope::Partner(partner) => {
            let spans = partner_spans::table
                .filter(partner_spans::partner_id.eq(partner))
                .order(partner_spans::span.asc())
                .select((partner_spans::span, partner_spans::living));
            spans.load(connection).await?
        }
    };
    Ok(spans)
}

/// How many of these users each block from the first up to the last holds.
async fn blocks(
    scope: CounterScope,
    (first, last): (i64, i64),
    connection: &mut Conn,
) -> Result<Vec<(i64, i64)>, DirectoryError> {
    let blocks = match scope {
        CounterScope::All => {
            let blocks = user_blocks::table
                .filter(user_blocks::block.between(first, last))
                .order(user_blocks::block.asc())
                .select((user_blocks::block, user_blocks::living));
            blocks.load(connection).await?
        }
        CounterScope::Partner(partner) => {
            let blocks = partner_blocks::table
                .filter(partner_blocks::partner_id.eq(partner))
                .filter(partner_blocks::block.between(first, last))
                .order(partner_blocks::block.asc())
                .select((partner_blocks::block, partner_blocks::living));
            blocks.load(connection).await?
        }
    };
    Ok(blocks)
}

/// Ids above the first number, and then so many rows on, is where `offset` is.
async fn place(
    scope: CounterScope,
    spans: &[(i64, i64)],
    offset: i64,
    connection: &mut Conn,
) -> Result<(i64, i64), DirectoryError> {
    let nowhere = (i64::MAX, 0);
    let Some(span) = seek(spans, offset) else {
        return Ok(nowhere);
    };
    let within = (span.run * SPAN, span.run * SPAN + SPAN - 1);
    let blocks = blocks(scope, within, connection).await?;
    Ok(seek(&blocks, span.left).map_or(nowhere, |block| within_block(&block)))
}

/// Of a block without gaps the ids are known. Ids begin with 1.
fn within_block(block: &BlockPosition) -> (i64, i64) {
    let first = (block.run * BLOCK).max(1);
    let end = (block.run + 1) * BLOCK;
    if block.living == end - first {
        (first + block.left - 1, 0)
    } else {
        (first - 1, block.left)
    }
}

/// Blocks that are looked into for an estimate.
const SAMPLE: usize = 16;

/// How many users match, judged by blocks spread over all of them; exact
/// while there are few.
async fn estimate(
    mut matching: users::BoxedQuery<'static, Db>,
    context: &Context,
    connection: &mut Conn,
) -> Result<i64, DirectoryError> {
    let blocks = blocks(CounterScope::All, (0, i64::MAX), connection).await?;
    let living = |blocks: &[(i64, i64)]| blocks.iter().map(|(_, living)| living).sum::<i64>();
    let step = blocks.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<(i64, i64)> = blocks.iter().copied().step_by(step).collect();
    if step > 1 {
        let ids = sample.iter().map(|(block, _)| run_of_ids(*block)).collect();
        matching = matching.filter(condition(&Condition::Any(ids), context));
    }
    let found: i64 = matching.count().get_result(connection).await?;
    Ok(found * living(&blocks) / living(&sample).max(1))
}

fn run_of_ids(block: i64) -> Condition<UserColumn> {
    let end = |comparison, id| Condition::Test {
        column: UserColumn::Id,
        comparison,
        operands: vec![Operand::Number(id)],
    };
    Condition::All(vec![
        end(Comparison::GreaterOrEqual, block * BLOCK),
        end(Comparison::Less, (block + 1) * BLOCK),
    ])
}

pub async fn count_users(connection: &mut Conn) -> Result<i64, DirectoryError> {
    counted(CounterScope::All, connection).await
}

async fn counted(scope: CounterScope, connection: &mut Conn) -> Result<i64, DirectoryError> {
    use diesel::sql_types::BigInt;
    let sum = || aggregate::<BigInt>("CAST(COALESCE(SUM(living), 0) AS BIGINT)");
    let total = match scope {
        CounterScope::All => {
            let total = user_spans::table.select(sum());
            total.get_result(connection).await?
        }
        CounterScope::Partner(partner) => {
            let theirs = partner_spans::table.filter(partner_spans::partner_id.eq(partner));
            theirs.select(sum()).get_result(connection).await?
        }
    };
    Ok(total)
}

/// Where a row is: the run, how many it holds, and how many of them are before the row.
#[derive(Debug, PartialEq)]
struct BlockPosition {
    run: i64,
    living: i64,
    left: i64,
}

/// Which of these runs holds the row at `offset`.
fn seek(runs: &[(i64, i64)], offset: i64) -> Option<BlockPosition> {
    let mut left = offset;
    for &(run, living) in runs {
        if left < living {
            return Some(BlockPosition { run, living, left });
        }
        left -= living;
    }
    None
}

const NAME_ELSEWHERE: &str = "This user is called what another directory (LDAP) says.";

const PASSWORD_ELSEWHERE: &str =
    "This user signs in with the password of another directory (LDAP): it is changed there.";

const RENAMING: &str = "Users are renamed by holders of users:write.";

const NO_UNAME_LEFT: &str = "Choose a uname: all that the username suggests are taken.";

/// How many variants of a suggested uname are tried.
const UNAME_VARIANTS: u32 = 1000;

impl Run for CreateUser {
    type Answer = User;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<User, DirectoryError> {
        let create = Self {
            changes: self.changes.clone().normalized(),
            ..self.clone()
        };
        refuse_names(&create.changes, None, connection).await?;
        partner_exists(&self.changes, connection).await?;
        let mut user = insert(&create, context, connection).await?;
        let id = user.id;
        let rest = UserChanges {
            username: None,
            uname: None,
            password_hash: None,
            ..create.changes
        };
        if !rest.is_empty() {
            user = diesel::update(users::table.find(id))
                .set(&rest)
                .returning(User::as_returning())
                .cached()
                .get_result(connection)
                .await?;
        }
        let mut after = described(&user);
        if self.changes.created.is_some() {
            after.insert("created".into(), Value::from(user.created.as_str()));
        }
        append_audit(
            context,
            connection,
            audit_entry("create", id, None, Some(after)),
        )
        .await?;
        about_new_user(&user, context, connection).await?;
        if let Some(roles) = &self.roles {
            add_roles(
                id,
                roles,
                Authority::Permission(self.ceiling),
                context,
                connection,
            )
            .await?;
        }
        Ok(user)
    }
}

/// What another directory decides is not changed here. By another name the record
/// would be somebody else's, with the tokens and roles of the one before.
fn refuse_foreign(before: &User, changes: &UserChanges) -> Result<(), DirectoryError> {
    if !before.external {
        return Ok(());
    }
    let mut problems = Vec::new();
    if changes.username.is_some() {
        problems.push(FieldError::invalid("username", NAME_ELSEWHERE));
    }
    if changes.password_hash.is_some() {
        problems.push(FieldError::invalid("password", PASSWORD_ELSEWHERE));
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(DirectoryError::Invalid(problems)),
    }
}

/// Both names are checked, so that both problems are told at once; the unique
/// indexes stand behind this for those who come at the same time. `own` is the
/// user who is to have them.
pub async fn refuse_names(
    changes: &UserChanges,
    own: Option<i64>,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    name_conflicts::refuse(name_problems(changes, own, connection).await?)
}

pub async fn name_problems(
    changes: &UserChanges,
    own: Option<i64>,
    connection: &mut Conn,
) -> Result<Vec<FieldError>, DirectoryError> {
    let mut problems = Vec::new();
    if let Some(username) = &changes.username {
        problems.extend(names::username_problem(username, own, connection).await?);
    }
    if let Some(uname) = &changes.uname {
        problems.extend(names::uname_problem(uname, own, connection).await?);
    }
    if let Some(id) = &changes.external_id {
        let same = users::table
            .filter(users::external_id.eq(id).and(users::deleted_at.is_null()))
            .filter(users::id.ne(own.unwrap_or_default()))
            .select(users::id);
        if same.first::<i64>(connection).await.optional()?.is_some() {
            problems.push(FieldError::taken(
                "id",
                "A user with this id already exists.",
            ));
        }
    }
    Ok(problems)
}

pub async fn partner_exists(
    changes: &UserChanges,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let Some(Some(partner)) = changes.partner_id else {
        return Ok(());
    };
    let row = partners::table.find(partner).select(partners::id);
    match row.first::<i64>(connection).await.optional()? {
        Some(_) => Ok(()),
        None => Err(DirectoryError::no_such("partners", "partner")),
    }
}

/// Under the uname asked for, or under the first free one of those that the
/// username suggests. Who takes one at the same time is waited for.
async fn insert(
    create: &CreateUser,
    context: &Context,
    connection: &mut Conn,
) -> Result<User, DirectoryError> {
    let now = context.now_text();
    let password_hash = create.changes.password_hash.clone().flatten();
    let (wanted, asked_for) = create.wanted_uname();
    let variants = if asked_for { 1 } else { UNAME_VARIANTS };
    for variant in 1..=variants {
        let uname = uname_variant(&wanted, variant);
        if !asked_for && is_taken(&uname, connection).await? {
            continue;
        }
        let new = NewUser {
            search_text: SearchedNames::from(&create.changes).search_text(),
            ..NewUser::named(
                create.changes.username.as_deref().unwrap_or_default(),
                &uname,
                password_hash.as_ref().map(|hash| hash.expose()),
                &now,
                context.actor_id(),
            )
        };
        let user: Option<User> = diesel::insert_into(users::table)
            .values(new)
            .on_conflict(diesel::dsl::sql::<Bool>("(uname) WHERE deleted_at IS NULL"))
            .do_nothing()
            .returning(User::as_returning())
            .get_result(connection)
            .await
            .optional()?;
        if let Some(user) = user {
            return Ok(user);
        }
    }
    Err(DirectoryError::taken(
        "uname",
        if asked_for { SAME_UNAME } else { NO_UNAME_LEFT },
    ))
}

fn uname_variant(wanted: &str, variant: u32) -> String {
    match variant {
        1 => wanted.to_owned(),
        variant => format!("{wanted}-{variant}"),
    }
}

/// The first free one of the unames that a username suggests.
async fn free_uname(username: &str, connection: &mut Conn) -> Result<String, DirectoryError> {
    let wanted = values::uname_from(username);
    for variant in 1..=UNAME_VARIANTS {
        let uname = uname_variant(&wanted, variant);
        if !is_taken(&uname, connection).await? {
            return Ok(uname);
        }
    }
    Err(DirectoryError::taken("uname", NO_UNAME_LEFT))
}

/// Whether somebody living has this uname, or one that it could be taken for.
async fn is_taken(uname: &str, connection: &mut Conn) -> Result<bool, DirectoryError> {
    let problem = names::uname_problem(uname, None, connection).await?;
    Ok(problem.is_some())
}

audit_entry_for!("users");

impl Run for UpdateUser {
    type Answer = User;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<User, DirectoryError> {
        let before = lock_user(self.id, connection).await?;
        let before = found(seen(before, self.visible, context, connection).await?)?;
        self.expected.check(before.version)?;
        // Whoever sets a password can become that user: a token with scopes would
        // leave them behind by its own user's password.
        if context.actor_id() != Some(self.id) || self.changes.password_hash.is_some() {
            may_not_outrank(self.ceiling, self.id, context, connection).await?;
        }
        // In whichever spelling it was sent, a name that stands is no change.
        let changes = self.changes.clone().without_unchanged(&before);
        let changes = changes.normalized().without_unchanged(&before);
        // Rights before names: else whoever may not take one learns which there are.
        if !self.may_rename && changes.renames() {
            return Err(DirectoryError::Protected(RENAMING));
        }
        if !self.may_set_flags && !changes.is_personal() {
            return Err(DirectoryError::Protected(
                "Flags and partners of users are changed by holders of users:write.",
            ));
        }
        refuse_foreign(&before, &changes)?;
        self_service::require_password(self, &changes, context)?;
        refuse_names(&changes, Some(self.id), connection).await?;
        partner_exists(&changes, connection).await?;
        may_move(self, &changes, context, connection).await?;
        if let Some(roles) = &self.roles {
            replace_roles(
                self.id,
                roles,
                Authority::Permission(self.ceiling),
                context,
                connection,
            )
            .await?;
        }
        if changes.is_empty() {
            return Ok(before);
        }
        let after = changes.applied_to(&before, context.now_text(), context.actor_id());
        let update = diesel::update(users::table.find(self.id)).set((
            changes.clone(),
            NameKeys::of(&changes, &after),
            users::version.eq(after.version),
            users::modified.eq(after.modified.clone()),
            users::modified_by.eq(after.modified_by),
        ));
        env::defer(update.cached(), connection).await?;
        if before.is_active && !after.is_active {
            administrators_remain(self.id, context, connection).await?;
        }
        if self.changes.password_hash.is_some() || !after.is_active || !before.is_active {
            super::sign_ins::end_all(self.id, context, connection).await?;
        }
        if self_service::ends_tokens(self, &before, &after, context) {
            super::tokens::revoke_all(self.id, context, connection).await?;
        }
        let (mut old, mut new) = differing(&before, &after);
        if changes.created.is_some() {
            old.insert("created".into(), Value::from(before.created.as_str()));
            new.insert("created".into(), Value::from(after.created.as_str()));
        }
        if self.changes.password_hash.is_some() {
            new.insert("password".into(), Value::from("changed"));
        }
        append_audit(
            context,
            connection,
            audit_entry("update", self.id, Some(old), Some(new)),
        )
        .await?;
        if self.changes.password_hash.is_some() {
            about_password(&after, context, connection).await?;
        }
        about_email(&before, &after, context, connection).await?;
        Ok(after)
    }
}

/// What some roles open depends on the partner of their holder: nobody is moved
/// to where they may more than the caller.
async fn may_move(
    update: &UpdateUser,
    changes: &UserChanges,
    context: &Context,
    connection: &mut Conn,
) -> Result<(), DirectoryError> {
    let Some(partner @ Some(_)) = changes.partner_id else {
        return Ok(());
    };
    if update.ceiling == PrivilegeCeiling::Everything {
        return Ok(());
    }
    let mut holdings = of_user(update.id, context, connection).await?;
    let held = privileges(&holdings, Names::OfAllPlaces, connection).await?;
    if !held.depend_on_partner() {
        return Ok(());
    }
    for holding in &mut holdings {
        holding.partner = OfPartner::Is(partner);
    }
    let ceiling = resolve_ceiling(update.ceiling, context, connection).await?;
    require_user(&ceiling, holdings, connection).await
}

impl Run for UpdateOwn {
    type Answer = User;

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<User, DirectoryError> {
        self.0.run(context, connection).await
    }
}

impl Run for DeleteUser {
    type Answer = ();

    async fn run(&self, context: &Context, connection: &mut Conn) -> Result<(), DirectoryError> {
        let before = lock_user(self.id, connection).await?;
        let before = found(seen(before, self.visible, context, connection).await?)?;
        self.expected.check(before.version)?;
        if context.actor_id() == Some(self.id) {
            return Err(DirectoryError::Protected("Nobody can delete themselves."));
        }
        may_not_outrank(self.ceiling, self.id, context, connection).await?;
        let now = context.now_text();
        // It is held, so it is still there.
        let delete = diesel::update(users::table.find(self.id)).set((
            users::deleted_at.eq(now.clone()),
            users::version.eq(before.version + 1),
            users::modified.eq(now),
            users::modified_by.eq(context.actor_id()),
        ));
        env::defer(delete.cached(), connection).await?;
        administrators_remain(self.id, context, connection).await?;
        super::sign_ins::end_all(self.id, context, connection).await?;
        let before = Some(described(&before));
        append_audit(
            context,
            connection,
            audit_entry("delete", self.id, before, None),
        )
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::{BlockPosition, seek, within_block};

    #[test]
    fn counted_runs_lead_to_the_place_of_a_deep_page() {
        let runs = [(0, 1000), (1, 0), (2, 24)];
        let place = |offset| seek(&runs, offset).map(|sought| (sought.run, sought.left));
        assert_eq!(place(0), Some((0, 0)));
        assert_eq!(place(999), Some((0, 999)));
        assert_eq!(place(1000), Some((2, 0)));
        assert_eq!(place(1023), Some((2, 23)));
        assert_eq!(place(1024), None);
        assert_eq!(seek(&[], 5), None);
    }

    #[test]
    fn in_a_block_without_gaps_no_row_has_to_be_skipped() {
        let place = |run, living, left| within_block(&BlockPosition { run, living, left });
        assert_eq!(place(0, 1023, 0), (0, 0), "behind id 0");
        assert_eq!(place(0, 1023, 20), (20, 0));
        assert_eq!(place(0, 1022, 20), (0, 20));
        assert_eq!(place(3, 1024, 20), (3 * 1024 + 19, 0));
        assert_eq!(place(3, 1023, 20), (3 * 1024 - 1, 20));
    }
}
