//! Tests that cannot run here, and how they say so.
//!
//! The test harness hides what a passing test prints, so a test that left itself out would look like one that ran. These
//! functions write into the file that `IMKER_LEFT_OUT` names, from which `./test` tells at its end what did not run.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write as _;

/// Says that the running test, or a part of it, is left out.
///
/// # Panics
/// The file that `IMKER_LEFT_OUT` names cannot be written.
#[expect(clippy::print_stderr, clippy::expect_used, reason = "only tests call this")]
pub fn left_out(why: impl Display) {
    let thread = std::thread::current();
    let line = format!("{}: {why}\n", thread.name().unwrap_or("a test"));
    eprint!("left out: {line}");
    if let Some(path) = std::env::var_os("IMKER_LEFT_OUT") {
        let file = OpenOptions::new().create(true).append(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes()))
            .expect("IMKER_LEFT_OUT names a file that can be written");
    }
}

/// Says that the running test is left out because a program is not installed.
///
/// # Panics
/// `IMKER_ALL_TOOLS` is set, as `./test` does, which installs every program that tests run.
pub fn not_installed(program: &str) {
    assert!(
        std::env::var_os("IMKER_ALL_TOOLS").is_none(),
        "{program} is not installed"
    );
    left_out(format_args!("{program} is not installed"));
}
