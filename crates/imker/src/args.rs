//! What can be typed. Nothing here is checked beyond its form; [`crate::hunt`] makes sense of it.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Defends on-premises Microsoft Exchange servers against ProxyShell and its kin.
#[derive(Debug, Parser)]
#[command(name = "imker", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read web logs of Exchange servers: attacked or not, how far, since when
    #[command(after_long_help = HUNT_EXAMPLES, arg_required_else_help = true)]
    Hunt(Box<HuntArguments>),
    /// Play Exchange servers that are none, and record what is done to them
    #[cfg(feature = "honeypot")]
    #[command(after_long_help = crate::honeypot::args::EXAMPLES)]
    Honeypot(Box<crate::honeypot::args::HoneypotArguments>),
    /// Ask Exchange servers whether they are vulnerable, guarded or patched, and what can be seen of them
    #[cfg(feature = "scan")]
    #[command(after_long_help = crate::scan::args::EXAMPLES, arg_required_else_help = true)]
    Scan(Box<crate::scan::args::ScanArguments>),
    /// List, check, test and explain detection rules
    #[command(subcommand, after_long_help = RULES_EXAMPLES)]
    Rules(RulesCommand),
    /// List builds of Exchange and search them; tell what one is open to and what to install
    #[command(after_long_help = BUILDS_EXAMPLES)]
    Builds(BuildsArguments),
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print a manual page in roff form
    Man {
        /// A command's page instead of the program's, as in `hunt` or `rules list`
        command: Vec<String>,
    },
}

const HUNT_EXAMPLES: &str = "\
Examples:
  imker hunt C:\\inetpub\\logs\\LogFiles \"C:\\Program Files\\Microsoft\\Exchange Server\\V15\\Logging\\HttpProxy\"
      On the server itself: IIS and HttpProxy logs together tell most.
  imker hunt evidence.zip --html report.html --lang de
      A collected archive; the report in German, for printing.
  imker hunt logs --since 2021-08-01 --own-scanner 192.0.2.0/24 --format json -o result.json
      From a date on, the owner's own scans labelled, for other programs.
  imker hunt logs --rules sigma/rules --rules sigma/rules-emerging-threats
      With the rules of a SigmaHQ checkout beside the built-in ones.

Exit status: 1 if something at or above --fail-on was found; else 2 if reading failed or was incomplete; else 0.";

const RULES_EXAMPLES: &str = "\
Examples:
  imker rules list
  imker rules check my-rules
  imker rules test rules/sigma
  imker rules explain 992be1eb-e5da-437e-9a54-6d13b57bb4d8 --rules sigma/rules-emerging-threats";

const BUILDS_EXAMPLES: &str = "\
Examples:
  imker builds --product SE
      All builds of Exchange SE.
  imker builds --search KB5001779
  imker builds --search \"2016 CU19\" --format csv
  imker builds --search CVE-2021-34473
      The builds that were first to have the fix.
  imker builds lookup 15.1.2176.9
      Product, update, age, what it is open to, what to install.
  imker builds lookup 15.2.1748 --format json --lang de
      From the three parts that a logon page gives away.

Exit status of lookup: 1 if a CVE of the known chains is open; else 2 if that cannot be told; else 0.";

/// `imker hunt`.
#[derive(Debug, Args)]
pub struct HuntArguments {
    /// Logs: files, folders, archives (gzip, zstd, zip, tar); `-` is standard input
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,

    /// Name the server that the logs below PATH come from; may be repeated
    #[arg(long = "server", value_name = "NAME=PATH", help_heading = "Reading")]
    pub servers: Vec<String>,
    /// Leave out requests before this: a date, a time with offset, or a time span up to now such as 7d
    #[arg(long, value_name = "TIME", help_heading = "Reading")]
    pub since: Option<String>,
    /// Leave out requests from this on
    #[arg(long, value_name = "TIME", help_heading = "Reading")]
    pub until: Option<String>,
    /// Columns of W3C logs that lack a #Fields line, separated by blanks
    #[arg(long, value_name = "COLUMNS", help_heading = "Reading")]
    pub fields: Option<String>,
    /// List stretches without events that are longer than this
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "24h",
        help_heading = "Reading"
    )]
    pub gap: String,
    /// Parse every line, for exposure and outflow; the default below 1 GiB of input
    #[arg(long, overrides_with = "no_stats", help_heading = "Reading")]
    pub stats: bool,
    /// Do not parse every line
    #[arg(long, overrides_with = "stats", help_heading = "Reading")]
    pub no_stats: bool,
    /// Take SHA-256, size and times of each input file
    #[arg(long, help_heading = "Reading")]
    pub hash: bool,
    /// Threads to read with; by default one a core
    #[arg(long, value_name = "N", value_parser = threads, help_heading = "Reading")]
    pub threads: Option<NonZeroUsize>,
    /// The most unpacked bytes for each packed byte
    #[arg(long, value_name = "N", help_heading = "Reading")]
    pub max_ratio: Option<u64>,
    /// The most unpacked bytes of one archive, as in 64G
    #[arg(long, value_name = "SIZE", help_heading = "Reading")]
    pub max_unpacked: Option<String>,

    /// Add Sigma rules from a file or folder; may be repeated
    #[arg(long, value_name = "PATH", help_heading = "Detection")]
    pub rules: Vec<PathBuf>,
    /// Look for the addresses, user agents and paths in a list (plain, CSV or STIX 2.1); may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Detection")]
    pub indicators: Vec<PathBuf>,
    /// Label your own checks: an address, a network, or a part of a user agent; may be repeated
    #[arg(long, value_name = "NET|UA", help_heading = "Detection")]
    pub own_scanner: Vec<String>,
    /// Believe X-Forwarded-For from this network; may be repeated
    #[arg(long, value_name = "NET", help_heading = "Detection")]
    pub trust_proxy: Vec<String>,
    /// Tell how each rule is searched for, and which rules make every line be parsed
    #[arg(long, help_heading = "Detection")]
    pub explain: bool,

    /// Form of the output
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: Format,
    /// Write to FILE, all at once or not at all, instead of standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Write a report as one HTML file, beside the other output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub html: Option<PathBuf>,
    /// Language of texts; by default that of the environment
    #[arg(long, value_enum, help_heading = "Output")]
    pub lang: Option<Lang>,
    /// Colours: by default on a terminal
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub color: Color,
    /// No progress bar
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// From which verdict on the exit status is 1
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "VERDICT",
        help_heading = "Output"
    )]
    pub fail_on: FailOn,
}

