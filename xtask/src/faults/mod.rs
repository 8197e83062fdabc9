//! `cargo xtask-honeypot faults`: kills the honeypot at random instants under load and looks whether every answered request is
//! in its record, once. Linux only.

mod client;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use clap::Args;
use miette::{IntoDiagnostic, Result, ensure};

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

/// Kills and counts; fails where an answered request is missing or stands twice.
pub fn run(options: &Options) -> Result<()> {
    let imker = options.imker.clone().map_or_else(project::imker, Ok)?;
    let folder = tempfile::tempdir_in(project::target()?).into_diagnostic()?;
    let mut random = Prng::new(options.seed);
    let next = Arc::new(AtomicU64::new(1));
    let mut answered: Vec<u64> = Vec::new();
    for _ in 0..options.rounds {
        let server = Server::honeypot(&imker, folder.path())?;
        let clients: Vec<_> = (0..options.clients)
            .map(|_| {
                let (address, next) = (server.http, next.clone());
                thread::spawn(move || client::ask_until_cut(address, &next))
            })
            .collect();
        thread::sleep(Duration::from_micros(random.below(400_000)));
        // Dropping it kills it, by SIGKILL.
        drop(server);
        for client in clients {
            answered.extend(client.join().map_err(|_| miette::miette!("a client failed"))?);
        }
    }
    let server = Server::honeypot(&imker, folder.path())?;
    let mut found: BTreeMap<u64, u64> = BTreeMap::new();
    for number in numbers(&server.recorded()?) {
        *found.entry(number).or_default() += 1;
    }
    let missing = answered
        .iter()
        .filter(|number| !found.contains_key(number))
        .count();
    let twice = found.values().filter(|times| **times > 1).count();
    let asked = next.load(Ordering::Relaxed) - 1;
    println!(
        "{} kills, {asked} requests sent, {} answered, {} recorded; answered and not recorded: {missing}; recorded twice: {twice}",
        options.rounds,
        answered.len(),
        found.len()
    );
    ensure!(!answered.is_empty(), "no request was answered: nothing was shown");
    ensure!(missing == 0 && twice == 0, "the record is wrong");
    Ok(())
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
