//! What can be typed after `imker scan`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::{Color, Lang};

/// The most of what is asked at a time.
const MOST: NonZeroUsize = NonZeroUsize::new(65_536).unwrap();

pub const EXAMPLES: &str = "\
Examples:
  imker scan mail.example.org
      Everything about one server: build, open CVEs, what answers without a log-on.
  imker scan --discover example.org
      Find the mail domain's servers first; what lies with Exchange Online is not asked.
  imker scan 192.0.2.0/24 --authorised \"J. Doe, network owner\" --format csv -o result.csv
      A network: three requests a server.
  imker scan customers.txt --resume state --html fleet.html --authorised \"contract 4711\"
      A list, with a report for printing; repeat the command after an interruption.
  nmap -p443 --open -oX found.xml 192.0.2.0/24; imker scan found.xml
      What nmap found.
  imker scan --diff march.jsonl april.jsonl
      What has changed.
  imker scan mail.example.org --dry-run
      What would be asked, byte for byte.

Exit status: 1 if a CVE of the known chains is open somewhere; else 2 if a target could not be told or something
failed; else 0. With --diff: 1 if a target has become worse or a new one is open; else 2 if one that was told could
not be told again; else 0.";

/// `imker scan`.
#[derive(Debug, Args)]
pub struct ScanArguments {
    /// Servers: names, addresses, URLs, host:port, networks; files with one a line, or nmap's XML; `-` is standard
    /// input
    #[arg(value_name = "TARGET", required_unless_present_any = ["targets", "discover", "diff"])]
    pub entries: Vec<String>,

    /// Read targets from a file, `-` for standard input; may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Targets")]
    pub targets: Vec<PathBuf>,
    /// Find the servers of a mail domain by DNS, and ask them; may be repeated
    #[arg(long, value_name = "DOMAIN", help_heading = "Targets")]
    pub discover: Vec<String>,
    /// Ask a server that --discover found outside the domain; may be repeated
    #[arg(long, value_name = "HOST", requires = "discover", help_heading = "Targets")]
    pub confirm: Vec<String>,
    /// Never ask what a file names: hosts, addresses, networks, domains as in *.example.org; may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Targets")]
    pub exclude: Vec<PathBuf>,
    /// Never ask addresses of this kind, also where a name leads there; may be repeated
    #[arg(
        long,
        value_enum,
        value_name = "KIND",
        value_delimiter = ',',
        help_heading = "Targets"
    )]
    pub skip: Vec<Skip>,
    /// Who permitted it; needed for networks larger than /28 and more than 256 targets, and kept in the result
    #[arg(long, value_name = "WHO", value_parser = who, help_heading = "Targets")]
    pub authorised: Option<String>,
    /// Ask this name server instead of the system's
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = resolver, help_heading = "Targets")]
    pub resolver: Option<SocketAddr>,
    /// Judge by newer tables of builds, fixes and products (docs/builds.md); may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Targets")]
    pub update_table: Vec<PathBuf>,
    /// Tell what would be asked, and ask nobody but DNS, and that only for --discover
    #[arg(long, conflicts_with_all = ["format", "html", "nmap_xml"], help_heading = "Targets")]
    pub dry_run: bool,

    /// How much is asked of a server; by default `full` for a single target, `quick` for more
    #[arg(long, value_enum, help_heading = "Asking")]
    pub checks: Option<CheckSet>,
    /// Ask ports 25 and 587 as well
    #[arg(long, help_heading = "Asking")]
    pub smtp: bool,
    /// From where this machine looks, which decides what counts as exposed
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "WHERE",
        help_heading = "Asking"
    )]
    pub vantage: VantageFrom,
    /// Address or page that is sent in the user agent, for whoever reads the servers' logs
    #[arg(long, value_name = "CONTACT", help_heading = "Asking")]
    pub contact: Option<String>,
    /// The longest that a connection, a handshake and the first byte of an answer may take each [default: 5s, 10s, 15s]
    #[arg(long, value_name = "DURATION", help_heading = "Asking")]
    pub timeout: Option<String>,

    /// Targets begun a second; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 500, help_heading = "Manners")]
    pub rate: u32,
    /// Targets asked at a time; those that keep one waiting do not count
    #[arg(long, value_name = "N", default_value = "500", value_parser = number, help_heading = "Manners")]
    pub concurrency: NonZeroUsize,
    /// Targets asked at a time in one network (/24, or /48 of IPv6)
    #[arg(long, value_name = "N", default_value = "16", value_parser = number, help_heading = "Manners")]
    pub per_network: NonZeroUsize,
    /// Targets asked at a time at one address
    #[arg(long, value_name = "N", default_value = "1", value_parser = number, help_heading = "Manners")]
    pub per_host: NonZeroUsize,
    /// How often a target that does not answer is asked again
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Manners")]
    pub retries: u32,
    /// Keep what was asked and answered in a file, and go on where an earlier scan with it ended
    #[arg(long, value_name = "STATE", help_heading = "Manners")]
    pub resume: Option<PathBuf>,
    /// What becomes of targets that an earlier scan asked without keeping the answer, because it was killed
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "WHAT",
        requires = "resume",
        help_heading = "Manners"
    )]
    pub interrupted: WhatOfInterrupted,

    /// Tell what has changed between two results (json or jsonl)
    #[arg(
        long,
        num_args = 2,
        value_names = ["OLD", "NEW"],
        conflicts_with_all = ["entries", "targets", "discover", "resume", "dry_run", "html", "nmap_xml"],
        help_heading = "Output"
    )]
    pub diff: Option<Vec<PathBuf>>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: ScanFormat,
    /// Show of a single target every CVE, answer, directory and mail service, not what fits on a screen
    #[arg(long, help_heading = "Output")]
    pub details: bool,
    /// Write to FILE, all at once or not at all, instead of standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Write a report as one HTML file, beside the other output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub html: Option<PathBuf>,
    /// Write the result as nmap's XML, beside the other output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub nmap_xml: Option<PathBuf>,
    /// Language of texts; by default that of the environment
    #[arg(long, value_enum, help_heading = "Output")]
    pub lang: Option<Lang>,
    /// Colours: by default on a terminal
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub color: Color,
    /// No progress bar
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
}

