use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use imker_spool::SteadyClock;

use super::status::Trouble;
use super::{Backoff, Batch, Sink, SinkStatus, Source, Status};

/// How a sink is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Events in a batch at most.
    pub batch: usize,
    /// How long to wait for events before looking whether to stop.
    pub wait: Duration,
    /// How often [`Sink::confirm`] and [`Sink::tend`] are called.
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

/// How long a sink goes on after it was told to stop, while all is taken at once.
const LAST_BATCHES: Duration = Duration::from_secs(5);

/// Tells sinks to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<(Mutex<Option<Instant>>, Condvar)>);

impl Stop {
    /// Sinks finish the batch that they are at, and what is on disk already as far as it is taken at once and within
    /// five seconds.
    pub fn stop(&self) {
        self.lock().get_or_insert_with(Instant::now);
        self.0.1.notify_all();
    }

    /// How long ago it was told to stop, if it was.
    fn elapsed(&self) -> Option<Duration> {
        self.lock().map(|since| since.elapsed())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits between tries; tests pass a clock of their own.
pub trait Pause: Send {
    /// Waits, but not beyond a stop.
    fn pause(&mut self, duration: Duration, stop: &Stop);
}

impl Pause for () {
    fn pause(&mut self, duration: Duration, stop: &Stop) {
        let stopped = stop.lock();
        drop(
            stop.0
                .1
                .wait_timeout_while(stopped, duration, |stopped| stopped.is_none()),
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
    /// Waits for its end, which [`Stop::stop`] brings about; gives how it fared.
    pub fn join(self) -> SinkStatus {
        if self.thread.join().is_err() {
            tracing::error!(sink = self.status.get().name, "the sink's thread panicked");
        }
        self.status.get()
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
        takes: false,
        clock: SteadyClock::new((SystemTime::now(), Instant::now())),
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
    /// Whether it took anything yet. Who refuses everything is set up wrongly: then nothing is left out.
    takes: bool,
    clock: SteadyClock,
    status: Status,
}

/// Shows a panic in the status.
struct Guard(Status);

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0
                .failed("it stopped by a fault of this program, which the log tells; restart the sensor");
        }
    }
}

/// It did not get on, and is to wait; the status says why.
struct InTrouble;

impl Driver {
    fn run(mut self) {
        let _guard = Guard(self.status.clone());
        stand_back();
        // A sink that keeps its own position may be ahead of the cursor.
        self.source.pass(self.delivered);
        let mut backoff = Backoff::default();
        let mut tended = Instant::now();
        loop {
            // Asked for before reading: what was on disk when the stop came is still delivered.
            let stopping = self.stop.elapsed();
            match self.take_on() {
                Ok(true) if stopping.is_some_and(|since| since > LAST_BATCHES) => break,
                Ok(true) => backoff = Backoff::default(),
                Ok(false) | Err(InTrouble) if stopping.is_some() => break,
                Ok(false) => self.source.wait(self.pace.wait),
                Err(InTrouble) => self.pause.pause(backoff.next(random()), &self.stop),
            }
            if tended.elapsed() >= self.pace.tend {
                tended = Instant::now();
                self.tend();
            }
        }
        self.confirm();
    }

    /// Reads a batch and delivers it; whether there was one.
    fn take_on(&mut self) -> Result<bool, InTrouble> {
        let batch = match self.source.next_batch(self.delivered, self.pace.batch) {
            Ok(batch) => batch,
            Err(error) => return Err(self.failed(&error.to_string())),
        };
        if batch.through <= self.delivered {
            return Ok(false);
        }
        self.deliver(&batch)?;
        self.status.update(|status| status.unreadable += batch.unreadable);
        Ok(true)
    }

    /// Delivers a batch. Where something in it will never be taken, that is found by halves, so that the rest arrives.
    fn deliver(&mut self, batch: &Batch) -> Result<(), InTrouble> {
        let mut parts = vec![(&batch.events[..], batch.through)];
        let mut refused = Vec::new();
        while let Some((events, through)) = parts.pop() {
            let delivered = if events.is_empty() {
                Ok(())
            } else {
                self.sink.deliver(events)
            };
            let mut taken = 0;
            match (delivered, events) {
                (Ok(()), _) => taken = events.len(),
                (Err(error), _) if error.retryable => return Err(self.failed(&error.message)),
                (Err(error), [event]) => refused.push((event.id(), error.message)),
                (Err(_), _) => {
                    let (first, second) = events.split_at(events.len() / 2);
                    let middle = first.last().map_or(self.delivered, |event| event.sequence);
                    parts.extend([(second, through), (first, middle)]);
                    continue;
                }
            }
            // Before it took anything, what it refuses may yet be wanted.
            if taken > 0 && !std::mem::replace(&mut self.takes, true) && !refused.is_empty() {
                return Err(self.failed("it takes events now; those that it refused are tried again"));
            }
            if self.takes || refused.is_empty() {
                self.leave_out(&mut refused);
                self.done(taken as u64, through);
            }
        }
        match refused.pop() {
            Some((event, error)) => Err(self.failed(&format!(
                "it refuses everything that it was given so far, as event {event}: {error}"
            ))),
            None => Ok(()),
        }
    }

    fn leave_out(&mut self, refused: &mut Vec<(String, String)>) {
        self.status
            .update(|status| status.refused += refused.len() as u64);
        for (event, error) in refused.drain(..) {
            tracing::error!(sink = self.sink.name(), event, error, "refused, left out");
        }
    }

    fn done(&mut self, events: u64, through: u64) {
        self.delivered = through;
        self.pass();
        let mut over = None;
        self.status.update(|status| {
            status.delivered = through;
            status.events += events;
            over = status.trouble.take();
        });
        if let Some(Trouble { since, tries, .. }) = over {
            tracing::info!(sink = self.sink.name(), %since, tries, "delivers again");
        }
    }

    /// Moves the cursor to where it may stand after a crash.
    fn pass(&mut self) {
        let arrived = self.sink.arrived().unwrap_or(self.delivered);
        self.source.pass(arrived.min(self.delivered));
    }

    fn tend(&mut self) {
        self.confirm();
        let now = SystemTime::now();
        let believed = self.clock.observe((now, Instant::now())).then_some(now);
        if let Err(error) = self.sink.tend(believed) {
            tracing::warn!(
                sink = self.sink.name(),
                error = error.message,
                "what is too old or too much stays"
            );
        }
    }

    fn confirm(&mut self) {
        match self.sink.confirm() {
            Ok(()) => self.pass(),
            Err(error) => drop(self.failed(&error.message)),
        }
    }

    /// Notes why it does not get on; the log tells it once.
    fn failed(&self, error: &str) -> InTrouble {
        if self.status.get().trouble.is_none() {
            tracing::warn!(
                sink = self.sink.name(),
                error,
                "not delivered, will be tried again"
            );
        }
        self.status.failed(error);
        InTrouble
    }
}

fn random() -> u32 {
    uuid::Uuid::new_v4().as_fields().0
}
