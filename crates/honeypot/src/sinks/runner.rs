use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use imker_event::Recorded;

use super::{Backoff, Sink, SinkError, Source, Status};

/// How a sink is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Events in a batch at most.
    pub batch: usize,
    /// How long to wait for events before looking whether to stop.
    pub wait: Duration,
    /// How often [`Sink::tend`] is called.
    pub tend: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            batch: 200,
            wait: Duration::from_millis(500),
            tend: Duration::from_secs(60),
        }
    }
}

/// Tells sinks to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Sinks finish the batch that they are at, and what is on disk already as far as it is taken at once.
    pub fn stop(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Whether to stop.
    pub fn is_set(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits between tries; tests pass a clock of their own.
pub trait Pause: Send {
    /// Waits, but not beyond a stop.
    fn pause(&mut self, duration: Duration, stop: &Stop);
}

impl Pause for () {
    fn pause(&mut self, duration: Duration, stop: &Stop) {
        let stopped = stop.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(
            stop.0
                .1
                .wait_timeout_while(stopped, duration, |stopped| !*stopped),
        );
    }
}

/// A sink at work.
#[derive(Debug)]
pub struct Running {
    /// How it fares.
    pub status: Status,
    thread: JoinHandle<()>,
}

impl Running {
    /// Waits for its end, which [`Stop::stop`] brings about.
    pub fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!(sink = self.status.get().name, "the sink's thread panicked");
        }
    }
}

/// Drives a sink on a thread of its own, so that none waits for another; until `stop`.
///
/// # Errors
/// The thread cannot be started.
pub fn run(
    sink: Box<dyn Sink>,
    source: Box<dyn Source>,
    pace: Pace,
    pause: Box<dyn Pause>,
    stop: Stop,
) -> std::io::Result<Running> {
    let delivered = sink.position().unwrap_or_else(|| source.passed());
    let status = Status::new(sink.name(), delivered);
    let name = format!("sink-{}", sink.name());
    let driver = Driver {
        sink,
        source,
        pace,
        pause,
        stop,
        delivered,
        status: status.clone(),
    };
    let thread = std::thread::Builder::new()
        .name(name)
        .spawn(move || driver.run())?;
    Ok(Running { status, thread })
}

/// Lets listeners go first where processors are scarce: sinks can catch up later, clients cannot wait.
fn stand_back() {
    // On Linux, a thread has a niceness of its own.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(10) {
        tracing::debug!(%error, "a sink keeps the priority of listeners");
    }
}

struct Driver {
    sink: Box<dyn Sink>,
    source: Box<dyn Source>,
    pace: Pace,
    pause: Box<dyn Pause>,
    stop: Stop,
    delivered: u64,
    status: Status,
}

impl Driver {
    fn run(mut self) {
        stand_back();
        // A sink that keeps its own position may be ahead of the cursor.
        self.source.pass(self.delivered);
        let mut backoff = Backoff::default();
        let mut tended = Instant::now();
        loop {
            // Asked for before reading: what was on disk when the stop came is still delivered.
            let stopping = self.stop.is_set();
            let batch = match self.source.next_batch(self.delivered, self.pace.batch) {
                Ok(batch) => batch,
                Err(error) => {
                    self.status.failed(&error.to_string());
                    if stopping {
                        return;
                    }
                    self.pause.pause(backoff.next(random()), &self.stop);
                    continue;
                }
            };
            let recorded = self.source.last();
            self.status.update(|status| {
                status.recorded = recorded.max(status.delivered);
                status.unreadable += batch.unreadable;
            });
            if batch.through <= self.delivered {
                if stopping {
                    return;
                }
                self.source.wait(self.pace.wait);
            } else if self.deliver(&batch.events, batch.through, &mut backoff) {
                backoff = Backoff::default();
            } else {
                return;
            }
            if tended.elapsed() >= self.pace.tend {
                tended = Instant::now();
                if let Err(error) = self.sink.tend() {
                    self.warn(&error, "tending failed");
                }
            }
        }
    }

    /// Delivers a batch, however often it must be tried; false where it was told to stop before that.
    fn deliver(&mut self, events: &[Recorded], through: u64, backoff: &mut Backoff) -> bool {
        let error = match if events.is_empty() {
            Ok(())
        } else {
            self.sink.deliver(events)
        } {
            Ok(()) => {
                self.done(events.len() as u64, 0, through);
                return true;
            }
            Err(error) => error,
        };
        if error.retryable {
            self.status.failed(&error.message);
            self.warn(&error, "not delivered, will be tried again");
            if self.stop.is_set() {
                return false;
            }
            self.pause.pause(backoff.next(random()), &self.stop);
            return self.deliver_again(events, through, backoff);
        }
        // Something in it will never be taken: find it by halves, so that the rest arrives.
        let [event] = events else {
            let (first, second) = events.split_at(events.len() / 2);
            let middle = first.last().map_or(self.delivered, |event| event.sequence);
            return self.deliver(first, middle, backoff) && self.deliver(second, through, backoff);
        };
        tracing::error!(
            sink = self.sink.name(),
            event = event.id(),
            error = error.message,
            "refused, left out"
        );
        self.done(0, 1, through);
        true
    }

    /// The same again, without growing the stack.
    fn deliver_again(&mut self, events: &[Recorded], through: u64, backoff: &mut Backoff) -> bool {
        loop {
            match self.sink.deliver(events) {
                Ok(()) => {
                    self.done(events.len() as u64, 0, through);
                    return true;
                }
                Err(error) if error.retryable => {
                    self.status.failed(&error.message);
                    if self.stop.is_set() {
                        return false;
                    }
                    self.pause.pause(backoff.next(random()), &self.stop);
                }
                Err(_) => return self.deliver(events, through, backoff),
            }
        }
    }

    fn done(&mut self, events: u64, refused: u64, through: u64) {
        self.delivered = through;
        self.source.pass(through);
        self.status.update(|status| {
            status.delivered = through;
            status.recorded = status.recorded.max(through);
            status.events += events;
            status.refused += refused;
            status.trouble = None;
        });
    }

    fn warn(&self, error: &SinkError, what: &str) {
        tracing::warn!(sink = self.sink.name(), error = error.message, "{what}");
    }
}

fn random() -> u32 {
    uuid::Uuid::new_v4().as_fields().0
}
