//! What is done beside the requests, now and then. No right depends on it: a
//! grant ends by itself; here the audit log hears of it.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;

use crate::auth::Auth;
use crate::directory::grants::TellEnds;
use crate::directory::pruning::AddEventMonths;
use crate::directory::{Context, Directory, RequestId, log_limit};

/// Works until the system stops.
pub fn start(directory: Arc<Directory>, pause: Duration) {
    rt::spawn(async move {
        loop {
            tell_ends(&directory).await;
            add_months(&directory).await;
            rt::time::sleep(pause).await;
        }
    });
}

/// Tells what the log held back, until the system stops.
pub fn flush_log() {
    rt::spawn(async {
        loop {
            rt::time::sleep(Duration::from_secs(1)).await;
            log_limit::flush();
        }
    });
}

/// Keeps up with other processes and the replica until the system stops.
pub fn follow(directory: Arc<Directory>, unheard: Duration) {
    rt::spawn(async move { directory.follow(unheard).await });
}

/// Writes down who came in and who did not until the system stops.
pub fn keep_access_log(auth: Arc<Auth>) {
    rt::spawn(async move { auth.access_log.keep(&auth.directory).await });
}

/// All that have ended, some in each transaction.
async fn tell_ends(directory: &Directory) {
    loop {
        let context = Context::of_program(directory.clock().now(), RequestId(0));
        match directory.write(&context, TellEnds).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                log::warn!("could not tell the audit log of grants that have ended: {error}");
                return;
            }
        }
    }
}

async fn add_months(directory: &Directory) {
    let context = Context::of_program(directory.clock().now(), RequestId(0));
    if let Err(error) = directory.write(&context, AddEventMonths).await {
        log::warn!("could not make room in the audit log for the months to come: {error}");
    }
}
