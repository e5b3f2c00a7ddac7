//! Whether a name can be given to somebody beside those who have theirs, and
//! what is kept of names to tell that from indexes.

use std::collections::HashSet;

use super::env;
use super::prelude::*;
use crate::directory::names::{
    Clash, FillNameKeys, LacksNameKeys, SAME_ROLE_NAME, clash, folded, normalized, refused,
    skeleton, unfit,
};
use crate::directory::search::SearchedNames;
use crate::directory::users::User;
use crate::storage::schema::{roles, users};

/// The most names that one is compared with. So many that look the same in
/// ASCII alone do not come together by chance.
const COMPARED: i64 = 1000;

/// Rows whose names get their keys in one transaction.
const FILLED: i64 = 1000;

/// A name, and whose it is.
pub type Named = (i64, String);

/// Somebody living whose name does not let somebody else have one.
pub struct Rival {
    pub id: i64,
    pub name: String,
    pub clash: Clash,
}

/// What is wrong with a new username, beside those of the living; `own` is the
/// user who is to have it.
pub async fn username_problem(
    username: &str,
    own: Option<i64>,
    connection: &mut Conn,
) -> Result<Option<FieldError>, DirectoryError> {
    if let Some(problem) = unfit("username", username) {
        return Ok(Some(problem));
    }
    let rival = username_rival(username, own, connection).await?;
    Ok(rival.map(|rival| refused("username", username, &rival.name, rival.clash)))
}

/// The user whose username prevents another user from having this one.
pub async fn username_rival(
    username: &str,
    own: Option<i64>,
    connection: &mut Conn,
) -> Result<Option<Rival>, DirectoryError> {
    let like = like_username(username, connection).await?;
    Ok(rival(username, like, own))
}

/// The same of a uname.
pub async fn uname_problem(
    uname: &str,
    own: Option<i64>,
    connection: &mut Conn,
) -> Result<Option<FieldError>, DirectoryError> {
    if let Some(problem) = unfit("uname", uname) {
        return Ok(Some(problem));
    }
    let rival = uname_rival(uname, own, connection).await?;
    Ok(rival.map(|rival| refused("uname", uname, &rival.name, rival.clash)))
}

/// The same of a uname.
pub async fn uname_rival(
    uname: &str,
    own: Option<i64>,
    connection: &mut Conn,
) -> Result<Option<Rival>, DirectoryError> {
    let like = like_uname(uname, connection).await?;
    Ok(rival(uname, like, own))
}

/// What is wrong with a new name of a role, beside those of others.
pub async fn role_problem(
    name: &str,
    own: Option<i64>,
    connection: &mut Conn,
) -> Result<Option<FieldError>, DirectoryError> {
    // Nobody is taken for a role, so its name may be any text; these two alone
    // have no address on the surfaces that name roles in paths.
    if matches!(name, "." | "..") {
        let message = "This value may not be \".\" or \"..\".";
        return Ok(Some(FieldError::invalid("name", message)));
    }
    // Control characters cannot be seen, so they tell no name from another.
    let name = &*name.replace(char::is_control, "");
    let same = roles::name_skeleton
        .eq(skeleton(name))
        .or(roles::name_folded.eq(folded(name)));
    let like: Vec<Named> = roles::table
        .filter(same.or(roles::name_skeleton.is_null()))
        .limit(COMPARED)
        .select((roles::id, roles::name))
        .load(connection)
        .await?;
    let found = rival(name, like, own).map(|rival| match rival.clash {
        Clash::SameLetters => SAME_ROLE_NAME,
        Clash::LooksAlike => "This name looks like that of another role.",
    });
    Ok(found.map(|message| FieldError::taken("name", message)))
}

/// Whether a role of this name cannot stand beside another's.
pub fn is_role_in_the_way(name: &str, other: &str) -> bool {
    clash(name, other).is_some()
}

/// The first who is in the way, and before others who has the very same name.
fn rival(name: &str, mut like: Vec<Named>, own: Option<i64>) -> Option<Rival> {
    like.retain(|(id, _)| Some(*id) != own);
    like.sort_by_key(|(id, other)| (folded(other) != folded(name), *id));
    like.into_iter().find_map(|(id, other)| {
        let clash = clash(name, &other)?;
        Some(Rival {
            id,
            name: other,
            clash,
        })
    })
}

/// Living users whose usernames have the same letters or skeleton, and those of
/// whom that is not known yet. That they live is said of each alternative: else
/// SQLite does not see that the indexes of the living have them.
pub async fn like_username(
    username: &str,
    connection: &mut Conn,
) -> Result<Vec<Named>, DirectoryError> {
    let alike = users::username_skeleton
        .eq(skeleton(username))
        .and(users::deleted_at.is_null());
    let same = users::username_folded
        .eq(folded(username))
        .and(users::deleted_at.is_null());
    let (mut like, unknown): (Vec<Named>, Vec<Named>) = env::pipelined!(
        connection,
        users::table
            .filter(same.or(alike))
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

/// Those in the trash whose usernames have the same skeleton.
pub async fn alike_in_trash(
    username: &str,
    connection: &mut Conn,
) -> Result<Vec<Named>, DirectoryError> {
    let like = users::table
        .filter(users::deleted_at.is_not_null())
        .filter(users::username_skeleton.eq(skeleton(username)))
        .limit(COMPARED)
        .select((users::id, users::username));
    Ok(like.load(connection).await?)
}

async fn like_uname(uname: &str, connection: &mut Conn) -> Result<Vec<Named>, DirectoryError> {
    let alike = users::uname_skeleton
        .eq(skeleton(uname))
        .and(users::deleted_at.is_null());
    let same = users::uname.eq(uname).and(users::deleted_at.is_null());
    let like = users::table
        .filter(alike.or(same.nullable()))
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
        // Beside each other, each would find taken what another has just given to
        // the very same rows.
        env::serialize(connection).await?;
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
        env::defer(fill.cached(), connection).await?;
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
        let text = SearchedNames::from(user).search_text();
        let fill = diesel::update(users::table.find(user.id));
        let fill = fill.set(users::search_text.eq(text));
        env::defer(fill.cached(), connection).await?;
    }
    if !without.is_empty() {
        env::flush_search(connection).await?;
    }
    Ok(without.len())
}

/// Those of these folded names that living users have.
pub async fn taken(
    wanted: &[String],
    connection: &mut Conn,
) -> Result<HashSet<String>, DirectoryError> {
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

/// There are few roles: all names are read to see which are taken.
async fn fill_roles(connection: &mut Conn) -> Result<usize, DirectoryError> {
    let rows: Vec<Named> = roles::table
        .filter(roles::name_skeleton.is_null())
        .order(roles::id.asc())
        .limit(FILLED)
        .select((roles::id, roles::name))
        .load(connection)
        .await?;
    let taken: Vec<Option<String>> = roles::table
        .filter(roles::name_folded.is_not_null())
        .select(roles::name_folded)
        .load(connection)
        .await?;
    let mut taken: HashSet<String> = taken.into_iter().flatten().collect();
    let filled = rows.len();
    for (id, name) in rows {
        let folded = folded(&name);
        let is_free = taken.insert(folded.clone());
        let fill = diesel::update(roles::table.find(id)).set((
            roles::name_folded.eq(is_free.then_some(folded)),
            roles::name_skeleton.eq(skeleton(&name)),
        ));
        env::defer(fill.cached(), connection).await?;
    }
    Ok(filled)
}
