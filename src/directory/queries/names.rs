//! Whether a name can be given to somebody beside those who have theirs, and
//! what is kept of names to tell that from indexes.

use super::env;
use super::prelude::*;
use crate::directory::names::{
    Clash, FillNameKeys, LacksNameKeys, SAME_USERNAME, clash, folded, normalized, skeleton, unfit,
};
use crate::directory::search::Called;
use crate::directory::users::User;
use crate::storage::schema::{roles, users};

/// The most names that one is compared with. So many that look the same in
/// ASCII alone do not come together by chance.
const COMPARED: i64 = 1000;

/// Rows whose names get their keys in one transaction.
const FILLED: i64 = 1000;

/// A name, and whose it is.
type Named = (i64, String);

/// What is wrong with a new username, beside those of the living; `own` is the
/// user who is to have it.
pub async fn username_problem(
    username: &str,
    own: Option<i64>,
    connection: &mut Conn,
) -> Result<Option<Problem>, DirectoryError> {
    if let Some(problem) = unfit("username", username) {
        return Ok(Some(problem));
    }
    username_clash(username, own, connection).await
}

/// Whether the living let somebody have, or keep, this username.
pub async fn username_clash(
    username: &str,
    own: Option<i64>,
    connection: &mut Conn,
) -> Result<Option<Problem>, DirectoryError> {
    let others = others(like_username(username, connection).await?, own);
    Ok(clashing(username, others).map(|clash| match clash {
        Clash::SameLetters => Problem::taken("username", SAME_USERNAME),
        Clash::LooksAlike => {
            let message = "This username looks like that of another user.";
            Problem::taken("username", message)
        }
    }))
}

/// The same of a uname.
pub async fn uname_problem(
    uname: &str,
    own: Option<i64>,
    connection: &mut Conn,
) -> Result<Option<Problem>, DirectoryError> {
    if let Some(problem) = unfit("uname", uname) {
        return Ok(Some(problem));
    }
    let others = others(like_uname(uname, connection).await?, own);
    Ok(clashing(uname, others).map(|_| {
        let message = "This uname is, or looks like, that of another user.";
        Problem::taken("uname", message)
    }))
}

/// The same of a role's name.
pub async fn role_problem(
    name: &str,
    own: Option<i64>,
    connection: &mut Conn,
) -> Result<Option<Problem>, DirectoryError> {
    // Nobody is taken for a role, so its name may be any text; these two alone
    // have no address on the surfaces that name roles in paths.
    if matches!(name.trim(), "." | "..") {
        let message = "This value may not be \".\" or \"..\".";
        return Ok(Some(Problem::invalid("name", message)));
    }
    let same = roles::name_skeleton.eq(skeleton(name));
    let like: Vec<Named> = roles::table
        .filter(same.or(roles::name_skeleton.is_null()))
        .limit(COMPARED)
        .select((roles::id, roles::name))
        .load(connection)
        .await?;
    // Roles that differ in case alone are told apart until their names are unique
    // whatever the case.
    let alike = |(_, other): &Named| clash(name, other) == Some(Clash::LooksAlike);
    let found = others(like, own).any(|other| alike(&other) || is_disguised(name, &other.1));
    let message = "This name looks like that of another role.";
    Ok(found.then(|| Problem::taken("name", message)))
}

/// The same letters in another width or form: not only in another case.
fn is_disguised(name: &str, other: &str) -> bool {
    clash(name, other) == Some(Clash::SameLetters) && name.to_lowercase() != other.to_lowercase()
}

fn others(like: Vec<Named>, own: Option<i64>) -> impl Iterator<Item = Named> {
    like.into_iter().filter(move |(id, _)| Some(*id) != own)
}

fn clashing(name: &str, mut others: impl Iterator<Item = Named>) -> Option<Clash> {
    others.find_map(|(_, other)| clash(name, &other))
}

/// Living users whose usernames have the same letters or skeleton, and those of
/// whom that is not known yet.
async fn like_username(
    username: &str,
    connection: &mut Conn,
) -> Result<Vec<Named>, DirectoryError> {
    let same = users::username_skeleton
        .eq(skeleton(username))
        .or(users::username_folded.eq(folded(username)));
    let (mut like, unknown): (Vec<Named>, Vec<Named>) = env::together!(
        connection,
        users::table
            .filter(users::deleted_at.is_null())
            .filter(same)
            .limit(COMPARED)
            .select((users::id, users::username))
            .load(connection)
            .await,
        users::table
            .filter(users::deleted_at.is_null())
            .filter(users::username_skeleton.is_null())
            .limit(COMPARED)
            .select((users::id, users::username))
            .load(connection)
            .await,
    );
    like.extend(unknown);
    Ok(like)
}

