use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::api::{Api, read_only, unreachable};
use crate::directory::Context;
use crate::jsonapi::MEDIA_TYPE;

/// `GET /health`, for everybody: 200 while the database answers, else 503.
pub async fn health(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    let directory = &api.auth.directory;
    let context = Context::of_program(directory.clock().now(), api.next_request_id());
    match directory.is_reachable(&context).await {
        Ok(()) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, MEDIA_TYPE))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::VARY, "Accept"))
            .body(concat!(
                r#"{"meta":{"status":"ok","version":""#,
                env!("CARGO_PKG_VERSION"),
                r#""}}"#
            )),
        Err(error) => unreachable(&api, &request, error),
    }
}

/// Any other method there.
pub async fn wrong_method(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    read_only(&api, &request)
}
