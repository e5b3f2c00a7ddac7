//! Relationships as addresses: which lists and which linkage they stand for.

use super::{Roles, Tokens, Users};
use crate::api::error::Failure;
use crate::api::resource::{Listable, Resource, Row};
use crate::auth::Guard;
use crate::directory::grants::{ListMembers, Members, Part, Side};
use crate::directory::listing::{List, Noun};
use crate::directory::roles::RolesOf;
use crate::directory::tokens::{Token, TokensOf};
use crate::directory::users::UsersOf;
use crate::directory::versions::Digest;

/// A to-many relationship.
pub trait ToMany: 'static {
    type From: Resource;
    type To: Listable;
    const NAME: &'static str;

    /// What the related list is confined to.
    fn of(id: i64) -> <<Self::To as Resource>::Noun as Noun>::Of;

    /// Where the linkage is kept; `None`: it cannot be changed here.
    fn side(id: i64) -> Option<Side>;

    /// A page of the linkage.
    async fn page(guard: &Guard, id: i64, part: Part) -> Result<Members, Failure>;
}

async fn members(guard: &Guard, side: Side, part: Part) -> Result<Members, Failure> {
    let list = ListMembers {
        side,
        visible: Default::default(),
        visible_users: Default::default(),
        part,
    };
    Ok(guard.read(list).await?)
}

/// `/users/ID/roles`
pub struct UserRoles;

impl ToMany for UserRoles {
    type From = Users;
    type To = Roles;
    const NAME: &'static str = "roles";

    fn of(id: i64) -> RolesOf {
        RolesOf::User(id)
    }

    fn side(id: i64) -> Option<Side> {
        Some(Side::OfUser(id))
    }

    async fn page(guard: &Guard, id: i64, part: Part) -> Result<Members, Failure> {
        members(guard, Side::OfUser(id), part).await
    }
}

/// `/roles/ID/users`
pub struct RoleUsers;

impl ToMany for RoleUsers {
    type From = Roles;
    type To = Users;
    const NAME: &'static str = "users";

    fn of(id: i64) -> UsersOf {
        UsersOf::Role(id)
    }

    fn side(id: i64) -> Option<Side> {
        Some(Side::OfRole(id))
    }

    async fn page(guard: &Guard, id: i64, part: Part) -> Result<Members, Failure> {
        members(guard, Side::OfRole(id), part).await
    }
}

/// `/users/ID/tokens`: made and revoked at `/tokens` only.
pub struct UserTokens;

impl ToMany for UserTokens {
    type From = Users;
    type To = Tokens;
    const NAME: &'static str = "tokens";

    fn of(id: i64) -> TokensOf {
        TokensOf::Users(vec![id])
    }

    fn side(_: i64) -> Option<Side> {
        None
    }

    async fn page(guard: &Guard, id: i64, part: Part) -> Result<Members, Failure> {
        let exists = guard.read(Users::find(id)).await?.is_some();
        let list = List {
            of: Some(Self::of(id)),
            seek: part.seek,
            count: part.count,
            ..List::new(part.slice)
        };
        let listed = Tokens::list(guard, list).await?;
        let ids: Vec<i64> = listed.rows.iter().map(|token| token.id).collect();
        // Nothing is changed here, so what this page shows is state enough.
        let mut state = Digest::of(ids.iter().copied());
        state.count = listed.total.unwrap_or(state.count);
        Ok(Members {
            exists,
            ids,
            total: listed.total,
            version: Some(state.version()),
        })
    }
}

/// A to-one relationship.
pub trait ToOne: 'static {
    type From: Resource;
    type To: Resource;
    const NAME: &'static str;

    fn target(row: &Row<Self::From>) -> Option<i64>;
}

/// `/tokens/ID/user`
pub struct TokenUser;

impl ToOne for TokenUser {
    type From = Tokens;
    type To = Users;
    const NAME: &'static str = "user";

    fn target(row: &Token) -> Option<i64> {
        Some(row.user_id)
    }
}
