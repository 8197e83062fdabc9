//! What can be typed after `imker honeypot`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, value_parser};

use crate::args::{Color, Lang};

/// The configuration that is read where none is named.
pub const DEFAULT_CONFIG: &str = "honeypot.toml";

pub const EXAMPLES: &str = "\
Examples:
  imker honeypot init --persona exchange-2016-cu19-mar21su --address 0.0.0.0 -o honeypot.toml
      A configuration with names of its own; no two are alike.
  imker honeypot --config honeypot.toml
      Play the hosts in it until interrupted.
  imker honeypot events --follow
      What happens, as it happens; other processes may read while it runs.
  imker honeypot replay 01a222de-922c
      What one visitor sent and what it was told, in order.
  imker honeypot report --since 7d --html week.html
      Who came, how often, how far, with which tools and passwords.
  imker honeypot export blocklist --allow 192.0.2.0/24 --max-age 30d
      Sources of attacks, for a firewall.

Reading commands find the record through --config (by default honeypot.toml) or --data.";

/// `imker honeypot`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HoneypotArguments {
    #[command(subcommand)]
    pub command: Option<HoneypotCommand>,
    /// Configuration to play; `imker honeypot init` writes one
    #[arg(long, short, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    pub config: PathBuf,
    /// Add Sigma rules from a file or folder to the built-in ones; may be repeated
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Check the configuration and what it names, and tell what would be played, without playing it
    #[arg(long)]
    pub check: bool,
}

/// The commands below it.
#[derive(Debug, Subcommand)]
pub enum HoneypotCommand {
    /// Write a configuration with names of its own
    Init(InitArguments),
    /// List the personas that come with the program
    Personas,
    /// Show what was recorded, event by event
    Events(EventsArguments),
    /// Show visits: all connections of a source with less than 30 minutes between them
    Sessions(ReadArguments),
    /// Show sources, and how far each came
    Attackers(ReadArguments),
    /// Show attempts to log on
    Credentials(CredentialsArguments),
    /// Show what was sent to the sensor and kept in quarantine
    Payloads(PayloadsArguments),
    /// Show what a session or connection sent, and what it was told
    Replay(ReplayArguments),
    /// Show whether the sensor runs, sinks keep up, and how much is stored
    Status(StoreArguments),
    /// Evaluate one sensor's record, or the JSON lines of several
    Report(ReportArguments),
    /// Write sources and attacks for other systems
    Export(ExportArguments),
}

/// `imker honeypot init`.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// Persona: a name from `imker honeypot personas`, or a file
    #[arg(long, default_value = "exchange-2016-cu19-mar21su")]
    pub persona: String,
    /// Address or network to listen on; may be repeated
    #[arg(long = "address", value_name = "ADDRESS|NET", default_value = "0.0.0.0")]
    pub addresses: Vec<String>,
    /// Port for HTTPS
    #[arg(long, value_name = "PORT", default_value_t = 443, value_parser = value_parser!(u16).range(1..))]
    pub https: u16,
    /// Port for HTTP
    #[arg(long, value_name = "PORT", default_value_t = 80, value_parser = value_parser!(u16).range(1..))]
    pub http: u16,
    /// Folder for the record
    #[arg(long, value_name = "DIR", default_value = "honeypot-data")]
    pub data: PathBuf,
    /// Name of the sensor; by default a random one
    #[arg(long, value_name = "NAME")]
    pub sensor: Option<String>,
    /// Language and region of names and pages, as in de-DE; by default the persona's
    #[arg(long, value_name = "TAG")]
    pub language: Option<String>,
    /// Write to FILE, which must not exist, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Where the record is.
#[derive(Debug, Args)]
pub struct StoreArguments {
    /// Configuration that names the data folder
    #[arg(long, short, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    pub config: PathBuf,
    /// Data folder, in place of a configuration
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    pub data: Option<PathBuf>,
}

/// What of the record.
#[derive(Debug, Args)]
pub struct FilterArguments {
    /// From this on: a date, a time with offset, or a time span up to now such as 7d
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Before this
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Of this address or network
    #[arg(long, value_name = "NET")]
    pub source: Option<String>,
    /// On this simulated host: its DNS name, or the first part of it
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Of this session; the beginning of its id is enough
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// No more than this many: of sources those with the most events, otherwise the latest
    #[arg(long, short = 'n', value_name = "N")]
    pub limit: Option<usize>,
}

