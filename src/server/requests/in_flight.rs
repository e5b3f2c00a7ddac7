//! One request, from its headers to the end of its answer.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::Payload;

use super::body_memory::BodyMemory;
use crate::server::connections::activity::Activity;
use crate::server::connections::clients::{Client, Usage};

pub struct InFlight {
    pub activity: Rc<Activity>,
    /// The client behind a proxy; otherwise it is that of the connection.
    forwarded: Option<Client>,
    memory: Arc<BodyMemory>,
    /// Bytes of its body that were counted.
    held: Cell<usize>,
    /// Kept as long as the request, read or not: the framework closes the
    /// connection after the answer to a body that nobody read to its end. If it
    /// were dropped, the rest of a chunked body would be waited for.
    pub payload: RefCell<Payload>,
}

impl InFlight {
    /// Counts the request, unless its client has too many.
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
            held: Cell::new(0),
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

    /// Counts bytes of the body, unless there are too many in all.
    pub fn hold(&self, bytes: usize) -> bool {
        self.activity.parsed(bytes);
        let is_held = self.memory.take(self.usage(), bytes);
        if is_held {
            self.held.set(self.held.get() + bytes);
        }
        is_held
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.memory.give_back(self.usage(), self.held.get());
        self.client().end_request();
        self.activity.end_request();
    }
}
