//! `cargo xtask-honeypot scan-bench`: `imker scan` beside nmap, on one farm that shares the machine with both. Linux only.

mod imker;
mod nmap;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic, Result, WrapErr, ensure};

use self::nmap::Work;
use crate::bench::child::Cost;
use crate::farm::certificate::Key;
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
    /// Keys of the farm's certificates
    #[arg(long, value_enum, default_value_t = Key::EcdsaP256)]
    key: Key,
    /// What `imker scan` writes; when each host was asked, and so the rate beside silent ones, is in jsonl alone
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    /// Binary to measure; by default the project's, built for release
    #[arg(long)]
    imker: Option<PathBuf>,
}

/// Outputs that are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Jsonl,
    Text,
}

/// nmap's hosts per second, this many times, is the bar.
const BAR: f64 = 10.0;
/// The most memory in MiB.
const MEMORY: u64 = 200;
/// What the rate of hosts that answer may fall to beside those that do not.
const BESIDE_SILENT: f64 = 0.9;

/// What bars are laid on.
#[derive(Debug, Default)]
struct Measured {
    /// The most memory of each run, in MiB.
    memory: Vec<u64>,
    /// Hosts a second that answer, beside those that do not, by those alone.
    beside_silent: Option<f64>,
    /// Hosts a second by nmap's, which makes the same checks.
    beside_nmap: Option<f64>,
}

impl Measured {
    /// What was measured, its bar, and whether that was met.
    fn bars(&self) -> Vec<(String, bool)> {
        let memory = self.memory.iter().map(|&memory| {
            let text = format!("memory {memory} MiB, bar {MEMORY}");
            (text, memory <= MEMORY)
        });
        let silent = self.beside_silent.map(|ratio| {
            let text =
                format!("hosts that answer, a second, beside silent ones {ratio:.2} x, bar {BESIDE_SILENT}");
            (text, ratio >= BESIDE_SILENT)
        });
        let nmap = self.beside_nmap.map(|ratio| {
            let text = format!("{ratio:.1} x nmap's hosts a second with both checks, bar {BAR}");
            (text, ratio >= BAR)
        });
        memory.chain(silent).chain(nmap).collect()
    }
}

/// Measures and prints; whether all bars were met. Wrong answers are errors.
pub fn run(options: &Options) -> Result<bool> {
    let folder = tempfile::tempdir_in(project::target()?).into_diagnostic()?;
    let folder = folder.path();
    let config = plan::config(folder)?;
    let truth: Truth = plan::servers(options.hosts.max(options.nmap_hosts))
        .chain(plan::silent(options.silent))
        .map(|address| (address, plan::truth(&config, address)))
        .collect();
    let _farm = Farm::start(options.port, options.key)?;

    println!("the farm signs with {}", options.key.name());
    let mut nmap = Vec::new();
    for work in [Work::BothChecks, Work::OneRequest] {
        if options.nmap_hosts > 0 {
            let cost = nmap::fastest(work, folder, options.port, options.nmap_hosts, &truth)?;
            nmap.push((work, cost));
        }
    }
    if options.nmap_only {
        return Ok(true);
    }
    let imker = options.imker.clone().map_or_else(project::imker, Ok)?;
    let scan = imker::Scan {
        imker: &imker,
        folder,
        port: options.port,
        format: options.format,
        truth: &truth,
    };
    println!("\n| imker scan, quick | {COLUMNS} |\n|---|{}", "---:|".repeat(6));
    let mut measured = Measured::default();
    let alone = scan.run("all answer", options.hosts, 0)?;
    measured.memory.push(alone.cost.memory >> 20);
    if options.silent > 0 {
        let beside = scan.run("silent ones among them", options.hosts, options.silent)?;
        measured.memory.push(beside.cost.memory >> 20);
        measured.beside_silent = beside
            .answering_per_second
            .zip(alone.answering_per_second)
            .map(|(beside, alone)| beside / alone);
    }
    println!();
    for (work, nmap) in nmap {
        let ratio = rate(options.hosts, alone.cost) / rate(options.nmap_hosts, nmap);
        let processor = processor(options.nmap_hosts, nmap) / processor(options.hosts, alone.cost);
        println!(
            "nmap, {}: imker scan asks {ratio:.1} x the hosts a second, for 1/{processor:.1} of the CPU a host",
            work.name()
        );
        if let Work::BothChecks = work {
            measured.beside_nmap = Some(ratio);
        }
    }
    if options.silent > 0 && measured.beside_silent.is_none() {
        println!("hosts that answer, a second, beside silent ones: not measured in this format");
    }
    let bars = measured.bars();
    for (text, met) in &bars {
        println!("{text}: {}", if *met { "met" } else { "MISSED" });
    }
    Ok(bars.iter().all(|(_, met)| *met))
}

/// What is true of each address.
type Truth = BTreeMap<Ipv4Addr, plan::Truth>;

/// Hosts a second.
fn rate(hosts: u32, cost: Cost) -> f64 {
    f64::from(hosts) / cost.wall.as_secs_f64()
}

/// Milliseconds of processor time a host.
fn processor(hosts: u32, cost: Cost) -> f64 {
    cost.processor.as_secs_f64() * 1000.0 / f64::from(hosts)
}

/// Of [`row`]; the processor time is the program's own, in user and kernel mode.
const COLUMNS: &str = "hosts | wall s | hosts/s | CPU s | CPU ms/host | MiB";

fn row(hosts: u32, cost: Cost) -> String {
    format!(
        "{hosts} | {:.2} | {:.0} | {:.2} | {:.3} | {}",
        cost.wall.as_secs_f64(),
        rate(hosts, cost),
        cost.processor.as_secs_f64(),
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
    fn start(port: u16, key: Key) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe().into_diagnostic()?)
            .args(["farm", "--port", &port.to_string(), "--key", key.name()])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_that_is_missed_is_told() {
        let met = |memory: &[u64], beside_silent, beside_nmap| {
            let memory = memory.to_vec();
            let measured = Measured {
                memory,
                beside_silent,
                beside_nmap,
            };
            measured.bars().iter().map(|(_, met)| *met).collect::<Vec<_>>()
        };
        assert_eq!(met(&[200, 200], Some(0.9), Some(10.0)), [true; 4]);
        assert_eq!(
            met(&[200, 201], Some(0.89), Some(9.9)),
            [true, false, false, false]
        );
        assert_eq!(met(&[20], Some(f64::NAN), None), [true, false]);
    }
}
