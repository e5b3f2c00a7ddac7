//! Limits of requests: concurrent requests per client, timeouts of bodies, and memory
//! for bodies.

mod body_memory;
mod in_flight;
mod lingering;
mod request_body;
mod response_body;

use std::rc::Rc;
use std::sync::{Arc, PoisonError, RwLock};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};

use super::connections::activity::Activity;
use super::connections::clients::Clients;
use super::middleware::Next;
use super::too_many_requests;
use crate::api::{self, Api};
use crate::config::Limits;
use body_memory::BodyMemory;
use in_flight::InFlight;
use request_body::{Deadlines, RequestBody};
use response_body::ResponseBody;

/// The state that all requests share.
#[derive(Debug)]
pub struct RequestLimits {
    clients: Arc<Clients>,
    memory: Arc<BodyMemory>,
    deadlines: RwLock<Deadlines>,
}

impl RequestLimits {
    pub fn new(limits: &Limits, clients: Arc<Clients>) -> Self {
        Self {
            clients,
            memory: Arc::new(BodyMemory::new(limits)),
            deadlines: RwLock::new(Deadlines::of(limits)),
        }
    }

    /// Takes over the limits that can change at run time; bodies on their way keep theirs.
    pub fn reload(&self, limits: &Limits) {
        self.clients.limit(limits.connections_per_address);
        *self
            .deadlines
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Deadlines::of(limits);
    }

    fn deadlines(&self) -> Deadlines {
        *self
            .deadlines
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a request until its response is complete, and limits its body. The outermost
/// middleware, which sees the response as it is sent.
pub async fn limited<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    limits: &RequestLimits,
    next: impl Next<B>,
) -> Result<ServiceResponse<EitherBody<ResponseBody<B>>>, Error> {
    let activity = request.conn_data::<Rc<Activity>>().cloned();
    let Some(activity) = activity else {
        let response = next(request).await?;
        return Ok(response.map_body(|_, body| EitherBody::left(ResponseBody::uncounted(body))));
    };
    let forwarded = if activity.permit.client.is_proxy {
        forwarded(&request).map(|address| limits.clients.client(address))
    } else {
        None
    };
    let begun = InFlight::begin(activity, forwarded, limits.memory.clone());
    let Some(in_flight) = begun else {
        let response = too_many_requests::respond(&request);
        return Ok(request.into_response(response).map_into_right_body());
    };
    match request.take_payload() {
        Payload::None => {}
        payload => {
            let body = RequestBody::new(payload, in_flight.clone(), limits.deadlines());
            request.set_payload(body.into_payload());
        }
    }
    let response = next(request).await?;
    Ok(response.map_body(|_, body| EitherBody::left(ResponseBody::new(body, in_flight))))
}

/// The client of a request from a trusted proxy.
fn forwarded(request: &ServiceRequest) -> Option<std::net::IpAddr> {
    let api = request.app_data::<Data<Api>>()?;
    api::client_address(api, request.request())
}
