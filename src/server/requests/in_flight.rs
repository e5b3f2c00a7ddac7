//! A request, from its headers to the end of its response.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::Payload;

use super::body_memory::BodyMemory;
use crate::server::connections::activity::Activity;
use crate::server::connections::clients::{Client, Usage};

pub struct InFlight {
    pub activity: Rc<Activity>,
    /// The client behind a trusted proxy; otherwise that of the connection.
    forwarded: Option<Client>,
    memory: Arc<BodyMemory>,
    /// Reserved bytes of the body.
    reserved: Cell<usize>,
    /// Kept until the request ends: the framework closes the connection if the body was
    /// not read to its end, but waits for the rest of a chunked body if the payload was
    /// dropped.
    pub payload: RefCell<Payload>,
}

impl InFlight {
    /// Counts the request, unless the client has reached its limit.
    pub fn begin(
        activity: Rc<Activity>,
        forwarded: Option<Client>,
        memory: Arc<BodyMemory>,
    ) -> Option<Rc<Self>> {
        let client = forwarded.as_ref().unwrap_or(&activity.permit.client);
        if !client.begin_request() {
            return None;
        }
        activity.begin_request();
        Some(Rc::new(Self {
            activity,
            forwarded,
            memory,
            reserved: Cell::new(0),
            payload: RefCell::new(Payload::None),
        }))
    }

    fn client(&self) -> &Client {
        let own = &self.activity.permit.client;
        self.forwarded.as_ref().unwrap_or(own)
    }

    fn usage(&self) -> &Usage {
        self.client().usage()
    }

    /// Reserves memory for bytes of the body.
    pub fn reserve(&self, bytes: usize) -> bool {
        self.activity.parsed(bytes);
        let is_reserved = self.memory.reserve(self.usage(), bytes);
        if is_reserved {
            self.reserved.set(self.reserved.get() + bytes);
        }
        is_reserved
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.memory.release(self.usage(), self.reserved.get());
        self.client().end_request();
        self.activity.end_request();
    }
}
