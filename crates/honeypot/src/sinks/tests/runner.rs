use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use imker_event::Recorded;

use super::events::opened;
use crate::sinks::{Backoff, Batch, Pace, Pause, Running, Sink, SinkError, Source, SourceError, Stop, run};

/// A spool in memory.
#[derive(Clone)]
struct Memory {
    events: Arc<Vec<Recorded>>,
    passed: Arc<Mutex<u64>>,
}

impl Memory {
    fn new(events: &[Recorded]) -> Self {
        Self {
            events: Arc::new(events.to_vec()),
            passed: Arc::default(),
        }
    }
}

impl Source for Memory {
    fn passed(&self) -> u64 {
        *self.passed.lock().unwrap()
    }

    fn next_batch(&mut self, after: u64, max: usize) -> Result<Batch, SourceError> {
        let next = self.events.iter().filter(|event| event.sequence > after);
        let events: Vec<Recorded> = next.take(max).cloned().collect();
        let through = events.last().map_or(after, |last| last.sequence);
        Ok(Batch {
            events,
            through,
            unreadable: 0,
        })
    }

    fn wait(&mut self, _: Duration) {
        std::thread::sleep(Duration::from_millis(1));
    }

    fn pass(&mut self, sequence: u64) {
        *self.passed.lock().unwrap() = sequence;
    }
}

/// A receiver that is down for a number of tries, and never takes some events.
#[derive(Clone, Default)]
struct Receiver {
    down: Arc<Mutex<u32>>,
    poison: Arc<Mutex<Vec<u64>>>,
    taken: Arc<Mutex<Vec<u64>>>,
}

impl Sink for Receiver {
    fn name(&self) -> &str {
        "receiver"
    }

    fn deliver(&mut self, batch: &[Recorded]) -> Result<(), SinkError> {
        let mut down = self.down.lock().unwrap();
        if *down > 0 {
            *down -= 1;
            return Err(SinkError::retry("connection refused"));
        }
        let poison = self.poison.lock().unwrap();
        if batch.iter().any(|event| poison.contains(&event.sequence)) {
            return Err(SinkError::refused("answered 400"));
        }
        self.taken
            .lock()
            .unwrap()
            .extend(batch.iter().map(|event| event.sequence));
        Ok(())
    }
}

/// A clock whose waits are over at once.
#[derive(Clone, Default)]
struct Fast(Arc<Mutex<Vec<Duration>>>);

impl Pause for Fast {
    fn pause(&mut self, duration: Duration, _: &Stop) {
        self.0.lock().unwrap().push(duration);
    }
}

fn start(receiver: &Receiver, memory: &Memory, clock: &Fast, stop: &Stop) -> Running {
    let pace = Pace {
        batch: 10,
        ..Pace::default()
    };
    let (sink, source) = (Box::new(receiver.clone()), Box::new(memory.clone()));
    run(sink, source, pace, Box::new(clock.clone()), stop.clone()).unwrap()
}

