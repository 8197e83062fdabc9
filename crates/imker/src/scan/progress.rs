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

impl Watch for Bar {
    fn done(&self, observation: &Observation) {
        self.bar.inc(1);
        if observation.fault.is_some() {
            let silent = self.silent.fetch_add(1, Ordering::Relaxed) + 1;
            self.bar.set_message(format!(", {silent} without an answer"));
        }
    }
}
