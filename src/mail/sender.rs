//! The thread that sends due mails, one after the other.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::{Either, select};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::mailer::Mailer;
use crate::directory::mail::{
    ClaimMail, FinishMail, GiveUpLostMail, IsMailDue, LOST, Mail, MailOutcome, MailPolicy,
};
use crate::directory::{Context, Directory, DirectoryError, Execute, RequestId};

/// A running sender. It stops when asked to, or when the handle is dropped.
pub struct SenderHandle {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl SenderHandle {
    /// Stops the sender and waits until it has finished the current mail. Blocks.
    pub fn stop(mut self) {
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the mail thread panicked");
        }
    }
}

/// Starts a sender on a thread of its own, so that no request waits for it. On
/// shutdown the current mail has `grace` to finish.
pub fn start(
    mailer: Mailer,
    directory: Arc<Directory>,
    policy: MailPolicy,
    grace: Duration,
) -> io::Result<SenderHandle> {
    let (stop, stopped) = watch::channel(false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let sender = Sender {
        mailer,
        directory,
        policy,
        stopped,
    };
    let thread = std::thread::Builder::new()
        .name("mail".to_owned())
        .spawn(move || runtime.block_on(sender.run(grace)))?;
    Ok(SenderHandle {
        stop,
        thread: Some(thread),
    })
}

struct Sender {
    mailer: Mailer,
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
                log::warn!("could not send mails, will retry: {error}");
            }
            self.wait().await;
        }
    }

    /// Waits until this process queues a mail, or the next poll is due.
    async fn wait(&self) {
        let poll = Duration::from_millis(self.mailer.settings.poll_ms);
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
        let mut connection = None;
        let mut done = Ok(());
        while !self.is_stopped() {
            let until = self.mailer.claim_until(self.now());
            let mail = match self.write(ClaimMail { until }).await {
                Ok(Some(mail)) => mail,
                Ok(None) => break,
                Err(error) => {
                    done = Err(error);
                    break;
                }
            };
            let outcome = self
                .mailer
                .attempt(&mail, &mut connection, self.now())
                .await;
            self.log_outcome(&mail, &outcome);
            self.store_outcome(mail.id, outcome).await;
        }
        self.mailer.close(connection).await;
        done
    }

    fn log_outcome(&self, mail: &Mail, outcome: &MailOutcome) {
        let (id, attempt, max) = (mail.id, mail.attempts, self.mailer.settings.attempts);
        match outcome {
            MailOutcome::Sent => log::debug!("mail {id} was sent"),
            MailOutcome::Later { at, error } => {
                log::warn!("mail {id}, attempt {attempt} of {max}: {error}; again at {at}");
            }
            MailOutcome::Failed { error } => {
                log::warn!("mail {id} has failed, attempt {attempt} of {max}: {error}");
            }
        }
    }

    /// Stores the outcome; retries until that succeeds, since it would be lost
    /// otherwise.
    async fn store_outcome(&self, id: i64, outcome: MailOutcome) {
        let settle = FinishMail { id, outcome };
        while let Err(error) = self.write(settle.clone()).await {
            log::warn!("could not store the outcome of mail {id}: {error}");
            if self.is_stopped() {
                return;
            }
            sleep(Duration::from_millis(self.mailer.settings.poll_ms)).await;
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
        // An error means that the handle was dropped.
        let _ = self.stopped.clone().wait_for(|stopped| *stopped).await;
    }
}
