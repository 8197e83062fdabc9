//! `cargo xtask-honeypot load`: how `imker honeypot` bears load, beside nginx, and a crowd of idle and slow clients. Linux only.

mod crowd;
mod wrk;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use miette::{IntoDiagnostic, Result, ensure};

use self::crowd::{Crowd, fetch};
use self::wrk::Measured;
use crate::project;
use crate::server::Server;

/// What to measure.
#[derive(Debug, Args)]
pub struct Options {
    /// Seconds of each run
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// Runs of each server, taking turns
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Connections of the load
    #[arg(long, default_value_t = 128)]
    connections: usize,
    /// Idle connections over TLS
    #[arg(long, default_value_t = 10_000)]
    idle: usize,
    /// Connections over TLS that send a byte a second
    #[arg(long, default_value_t = 1_000)]
    slow: usize,
    /// What is asked for
    #[arg(long, default_value = "/owa/auth/logon.aspx")]
    path: String,
    /// Binary to measure; by default the project's, built for release
    #[arg(long)]
    imker: Option<PathBuf>,
}

/// nginx's requests per second that the honeypot must reach.
const BAR: f64 = 0.4;

/// Measures and prints.
pub fn run(options: &Options) -> Result<()> {
    let imker = options.imker.clone().map_or_else(project::imker, Ok)?;
    let folder = tempfile::tempdir_in(project::target()?).into_diagnostic()?;
    let honeypot = Server::honeypot(&imker, folder.path(), "")?;
    let page = fetch(honeypot.https, &options.path)?;
    let nginx = Server::nginx(folder.path(), &page, &options.path)?;
    println!(
        "{}: {} bytes; {} connections, {} s a run",
        options.path,
        page.len(),
        options.connections,
        options.seconds
    );

    let mut results = [Vec::new(), Vec::new()];
    for _ in 0..options.runs {
        for (server, results) in [&nginx, &honeypot].into_iter().zip(&mut results) {
            results.push(measure(options, server)?);
        }
    }
    let [of_nginx, of_honeypot] = results.map(|runs| wrk::median(&runs));
    let ratio = of_honeypot.requests_per_second / of_nginx.requests_per_second;
    println!("| server | requests/s | median ms | p99 ms | errors |");
    println!("|---|---:|---:|---:|---:|");
    println!("| nginx, static page | {of_nginx} |");
    println!("| imker honeypot, recorded and synced | {of_honeypot} |");
    ensure!(of_nginx.errors == 0, "nginx did not serve the page");
    let word = if ratio >= BAR { "met" } else { "MISSED" };
    println!("{ratio:.2} x nginx, bar {BAR}: {word}");
    println!("resident before the crowd: {} MiB", honeypot.resident()? >> 20);

    let mut crowd = Crowd::gather(honeypot.https, options.idle, options.slow)?;
    println!(
        "{} idle and {} slow connections, all over TLS: resident {} MiB, peak {} MiB",
        options.idle,
        options.slow,
        honeypot.resident()? >> 20,
        honeypot.peak()? >> 20
    );
    let meanwhile = crowd.trickle(Duration::from_secs(options.seconds + 2));
    let under_crowd = measure(options, &honeypot)?;
    meanwhile
        .join()
        .map_err(|_| miette::miette!("the slow clients failed"))??;
    println!("| imker honeypot, amid the crowd | {under_crowd} |");
    println!(
        "resident after that {} MiB, peak {} MiB",
        honeypot.resident()? >> 20,
        honeypot.peak()? >> 20
    );
    let open = crowd.still_open();
    println!("{open} of {} idle connections still open", options.idle);
    ensure!(open == options.idle, "the honeypot closed idle connections");
    let recorded = honeypot.recorded()?;
    let recorded = recorded.iter().filter(|byte| **byte == b'\n').count();
    println!("{recorded} web requests in the record");
    Ok(())
}

fn measure(options: &Options, server: &Server) -> Result<Measured> {
    wrk::run(server.https, &options.path, options.connections, options.seconds)
}