/// A list to show.
#[derive(Debug, Args)]
pub struct ReadArguments {
    #[command(flatten)]
    pub store: StoreArguments,
    #[command(flatten)]
    pub filter: FilterArguments,
    /// Form of the output
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

/// `imker honeypot events`.
#[derive(Debug, Args)]
pub struct EventsArguments {
    #[command(flatten)]
    pub read: ReadArguments,
    /// Only of this kind, as docs/events.md names them; may be repeated
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,
    /// Go on as events come
    #[arg(long, short)]
    pub follow: bool,
    /// Show passwords and responses to challenges
    #[arg(long)]
    pub reveal: bool,
}

/// `imker honeypot credentials`.
#[derive(Debug, Args)]
pub struct CredentialsArguments {
    #[command(flatten)]
    pub read: ReadArguments,
    /// Show passwords and responses to challenges
    #[arg(long)]
    pub reveal: bool,
}

/// `imker honeypot payloads`.
#[derive(Debug, Args)]
pub struct PayloadsArguments {
    #[command(flatten)]
    pub read: ReadArguments,
    /// Write the bytes with this SHA-256 (its beginning is enough) to --output, as received: handle them as hostile
    #[arg(long, value_name = "SHA256")]
    pub extract: Option<String>,
    /// Where --extract writes to: a new file
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `imker honeypot replay`.
#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// Session or connection; the beginning of its id is enough
    pub id: String,
    #[command(flatten)]
    pub store: StoreArguments,
    /// Show passwords and responses to challenges
    #[arg(long)]
    pub reveal: bool,
}

/// `imker honeypot report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// JSON lines of sensors, plain or packed, or folders of them; by default the record of this one
    #[arg(value_name = "EVENTS")]
    pub events: Vec<PathBuf>,
    #[command(flatten)]
    pub store: StoreArguments,
    /// From this on: a date, a time with offset, or a time span up to now such as 7d
    #[arg(long, value_name = "TIME", default_value = "7d")]
    pub since: String,
    /// Before this
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// An earlier report in JSON: what is new is told against it
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
    /// Write to FILE, all at once or not at all, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write a report as one HTML file, beside the other output
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Country database in MaxMind's format
    #[arg(long, value_name = "MMDB")]
    pub country: Option<PathBuf>,
    /// Database of autonomous systems in MaxMind's format
    #[arg(long, value_name = "MMDB")]
    pub asn: Option<PathBuf>,
    /// Language of texts; by default that of the environment
    #[arg(long, value_enum)]
    pub lang: Option<Lang>,
    /// Colours: by default on a terminal
    #[arg(long, value_enum, default_value_t)]
    pub color: Color,
}

/// `imker honeypot export`.
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// Form
    #[arg(value_enum)]
    pub form: ExportForm,
    /// JSON lines of sensors, plain or packed, or folders of them; by default the record of this one
    #[arg(value_name = "EVENTS")]
    pub events: Vec<PathBuf>,
    #[command(flatten)]
    pub store: StoreArguments,
    /// From this on: a date, a time with offset, or a time span up to now such as 7d; by default as far back as --max-age
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Before this
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Never export this network; may be repeated. Addresses of sensors, of their proxies and in own_networks never are
    #[arg(long, value_name = "NET")]
    pub allow: Vec<String>,
    /// Leave out sources not seen for so long, and let entries expire so long after they were seen
    #[arg(long, value_name = "DURATION", default_value = "30d")]
    pub max_age: String,
    /// Traffic Light Protocol marking of what is shared
    #[arg(long, value_enum, default_value_t)]
    pub tlp: Tlp,
    /// Who shares it, as STIX and MISP name it; keep it the same, identifiers depend on it
    #[arg(long, value_name = "NAME", default_value = "Imker honeypot")]
    pub producer: String,
    /// Name of the set, for ipset and nftables
    #[arg(long, value_name = "NAME", default_value = "imker")]
    pub set: String,
    /// Write to FILE, all at once or not at all, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Forms of lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ListFormat {
    /// For reading
    #[default]
    Text,
    /// One JSON document a line
    Jsonl,
    /// Safe for spreadsheets
    Csv,
}

/// Forms of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ReportFormat {
    /// For reading
    #[default]
    Text,
    /// One document
    Json,
}

/// Forms of exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportForm {
    /// STIX 2.1 bundle
    Stix,
    /// MISP event
    Misp,
    /// Table of sources
    Csv,
    /// Addresses, one a line
    Blocklist,
    /// For `ipset restore`
    Ipset,
    /// For `nft -f`
    Nftables,
}

/// Traffic Light Protocol 2.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Tlp {
    /// No limit
    Clear,
    /// Community
    Green,
    /// Organisation and its clients
    #[default]
    Amber,
    /// Recipients only
    Red,
}
