//! Closes connections that have timed out: checks all connections of a worker
//! periodically, instead of a timer for each.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use tokio::sync::Notify;

use super::activity::{Activity, TICKS_PER_SECOND, Tick, Timeouts};
use super::clients::ConnectionPermit;

const PAUSE: Duration = Duration::from_millis(1000 / TICKS_PER_SECOND as u64);

/// The connections of one worker.
#[derive(Debug)]
pub struct Sweeper {
    clock: Rc<Cell<Tick>>,
    timeouts: Timeouts,
    connections: RefCell<Vec<Weak<Activity>>>,
    provisioning: Arc<Notify>,
}

impl Sweeper {
    /// Must be called on the worker; sweeps until it is dropped.
    pub fn start(timeouts: Timeouts) -> Rc<Self> {
        let sweeper = Rc::new(Self {
            clock: Rc::default(),
            timeouts,
            connections: RefCell::default(),
            provisioning: Arc::default(),
        });
        rt::spawn(run(Rc::downgrade(&sweeper)));
        sweeper
    }

    pub fn watch(&self, permit: ConnectionPermit) -> Rc<Activity> {
        let activity = Activity::new(permit, self.clock.clone(), self.timeouts);
        let mut connections = self.connections.borrow_mut();
        if connections.is_empty() {
            self.provisioning.notify_one();
        }
        connections.push(Rc::downgrade(&activity));
        activity
    }

    fn sweep(&self) {
        self.clock.set(self.clock.get().saturating_add(1));
        self.connections.borrow_mut().retain(|connection| {
            let activity = connection.upgrade();
            activity.is_some_and(|activity| {
                activity.expire_if_overdue();
                true
            })
        });
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.provisioning.notify_one();
    }
}

async fn run(sweeper: Weak<Sweeper>) {
    while let Some(active) = sweeper.upgrade() {
        active.sweep();
        let provisioning = active.connections.borrow().is_empty();
        let provisioning = provisioning.then(|| active.provisioning.clone());
        drop(active);
        if let Some(provisioning) = provisioning {
            // Without connections the worker does not wake up.
            provisioning.notified().await;
        }
        rt::time::sleep(PAUSE).await;
    }
}
