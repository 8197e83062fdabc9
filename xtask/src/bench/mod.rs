//! `cargo xtask bench`: how fast `imker hunt` is, beside ripgrep, gzip and rsigma. Linux only.

pub mod child;
mod data;
mod rsigma;
mod table;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic, Result};

use self::child::{Program, interleaved};
use self::data::Data;
use self::table::{Limit, Row, Table};
use crate::project;

pub use self::rsigma::{Sample, run as run_rsigma};

/// What to measure.
#[derive(Debug, Args)]
pub struct Options {
    /// Bytes of log
    #[arg(long, default_value = "1G", value_parser = crate::corpus::size)]
    size: u64,
    /// Seed of the corpus
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Runs of each program
    #[arg(long, default_value_t = 9)]
    runs: usize,
    /// Small files
    #[arg(long, default_value_t = 100_000)]
    files: u64,
    /// Folder for the logs; by default in the target folder. Logs of the same size and seed are used again
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Binary to measure; by default the project's, built for release
    #[arg(long)]
    imker: Option<PathBuf>,
    /// Measure only these
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

/// A part of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// One big file beside ripgrep
    Scan,
    /// rsigma's own evaluation
    Rsigma,
    /// Gzip
    Gzip,
    /// Many small files
    Files,
}

const LITERAL: [&str; 4] = ["rg", "-c", "-F", "autodiscover.json"];

/// Measures and prints the table.
pub fn run(options: &Options) -> Result<()> {
    let imker = options.imker.clone().map_or_else(project::imker, Ok)?;
    let folder = options
        .folder
        .clone()
        .map_or_else(|| project::target().map(|target| target.join("bench")), Ok)?;
    let data = Data {
        folder,
        size: options.size,
        seed: options.seed,
    };
    let bench = Bench {
        imker,
        report: data.folder.join("report.json"),
        runs: options.runs,
    };
    fs::create_dir_all(&data.folder).into_diagnostic()?;
    let mut table = Table::default();
    for part in Part::value_variants() {
        if options.only.is_empty() || options.only.contains(part) {
            // What was measured before a failure is still worth showing.
            if let Err(error) = bench.part(*part, &data, options, &mut table) {
                table.notes.push(format!("{part:?} was not measured: {error}"));
            }
        }
    }
    table.print();
    Ok(())
}

struct Bench {
    imker: PathBuf,
    report: PathBuf,
    runs: usize,
}

impl Bench {
    fn part(&self, part: Part, data: &Data, options: &Options, table: &mut Table) -> Result<()> {
        match part {
            Part::Scan => self.scan(&data.single()?, table),
            Part::Rsigma => {
                let log = data.single()?;
                rsigma::compare(&log, &self.all_rules(&log), self.runs, table)
            }
            Part::Gzip => self.gzip(data, table),
            Part::Files => self.small_files(&data.small(options.files)?, table),
        }
    }

    fn hunt(&self, name: &str, input: &Path) -> Program {
        let words: [OsString; 8] = [
            self.imker.clone().into(),
            "hunt".into(),
            input.into(),
            "--format".into(),
            "json".into(),
            "-o".into(),
            self.report.clone().into(),
            "--no-stats".into(),
        ];
        Program::new(name, words)
    }

    /// A hunt with the built-in rules and, where they are at hand, SigmaHQ's.
    fn all_rules(&self, log: &data::Log) -> Program {
        let program = self.hunt("imker, with SigmaHQ's web rules", &log.path);
        match project::sigmahq() {
            Some(rules) => program.with("--rules").with(rules),
            None => program,
        }
    }

    /// One big file.
    fn scan(&self, log: &data::Log, table: &mut Table) -> Result<()> {
        let programs = [
            Program::new("rg, one literal", LITERAL).with(&log.path),
            Program::new("rg, one literal, read as imker does", LITERAL)
                .with("--no-mmap")
                .with(&log.path),
            self.hunt("imker, built-in rules", &log.path),
            self.all_rules(log),
            self.hunt("imker, every line (--stats)", &log.path)
                .without("--no-stats")
                .with("--stats"),
        ];
        let limits = [
            None,
            None,
            Some(Limit::AtMost(1.5)),
            Some(Limit::AtMost(3.0)),
            None,
        ];
        if project::sigmahq().is_none() {
            table
                .notes
                .push("SigmaHQ's rules are not at hand: their row has the built-in rules only.".into());
        }
        self.group("one file", &programs, &limits, log.bytes, table)
    }

    fn gzip(&self, data: &Data, table: &mut Table) -> Result<()> {
        let log = data.gzip()?;
        let programs = [
            Program::new("gzip -dc", ["gzip", "-dc"]).with(&log.path),
            self.hunt("imker, one thread", &log.path)
                .with("--threads")
                .with("1"),
        ];
        self.group(
            "one .gz",
            &programs,
            &[None, Some(Limit::AtMost(1.15))],
            log.bytes,
            table,
        )?;
        let days = data.gzip_days()?;
        let mut unpack = Program::new("gzip -dc, one core", ["gzip", "-dc"]);
        let mut files: Vec<_> = fs::read_dir(&days.path)
            .into_diagnostic()?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()
            .into_diagnostic()?;
        files.sort();
        for file in files {
            unpack = unpack.with(file);
        }
        let programs = [unpack, self.hunt("imker, all cores", &days.path)];
        self.group(
            "five .gz",
            &programs,
            &[None, Some(Limit::AtMost(1.15))],
            days.bytes,
            table,
        )
    }

    fn small_files(&self, log: &data::Log, table: &mut Table) -> Result<()> {
        let programs = [
            Program::new("rg, one literal", LITERAL).with(&log.path),
            self.hunt("imker, built-in rules", &log.path),
        ];
        let name = format!("{} files", log.files);
        self.group(
            &name,
            &programs,
            &[None, Some(Limit::AtMost(1.5))],
            log.bytes,
            table,
        )
    }

    /// Measures `programs`, the first of which is the yardstick.
    fn group(
        &self,
        input: &str,
        programs: &[Program],
        limits: &[Option<Limit>],
        bytes: u64,
        table: &mut Table,
    ) -> Result<()> {
        let all = interleaved(programs, self.runs)?;
        for ((program, times), limit) in programs.iter().zip(&all).zip(limits) {
            let own = program.name.starts_with("imker");
            table.rows.push(Row {
                input: input.to_owned(),
                program: program.name.clone(),
                times: times.clone(),
                bytes,
                ratio: own.then(|| times.median() / all[0].median()),
                limit: *limit,
                memory: if own { Some(program.peak_memory()?) } else { None },
            });
        }
        Ok(())
    }
}
