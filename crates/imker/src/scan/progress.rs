use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicU64, Ordering};

use imker_posture::Observation;
use imker_scan::run::Watch;
use indicatif::{ProgressBar, ProgressStyle};

use crate::output;
use crate::progress::left;

/// A bar with targets, rate and remaining time on standard error; nothing where that is no terminal.
pub struct Bar {
    bar: ProgressBar,
    silent: AtomicU64,
}

impl Bar {
    /// A bar for so many targets, `done` of which need not be asked any more; hidden if `quiet`.
    pub fn new(quiet: bool, targets: u64, done: u64) -> Self {
        let bar = match quiet || !io::stderr().is_terminal() {
            true => ProgressBar::hidden(),
            false => ProgressBar::new(targets),
        };
        let template = "{wide_bar} {human_pos} of {human_len}{msg}  {per_sec}  {left}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.with_key("left", left));
        }
        bar.set_position(done);
        bar.reset_eta();
        Self {
            bar,
            silent: AtomicU64::new(0),
        }
    }

    /// Says something without harm to the bar.
    pub fn println(&self, text: &str) {
        self.bar.suspend(|| output::note(&format!("{text}\n")));
    }

    /// Removes the bar from the screen.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Also what could not be asked to its end is.
fn is_answered(observation: &Observation) -> bool {
    let mut answers = observation.visits.iter().flat_map(|visit| &visit.answers);
    answers.any(|answer| answer.response.is_some())
}

impl Watch for Bar {
    fn done(&self, observation: &Observation) {
        self.bar.inc(1);
        if !is_answered(observation) {
            let silent = self.silent.fetch_add(1, Ordering::Relaxed) + 1;
            self.bar.set_message(format!(", {silent} without an answer"));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_answered_in_part_is_no_silence() {
        let bar = Bar::new(true, 2, 0);
        let fault = r#""fault":{"kind":"timeout"}}"#;
        let start = r#"{"target":"192.0.2.1","started":"2026-12-01T00:00:00Z","took_ms":1,"checks":"full","#;
        let visit = r#""visits":[{"address":"192.0.2.1:443","answers":[{"check":"root","took_ms":1,"response":{"status":200,"body_bytes":0}}]}],"#;
        for observation in [format!("{start}{visit}{fault}"), format!("{start}{fault}")] {
            bar.done(&serde_json::from_str(&observation).unwrap());
        }
        assert_eq!(bar.silent.load(Ordering::Relaxed), 1);
    }
}
