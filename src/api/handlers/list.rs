use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::page;
use crate::api::call::{Api, answer};
use crate::api::plan::Plan;
use crate::api::resource::Listable;

/// `GET /users`; `?id=N` is the document's way to write `filter[id]=N`.
pub async fn list<R: Listable>(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    answer(&api, &request, async |call| {
        let query = call.query(&["id"])?;
        let plan = Plan::<R>::of_list(&query)?;
        let list = plan.list(None);
        page::<R>(call, &query, plan, list).await
    })
    .await
}
