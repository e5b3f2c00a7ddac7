use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::or_not_found;
use crate::api::call::{Api, respond};
use crate::api::conditional::TagScope;
use crate::api::error::ApiError;
use crate::api::plan;
use crate::api::resource::{Deletable, Target};
use crate::api::response::Response;

/// `DELETE /users/ID`
pub async fn delete<R: Deletable>(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    respond(&api, &request, async |call| {
        plan::refuse_parameters(&call.query(&[])?)?;
        let target = Target {
            id: call.id(),
            expected: call.expected(TagScope::Resource)?,
        };
        let deleted = call.guard.write(R::deletion(target)).await;
        match deleted.map_err(ApiError::from) {
            Ok(()) => Ok(Response::Empty),
            Err(error) if error.is_forbidden() => Err(or_not_found::<R>(call, error).await),
            Err(error) => Err(error),
        }
    })
    .await
}