fn who(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("name who gave permission"),
        who => Ok(who.to_owned()),
    }
}

fn number(text: &str) -> Result<NonZeroUsize, &'static str> {
    match text.parse() {
        Ok(number) if number <= MOST => Ok(number),
        _ => Err("a number from 1 to 65536"),
    }
}

/// An address, with port 53 where none is named.
fn resolver(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .or_else(|_| text.parse().map(|address| SocketAddr::new(address, 53)))
        .map_err(|_| "an address, as in 192.0.2.53 or [2001:db8::53]:5353")
}

/// How much is asked of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckSet {
    /// One connection, if the server leaves it at that: both checks for ProxyShell, and the logon page
    Quick,
    /// Also ProxyLogon, ProxyNotShell, virtual directories, names, TLS versions, all addresses and front ends
    Full,
}

/// From where this machine looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum VantageFrom {
    /// From outside: what answers is exposed to the internet
    Internet,
    /// From within the network
    #[default]
    Internal,
}

/// Kinds of addresses that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Skip {
    /// RFC 1918, RFC 6598, fc00::/7
    Private,
    /// 127.0.0.0/8, ::1
    Loopback,
    /// 169.254.0.0/16, fe80::/10
    LinkLocal,
    /// Documentation, benchmarks, not in use
    Reserved,
}

/// What becomes of targets whose answer was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum WhatOfInterrupted {
    /// They are asked again
    #[default]
    Again,
    /// They are not asked again; the result names them
    Leave,
}

/// Forms of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ScanFormat {
    /// For reading
    #[default]
    Text,
    /// One document (docs/schema/imker-scan-1.schema.json)
    Json,
    /// One line a target
    Jsonl,
    /// One row a front end, safe for spreadsheets
    Csv,
    /// SARIF 2.1.0
    Sarif,
}
