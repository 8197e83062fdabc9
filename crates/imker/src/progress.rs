use std::fmt;
use std::io::{self, IsTerminal};

use imker_hunt::Progress;
use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

/// A bar with bytes, rate and remaining time on standard error; nothing where that is no terminal.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar for one reading, which `name` tells apart from others, hidden if `quiet`.
    pub fn new(quiet: bool, name: &'static str) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(0);
        let template = "{prefix}{wide_bar} {bytes} of {total_bytes}  {bytes_per_sec}  {left}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.with_key("left", left));
        }
        bar.set_prefix(name);
        Self(bar)
    }

    /// Removes the bar from the screen.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// The remaining time, once there is something to tell it from.
pub fn left(state: &ProgressState, out: &mut dyn fmt::Write) {
    if state.pos() > 0 {
        // The bar is a courtesy: no failure of it matters.
        let _ = write!(out, "{:#} left", HumanDuration(state.eta()));
    }
}

impl Progress for Bar {
    fn wants_total(&self) -> bool {
        !self.0.is_hidden()
    }

    fn found(&self, bytes: u64) {
        self.0.inc_length(bytes);
    }

    fn advanced(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}
