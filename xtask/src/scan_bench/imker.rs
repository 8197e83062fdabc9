//! `imker scan` over the farm.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;

use imker_posture::Verdict;
use jiff::{SignedDuration, Timestamp};
use miette::{IntoDiagnostic, Result, WrapErr, ensure, miette};
use serde::Deserialize;

use super::{Truth, row, write_targets};
use crate::bench::child::{Cost, Program};
use crate::farm::plan;

/// What all runs share.
pub struct Scan<'r> {
    pub imker: &'r Path,
    /// For targets and results.
    pub folder: &'r Path,
    pub port: u16,
    pub truth: &'r Truth,
}

/// One run.
pub struct Run {
    pub cost: Cost,
    /// Of the hosts that answer, from the first question to the last answer.
    pub answering_per_second: f64,
}

/// What of a line is compared.
#[derive(Deserialize)]
struct Line {
    target: String,
    verdict: Verdict,
    started: Timestamp,
    took_ms: i64,
}

impl Scan<'_> {
    /// Asks, prints a row, and fails where an answer is missing or wrong.
    pub fn run(&self, name: &str, hosts: u32, silent: u32) -> Result<Run> {
        let (list, found) = (self.folder.join("imker.txt"), self.folder.join("imker.jsonl"));
        let targets = plan::servers(hosts).chain(plan::silent(silent));
        write_targets(&list, targets.map(|address| format!("{address}:{}", self.port)))?;
        let cost = self.program(&list, &found).cost()?;
        println!("| {name} | {} |", row(hosts + silent, cost));
        let answering_per_second = self.compare(&found, hosts + silent)?;
        Ok(Run {
            cost,
            answering_per_second,
        })
    }

    /// The one place that knows the command line.
    fn program(&self, list: &Path, found: &Path) -> Program {
        Program::new("imker scan", [self.imker.as_os_str()])
            .with("scan")
            .with("--targets")
            .with(list)
            .with("--output")
            .with(found)
            .with("--authorised=the farm is ours")
            .with("--checks=quick")
            .with("--format=jsonl")
            .with("--rate=0")
            // The farm's addresses are neighbours.
            .with("--per-network=256")
            .with("--quiet")
    }

    fn compare(&self, found: &Path, expected: u32) -> Result<f64> {
        let mut told = BTreeSet::new();
        let (mut first, mut last) = (Timestamp::MAX, Timestamp::MIN);
        let (mut answering, mut wrong) = (0_u32, Vec::new());
        for line in BufReader::new(File::open(found).into_diagnostic()?).lines() {
            let line = line.into_diagnostic()?;
            let line: Line = serde_json::from_str(&line)
                .into_diagnostic()
                .wrap_err_with(|| format!("not understood: {line}"))?;
            let address = self.address(&line.target)?;
            let truth = self
                .truth
                .get(&address)
                .ok_or_else(|| miette!("{address} was never named"))?;
            ensure!(told.insert(address), "{address} was told twice");
            if truth.verdict != line.verdict {
                wrong.push((address, truth.verdict.name(), line.verdict.name()));
            }
            if truth.verdict != Verdict::Unreachable {
                answering += 1;
                first = first.min(line.started);
                let took = SignedDuration::from_millis(line.took_ms);
                last = last.max(line.started + took);
            }
        }
        ensure!(
            wrong.is_empty(),
            "{} answers are wrong, among them {:?}",
            wrong.len(),
            wrong.iter().take(5).collect::<Vec<_>>()
        );
        ensure!(
            told.len() == expected as usize,
            "{} of {expected} hosts were told",
            told.len()
        );
        Ok(f64::from(answering) / last.duration_since(first).as_secs_f64())
    }

    /// Of a target such as `127.1.0.0:8443`; its port is left out where it is that of HTTPS.
    fn address(&self, target: &str) -> Result<Ipv4Addr> {
        let with_port = target.parse::<SocketAddrV4>().map(|address| *address.ip());
        with_port
            .or_else(|_| target.parse())
            .into_diagnostic()
            .wrap_err_with(|| format!("`{target}` is no address"))
    }
}
