use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How far starts may lag behind before what was missed is given up, and with it the finest pause that is worth a timer.
const SLACK: Duration = Duration::from_millis(50);

/// Spreads starts evenly: so many a second, without bursts.
pub(super) struct Rate {
    apart: Duration,
    next: Mutex<Instant>,
}

impl Rate {
    /// `per_second` starts a second; without limit where it is 0.
    pub fn new(per_second: u32) -> Self {
        Self {
            apart: match per_second {
                0 => Duration::ZERO,
                per_second => Duration::from_secs(1) / per_second,
            },
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits for the next start.
    pub async fn wait(&self) {
        if self.apart.is_zero() {
            return;
        }
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = (*next).max(Instant::now() - SLACK.min(self.apart * 16));
            *next = turn + self.apart;
            turn
        };
        if turn > Instant::now() {
            sleep_until(turn).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn seconds_for(starts: u32, rate: &Rate) -> f64 {
        let begin = Instant::now();
        for _ in 0..starts {
            rate.wait().await;
        }
        begin.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn starts_are_apart() {
        let taken = seconds_for(1000, &Rate::new(500)).await;
        assert!((1.9..=2.1).contains(&taken), "{taken}");
        assert!(seconds_for(100_000, &Rate::new(0)).await < 0.001);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_not_made_up_for() {
        let rate = Rate::new(10);
        rate.wait().await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        let taken = seconds_for(20, &rate).await;
        assert!((1.7..=2.1).contains(&taken), "{taken}");
    }
}
