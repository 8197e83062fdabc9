use std::time::Duration;

/// How long to wait before the next try: twice as long each time, up to a minute, half of it at random, so that sensors
/// do not come back all at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: Self::FIRST }
    }
}

impl Backoff {
    /// The first wait.
    pub const FIRST: Duration = Duration::from_millis(500);
    /// The longest wait.
    pub const LONGEST: Duration = Duration::from_secs(60);

    /// The next wait: between half of what is due and all of it; `random` chooses.
    pub fn next(&mut self, random: u32) -> Duration {
        let due = self.next;
        self.next = (due * 2).min(Self::LONGEST);
        due / 2 + (due / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}
