//! Serves the description without authentication: it contains nothing that the sources
//! of the program do not contain.

use std::sync::{Arc, OnceLock};

use actix_web::error::BlockingError;
use actix_web::http::header::{self, EntityTag, IfNoneMatch};
use actix_web::web::{self, Bytes, Data, Header, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource};
use sha2::{Digest, Sha256};

use super::context::{DescriptionContext, REQUESTED_BASE_URL};
use super::{OPENAPI, PAGE, STYLE, openapi, page};
use crate::api::base_url;
use crate::api::call::Api;
use crate::api::error::read_only;
use crate::config::Settings;

/// How long clients may cache it.
const CACHE: &str = "public, max-age=300";
/// Only the own style sheet; no scripts, no other hosts.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A response that does not change while the program runs.
#[derive(Clone)]
struct Asset {
    kind: &'static str,
    body: Bytes,
    tag: EntityTag,
}

impl Asset {
    fn new(kind: &'static str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let tag = tag_of(&[&body]);
        Self { kind, body, tag }
    }

    /// Replaces the placeholder in examples by a base URL.
    fn with_base_url(self, address: impl FnOnce() -> String) -> Self {
        let text = std::str::from_utf8(&self.body).unwrap_or_default();
        if !text.contains(REQUESTED_BASE_URL) {
            return self;
        }
        let address = address();
        let body = text.replace(REQUESTED_BASE_URL, &address);
        Self {
            tag: tag_of(&[self.tag.tag().as_bytes(), address.as_bytes()]),
            body: body.into(),
            ..self
        }
    }

    fn respond(&self, known: &IfNoneMatch) -> HttpResponse {
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

fn tag_of(parts: &[&[u8]]) -> EntityTag {
    let mut digest = Sha256::new();
    parts.iter().for_each(|part| digest.update(part));
    let digest = digest.finalize();
    let bytes = digest.iter().take(16);
    EntityTag::new_strong(bytes.map(|byte| format!("{byte:02x}")).collect())
}

/// An asset that is generated on the first request: this takes longer than everything
/// else at startup, and many services never need it.
#[derive(Clone)]
struct LazyAsset {
    context: Arc<DescriptionContext>,
    render: fn(&DescriptionContext) -> Asset,
    rendered: Arc<OnceLock<Asset>>,
}

impl LazyAsset {
    fn new(context: &Arc<DescriptionContext>, render: fn(&DescriptionContext) -> Asset) -> Self {
        Self {
            context: context.clone(),
            render,
            rendered: Arc::default(),
        }
    }

    /// Generates the asset on another thread, so that other requests do not wait.
    async fn get(&self) -> Result<Asset, BlockingError> {
        if let Some(made) = self.rendered.get() {
            return Ok(made.clone());
        }
        let this = self.clone();
        web::block(move || {
            this.rendered
                .get_or_init(|| (this.render)(&this.context))
                .clone()
        })
        .await
    }
}

fn openapi_document(context: &DescriptionContext) -> Asset {
    let document = openapi::document(context).to_string();
    Asset::new("application/openapi+json", document)
}

fn reference_page(context: &DescriptionContext) -> Asset {
    Asset::new("text/html; charset=utf-8", page::html(context))
}

fn style(_: &DescriptionContext) -> Asset {
    Asset::new("text/css; charset=utf-8", page::STYLE)
}

/// The routes of the description, for every worker.
pub fn configure(settings: &Settings) -> impl Fn(&mut ServiceConfig) + Clone + Send + use<> {
    let context = Arc::new(DescriptionContext::of(settings));
    let assets = [
        (OPENAPI, LazyAsset::new(&context, openapi_document)),
        (PAGE, LazyAsset::new(&context, reference_page)),
        (STYLE, LazyAsset::new(&context, style)),
    ];
    move |config| {
        for (path, asset) in assets.clone() {
            config.service(resource(path, asset));
        }
        config.service(web::redirect(format!("{PAGE}/"), "../docs"));
    }
}

fn resource(path: &'static str, asset: LazyAsset) -> Resource {
    let read = move |request: HttpRequest, api: Data<Api>, known: Option<Header<IfNoneMatch>>| {
        let asset = asset.clone();
        async move {
            let known = known.map_or(IfNoneMatch::Items(Vec::new()), |header| header.0);
            let asset = asset.get().await?;
            let asset = match path {
                PAGE => asset.with_base_url(|| address_of(&api, &request)),
                _ => asset,
            };
            Ok::<_, BlockingError>(asset.respond(&known))
        }
    };
    web::resource(path)
        .route(web::get().to(read.clone()))
        .route(web::head().to(read))
        .default_service(web::to(wrong_method))
}

/// The base URL, or the local address if the Host header is invalid.
fn address_of(api: &Api, request: &HttpRequest) -> String {
    base_url::public_url(api, request)
        .unwrap_or_else(|| format!("http://{}", request.app_config().local_addr()))
}

async fn wrong_method(request: HttpRequest, api: Data<Api>) -> HttpResponse {
    read_only(&api, &request)
}
