//! Chooses the surface of a request, for errors that occur before any handler.

use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::api::{self, Api};
use crate::dialects::cfengine::{self, Cfengine};
use crate::dialects::openl2m::{self, OpenL2m};
use crate::dialects::prp::{self, Prp};

/// The state of every surface.
#[derive(Clone)]
pub struct Surfaces {
    pub api: Data<Api>,
    pub cfengine: Data<Cfengine>,
    pub prp: Data<Prp>,
    pub openl2m: Data<OpenL2m>,
}

impl Surfaces {
    /// Registers the state of each surface as application data.
    pub fn share(&self, config: &mut ServiceConfig) {
        config
            .app_data(self.api.clone())
            .app_data(self.cfengine.clone())
            .app_data(self.prp.clone())
            .app_data(self.openl2m.clone());
    }

    /// The 403 of a cross-origin request, in the format of the surface; also recorded in
    /// the audit log. `header` is the one that shows the origin.
    pub fn forbid_cross_origin(&self, request: &HttpRequest, header: &'static str) -> HttpResponse {
        let request_id = self.api.next_request_id();
        // The path as the router sees it, normalized.
        let path = request.match_info().unprocessed();
        let response = if prp::serves(path) {
            prp::forbid_cross_origin(request_id)
        } else if openl2m::serves(path) {
            openl2m::forbid_cross_origin(request_id)
        } else if cfengine::serves(path) {
            cfengine::forbid_cross_origin(request_id)
        } else {
            api::forbid_cross_origin(&self.api, request, request_id, header)
        };
        let context = api::request_context(&self.api, request, request_id);
        api::record_forbidden(&self.api, request, &context, response)
    }

    /// The 415 of a body with a content coding, in the format of the surface.
    pub fn refuse_content_coding(&self, request: &HttpRequest) -> HttpResponse {
        let path = request.match_info().unprocessed();
        if prp::serves(path) {
            prp::refuse_content_coding(&self.prp)
        } else if openl2m::serves(path) {
            openl2m::refuse_content_coding(&self.openl2m)
        } else if cfengine::serves(path) {
            cfengine::refuse_content_coding(&self.cfengine)
        } else {
            api::refuse_content_coding(&self.api, request)
        }
    }
}
