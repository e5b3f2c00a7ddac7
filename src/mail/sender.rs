//! The thread that sends what is due, one mail after the other.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::{Either, select};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::post::Post;
use crate::directory::mail::{
    ClaimMail, GiveUpLostMail, IsMailDue, LOST, Mail, MailOutcome, MailPolicy, SettleMail,
};
use crate::directory::{Context, Directory, DirectoryError, Execute, RequestId};

/// A sender at work. It ends when it is told to, or dropped.
pub struct Sending {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Sending {
    /// Lets it finish the mail that it is sending, and waits for that. Blocks.
    pub fn stop(mut self) {
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the sender of mails panicked");
        }
    }
}

/// Sends on a thread of its own, with connections of its own, so that no request
/// waits for it. A mail that is being sent gets `grace` to finish at the end.
pub fn start(
    post: Post,
    directory: Arc<Directory>,
    policy: MailPolicy,
    grace: Duration,
) -> io::Result<Sending> {
    let (stop, stopped) = watch::channel(false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let sender = Sender {
        post,
        directory,
        policy,
        stopped,
    };
    let thread = std::thread::Builder::new()
        .name("mail".to_owned())
        .spawn(move || runtime.block_on(sender.run(grace)))?;
    Ok(Sending {
        stop,
        thread: Some(thread),
    })
}

struct Sender {
    post: Post,
    directory: Arc<Directory>,
    policy: MailPolicy,
    stopped: watch::Receiver<bool>,
}

impl Sender {
    async fn run(self, grace: Duration) {
        let stopped = pin!(self.stopped());
        if let Either::Right(((), work)) = select(pin!(self.work()), stopped).await {
            let _ = timeout(grace, work).await;
        }
    }

    async fn work(&self) {
        while !self.is_stopped() {
            if let Err(error) = self.send_due().await {
                log::warn!("mails have to wait: {error}");
            }
            self.rest().await;
        }
    }

    /// Until somebody queues a mail here, or it is time to look for others.
    async fn rest(&self) {
        let poll = Duration::from_millis(self.post.settings.poll_ms);
        let news = pin!(timeout(poll, self.policy.woken()));
        select(news, pin!(self.stopped())).await;
    }

    async fn send_due(&self) -> Result<(), DirectoryError> {
        if !self.directory.read(&self.context(), IsMailDue).await? {
            return Ok(());
        }
        for id in self.write(GiveUpLostMail).await? {
            log::warn!("mail {id} has failed: {LOST}");
        }
        let mut line = None;
        let mut done = Ok(());
        while !self.is_stopped() {
            let until = self.post.ended(self.now());
            let mail = match self.write(ClaimMail { until }).await {
                Ok(Some(mail)) => mail,
                Ok(None) => break,
                Err(error) => {
                    done = Err(error);
                    break;
                }
            };
            let outcome = self.post.attempt(&mail, &mut line, self.now()).await;
            self.tell(&mail, &outcome);
            self.settle(mail.id, outcome).await;
        }
        self.post.close(line).await;
        done
    }

    fn tell(&self, mail: &Mail, outcome: &MailOutcome) {
        let (id, attempt, most) = (mail.id, mail.attempts, self.post.settings.attempts);
        match outcome {
            MailOutcome::Sent => log::debug!("mail {id} was sent"),
            MailOutcome::Later { at, error } => {
                log::warn!("mail {id}, attempt {attempt} of {most}: {error}; again at {at}");
            }
            MailOutcome::Failed { error } => {
                log::warn!("mail {id} has failed, attempt {attempt} of {most}: {error}");
            }
        }
    }

    /// Not written down, the outcome would be lost: so this is tried on.
    async fn settle(&self, id: i64, outcome: MailOutcome) {
        let settle = SettleMail { id, outcome };
        while let Err(error) = self.write(settle.clone()).await {
            log::warn!("what became of mail {id} cannot be written down: {error}");
            if self.is_stopped() {
                return;
            }
            sleep(Duration::from_millis(self.post.settings.poll_ms)).await;
        }
    }

    async fn write<O: Execute>(&self, operation: O) -> Result<O::Output, DirectoryError> {
        self.directory.write(&self.context(), operation).await
    }

    fn context(&self) -> Context {
        Context::of_program(self.now(), RequestId(0))
    }

    fn now(&self) -> DateTime<Utc> {
        self.directory.clock().now()
    }

    fn is_stopped(&self) -> bool {
        *self.stopped.borrow() || self.stopped.has_changed().is_err()
    }

    async fn stopped(&self) {
        // An error: whoever could tell to stop is gone.
        let _ = self.stopped.clone().wait_for(|stopped| *stopped).await;
    }
}
