//! rsigma's own evaluation of the same rules over the same events, in this process.
//!
//! It is behind the feature `rsigma`, so that the everyday build stays small; `cargo xtask bench` builds this
//! tool once more with the feature and asks it.

use std::path::PathBuf;
use std::slice;

use clap::Args;
use miette::{IntoDiagnostic, Result, miette};
use serde::{Deserialize, Serialize};

use super::child::{Program, interleaved};
use super::data::Log;
use super::table::{Limit, Table};
use crate::project;

/// What rsigma evaluates.
#[derive(Debug, Args)]
pub struct Sample {
    /// IIS log to take events from
    #[arg(long)]
    pub log: PathBuf,
    /// Events, taken evenly over the log
    #[arg(long, default_value_t = 20_000)]
    pub events: usize,
    /// Folders of rules
    #[arg(long)]
    pub rules: Vec<PathBuf>,
    /// Passes over the events
    #[arg(long, default_value_t = 3)]
    pub passes: usize,
}

/// How fast rsigma was.
#[derive(Debug, Serialize, Deserialize)]
pub struct Throughput {
    pub rules: usize,
    pub events: usize,
    pub matches: usize,
    /// Seconds of each pass.
    pub seconds: Vec<f64>,
}

/// Adds the comparison with `imker`, which reads the whole of `log` with the same rules.
pub fn compare(log: &Log, imker: &Program, runs: usize, table: &mut Table) -> Result<()> {
    let mut cargo = project::cargo();
    cargo.args([
        "run",
        "--release",
        "--quiet",
        "--package",
        "xtask",
        "--features",
        "xtask/rsigma",
        "--target-dir",
    ]);
    cargo
        .arg(project::target()?)
        .args(["--", "rsigma", "--log"])
        .arg(&log.path);
    let own = Some(project::root().join("rules/sigma")).filter(|rules| rules.is_dir());
    for rules in [own, project::sigmahq()].into_iter().flatten() {
        cargo.arg("--rules").arg(rules);
    }
    let output = cargo.output().into_diagnostic()?;
    if !output.status.success() {
        return Err(miette!("rsigma: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let rsigma: Throughput = serde_json::from_slice(&output.stdout).into_diagnostic()?;
    let mut seconds = rsigma.seconds.clone();
    seconds.sort_by(f64::total_cmp);
    let theirs = rsigma.events as f64 / seconds[seconds.len() / 2];
    let times = interleaved(slice::from_ref(imker), runs)?;
    let ours = log.lines as f64 / times[0].median();
    let limit = Limit::AtLeast(100.0);
    let word = if limit.holds(ours / theirs) {
        "met"
    } else {
        "MISSED"
    };
    table.notes.push(format!(
        "rsigma: {theirs:.0} events/s in {} events with {} rules; imker: {ours:.0} events/s; {:.0} times as many, bar {limit}: {word}.",
        rsigma.events,
        rsigma.rules,
        ours / theirs
    ));
    Ok(())
}

/// Evaluates and prints a [`Throughput`] as JSON.
#[cfg(not(feature = "rsigma"))]
pub fn run(_sample: &Sample) -> Result<()> {
    Err(miette!("built without the feature `rsigma`"))
}

/// Evaluates and prints a [`Throughput`] as JSON.
#[cfg(feature = "rsigma")]
pub fn run(sample: &Sample) -> Result<()> {
    use std::time::Instant;

    use rsigma_eval::{Engine, JsonEvent};

    let mut engine = Engine::new();
    for folder in &sample.rules {
        let rules = rsigma_parser::parse_sigma_directory(folder).into_diagnostic()?;
        let web = rules
            .rules
            .iter()
            .filter(|rule| rule.logsource.category.as_deref() == Some("webserver"));
        if let Some((_, error)) = engine.add_rules(web).into_iter().next() {
            return Err(miette!("{}: {error}", folder.display()));
        }
    }
    let events = events(&sample.log, sample.events)?;
    let mut throughput = Throughput {
        rules: engine.rule_count(),
        events: events.len(),
        matches: 0,
        seconds: Vec::new(),
    };
    for _ in 0..sample.passes {
        let begin = Instant::now();
        throughput.matches = events
            .iter()
            .map(|event| engine.evaluate(&JsonEvent::borrow(event)).len())
            .sum();
        throughput.seconds.push(begin.elapsed().as_secs_f64());
    }
    println!("{}", serde_json::to_string(&throughput).into_diagnostic()?);
    Ok(())
}

/// Events as Sigma's taxonomy names their fields: W3C names, except headers.
#[cfg(feature = "rsigma")]
fn events(log: &std::path::Path, count: usize) -> Result<Vec<serde_json::Value>> {
    use std::fs::File;
    use std::io::{BufRead, BufReader};

    let lines = || Ok::<_, miette::Report>(BufReader::new(File::open(log).into_diagnostic()?).lines());
    let step = lines()?.count().div_ceil(count).max(1);
    let mut fields: Vec<String> = Vec::new();
    let mut events = Vec::with_capacity(count);
    for (number, line) in lines()?.enumerate() {
        let line = line.into_diagnostic()?;
        if let Some(names) = line.strip_prefix("#Fields: ") {
            fields = names.split(' ').map(sigma_name).collect();
        }
        if number % step != 0 || line.starts_with('#') {
            continue;
        }
        let pairs = fields
            .iter()
            .cloned()
            .zip(line.split(' ').map(|value| value.to_owned().into()));
        events.push(serde_json::Value::Object(pairs.collect()));
    }
    Ok(events)
}

#[cfg(feature = "rsigma")]
fn sigma_name(w3c: &str) -> String {
    match w3c {
        "cs(User-Agent)" => "cs-user-agent".to_owned(),
        "cs(Referer)" => "cs-referer".to_owned(),
        "cs(Cookie)" => "cs-cookie".to_owned(),
        "sc-win32-status" => "c-win32-status".to_owned(),
        _ => w3c.to_owned(),
    }
}
