use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::one;
use crate::api::call::{Api, respond};
use crate::api::conditional::State;
use crate::api::plan;
use crate::api::resource::Resource;
use crate::api::response::Response;
use crate::directory::DirectoryError;

/// `GET /users/ID`
pub async fn get<R: Resource>(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    respond(&api, &request, async |call| {
        let query = call.query(&[])?;
        let tree = plan::parse_one::<R>(&query)?;
        let row = call
            .guard
            .find(R::find(call.id()))
            .await?
            .ok_or(DirectoryError::NotFound)?;
        // Included resources have versions of their own, which no tag covers.
        let state = tree.is_none().then(|| State::of_row::<R>(&row));
        if let Some(state) = &state
            && call.matches(state)?
        {
            return Ok(Response::NotModified(state.clone()));
        }
        let own = format!("{}/{}/{}", call.base_url, R::PATH, R::id(&row));
        let body = one::<R>(call, &query, tree.as_ref(), &row, &[], &own).await?;
        Ok(Response::Current { body, state })
    })
    .await
}
