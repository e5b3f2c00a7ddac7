//! `GET /home` and `GET /trash`: the URLs of all collections.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::call::{Api, Call, respond};
use super::description::OPENAPI;
use super::plan;
use super::resource::Resource;
use super::resources::{TrashedUsers, types};
use super::response::Response;
use super::routes::{Endpoint, OPERATIONS, TRASH, endpoints};
use crate::jsonapi::{MEDIA_TYPE, PLAIN_JSON};

pub async fn home(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    respond(&api, &request, async |call| {
        plan::refuse_parameters(&call.query(&[])?)?;
        let endpoints = endpoints();
        let resources: Map<_, _> = types()
            .map(|kind| (kind, format!("/{kind}")))
            .chain([("trash", TRASH.to_owned())])
            .map(|(name, path)| (name.to_owned(), entry(call, &endpoints, &path)))
            .collect();
        let limits = &call.api.query_limits;
        let document = json!({
            "links": links(call, "/home"),
            "meta": {
                "resources": resources,
                "page_size": { "default": limits.default_page_size, "max": limits.max_page_size },
                "project": { "name": call.api.project },
                "operations": {
                    "href": format!("{}{OPERATIONS}", call.base_url),
                    "max_operations": call.api.operations,
                    "max_passwords": call.api.operation_passwords,
                },
                "version": env!("CARGO_PKG_VERSION"),
            },
        });
        Ok(Response::Document(document.to_string().into_bytes()))
    })
    .await
}

/// The collections of the trash. Each checks the caller's permissions itself.
pub async fn trash(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    respond(&api, &request, async |call| {
        plan::refuse_parameters(&call.query(&[])?)?;
        let users = entry(call, &endpoints(), &format!("/{}", TrashedUsers::PATH));
        let document = json!({
            "links": links(call, TRASH),
            "meta": { "resources": { TrashedUsers::TYPE: users } },
        });
        Ok(Response::Document(document.to_string().into_bytes()))
    })
    .await
}

fn links(call: &Call<'_>, own: &str) -> Value {
    let base = &call.base_url;
    json!({
        "self": format!("{base}{own}"),
        "home": format!("{base}/home"),
        "describedby": format!("{base}{OPENAPI}"),
    })
}

fn entry(call: &Call<'_>, endpoints: &[Endpoint], path: &str) -> Value {
    let known = endpoints.iter().find(|endpoint| endpoint.path == path);
    let allow = known.map_or(&[][..], |endpoint| endpoint.methods);
    json!({
        "href": format!("{}{path}", call.base_url),
        "hints": { "allow": allow, "formats": [MEDIA_TYPE, PLAIN_JSON] },
    })
}
