//! `GET /home`: where everything is.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, json};

use super::answer::Answer;
use super::call::{Api, answer};
use super::description::OPENAPI;
use super::plan;
use super::resources::types;
use super::routes::{OPERATIONS, endpoints};
use crate::jsonapi::{MEDIA_TYPE, PLAIN_JSON};

pub async fn home(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    answer(&api, &request, async |call| {
        plan::of_none(&call.query(&[])?)?;
        let endpoints = endpoints();
        let allow = |path: &str| {
            let known = endpoints.iter().find(|endpoint| endpoint.path == path);
            known
                .map(|endpoint| endpoint.methods.to_vec())
                .unwrap_or_default()
        };
        let resources: Map<_, _> = types()
            .map(|kind| {
                let path = format!("/{kind}");
                let entry = json!({
                    "href": format!("{}{path}", call.base),
                    "hints": { "allow": allow(&path), "formats": [MEDIA_TYPE, PLAIN_JSON] },
                });
                (kind.to_owned(), entry)
            })
            .collect();
        let limits = &call.api.query_limits;
        let own = format!("{}/home", call.base);
        let description = format!("{}{OPENAPI}", call.base);
        let document = json!({
            "links": { "self": own, "home": own, "describedby": description },
            "meta": {
                "resources": resources,
                "page_size": { "default": limits.default_page_size, "max": limits.max_page_size },
                "project": { "name": call.api.project },
                "operations": {
                    "href": format!("{}{OPERATIONS}", call.base),
                    "max_operations": call.api.operations,
                    "max_passwords": call.api.operation_passwords,
                },
                "version": env!("CARGO_PKG_VERSION"),
            },
        });
        Ok(Answer::Document(document.to_string().into_bytes()))
    })
    .await
}
