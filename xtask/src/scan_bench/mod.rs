//! `cargo xtask-honeypot scan-bench`: `imker scan` beside nmap, on one farm that shares the machine with both. Linux only.

mod imker;
mod nmap;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use clap::Args;
use miette::{IntoDiagnostic, Result, WrapErr, ensure};

use crate::bench::child::Cost;
use crate::farm::{self, plan};
use crate::project;

/// What to measure.
#[derive(Debug, Args)]
pub struct Options {
    /// Hosts that `imker scan` asks
    #[arg(long, default_value_t = 400_000)]
    hosts: u32,
    /// Of these, hosts that nmap asks; 0 leaves nmap out
    #[arg(long, default_value_t = 2_000)]
    nmap_hosts: u32,
    /// Ask again with so many hosts among them that do not answer; 0 leaves that out
    #[arg(long, default_value_t = 5_000)]
    silent: u32,
    /// Measure nmap alone
    #[arg(long)]
    nmap_only: bool,
    /// Port of the farm; nmap knows 8443 for one of HTTPS
    #[arg(long, default_value_t = 8443)]
    port: u16,
    /// Binary to measure; by default the project's, built for release
    #[arg(long)]
    imker: Option<PathBuf>,
}

/// nmap's hosts per second, this many times, is the bar.
const BAR: f64 = 10.0;
/// The most memory in MiB.
const MEMORY: u64 = 200;
/// What the rate of hosts that answer may fall to beside those that do not.
const BESIDE_SILENT: f64 = 0.9;

/// Measures and prints.
pub fn run(options: &Options) -> Result<()> {
    let folder = tempfile::tempdir_in(project::target()?).into_diagnostic()?;
    let folder = folder.path();
    let config = plan::config(folder)?;
    let truth: Truth = plan::servers(options.hosts.max(options.nmap_hosts))
        .chain(plan::silent(options.silent))
        .map(|address| (address, plan::truth(&config, address)))
        .collect();
    let _farm = Farm::start(options.port)?;

    let nmap = match options.nmap_hosts {
        0 => None,
        hosts => Some(nmap::fastest(folder, options.port, hosts, &truth)?),
    };
    if options.nmap_only {
        return Ok(());
    }
    let imker = options.imker.clone().map_or_else(project::imker, Ok)?;
    let scan = imker::Scan {
        imker: &imker,
        folder,
        port: options.port,
        truth: &truth,
    };
    println!("| imker scan | hosts | wall s | hosts/s | CPU ms/host | MiB |");
    println!("|---|---:|---:|---:|---:|---:|");
    let alone = scan.run("all answer", options.hosts, 0)?;
    if options.silent > 0 {
        let beside = scan.run("silent ones among them", options.hosts, options.silent)?;
        let ratio = beside.answering_per_second / alone.answering_per_second;
        println!(
            "hosts that answer, a second: {:.0} alone, {:.0} beside {} that do not: {ratio:.2} x, bar {BESIDE_SILENT}: {}",
            alone.answering_per_second,
            beside.answering_per_second,
            options.silent,
            word(ratio >= BESIDE_SILENT)
        );
    }
    let memory = alone.cost.memory >> 20;
    println!("memory {memory} MiB, bar {MEMORY}: {}", word(memory <= MEMORY));
    if let Some(nmap) = nmap {
        let ratio = rate(options.hosts, alone.cost) / rate(options.nmap_hosts, nmap);
        let processor = processor(options.nmap_hosts, nmap) / processor(options.hosts, alone.cost);
        println!(
            "{ratio:.1} x nmap's hosts a second, bar {BAR}: {}; nmap takes {processor:.1} x the CPU a host",
            word(ratio >= BAR)
        );
    }
    Ok(())
}

/// What is true of each address.
type Truth = BTreeMap<Ipv4Addr, plan::Truth>;

fn word(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

/// Hosts a second.
fn rate(hosts: u32, cost: Cost) -> f64 {
    f64::from(hosts) / cost.wall.as_secs_f64()
}

/// Milliseconds of processor time a host.
fn processor(hosts: u32, cost: Cost) -> f64 {
    cost.processor.as_secs_f64() * 1000.0 / f64::from(hosts)
}

/// `hosts | wall s | hosts/s | CPU ms/host | MiB`
fn row(hosts: u32, cost: Cost) -> String {
    format!(
        "{hosts} | {:.2} | {:.0} | {:.3} | {}",
        cost.wall.as_secs_f64(),
        rate(hosts, cost),
        processor(hosts, cost),
        cost.memory >> 20
    )
}

/// One target a line.
fn write_targets(file: &Path, targets: impl Iterator<Item = String>) -> Result<()> {
    let lines: String = targets.map(|target| target + "\n").collect();
    fs::write(file, lines)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot write {}", file.display()))
}

/// The farm in a process of its own, killed when dropped.
struct Farm(Child);

impl Farm {
    fn start(port: u16) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe().into_diagnostic()?)
            .args(["farm", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .into_diagnostic()?;
        let output = child.stdout.take();
        let farm = Self(child);
        let mut line = String::new();
        if let Some(output) = output {
            BufReader::new(output).read_line(&mut line).into_diagnostic()?;
        }
        ensure!(line.starts_with(farm::LISTENING), "the farm does not listen");
        Ok(farm)
    }
}

impl Drop for Farm {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
