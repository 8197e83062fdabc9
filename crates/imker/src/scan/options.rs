//! From what was typed to what is meant.

use std::path::{Path, PathBuf};
use std::time::Duration;

use imker_posture::{Checks, Vantage};
use imker_report::Language;
use imker_scan::run::{Interrupted, Manners};
use imker_scan::target::{Exclusions, Host, Reach, Reaches, Source};
use miette::{IntoDiagnostic, Result, WrapErr, miette};

use super::args::{CheckSet, ScanArguments, ScanFormat, Skip, VantageFrom, WhatOfInterrupted};
use crate::output;
use crate::values::{duration, language};

/// What `imker scan` is to do.
pub struct Scan {
    pub entries: Vec<Named>,
    pub discover: Vec<String>,
    pub confirmed: Vec<Host>,
    pub exclusions: Exclusions,
    pub reaches: Reaches,
    pub authorised: Option<String>,
    pub resolver: Option<std::net::SocketAddr>,
    pub checks: Option<Checks>,
    pub smtp: bool,
    pub vantage: Vantage,
    pub contact: Option<String>,
    pub timeout: Option<Duration>,
    pub manners: Manners,
    pub dry_run: bool,
    pub resume: Option<PathBuf>,
    pub output: Written,
}

/// What names targets.
pub enum Named {
    /// A server or a network.
    Entry(String),
    /// A list, or nmap's XML.
    File(PathBuf),
    /// Either, on standard input.
    StandardInput,
}

/// How a result is written.
pub struct Written {
    pub format: ScanFormat,
    pub detailed: bool,
    pub path: Option<PathBuf>,
    pub html: Option<PathBuf>,
    pub nmap_xml: Option<PathBuf>,
    pub language: Language,
    pub coloured: bool,
    pub width: usize,
    pub quiet: bool,
}

impl Scan {
    /// Makes sense of arguments, or says which of them makes none.
    pub fn new(arguments: ScanArguments) -> Result<Self> {
        let mut exclusions = Exclusions::default();
        for path in &arguments.exclude {
            exclusions.read(path).into_diagnostic()?;
        }
        let mut entries: Vec<Named> = arguments.entries.into_iter().map(Named::new).collect();
        entries.extend(arguments.targets.into_iter().map(Named::file));
        if entries
            .iter()
            .filter(|named| matches!(named, Named::StandardInput))
            .count()
            > 1
        {
            return Err(miette!("`-` is named twice; standard input can be read once"));
        }
        let output = Written {
            format: arguments.format,
            detailed: arguments.details,
            coloured: arguments.output.is_none() && output::coloured(arguments.color),
            path: arguments.output,
            html: arguments.html,
            nmap_xml: arguments.nmap_xml,
            language: language(arguments.lang),
            width: output::width(),
            quiet: arguments.quiet,
        };
        let files = entries.iter().filter_map(|named| match named {
            Named::File(path) => Some(path.as_path()),
            _ => None,
        });
        let mut read: Vec<&Path> = files.collect();
        read.extend(arguments.exclude.iter().map(PathBuf::as_path));
        read.extend(arguments.resume.as_deref());
        output.spare(&read)?;
        let confirmed = arguments.confirm.iter().map(|host| {
            host.parse::<Host>()
                .into_diagnostic()
                .wrap_err_with(|| format!("--confirm {host}"))
        });
        Ok(Self {
            confirmed: confirmed.collect::<Result<_>>()?,
            discover: arguments.discover,
            entries,
            exclusions,
            reaches: reaches(&arguments.skip),
            authorised: arguments.authorised,
            resolver: arguments.resolver,
            checks: arguments.checks.map(|checks| match checks {
                CheckSet::Quick => Checks::Quick,
                CheckSet::Full => Checks::Full,
            }),
            smtp: arguments.smtp,
            vantage: match arguments.vantage {
                VantageFrom::Internet => Vantage::Internet,
                VantageFrom::Internal => Vantage::Internal,
            },
            contact: arguments.contact,
            timeout: arguments.timeout.map(|text| timeout(&text)).transpose()?,
            manners: Manners {
                rate: arguments.rate,
                concurrency: arguments.concurrency.get(),
                per_network: arguments.per_network.get(),
                per_host: arguments.per_host.get(),
                retries: arguments.retries,
                interrupted: match arguments.interrupted {
                    WhatOfInterrupted::Again => Interrupted::Again,
                    WhatOfInterrupted::Leave => Interrupted::Leave,
                },
            },
            dry_run: arguments.dry_run,
            resume: arguments.resume,
            output,
        })
    }
}

impl Named {
    /// What stands on the command line: a file where there is one with that name.
    fn new(text: String) -> Self {
        if text == "-" {
            return Self::StandardInput;
        }
        if !Path::new(&text).is_file() {
            return Self::Entry(text);
        }
        if text.parse::<Host>().is_ok() && text.contains('.') {
            output::note(&format!(
                "{text}: there is a file with this name, which is read as a list\n"
            ));
        }
        Self::File(text.into())
    }

    fn file(path: PathBuf) -> Self {
        match path.as_os_str() == "-" {
            true => Self::StandardInput,
            false => Self::File(path),
        }
    }
}

impl From<&Named> for Source {
    fn from(named: &Named) -> Self {
        match named {
            Named::Entry(text) => Self::Argument(text.clone()),
            Named::File(path) => Self::File(path.clone()),
            Named::StandardInput => Self::stdin(),
        }
    }
}

impl Written {
    /// Refuses outputs that would take the place of what is read, or of each other.
    fn spare(&self, read: &[&Path]) -> Result<()> {
        let outputs = [
            ("--output", self.path.as_deref()),
            ("--html", self.html.as_deref()),
            ("--nmap-xml", self.nmap_xml.as_deref()),
        ];
        for (option, path) in &outputs[1..] {
            if *path == Some(Path::new("-")) {
                return Err(miette!(
                    help = "name a file",
                    "{option} -: it cannot stand beside other output"
                ));
            }
        }
        output::spare_inputs(&outputs, read)
    }
}

fn reaches(skip: &[Skip]) -> Reaches {
    let skipped = skip.iter().flat_map(|kind| match kind {
        Skip::Private => &[Reach::Private, Reach::Shared][..],
        Skip::Loopback => &[Reach::Loopback],
        Skip::LinkLocal => &[Reach::LinkLocal],
        Skip::Reserved => &[Reach::Documentation, Reach::Benchmark, Reach::Reserved],
    });
    skipped.fold(Reaches::ALL, |reaches, reach| reaches.without(*reach))
}

fn timeout(text: &str) -> Result<Duration> {
    let timeout = duration("--timeout", text)?;
    Duration::try_from(timeout)
        .ok()
        .filter(|timeout| *timeout <= Duration::from_secs(600))
        .ok_or_else(|| {
            miette!(
                help = "as in 5s; ten minutes at most",
                "--timeout {text}: too long"
            )
        })
}
