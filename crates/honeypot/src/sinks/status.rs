use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a sink fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkStatus {
    /// Its name.
    pub name: String,
    /// Sequence number of the last event delivered; 0 for none.
    pub delivered: u64,
    /// Events delivered since the process started.
    pub events: u64,
    /// Events that the other side will never take, left out since the process started.
    pub refused: u64,
    /// Records of the spool that are gone or could not be read since the process started.
    pub unreadable: u64,
    /// The trouble that it is in; none where all is well.
    pub trouble: Option<Trouble>,
}

/// Why a sink does not get on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Since when.
    pub since: Timestamp,
    /// Tries since then.
    pub tries: u32,
    /// What happened at the last one.
    pub error: String,
}

impl SinkStatus {
    /// Events not delivered yet of a record whose last one has the sequence number `last`.
    pub fn lag(&self, last: u64) -> u64 {
        last.saturating_sub(self.delivered)
    }
}

/// A sink's status, shared with whoever shows it.
#[derive(Debug, Clone)]
pub struct Status(Arc<Mutex<SinkStatus>>);

impl Status {
    pub(super) fn new(name: &str, delivered: u64) -> Self {
        let name = name.to_owned();
        let (events, refused, unreadable, trouble) = (0, 0, 0, None);
        let status = SinkStatus {
            name,
            delivered,
            events,
            refused,
            unreadable,
            trouble,
        };
        Self(Arc::new(Mutex::new(status)))
    }

    /// As it is now.
    pub fn get(&self) -> SinkStatus {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut SinkStatus)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn failed(&self, error: &str) {
        self.update(|status| {
            let trouble = status.trouble.get_or_insert_with(|| Trouble {
                since: Timestamp::now(),
                tries: 0,
                error: String::new(),
            });
            trouble.tries = trouble.tries.saturating_add(1);
            error.clone_into(&mut trouble.error);
        });
    }
}
