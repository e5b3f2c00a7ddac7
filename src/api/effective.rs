//! `/users/ID/effective-roles` and `/roles/ID/effective-users`: roles including those
//! that other roles include, in every scope. `meta.origins` of each resource lists
//! the grants that it comes from.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::access_checks::reason;
use super::call::{Api, respond};
use super::handlers::page_with;
use super::plan::{Plan, SEARCH};
use super::resource::{Listable, Resource};
use super::resources::{Roles, Users};
use crate::directory::DirectoryError;
use crate::directory::access::{Effective, FindOrigins};
use crate::directory::listing::Entity;
use crate::directory::roles::RolesOf;
use crate::directory::users::UsersOf;

/// One of the two endpoints.
pub trait EffectiveRelation: 'static {
    type From: Resource;
    type To: Listable;

    fn list(id: i64) -> <<Self::To as Resource>::Entity as Entity>::Parent;
    fn effective(id: i64) -> Effective;
}

pub struct EffectiveRoles;

impl EffectiveRelation for EffectiveRoles {
    type From = Users;
    type To = Roles;

    fn list(id: i64) -> RolesOf {
        RolesOf::Effective(id)
    }

    fn effective(id: i64) -> Effective {
        Effective::RolesOf(id)
    }
}

pub struct EffectiveUsers;

impl EffectiveRelation for EffectiveUsers {
    type From = Roles;
    type To = Users;

    fn list(id: i64) -> UsersOf {
        UsersOf::Effective(id)
    }

    fn effective(id: i64) -> Effective {
        Effective::UsersOf(id)
    }
}

pub async fn effective_of<S: EffectiveRelation>(
    request: HttpRequest,
    api: Data<Api>,
) -> HttpResponse {
    respond(&api, &request, async |call| {
        let query = call.query(&[SEARCH])?;
        let plan = Plan::<S::To>::parse_list(&query, &call.paging(None))?;
        let parent = call.guard.find(S::From::find(call.id())).await?;
        parent.ok_or(DirectoryError::NotFound)?;
        let list = plan.list(Some(S::list(call.id())));
        page_with::<S::To>(call, &query, plan, list, async |ids| {
            let find = FindOrigins {
                of: S::effective(call.id()),
                members: ids.to_vec(),
            };
            let mut notes: Vec<(i64, Vec<Value>)> = Vec::new();
            for origin in call.guard.read(find).await? {
                let grant = reason(&origin.reason);
                match notes
                    .iter_mut()
                    .find(|(member, _)| *member == origin.member)
                {
                    Some((_, origins)) => origins.push(grant),
                    None => notes.push((origin.member, vec![grant])),
                }
            }
            let noted = |(id, origins): (i64, Vec<Value>)| {
                (id, format!("\"origins\":{}", Value::from(origins)))
            };
            Ok(notes.into_iter().map(noted).collect())
        })
        .await
    })
    .await
}
