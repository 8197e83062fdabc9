//! Asking one target: from its addresses to an [`Observation`].
//!
//! Every request is a GET without a body or credentials, and all of them are listed by
//! [`Check`](imker_posture::Check). Redirects are not followed. Whatever answers is hostile: each step ends within
//! [`Limits`], and what went wrong is named.

mod asking;
mod certificate;
mod connection;
mod fault;
mod full;
pub mod http;
mod plan;
mod read;
mod request;
mod smtp;
mod tls;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use imker_posture::{FaultKind, Observation};
use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use asking::Asking;
use tls::Contexts;

pub use plan::{Destination, Limits, Plan, Scheme, SmtpPorts};
pub use read::read;
pub use request::{BadContact, request_bytes, user_agent};
pub use tls::TlsError;

/// Asks targets, any number at the same time.
pub struct Asker {
    plan: Plan,
    user_agent: String,
    contexts: Contexts,
}

/// Nothing can be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskerError {
    /// The contact of the plan.
    #[error(transparent)]
    Contact(#[from] BadContact),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Asker {
    /// Prepares what all targets share.
    ///
    /// # Errors
    /// The plan's contact cannot stand in a user agent, or OpenSSL lacks what old servers need.
    pub fn new(plan: Plan) -> Result<Self, AskerError> {
        Ok(Self {
            user_agent: user_agent(plan.contact.as_deref())?,
            contexts: Contexts::new()?,
            plan,
        })
    }

    /// What is asked.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How requests name their sender.
    pub fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// Asks one target. This ends within [`Limits::target`], however the target behaves.
    pub async fn ask(&self, destination: &Destination) -> Observation {
        self.ask_and_tell(destination, &Heard::default()).await
    }

    /// The same, and tells at once when the target has answered anything.
    pub async fn ask_and_tell(&self, destination: &Destination, heard: &Heard) -> Observation {
        let began = Instant::now();
        let mut seen = Observation {
            target: destination.target.clone(),
            started: Timestamp::now(),
            took_ms: 0,
            checks: self.plan.checks,
            visits: Vec::new(),
            tls_versions: Vec::new(),
            smtp: Vec::new(),
            fault: None,
        };
        // On the heap: thousands of these wait at a time, most of them for a connection.
        let asking = Box::pin(Asking::new(self, destination, &mut seen, heard).everything());
        if timeout(self.plan.limits.target, asking).await.is_err() && seen.fault.is_none() {
            seen.fault = Some(fault::with_detail(
                FaultKind::TooSlow,
                &"not everything could be asked within the time for one target",
            ));
        }
        seen.took_ms = milliseconds(began.elapsed());
        seen
    }
}

/// Whether a target has answered anything yet.
#[derive(Debug, Default)]
pub struct Heard(AtomicBool);

impl Heard {
    /// It has.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it has.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

fn milliseconds(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use imker_posture::Checks;

    use super::*;

    /// Thousands wait at a time: what each of them holds is on the heap, and only once there is a connection.
    #[test]
    fn a_target_that_waits_is_small() {
        let asker = Asker::new(Plan::new(Checks::Full)).unwrap();
        let destination = Destination {
            target: "mail.example.org".into(),
            scheme: None,
            name: None,
            addresses: Vec::new(),
            port: None,
        };
        let asking = asker.ask(&destination);
        let size = size_of_val(&asking);
        assert!(size < 1024, "{size} bytes");
        let mut seen = Observation {
            target: String::new(),
            started: Timestamp::UNIX_EPOCH,
            took_ms: 0,
            checks: Checks::Full,
            visits: Vec::new(),
            tls_versions: Vec::new(),
            smtp: Vec::new(),
            fault: None,
        };
        let size = size_of_val(&Asking::new(&asker, &destination, &mut seen, &Heard::default()).everything());
        assert!(size < 4096, "{size} bytes");
        fn shared(_: impl Send + Sync) {}
        fn moved(_: impl Send) {}
        moved(asker.ask(&destination));
        shared(&asker);
    }
}
