//! The description, for everybody: it says nothing that the program's sources
//! do not say.

use actix_web::http::header::{self, EntityTag, IfNoneMatch};
use actix_web::web::{self, Bytes, Data, Header, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource};
use sha2::{Digest, Sha256};

use super::frame::Frame;
use super::{OPENAPI, PAGE, STYLE, openapi, page};
use crate::api::call::Api;
use crate::api::error::read_only;
use crate::config::Settings;

/// How long it need not be asked for again.
const CACHE: &str = "public, max-age=300";
/// Nothing but our own style; no scripts, no other hosts.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Something that stays the same while the program runs.
#[derive(Clone)]
struct Still {
    kind: &'static str,
    body: Bytes,
    tag: EntityTag,
}

impl Still {
    fn new(kind: &'static str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let digest = Sha256::digest(&body);
        let tag: String = digest
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            kind,
            body,
            tag: EntityTag::new_strong(tag),
        }
    }

    fn answer(&self, known: &IfNoneMatch) -> HttpResponse {
        let is_known = match known {
            IfNoneMatch::Any => true,
            IfNoneMatch::Items(tags) => tags.iter().any(|tag| tag.weak_eq(&self.tag)),
        };
        let mut response = if is_known {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        response
            .insert_header((header::CACHE_CONTROL, CACHE))
            .insert_header((header::ETAG, self.tag.to_string()))
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((header::CONTENT_TYPE, self.kind));
        if is_known {
            response.finish()
        } else {
            response.body(self.body.clone())
        }
    }
}

/// The routes of the description under these settings. Made once: the result
/// is for every worker.
pub fn configure(settings: &Settings) -> impl Fn(&mut ServiceConfig) + Clone + Send + use<> {
    let frame = Frame::of(settings);
    let openapi = openapi::document(&frame).to_string();
    let stills = [
        (OPENAPI, Still::new("application/openapi+json", openapi)),
        (
            PAGE,
            Still::new("text/html; charset=utf-8", page::html(&frame)),
        ),
        (STYLE, Still::new("text/css; charset=utf-8", page::STYLE)),
    ];
    move |config| {
        for (path, still) in stills.clone() {
            config.service(resource(path, still));
        }
        config.service(web::redirect(format!("{PAGE}/"), "../docs"));
    }
}

fn resource(path: &'static str, still: Still) -> Resource {
    let read = move |known: Option<Header<IfNoneMatch>>| {
        let known = known.map_or(IfNoneMatch::Items(Vec::new()), |header| header.0);
        let answer = still.answer(&known);
        async { answer }
    };
    web::resource(path)
        .route(web::get().to(read.clone()))
        .route(web::head().to(read))
        .default_service(web::to(wrong_method))
}

async fn wrong_method(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    read_only(&api, &request)
}