fn wait_for(running: &Running, sequence: u64) {
    let begun = Instant::now();
    while running.status.get().delivered < sequence {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{:?}",
            running.status.get()
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_receiver_that_was_down_for_an_hour_gets_everything_in_order_and_no_other_waits() {
    let (stop, memory, clock) = (Stop::default(), Memory::new(&opened(1000)), Fast::default());
    // Half of each wait is certain: so many tries take more than an hour.
    let down = Receiver {
        down: Arc::new(Mutex::new(130)),
        ..Receiver::default()
    };
    let (well, its_memory) = (Receiver::default(), Memory::new(&opened(1000)));
    let running = start(&down, &memory, &clock, &stop);
    let other = start(&well, &its_memory, &Fast::default(), &stop);
    for running in [&running, &other] {
        wait_for(running, 1000);
    }
    assert!(clock.0.lock().unwrap().iter().sum::<Duration>() > Duration::from_secs(60 * 60));
    let all: Vec<u64> = (1..=1000).collect();
    assert_eq!(*down.taken.lock().unwrap(), all);
    assert_eq!(*well.taken.lock().unwrap(), all);
    assert_eq!(memory.passed(), 1000);
    let status = running.status.get();
    assert_eq!(
        (status.lag(1000), status.events, status.refused, status.trouble),
        (0, 1000, 0, None)
    );
    stop.stop();
    running.join();
    other.join();
}

#[test]
fn what_is_never_taken_is_left_out_alone() {
    let (stop, memory) = (Stop::default(), Memory::new(&opened(30)));
    let receiver = Receiver {
        poison: Arc::new(Mutex::new(vec![7, 8, 30])),
        ..Receiver::default()
    };
    let running = start(&receiver, &memory, &Fast::default(), &stop);
    wait_for(&running, 30);
    let taken: Vec<u64> = (1..=30)
        .filter(|sequence| ![7, 8, 30].contains(sequence))
        .collect();
    assert_eq!(*receiver.taken.lock().unwrap(), taken);
    assert_eq!(running.status.get().refused, 3);
    stop.stop();
    running.join();
}

#[test]
fn a_receiver_that_refuses_everything_loses_nothing() {
    let (stop, memory) = (Stop::default(), Memory::new(&opened(30)));
    let receiver = Receiver {
        poison: Arc::new(Mutex::new((1..=30).collect())),
        ..Receiver::default()
    };
    let running = start(&receiver, &memory, &Fast::default(), &stop);
    while running.status.get().trouble.is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let status = running.status.get();
    assert_eq!((status.delivered, status.refused), (0, 0));
    assert!(status.trouble.unwrap().error.contains("refuses everything"));
    // It is set up rightly now, but for two events.
    *receiver.poison.lock().unwrap() = vec![1, 5];
    wait_for(&running, 30);
    let wanted: Vec<u64> = (1..=30).filter(|sequence| ![1, 5].contains(sequence)).collect();
    let mut taken = receiver.taken.lock().unwrap().clone();
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken, wanted);
    let status = running.status.get();
    assert_eq!((status.events, status.refused, status.trouble), (28, 2, None));
    stop.stop();
    running.join();
}

/// A receiver that is set up rightly after so many tries.
struct SetRight(u32, Arc<Mutex<Vec<u64>>>);

impl Sink for SetRight {
    fn name(&self) -> &'static str {
        "set-right"
    }

    fn deliver(&mut self, batch: &[Recorded]) -> Result<(), SinkError> {
        self.0 = self.0.saturating_sub(1);
        if self.0 > 0 {
            return Err(SinkError::refused("answered 404"));
        }
        self.1
            .lock()
            .unwrap()
            .extend(batch.iter().map(|event| event.sequence));
        Ok(())
    }
}

#[test]
fn a_receiver_that_is_set_right_in_the_middle_of_a_batch_loses_nothing() {
    for tries in 1..20 {
        let (stop, memory) = (Stop::default(), Memory::new(&opened(10)));
        let taken = Arc::default();
        let sink = Box::new(SetRight(tries, Arc::clone(&taken)));
        let source = Box::new(memory);
        let running = run(
            sink,
            source,
            Pace::default(),
            Box::new(Fast::default()),
            stop.clone(),
        )
        .unwrap();
        wait_for(&running, 10);
        stop.stop();
        assert_eq!(running.join().refused, 0);
        let mut taken = taken.lock().unwrap().clone();
        taken.sort_unstable();
        taken.dedup();
        assert_eq!(taken, (1..=10).collect::<Vec<u64>>(), "{tries}");
    }
}

/// A sink that knows only when it is asked what arrived.
#[derive(Clone, Default)]
struct Unsure {
    first: Arc<Mutex<Option<u64>>>,
    certain: Arc<Mutex<bool>>,
}

impl Sink for Unsure {
    fn name(&self) -> &str {
        "unsure"
    }

    fn deliver(&mut self, batch: &[Recorded]) -> Result<(), SinkError> {
        self.first.lock().unwrap().get_or_insert(batch[0].sequence);
        Ok(())
    }

