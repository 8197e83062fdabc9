//! Events on disk: JSON in a spool.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use imker_event::{Gap, GapReason, Saw, SensorEvent};
use imker_spool::{Append, Error, Loss, Options, Recovery, Spool};
use jiff::Timestamp;

use crate::store::{NotRecorded, Recording, Store};

/// Keeps events in a spool; the payload of each is the event's JSON, its sequence number the spool's.
///
/// What the spool could not keep becomes an event itself, [`Saw::Gap`], as soon as it can be written. An event that
/// is not recorded is counted for the gap by its connection's source.
#[derive(Debug)]
pub struct Recorder {
    spool: Spool,
    /// Whether the last batch could not be recorded.
    failing: AtomicBool,
}

impl Recorder {
    /// Opens the spool in a folder, which no other process may have open.
    ///
    /// # Errors
    /// As [`Spool::open`].
    pub fn open(dir: &Path, options: Options, sensor: Arc<str>) -> Result<(Self, Recovery), Error> {
        let (spool, recovery) = Spool::open(dir, options, move |loss| gap_event(&sensor, loss))?;
        Ok((Self::new(spool), recovery))
    }

    fn new(spool: Spool) -> Self {
        Self {
            spool,
            failing: AtomicBool::new(false),
        }
    }

    /// The spool, to follow it.
    pub fn spool(&self) -> &Spool {
        &self.spool
    }

    async fn finish(&self, append: Append, events: u64, source: Option<IpAddr>) -> Result<(), NotRecorded> {
        match append.await {
            Ok(_) => {
                if self.failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("events are recorded again");
                }
                Ok(())
            }
            Err(error) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "events cannot be recorded: connections are closed unanswered");
                }
                Err(self.refuse(events, source))
            }
        }
    }

    fn refuse(&self, events: u64, source: Option<IpAddr>) -> NotRecorded {
        if let Some(source) = source {
            self.spool.refuse(source, events, SystemTime::now());
        }
        NotRecorded
    }
}

impl Store for Recorder {
    fn record(&self, events: Vec<SensorEvent>) -> Recording<'_> {
        let source = events
            .iter()
            .find_map(|event| event.connection.as_ref())
            .map(|connection| connection.source.ip());
        let count = events.len() as u64;
        let payloads: Result<Vec<_>, _> = events.iter().map(json).collect();
        // The order of calls is that of sequence numbers, whenever the futures are polled.
        match payloads.map(|payloads| self.spool.append(payloads)) {
            Ok(append) => Box::pin(self.finish(append, count, source)),
            Err(error) => {
                tracing::error!(%error, "an event cannot be serialised");
                let refused = self.refuse(count, source);
                Box::pin(std::future::ready(Err(refused)))
            }
        }
    }
}

fn json(event: &SensorEvent) -> serde_json::Result<Vec<u8>> {
    // Most events are requests with a head of about this size.
    let mut payload = Vec::with_capacity(2048);
    serde_json::to_writer(&mut payload, event)?;
    Ok(payload)
}

/// The event that tells of a loss.
fn gap_event(sensor: &Arc<str>, loss: &Loss) -> Vec<u8> {
    let saw = Saw::Gap(gap(loss));
    let event = SensorEvent {
        time: Timestamp::now(),
        sensor: Arc::clone(sensor),
        connection: None,
        request: None,
        saw,
    };
    json(&event).unwrap_or_else(|error| {
        tracing::error!(%error, ?loss, "a loss cannot be told");
        Vec::new()
    })
}

fn gap(loss: &Loss) -> Gap {
    let time = |time: SystemTime| Timestamp::try_from(time).ok();
    match loss {
        &Loss::Full {
            from,
            until,
            lost,
            ref sources,
            of_others,
        } => Gap {
            reason: GapReason::StoreFull,
            from: time(from),
            until: time(until),
            sequences: None,
            lost,
            sources: sources.clone(),
            of_others,
        },
        Loss::Evicted {
            first,
            last,
            from,
            until,
            cursors,
        } => {
            tracing::warn!(
                first,
                last,
                ?cursors,
                "events had to go before every sink had passed them"
            );
            let (from, until) = (time(*from), time(*until));
            Gap {
                from,
                until,
                ..missing(GapReason::Evicted, *first, *last)
            }
        }
        &Loss::Damaged { first, last } => {
            tracing::warn!(first, last, "events were damaged on disk");
            missing(GapReason::Damaged, first, last)
        }
    }
}

fn missing(reason: GapReason, first: u64, last: u64) -> Gap {
    let lost = last.saturating_sub(first) + 1;
    let sequences = Some((first, last));
    Gap {
        reason,
        from: None,
        until: None,
        sequences,
        lost,
        sources: Vec::new(),
        of_others: lost,
    }
}

#[cfg(test)]
mod tests;
