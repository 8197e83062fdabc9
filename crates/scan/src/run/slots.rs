use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::ask::Heard;

/// How long a host may keep its slot without an answer; who takes longer is mostly waited for, which costs next to nothing.
const BRIEF: Duration = Duration::from_millis(1500);
/// How long one that answers may: a full scan over a slow line, or somebody who drips.
const LONG: Duration = Duration::from_secs(15);
/// Hosts that a share is taken of, roughly.
const WINDOW: u32 = 64;
/// Where more than this share (in parts of [`WHOLE`]) of the hosts that answer begins to after [`BRIEF`], it is not they who
/// are slow but this machine or its network, and more hosts at a time would make it worse.
const OVERLOAD: u32 = WHOLE / 4;
const WHOLE: u32 = 1 << 16;

/// So many hosts at a time; those that keep one waiting give their slot to others.
///
/// Thousands of hosts that never answer would otherwise hold every slot for as long as a time limit.
pub(super) struct Slots {
    brief: Semaphore,
    patient: Semaphore,
    /// Share of the hosts that answered lately and began to after [`BRIEF`].
    late: AtomicU32,
}

impl Slots {
    /// `brief` hosts at a time, and beside them up to `patient` that have taken long already.
    pub fn new(brief: usize, patient: usize) -> Self {
        Self {
            brief: Semaphore::new(brief),
            patient: Semaphore::new(patient),
            late: AtomicU32::new(0),
        }
    }

    /// Begins and carries out work once there is a slot; `heard` tells whether its host has answered.
    pub async fn run<T, W>(&self, heard: &Heard, begin: impl FnOnce() -> W) -> T
    where
        W: Future<Output = T> + Unpin,
    {
        // Nobody closes a semaphore.
        let slot = self.brief.acquire().await.ok();
        let mut work = begin();
        let mut late = false;
        for patience in [BRIEF, LONG] {
            if let Ok(done) = timeout(patience, &mut work).await {
                if heard.is_set() {
                    self.count(false);
                }
                return done;
            }
            late = !heard.is_set();
            if late {
                break;
            }
        }
        let waiting = match self.is_overloaded() {
            true => None,
            false => self.patient.try_acquire().ok(),
        };
        let _slot = slot.filter(|_| waiting.is_none());
        let done = work.await;
        if heard.is_set() {
            self.count(late);
        }
        done
    }

    fn is_overloaded(&self) -> bool {
        self.late.load(Ordering::Relaxed) > OVERLOAD
    }

    /// A moving average. A count that is lost between two threads changes it little.
    fn count(&self, late: bool) {
        let share = self.late.load(Ordering::Relaxed);
        let added = if late { WHOLE / WINDOW } else { 0 };
        self.late.store(share - share / WINDOW + added, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinSet;
    use tokio::time::{Instant, sleep};

    use super::*;

    async fn seconds_for(slots: Slots, slow: usize, fast: usize) -> u64 {
        let slots = Arc::new(slots);
        let mut tasks = JoinSet::new();
        let begin = Instant::now();
        for number in 0..slow + fast {
            let slots = Arc::clone(&slots);
            let takes = if number < slow { 30_000 } else { 100 };
            tasks.spawn(async move {
                let heard = Heard::default();
                let work = async {
                    sleep(Duration::from_millis(takes)).await;
                    if number >= slow {
                        heard.set();
                    }
                };
                slots.run(&heard, || Box::pin(work)).await;
                (number >= slow).then(Instant::now)
            });
        }
        let done = tasks.join_all().await;
        let last = done.into_iter().flatten().max().unwrap_or(begin);
        (last - begin).as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn the_slow_do_not_hold_up_the_rest() {
        assert!(seconds_for(Slots::new(100, 10_000), 5_000, 1_000).await < 90);
        assert!(seconds_for(Slots::new(1000, 10_000), 5_000, 1_000).await < 12);
    }

    #[tokio::test(start_paused = true)]
    async fn patience_is_bounded() {
        assert!(seconds_for(Slots::new(10, 10), 100, 10).await >= 60);
    }

    /// A server, or a line, that all hosts share and that does 100 a second: more at a time only makes each slower.
    #[tokio::test(start_paused = true)]
    async fn no_more_at_a_time_where_all_are_slow() {
        let slots = Arc::new(Slots::new(300, 10_000));
        let server = Arc::new(Semaphore::new(1));
        let at_a_time = Arc::new((AtomicU32::new(0), AtomicU32::new(0)));
        let mut tasks = JoinSet::new();
        for _ in 0..3_000 {
            let (slots, server, at_a_time) =
                (Arc::clone(&slots), Arc::clone(&server), Arc::clone(&at_a_time));
            tasks.spawn(async move {
                let heard = Heard::default();
                let work = async {
                    let now = at_a_time.0.fetch_add(1, Ordering::Relaxed) + 1;
                    at_a_time.1.fetch_max(now, Ordering::Relaxed);
                    let _turn = server.acquire().await;
                    sleep(Duration::from_millis(10)).await;
                    at_a_time.0.fetch_sub(1, Ordering::Relaxed);
                    heard.set();
                };
                slots.run(&heard, || Box::pin(work)).await;
            });
        }
        tasks.join_all().await;
        let most = at_a_time.1.load(Ordering::Relaxed);
        assert!(most < 900, "{most}");
    }

    /// A full scan takes seconds of every host, which makes none of them slow.
    #[tokio::test(start_paused = true)]
    async fn who_answers_keeps_the_slot() {
        let slots = Arc::new(Slots::new(10, 1000));
        let begin = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..100 {
            let slots = Arc::clone(&slots);
            tasks.spawn(async move {
                let heard = Heard::default();
                let work = async {
                    sleep(Duration::from_millis(100)).await;
                    heard.set();
                    sleep(Duration::from_millis(4900)).await;
                };
                slots.run(&heard, || Box::pin(work)).await;
            });
        }
        tasks.join_all().await;
        assert_eq!(begin.elapsed().as_secs(), 50);
        assert!(!slots.is_overloaded());
    }
}