    fn arrived(&self) -> Option<u64> {
        self.first.lock().unwrap().map(|first| first - 1)
    }

    fn confirm(&mut self) -> Result<(), SinkError> {
        if !*self.certain.lock().unwrap() {
            return Err(SinkError::retry("not certain"));
        }
        *self.first.lock().unwrap() = None;
        Ok(())
    }
}

#[test]
fn the_cursor_passes_what_certainly_arrived() {
    for (certain, passed) in [(false, 0), (true, 30)] {
        let (stop, memory, sink) = (Stop::default(), Memory::new(&opened(30)), Unsure::default());
        let source = Box::new(memory.clone());
        let running = run(
            Box::new(sink.clone()),
            source,
            Pace::default(),
            Box::new(()),
            stop.clone(),
        );
        let running = running.unwrap();
        wait_for(&running, 30);
        assert_eq!(memory.passed(), 0);
        *sink.certain.lock().unwrap() = certain;
        stop.stop();
        running.join();
        assert_eq!(memory.passed(), passed);
    }
}

#[test]
fn a_sink_in_trouble_says_so_stops_when_told_and_goes_on_later() {
    let (stop, memory) = (Stop::default(), Memory::new(&opened(30)));
    let receiver = Receiver {
        down: Arc::new(Mutex::new(u32::MAX)),
        ..Receiver::default()
    };
    let pace = Pace::default();
    let running = run(
        Box::new(receiver.clone()),
        Box::new(memory.clone()),
        pace,
        Box::new(()),
        stop.clone(),
    )
    .unwrap();
    while running.status.get().trouble.is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let status = running.status.get();
    assert_eq!(
        (status.lag(30), status.trouble.unwrap().error.as_str()),
        (30, "connection refused")
    );
    let begun = Instant::now();
    stop.stop();
    running.join();
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(memory.passed(), 0);

    let stop = Stop::default();
    *receiver.down.lock().unwrap() = 0;
    let running = start(&receiver, &memory, &Fast::default(), &stop);
    stop.stop();
    running.join();
    assert_eq!(
        receiver.taken.lock().unwrap().len(),
        30,
        "what was recorded before the stop is delivered"
    );
}

#[test]
fn waits_double_up_to_a_minute_and_differ_by_half() {
    let (mut least, mut most) = (Backoff::default(), Backoff::default());
    let least: Vec<u128> = (0..9).map(|_| least.next(0).as_millis()).collect();
    let most: Vec<u128> = (0..9).map(|_| most.next(u32::MAX).as_millis()).collect();
    assert_eq!(least, [250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]);
    assert_eq!(most, [500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]);
}

/// A sink whose every batch takes a while, or panics.
struct Slow(Duration);

impl Sink for Slow {
    fn name(&self) -> &str {
        "slow"
    }

    fn deliver(&mut self, _: &[Recorded]) -> Result<(), SinkError> {
        assert!(!self.0.is_zero(), "made to panic");
        std::thread::sleep(self.0);
        Ok(())
    }
}

#[test]
fn a_backlog_holds_up_no_stop() {
    let (stop, memory) = (Stop::default(), Memory::new(&opened(1000)));
    let pace = Pace {
        batch: 1,
        ..Pace::default()
    };
    let slow = Box::new(Slow(Duration::from_millis(50)));
    let running = run(slow, Box::new(memory.clone()), pace, Box::new(()), stop.clone()).unwrap();
    let begun = Instant::now();
    stop.stop();
    running.join();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!((10..1000).contains(&memory.passed()), "{}", memory.passed());
}

#[test]
fn a_sink_that_panics_is_in_trouble() {
    let (stop, memory) = (Stop::default(), Memory::new(&opened(1)));
    let slow = Box::new(Slow(Duration::ZERO));
    let running = run(slow, Box::new(memory), Pace::default(), Box::new(()), stop).unwrap();
    let begun = Instant::now();
    while running.status.get().trouble.is_none() {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(1));
    }
    running.join();
}
