//! `cargo xtask-honeypot faults`: kills the honeypot at random instants under load, in clear and over TLS, and looks whether every
//! answered request is in its record and in a sink, once. Linux only.

mod client;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use miette::{IntoDiagnostic, Result, bail, ensure};

use crate::corpus::prng::Prng;
use crate::project;
use crate::server::Server;

/// How often, and how hard.
#[derive(Debug, Args)]
pub struct Options {
    /// How often the honeypot is killed
    #[arg(long, default_value_t = 200)]
    rounds: u64,
    /// Clients that ask without a pause
    #[arg(long, default_value_t = 16)]
    clients: u64,
    /// Seed of the instants
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Binary to kill; by default the project's, built for release
    #[arg(long)]
    imker: Option<PathBuf>,
}

/// A sink that holds each event once, as it promises.
const SINK: &str = "[[sink]]\nkind = \"jsonl\"\nfolder = \"lines\"\nrotate_size = \"4M\"\nkeep = 1000000\n";

/// Kills and counts; fails where an answered request is missing or stands twice, in the record or in a sink.
pub fn run(options: &Options) -> Result<()> {
    let imker = options.imker.clone().map_or_else(project::imker, Ok)?;
    let folder = tempfile::tempdir_in(project::target()?).into_diagnostic()?;
    let mut random = Prng::new(options.seed);
    let next = Arc::new(AtomicU64::new(1));
    let mut answered: Vec<u64> = Vec::new();
    for _ in 0..options.rounds {
        let server = Server::honeypot(&imker, folder.path(), SINK)?;
        let clients: Vec<_> = (0..options.clients)
            .map(|client| {
                let tls = client % 2 == 1;
                let (address, next) = (if tls { server.https } else { server.http }, next.clone());
                thread::spawn(move || client::ask_until_cut(address, tls, &next))
            })
            .collect();
        thread::sleep(Duration::from_micros(random.below(400_000)));
        // Dropping it kills it, by SIGKILL.
        drop(server);
        for client in clients {
            answered.extend(client.join().map_err(|_| miette::miette!("a client failed"))?);
        }
    }
    let server = Server::honeypot(&imker, folder.path(), SINK)?;
    let recorded = count(&numbers(&server.recorded()?));
    // The sink has a backlog of many short lives: as long as it gets on, it is waited for.
    let mut lines = lines_of(folder.path())?;
    let mut grown = Instant::now();
    while lines.len() < recorded.len() && grown.elapsed() < Duration::from_secs(60) {
        thread::sleep(Duration::from_secs(1));
        let now = lines_of(folder.path())?;
        if now.len() > lines.len() {
            grown = Instant::now();
        }
        lines = now;
    }
    let asked = next.load(Ordering::Relaxed) - 1;
    println!(
        "{} kills, {asked} requests sent, {} answered",
        options.rounds,
        answered.len()
    );
    ensure!(!answered.is_empty(), "no request was answered: nothing was shown");
    let mut wrong = 0;
    for (place, found) in [("the record", &recorded), ("the JSON lines", &lines)] {
        let missing = answered
            .iter()
            .filter(|number| !found.contains_key(number))
            .count();
        let twice = found.values().filter(|times| **times > 1).count();
        wrong += missing + twice;
        println!(
            "{place}: {} requests; answered and missing: {missing}; there twice: {twice}",
            found.len()
        );
    }
    if wrong > 0 || lines != recorded {
        bail!("the record or the sink is wrong: see {}", folder.keep().display());
    }
    Ok(())
}

fn count(numbers: &[u64]) -> BTreeMap<u64, u64> {
    let mut found = BTreeMap::new();
    for number in numbers {
        *found.entry(*number).or_default() += 1;
    }
    found
}

/// How often the sink's files have each number.
fn lines_of(folder: &Path) -> Result<BTreeMap<u64, u64>> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder.join("lines")).into_diagnostic()? {
        lines.extend(fs::read(entry.into_diagnostic()?.path()).into_diagnostic()?);
    }
    Ok(count(&numbers(&lines)))
}

/// The numbers that recorded requests carry in their queries.
fn numbers(events: &[u8]) -> Vec<u64> {
    let query = |line: &[u8]| -> Option<u64> {
        let event: serde_json::Value = serde_json::from_slice(line).ok()?;
        event
            .pointer("/url/query")?
            .as_str()?
            .strip_prefix("n=")?
            .parse()
            .ok()
    };
    events.split(|byte| *byte == b'\n').filter_map(query).collect()
}
