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

use super::{Format, Truth, row, write_targets};
use crate::bench::child::{Cost, Program};
use crate::farm::plan;

/// What all runs share.
pub struct Scan<'r> {
    pub imker: &'r Path,
    /// For targets and results.
    pub folder: &'r Path,
    pub port: u16,
    pub format: Format,
    pub truth: &'r Truth,
}

/// One run.
pub struct Run {
    pub cost: Cost,
    /// Of the hosts that answer, from the first question to the last answer, where the output tells when that was.
    pub answering_per_second: Option<f64>,
}

/// What of a line of JSON is compared.
#[derive(Deserialize)]
struct Line {
    target: String,
    verdict: Verdict,
    /// Not in the table, as what follows.
    started: Option<Timestamp>,
    took_ms: Option<i64>,
}

impl Line {
    /// A host's line of the table: a mark, the verdict in words, the target.
    fn of_table(line: &str) -> Option<Self> {
        let words: Vec<_> = line.split_whitespace().collect();
        let at = words
            .iter()
            .position(|word| word.parse::<SocketAddrV4>().is_ok())?;
        let told = words.get(1..at)?.join(" ");
        let in_words = |verdict: Verdict| match verdict {
            Verdict::NotExchange => "no Exchange".to_owned(),
            other => other.name().replace('_', " "),
        };
        Some(Self {
            target: words[at].to_owned(),
            verdict: Verdict::ALL
                .into_iter()
                .find(|verdict| in_words(*verdict) == told)?,
            started: None,
            took_ms: None,
        })
    }
}

impl Scan<'_> {
    /// Asks, prints a row, and fails where an answer is missing or wrong.
    pub fn run(&self, name: &str, hosts: u32, silent: u32) -> Result<Run> {
        let (list, found) = (self.folder.join("imker.txt"), self.folder.join("imker.found"));
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
            .with(match self.format {
                Format::Jsonl => "--format=jsonl",
                Format::Text => "--format=text",
            })
            .with("--lang=en")
            .with("--rate=0")
            // The farm answers without delay: more at a time would only be more memory to go through.
            .with("--concurrency=100")
            // Its addresses are neighbours.
            .with("--per-network=256")
            .with("--quiet")
    }

    fn compare(&self, found: &Path, expected: u32) -> Result<Option<f64>> {
        let mut told = BTreeSet::new();
        let (mut first, mut last) = (Timestamp::MAX, Timestamp::MIN);
        let (mut answering, mut wrong) = (0_u32, Vec::new());
        for line in BufReader::new(File::open(found).into_diagnostic()?).lines() {
            let line = line.into_diagnostic()?;
            let line = match self.format {
                Format::Jsonl => serde_json::from_str(&line)
                    .into_diagnostic()
                    .wrap_err_with(|| format!("not understood: {line}"))?,
                // What is no host's line is head or summary.
                Format::Text => match Line::of_table(&line) {
                    Some(line) => line,
                    None => continue,
                },
            };
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
                if let (Some(started), Some(took_ms)) = (line.started, line.took_ms) {
                    first = first.min(started);
                    last = last.max(started + SignedDuration::from_millis(took_ms));
                }
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
        Ok((first < last).then(|| f64::from(answering) / last.duration_since(first).as_secs_f64()))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn lines_of_hosts_are_read_in_both_formats() {
        let line = Line::of_table("· no Exchange   127.1.0.1:8443   The logon page is not there.").unwrap();
        assert_eq!(
            (&*line.target, line.verdict),
            ("127.1.0.1:8443", Verdict::NotExchange)
        );
        let line =
            Line::of_table("✖ vulnerable    127.1.0.2:8443   Exchange 2016 CU19   15.1.2176.9").unwrap();
        assert_eq!((line.verdict, line.started), (Verdict::Vulnerable, None));
        assert!(Line::of_table("  verdict        target").is_none());
        assert!(Line::of_table("  vulnerable 300").is_none());

        let line = r#"{"target":"127.1.0.2:8443","verdict":"fixed","started":"2026-12-01T10:00:00Z","took_ms":7,"checks":"quick"}"#;
        let line: Line = serde_json::from_str(line).unwrap();
        assert_eq!((line.verdict, line.took_ms), (Verdict::Fixed, Some(7)));
    }
}
