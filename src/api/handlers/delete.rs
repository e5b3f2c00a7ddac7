use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::api::answer::Answer;
use crate::api::call::{Api, answer};
use crate::api::plan;
use crate::api::resource::Writable;

/// `DELETE /users/ID`
pub async fn delete<R: Writable>(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    answer(&api, &request, async |call| {
        plan::of_none(&call.query(&[])?)?;
        R::delete(&call.guard, call.id()).await?;
        Ok(Answer::Empty)
    })
    .await
}
