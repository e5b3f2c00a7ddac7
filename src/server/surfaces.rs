//! Chooses the surface of a request, for errors that occur before any handler.

use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::api::{self, Api};
use crate::dialects::cfengine::{self, Cfengine};
use crate::dialects::openl2m::{self, OpenL2m};
use crate::dialects::prp::{self, Prp};

/// The state of every surface that is served.
#[derive(Clone)]
pub struct Surfaces {
    pub api: Data<Api>,
    pub cfengine: Option<Data<Cfengine>>,
    pub prp: Option<Data<Prp>>,
    pub openl2m: Option<Data<OpenL2m>>,
}

/// The surface to which a path belongs.
enum Served<'a> {
    Native,
    Cfengine(&'a Data<Cfengine>),
    Prp(&'a Data<Prp>),
    OpenL2m(&'a Data<OpenL2m>),
}

impl Surfaces {
    /// Registers the state of each surface as application data.
    pub fn share(&self, config: &mut ServiceConfig) {
        config.app_data(self.api.clone());
        if let Some(cfengine) = &self.cfengine {
            config.app_data(cfengine.clone());
        }
        if let Some(prp) = &self.prp {
            config.app_data(prp.clone());
        }
        if let Some(openl2m) = &self.openl2m {
            config.app_data(openl2m.clone());
        }
    }

    /// Registers the routes of the surfaces of other systems.
    pub fn configure(&self, config: &mut ServiceConfig) {
        if self.cfengine.is_some() {
            config.configure(cfengine::configure);
        }
        if self.prp.is_some() {
            config.configure(prp::configure);
        }
        if self.openl2m.is_some() {
            config.configure(openl2m::configure);
        }
    }

    /// `path` is that of the router, normalized.
    fn at(&self, path: &str) -> Served<'_> {
        match self {
            Self { prp: Some(prp), .. } if prp::serves(path) => Served::Prp(prp),
            Self {
                openl2m: Some(openl2m),
                ..
            } if openl2m::serves(path) => Served::OpenL2m(openl2m),
            Self {
                cfengine: Some(cfengine),
                ..
            } if cfengine::serves(path) => Served::Cfengine(cfengine),
            _ => Served::Native,
        }
    }

    /// The 403 of a cross-origin request, in the format of the surface; also recorded in
    /// the audit log. `header` is the one that shows the origin.
    pub fn forbid_cross_origin(&self, request: &HttpRequest, header: &'static str) -> HttpResponse {
        let request_id = self.api.next_request_id();
        let response = match self.at(request.match_info().unprocessed()) {
            Served::Prp(_) => prp::forbid_cross_origin(request_id),
            Served::OpenL2m(_) => openl2m::forbid_cross_origin(request_id),
            Served::Cfengine(_) => cfengine::forbid_cross_origin(request_id),
            Served::Native => api::forbid_cross_origin(&self.api, request, request_id, header),
        };
        let context = api::request_context(&self.api, request, request_id);
        api::record_forbidden(&self.api, request, &context, response)
    }

    /// The 415 of a body with a content coding, in the format of the surface.
    pub fn refuse_content_coding(&self, request: &HttpRequest) -> HttpResponse {
        match self.at(request.match_info().unprocessed()) {
            Served::Prp(prp) => prp::refuse_content_coding(prp),
            Served::OpenL2m(openl2m) => openl2m::refuse_content_coding(openl2m),
            Served::Cfengine(cfengine) => cfengine::refuse_content_coding(cfengine),
            Served::Native => api::refuse_content_coding(&self.api, request),
        }
    }
}
