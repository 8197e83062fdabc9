use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// How long a host may keep its slot; whoever takes longer is mostly waited for, which costs next to nothing.
const BRIEF: Duration = Duration::from_millis(1500);
/// Hosts that a share is taken of, roughly.
const WINDOW: u32 = 64;
/// Where more than this share (in parts of [`WHOLE`]) of the hosts that answer takes longer, it is not they who are slow
/// but this machine or its network, and more hosts at a time would make it worse.
const OVERLOAD: u32 = WHOLE / 4;
const WHOLE: u32 = 1 << 16;

/// So many hosts at a time; those that keep one waiting give their slot to others.
///
/// Thousands of hosts that never answer would otherwise hold every slot for as long as a time limit.
pub(super) struct Slots {
    brief: Semaphore,
    patient: Semaphore,
    /// Share of the hosts that answered lately and took longer than [`BRIEF`].
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

    /// Carries out `work` once there is a slot; `answered` tells whether a host did.
    pub async fn run<T>(&self, work: impl Future<Output = T>, answered: impl Fn(&T) -> bool) -> T {
        // Nobody closes a semaphore.
        let slot = self.brief.acquire().await.ok();
        let begun = Instant::now();
        let mut work = pin!(work);
        let done = match timeout(BRIEF, &mut work).await {
            Ok(done) => done,
            Err(_) if self.is_overloaded() => work.await,
            Err(_) => match self.patient.try_acquire() {
                Ok(_waiting) => {
                    drop(slot);
                    work.await
                }
                Err(_) => work.await,
            },
        };
        if answered(&done) {
            self.count(begun.elapsed() > BRIEF);
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
    use tokio::time::sleep;

    use super::*;

    async fn seconds_for(slots: Slots, slow: usize, fast: usize) -> u64 {
        let slots = Arc::new(slots);
        let mut tasks = JoinSet::new();
        let begin = Instant::now();
        for number in 0..slow + fast {
            let slots = Arc::clone(&slots);
            let takes = if number < slow { 30_000 } else { 100 };
            tasks.spawn(async move {
                let work = async { sleep(Duration::from_millis(takes)).await };
                slots.run(work, |()| number >= slow).await;
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
                let work = async {
                    let now = at_a_time.0.fetch_add(1, Ordering::Relaxed) + 1;
                    at_a_time.1.fetch_max(now, Ordering::Relaxed);
                    let _turn = server.acquire().await;
                    sleep(Duration::from_millis(10)).await;
                    at_a_time.0.fetch_sub(1, Ordering::Relaxed);
                };
                slots.run(work, |()| true).await;
            });
        }
        tasks.join_all().await;
        let most = at_a_time.1.load(Ordering::Relaxed);
        assert!(most < 900, "{most}");
    }
}
