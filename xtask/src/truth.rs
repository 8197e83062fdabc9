//! `cargo xtask truth`: does `imker hunt` find what is in corpora, all of it and nothing else?

mod compare;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use miette::{IntoDiagnostic, Result, ensure, miette};
use serde_json::Value;

use crate::corpus::kinds::KINDS;
use crate::corpus::truth::Truth;
use crate::corpus::{self, Layout, attack};
use crate::project;

/// What to check.
#[derive(Debug, Args)]
pub struct Options {
    /// Seeds
    #[arg(long, value_delimiter = ',', default_value = "1,2,3,4,5")]
    seeds: Vec<u64>,
    /// Bytes of each corpus with all attacks
    #[arg(long, default_value = "20M", value_parser = corpus::size)]
    size: u64,
    /// Bytes of each corpus without attacks; by default as above
    #[arg(long, value_parser = corpus::size)]
    free_size: Option<u64>,
    /// Bytes of each corpus with one kind of attack
    #[arg(long, default_value = "1M", value_parser = corpus::size)]
    single_size: u64,
    /// Folder for the corpora; by default in the target folder. Each is deleted once it is checked
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Binary to check; by default the project's, built for release
    #[arg(long)]
    imker: Option<PathBuf>,
    /// Keep corpora and reports that differ
    #[arg(long)]
    keep: bool,
}

/// Writes corpora, hunts in them, prints a table; tells whether all is as it should be.
pub fn run(options: &Options) -> Result<bool> {
    let imker = options.imker.clone().map_or_else(project::imker, Ok)?;
    let folder = options
        .folder
        .clone()
        .map_or_else(|| project::target().map(|target| target.join("truth")), Ok)?;
    let mut found = Vec::new();
    println!("| seed | attacks in it | lines | verdict | attacks | differences |");
    println!("|---:|---|---:|---|---:|---:|");
    for &seed in &options.seeds {
        let singles = KINDS.iter().map(|kind| (kind.name, options.single_size));
        let free = options.free_size.unwrap_or(options.size);
        for (attacks, size) in [("none", free), ("all", options.size)].into_iter().chain(singles) {
            let out = folder.join(format!("{seed}-{attacks}"));
            let (truth, report) = check(&imker, &out, seed, attacks, size)?;
            let differences = compare::differences(&truth, &report);
            println!(
                "| {seed} | {attacks} | {} | {} | {} | {} |",
                truth.lines,
                report["verdict"].as_str().unwrap_or("?"),
                report["attacks"].as_array().map_or(0, Vec::len),
                differences.len()
            );
            if differences.is_empty() || !options.keep {
                fs::remove_dir_all(&out).into_diagnostic()?;
            }
            found.extend(
                differences
                    .into_iter()
                    .map(|difference| format!("seed {seed}, {attacks}: {difference}")),
            );
        }
    }
    println!("\n{} differences", found.len());
    for difference in &found {
        println!("- {difference}");
    }
    Ok(found.is_empty())
}

/// Writes one corpus and hunts in it.
fn check(imker: &Path, out: &Path, seed: u64, attacks: &str, size: u64) -> Result<(Truth, Value)> {
    let options = corpus::Options {
        size,
        seed,
        out: out.to_owned(),
        attacks: attack::kinds(attacks).map_err(miette::Report::msg)?,
        // What the files look like must not change what is found.
        layout: if seed.is_multiple_of(2) {
            Layout::Split
        } else {
            Layout::Single
        },
        files: seed.is_multiple_of(3).then_some(50),
        gz: seed.is_multiple_of(4),
    };
    let truth = corpus::write(&options).into_diagnostic()?;
    let report = out.join("report.json");
    let output = Command::new(imker)
        .arg("hunt")
        .arg(out.join("EX01"))
        .args(["--format", "json", "-o"])
        .arg(&report)
        .output()
        .into_diagnostic()?;
    ensure!(
        // 2 is an incomplete input too, which the report then tells.
        matches!(output.status.code(), Some(0..=2)),
        "imker hunt ended with {:?}: {}",
        output.status.code(),
        String::from_utf8_lossy(&output.stderr)
    );
    let text = fs::read(&report).map_err(|error| miette!("{}: {error}", report.display()))?;
    Ok((truth, serde_json::from_slice(&text).into_diagnostic()?))
}
