use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::page;
use super::related::page_of;
use crate::api::call::{Api, Call, respond};
use crate::api::decode;
use crate::api::error::ApiError;
use crate::api::plan::{Plan, SEARCH};
use crate::api::resource::Listable;
use crate::api::resources::ToMany;
use crate::api::response::Response;
use crate::jsonapi::kinds;
use crate::jsonapi::query::Query;

/// `GET /users`; `?id=N` is an alias of `filter[id]=N`.
pub async fn list<R: Listable>(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    respond(&api, &request, async |call| {
        plain::<R>(call, &call.query(&["id", SEARCH])?).await
    })
    .await
}

/// [`list`] with an alias for a relationship: `?id=N&roles` lists the roles of that
/// user.
pub async fn list_or_related<L>(request: HttpRequest, api: Data<Api>) -> HttpResponse
where
    L: ToMany<From: Listable>,
{
    respond(&api, &request, async |call| {
        let query = call.query(&["id", L::NAME, SEARCH])?;
        if query.extra(L::NAME).is_none() {
            return plain::<L::From>(call, &query).await;
        }
        let Some(id) = query.extra("id").map(decode::id) else {
            let detail = format!("{} needs the parameter id.", L::NAME);
            return Err(kinds::INVALID_PARAMETER
                .error(detail)
                .at_parameter(L::NAME)
                .into());
        };
        page_of::<L>(call, &query, id).await
    })
    .await
}

async fn plain<R: Listable>(call: &Call<'_>, query: &Query) -> Result<Response, ApiError> {
    let plan = Plan::<R>::parse_list(query, &call.paging(None))?.with_id(query.extra("id"));
    let list = plan.list(None);
    page::<R>(call, query, plan, list).await
}
