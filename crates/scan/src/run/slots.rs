use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How long a host may keep its slot; whoever takes longer is mostly waited for, which costs next to nothing.
const BRIEF: Duration = Duration::from_millis(1500);

/// So many hosts at a time; those that keep one waiting give their slot to others.
///
/// Thousands of hosts that never answer would otherwise hold every slot for as long as a time limit.
pub(super) struct Slots {
    brief: Semaphore,
    patient: Semaphore,
}

impl Slots {
    /// `brief` hosts at a time, and beside them up to `patient` that have taken long already.
    pub fn new(brief: usize, patient: usize) -> Self {
        Self {
            brief: Semaphore::new(brief),
            patient: Semaphore::new(patient),
        }
    }

    /// Carries out `work` once there is a slot.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        // Nobody closes a semaphore.
        let slot = self.brief.acquire().await.ok();
        let mut work = pin!(work);
        if let Ok(done) = timeout(BRIEF, &mut work).await {
            return done;
        }
        match self.patient.try_acquire() {
            Ok(_waiting) => {
                drop(slot);
                work.await
            }
            Err(_) => work.await,
        }
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
                slots
                    .run(async { sleep(Duration::from_millis(takes)).await })
                    .await;
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
}
