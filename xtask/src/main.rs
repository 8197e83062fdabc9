//! Chores of Imker's developers: test corpora, the example incident, benchmarks, truth checks.
//!
//! Everything written here is made up: names under example.org, addresses from the ranges that RFC 5737
//! and RFC 3849 set aside for documentation, and text that does nothing.

#![allow(clippy::print_stdout, reason = "a chore's output is its result")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "chores start cargo, imker and what imker is compared with, and read what they wrote themselves"
)]

mod bench;
mod corpus;
#[cfg(feature = "load")]
mod farm;
#[cfg(feature = "load")]
mod faults;
mod incident;
#[cfg(feature = "load")]
mod load;
mod logs;
mod project;
#[cfg(feature = "load")]
mod scan_bench;
#[cfg(feature = "load")]
mod server;
mod truth;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use miette::IntoDiagnostic;

/// Chores of Imker's developers.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Write a realistic IIS log of an Exchange server, with attacks and the truth about them
    Corpus(corpus::Options),
    /// Write `examples/incident` anew
    Incident,
    /// Measure `imker hunt` beside ripgrep, gzip and rsigma
    Bench(bench::Options),
    /// Compare what `imker hunt` finds in corpora with what is in them; the status is 1 where they differ
    Truth(truth::Options),
    /// Load the honeypot beside nginx, with a crowd of idle and slow clients
    #[cfg(feature = "load")]
    Load(load::Options),
    /// Kill the honeypot under load and look whether its record is whole
    #[cfg(feature = "load")]
    Faults(faults::Options),
    /// Be a farm of servers on 127.0.0.0/8, Exchange in many builds and others, of which nothing is recorded
    #[cfg(feature = "load")]
    Farm(farm::Options),
    /// Measure `imker scan` beside nmap on the farm; the status is 1 where a bar is missed or an answer is wrong
    #[cfg(feature = "load")]
    ScanBench(scan_bench::Options),
    /// Measure rsigma alone; `bench` calls this
    #[command(hide = true)]
    Rsigma(bench::Sample),
}

fn main() -> miette::Result<ExitCode> {
    match Arguments::parse().chore {
        Chore::Corpus(options) => {
            let truth = corpus::write(&options).into_diagnostic()?;
            println!(
                "{} bytes, {} lines, {} files, {} attacks in {}",
                truth.bytes,
                truth.lines,
                truth.files,
                truth.attacks.len(),
                options.out.display()
            );
        }
        Chore::Bench(options) => bench::run(&options)?,
        Chore::Truth(options) => {
            if !truth::run(&options)? {
                return Ok(ExitCode::FAILURE);
            }
        }
        #[cfg(feature = "load")]
        Chore::Load(options) => load::run(&options)?,
        #[cfg(feature = "load")]
        Chore::Faults(options) => faults::run(&options)?,
        #[cfg(feature = "load")]
        Chore::Farm(options) => farm::run(&options)?,
        #[cfg(feature = "load")]
        Chore::ScanBench(options) => {
            if !scan_bench::run(&options)? {
                return Ok(ExitCode::FAILURE);
            }
        }
        Chore::Rsigma(sample) => bench::run_rsigma(&sample)?,
        Chore::Incident => {
            let files = incident::write(&incident::folder()).into_diagnostic()?;
            println!(
                "{} files, {} bytes",
                files.len(),
                files.values().map(Vec::len).sum::<usize>()
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