fn threads(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "a number of threads, at least 1")
}

/// `imker rules`.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List rules: id, level, title, author, source
    List {
        /// Rule files or folders; by default the built-in rules
        paths: Vec<PathBuf>,
    },
    /// Compile rules and name every one that cannot be used
    Check {
        /// Rule files or folders
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Run the test files that stand beside rules
    Test {
        /// Rule files or folders
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Tell how a rule is searched for
    Explain {
        /// Rule id, or a part of its title
        rule: String,
        /// Rule files or folders to add to the built-in rules
        #[arg(long, value_name = "PATH")]
        rules: Vec<PathBuf>,
    },
}

/// `imker builds`.
#[derive(Debug, Args)]
pub struct BuildsArguments {
    /// What else to do than to list
    #[command(subcommand)]
    pub command: Option<BuildsCommand>,

    /// List the builds of one product: 2010, 2013, 2016, 2019 or SE
    #[arg(long, value_name = "PRODUCT")]
    pub product: Option<String>,
    /// List the builds that fit all words: CU19, Mar21SU, KB5001779, CVE-2021-34473, ProxyShell, 15.1.2176, 2021-04
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Form of the list
    #[arg(long, value_enum, default_value_t)]
    pub format: BuildsFormat,
    /// Take over newer rows from a table of builds, fixes or products (CSV, see docs/builds.md); may be repeated
    #[arg(long, value_name = "FILE", global = true)]
    pub update_table: Vec<PathBuf>,
    /// Language of texts; by default that of the environment
    #[arg(long, value_enum, global = true)]
    pub lang: Option<Lang>,
    /// Colours: by default on a terminal
    #[arg(long, value_enum, default_value_t, global = true)]
    pub color: Color,
}

/// What `imker builds` can do besides listing.
#[derive(Debug, Subcommand)]
pub enum BuildsCommand {
    /// Tell product, update and age of a build, its open CVEs, and what to install
    #[command(after_long_help = LOOKUP_EXAMPLES)]
    Lookup {
        /// The build, as in 15.1.2176.9 or 15.01.2176.009, or its first three parts
        build: String,
        /// Form of the answer
        #[arg(long, value_enum, default_value_t)]
        format: LookupFormat,
        /// Tell age and support as of this day; by default today
        #[arg(long, value_name = "DATE")]
        as_of: Option<String>,
    },
}

const LOOKUP_EXAMPLES: &str = "\
Examples:
  imker builds lookup 15.1.2176.9
  imker builds lookup 15.1.2176.9 --as-of 2021-08-10
      Age and support on that day.
  imker builds lookup 15.2.2562.60 --update-table builds.csv --update-table fixes.csv
      With rows that are newer than the program.

Exit status: 1 if a CVE of the known chains is open; else 2 if that cannot be told; else 0.";

/// Forms of the list of builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum BuildsFormat {
    /// For reading
    #[default]
    Text,
    /// Safe for spreadsheets
    Csv,
    /// One array
    Json,
}

/// Forms of what is told of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LookupFormat {
    /// For reading
    #[default]
    Text,
    /// One document
    Json,
}

/// Forms of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For reading
    #[default]
    Text,
    /// One document (docs/schema/imker-hunt-1.schema.json)
    Json,
    /// One ECS event a match
    Jsonl,
    /// Timeline of matches, safe for spreadsheets
    Csv,
    /// SARIF 2.1.0
    Sarif,
}

/// Languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// German
    De,
    /// English
    En,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Verdicts that can make the exit status 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum FailOn {
    /// Attacked, without success
    #[default]
    Attempted,
    /// A probe succeeded
    Vulnerable,
    /// A later step succeeded
    Exploited,
    /// A webshell answered
    Compromised,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn definitions_are_consistent() {
        super::Arguments::command().debug_assert();
    }
}