async fn like_uname(uname: &str, connection: &mut Conn) -> Result<Vec<Named>, DirectoryError> {
    let like = users::table
        .filter(users::deleted_at.is_null())
        .filter(users::uname_skeleton.eq(skeleton(uname)))
        .limit(COMPARED)
        .select((users::id, users::uname));
    Ok(like.load(connection).await?)
}

/// The username of a user who was named in another spelling than that which is
/// kept; none when nobody is called so.
pub async fn other_spelling(
    username: &str,
    connection: &mut Conn,
) -> Result<Option<String>, DirectoryError> {
    if username.is_ascii() {
        return Ok(None);
    }
    let normal = normalized(username);
    let like = like_username(&normal, connection).await?;
    let names = like.into_iter().map(|(_, name)| name);
    // The spelling that names are kept in goes first.
    let mut same: Vec<String> = names
        .filter(|name| name != username && normalized(name) == normal)
        .collect();
    same.sort_by_key(|name| *name != *normal);
    Ok(same.into_iter().next())
}

impl Run for LacksNameKeys {
    type Answer = bool;

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<bool, DirectoryError> {
        let user = users::table
            .filter(users::username_skeleton.is_null())
            .select(users::id);
        if user.first::<i64>(connection).await.optional()?.is_some() {
            return Ok(true);
        }
        let user = users::table
            .filter(users::search_text.is_null())
            .select(users::id);
        if user.first::<i64>(connection).await.optional()?.is_some() {
            return Ok(true);
        }
        let role = roles::table
            .filter(roles::name_skeleton.is_null())
            .select(roles::id);
        Ok(role.first::<i64>(connection).await.optional()?.is_some())
    }
}

impl Run for FillNameKeys {
    type Answer = usize;

    async fn run(&self, _: &Context, connection: &mut Conn) -> Result<usize, DirectoryError> {
        let filled = fill_users(connection).await?;
        if filled > 0 {
            return Ok(filled);
        }
        let filled = fill_search_texts(connection).await?;
        if filled > 0 {
            return Ok(filled);
        }
        fill_roles(connection).await
    }
}

async fn fill_users(connection: &mut Conn) -> Result<usize, DirectoryError> {
    type Row = (i64, String, String, Option<String>);
    let rows: Vec<Row> = users::table
        .filter(users::username_skeleton.is_null())
        .order(users::id.asc())
        .limit(FILLED)
        .select((users::id, users::username, users::uname, users::deleted_at))
        .load(connection)
        .await?;
    let wanted: Vec<String> = rows.iter().map(|(_, name, _, _)| folded(name)).collect();
    let mut taken = taken(&wanted, connection).await?;
    let filled = rows.len();
    for ((id, username, uname, deleted_at), folded) in rows.into_iter().zip(wanted) {
        let is_free = deleted_at.is_some() || taken.insert(folded.clone());
        let fill = diesel::update(users::table.find(id)).set((
            users::username_folded.eq(is_free.then_some(folded)),
            users::username_skeleton.eq(skeleton(&username)),
            users::uname_skeleton.eq(skeleton(&uname)),
        ));
        env::later(fill.lasting(), connection).await?;
    }
    Ok(filled)
}

async fn fill_search_texts(connection: &mut Conn) -> Result<usize, DirectoryError> {
    let without: Vec<User> = users::table
        .filter(users::search_text.is_null())
        .order(users::id.asc())
        .limit(FILLED)
        .select(User::as_select())
        .load(connection)
        .await?;
    for user in &without {
        let text = Called::from(user).search_text();
        let fill = diesel::update(users::table.find(user.id));
        let fill = fill.set(users::search_text.eq(text));
        env::later(fill.lasting(), connection).await?;
    }
    if !without.is_empty() {
        env::settle_search(connection).await?;
    }
    Ok(without.len())
}

/// Those of these folded names that living users have.
pub async fn taken(
    wanted: &[String],
    connection: &mut Conn,
) -> Result<std::collections::HashSet<String>, DirectoryError> {
    let taken = users::table
        .filter(users::deleted_at.is_null())
        .filter(env::text_in(
            users::username_folded.assume_not_null(),
            wanted,
        ))
        .select(users::username_folded.assume_not_null());
    let taken: Vec<String> = taken.load(connection).await?;
    Ok(taken.into_iter().collect())
}

async fn fill_roles(connection: &mut Conn) -> Result<usize, DirectoryError> {
    let rows: Vec<Named> = roles::table
        .filter(roles::name_skeleton.is_null())
        .limit(FILLED)
        .select((roles::id, roles::name))
        .load(connection)
        .await?;
    let filled = rows.len();
    for (id, name) in rows {
        let fill = diesel::update(roles::table.find(id));
        let fill = fill.set(roles::name_skeleton.eq(skeleton(&name)));
        env::later(fill.lasting(), connection).await?;
    }
    Ok(filled)
}
