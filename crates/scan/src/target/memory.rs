//! Long lists and how much memory they take: minutes, so only where asked for.
//! `cargo test -p imker-scan --lib ten_million -- --ignored --nocapture --test-threads 1`
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stderr)]

use std::io::{self, Read};
use std::time::Instant;

use super::{Exclusions, Gathering, Reaches, Seed, Source};

const LINES: u64 = 10_000_000;

/// Lines that are made while they are read.
struct Made {
    line: fn(u64) -> String,
    at: u64,
    left: Vec<u8>,
}

impl Read for Made {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.is_empty() && self.at < LINES {
            for _ in 0..100 {
                self.left.extend((self.line)(self.at).bytes());
                self.at += 1;
            }
        }
        let count = self.left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.left[..count]);
        self.left.drain(..count);
        Ok(count)
    }
}

/// Most memory that the process has held, in KiB.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn measure(line: fn(u64) -> String) -> u64 {
    let Some(before) = peak() else {
        imker_testing::left_out("memory is looked up in /proc");
        return 0;
    };
    let started = Instant::now();
    let gathering = Gathering {
        exclusions: &Exclusions::default(),
        reaches: Reaches::ALL,
        authorised: true,
        seed: Seed::random(),
    };
    let read = Box::new(Made {
        line,
        at: 0,
        left: Vec::new(),
    });
    let name = "made".into();
    let targets = gathering.gather([Source::Input { name, read }]).unwrap();
    let gathered = started.elapsed();
    let count = targets.inspect(|target| assert!(target.is_ok())).count() as u64;
    let grown = peak().unwrap() - before;
    let all = started.elapsed();
    eprintln!(
        "{LINES} lines, {count} targets: gathered in {gathered:.1?}, read in {all:.1?}, {grown} KiB more at peak"
    );
    assert!(grown < 48 * 1024, "{grown} KiB");
    count
}

#[test]
#[ignore = "takes minutes"]
fn ten_million_lines_take_little_memory() {
    assert_eq!(measure(|at| format!("mail.customer{at}.example.org\n")), LINES);
}

#[test]
#[ignore = "takes minutes"]
fn ten_million_times_the_same_line_takes_little_memory() {
    assert_eq!(measure(|_| "mail.example.org\n".into()), 1);
}
