use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::{one, page};
use crate::api::call::{Api, Call, respond};
use crate::api::error::ApiError;
use crate::api::plan::{self, Plan, SEARCH};
use crate::api::resource::Resource;
use crate::api::resources::{ToMany, ToOne};
use crate::api::response::Response;
use crate::directory::DirectoryError;
use crate::jsonapi::query::Query;
use crate::jsonapi::write::raw;

/// `GET /users/ID/roles`
pub async fn related<L: ToMany>(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    respond(&api, &request, async |call| {
        page_of::<L>(call, &call.query(&[SEARCH])?, call.id()).await
    })
    .await
}

/// A page of the resources related to the resource `id`, which must exist.
pub async fn page_of<L: ToMany>(
    call: &Call<'_>,
    query: &Query,
    id: i64,
) -> Result<Response, ApiError> {
    let plan = Plan::<L::To>::parse_list(query, &call.paging(None))?;
    let parent = call.guard.find(L::From::find(id)).await?;
    parent.ok_or(DirectoryError::NotFound)?;
    let list = plan.list(Some(L::of(id)));
    page::<L::To>(call, query, plan, list).await
}

/// `GET /tokens/ID/user`
pub async fn related_one<L: ToOne>(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    respond(&api, &request, async |call| {
        let query = call.query(&[])?;
        let tree = plan::parse_one::<L::To>(&query)?;
        let parent = call.guard.find(L::From::find(call.id())).await?;
        let parent = parent.ok_or(DirectoryError::NotFound)?;
        let own = call.address();
        let row = match L::target(&parent) {
            Some(id) => call.guard.find(L::To::find(id)).await?,
            None => None,
        };
        let Some(row) = row else {
            let mut out = Vec::new();
            raw(&mut out, "{\"data\":null,");
            super::open_links(&mut out, &call.base_url, own.as_bytes());
            raw(&mut out, "}}");
            return Ok(Response::Document(out));
        };
        Ok(Response::Document(
            one::<L::To>(call, &query, tree.as_ref(), &row, &[], &own).await?,
        ))
    })
    .await
}
