//! From what was typed to what is meant.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use imker_detect::{OwnScanner, Settings, Verdict};
use imker_hunt::{Limits, Options};
use imker_report::Language;
use imker_sigma::Indicator;
use jiff::Timestamp;
use miette::{IntoDiagnostic, Result, WrapErr, miette};

use crate::args::{FailOn, Format, HuntArguments};
use crate::output;
use crate::values::{duration, language, network, size, stretch};

/// The largest list of indicators read, in bytes.
const INDICATORS_MAX: u64 = 64 << 20;

/// What `imker hunt` is to do.
pub struct Hunt {
    pub read: Options,
    pub settings: Settings,
    pub rules: Vec<PathBuf>,
    pub indicators: Vec<(Indicator, String)>,
    pub explain: bool,
    pub format: Format,
    pub output: Option<PathBuf>,
    pub html: Option<PathBuf>,
    pub language: Language,
    pub coloured: bool,
    pub width: usize,
    pub quiet: bool,
    pub fail_on: Verdict,
}

impl Hunt {
    /// Makes sense of arguments, or says which of them makes none.
    pub fn new(arguments: HuntArguments) -> Result<Self> {
        let now = Timestamp::now();
        let mut read = Options::new(arguments.paths);
        for server in &arguments.servers {
            read.servers.push(server_name(server)?);
        }
        let (since, until) = (arguments.since.as_deref(), arguments.until.as_deref());
        (read.since, read.until) = stretch(since, until, now)?;
        read.fields = arguments.fields.map(|fields| {
            fields
                .split_whitespace()
                .filter(|name| *name != "#Fields:")
                .map(Into::into)
                .collect()
        });
        read.gap = duration("--gap", &arguments.gap)?;
        read.stats = match (arguments.stats, arguments.no_stats) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        read.hash = arguments.hash;
        read.threads = arguments.threads;
        read.limits = limits(arguments.max_ratio, arguments.max_unpacked.as_deref())?;
        let outputs = [
            ("--output", arguments.output.as_deref()),
            ("--html", arguments.html.as_deref()),
        ];
        if arguments.html.as_deref() == Some(Path::new("-")) {
            return Err(miette!(
                help = "name a file",
                "--html -: a page cannot stand beside other output"
            ));
        }
        let inputs: Vec<&Path> = [&read.paths, &arguments.indicators, &arguments.rules]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
            .collect();
        output::spare_inputs(&outputs, &inputs)?;
        let mut indicators = Vec::new();
        for path in &arguments.indicators {
            indicators.extend(read_indicators(path)?);
        }
        Ok(Self {
            read,
            settings: Settings {
                own_scanners: arguments
                    .own_scanner
                    .iter()
                    .map(|text| own_scanner(text))
                    .collect::<Result<_>>()?,
                trusted_proxies: arguments
                    .trust_proxy
                    .iter()
                    .map(|text| {
                        network(text).ok_or_else(|| {
                            miette!(
                                help = "an address or a network, as in 192.0.2.0/24",
                                "--trust-proxy {text}: not a network"
                            )
                        })
                    })
                    .collect::<Result<_>>()?,
            },
            rules: arguments.rules,
            indicators,
            explain: arguments.explain,
            coloured: arguments.output.is_none() && output::coloured(arguments.color),
            width: output::width(),
            format: arguments.format,
            output: arguments.output,
            html: arguments.html,
            language: language(arguments.lang),
            quiet: arguments.quiet,
            fail_on: match arguments.fail_on {
                FailOn::Attempted => Verdict::Attempted,
                FailOn::Vulnerable => Verdict::Vulnerable,
                FailOn::Exploited => Verdict::Exploited,
                FailOn::Compromised => Verdict::Compromised,
            },
        })
    }
}

fn server_name(text: &str) -> Result<(String, PathBuf)> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok((name.into(), path.into())),
        _ => Err(miette!(
            help = "as in --server EX01=evidence/first",
            "--server {text}: not NAME=PATH"
        )),
    }
}

fn limits(ratio: Option<u64>, unpacked: Option<&str>) -> Result<Limits> {
    let mut limits = Limits::default();
    if let Some(ratio) = ratio {
        limits.ratio = ratio.max(1);
    }
    if let Some(text) = unpacked {
        limits.unpacked = size(text).ok_or_else(|| {
            miette!(
                help = "bytes, or with K, M, G or T behind",
                "--max-unpacked {text}: not a size"
            )
        })?;
    }
    Ok(limits)
}

/// A network, or a part of a user agent; a network with a slip of the pen is neither.
fn own_scanner(text: &str) -> Result<OwnScanner> {
    let text = text.trim();
    if let Some(network) = network(text) {
        return Ok(OwnScanner::Network(network));
    }
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | '/');
    let hexadecimal = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/');
    if text.chars().all(digits) || (text.contains(':') && text.chars().all(hexadecimal)) {
        return Err(miette!(
            help = "an address, a network as in 192.0.2.0/24, or a part of a user agent",
            "--own-scanner {text}: neither a network nor a user agent"
        ));
    }
    Ok(OwnScanner::UserAgent(text.into()))
}

fn read_indicators(path: &Path) -> Result<Vec<(Indicator, String)>> {
    let failed = || format!("--indicators {}", path.display());
    let mut text = String::new();
    let file = File::open(path).into_diagnostic().wrap_err_with(failed)?;
    #[allow(clippy::disallowed_methods, reason = "bounded by take")]
    let read = file.take(INDICATORS_MAX + 1).read_to_string(&mut text);
    let length = read.into_diagnostic().wrap_err_with(failed)?;
    if length as u64 > INDICATORS_MAX {
        return Err(miette!("{}: larger than {} MiB", failed(), INDICATORS_MAX >> 20));
    }
    let source = path.display().to_string();
    let list = imker_hunt::indicators::parse(&text)
        .into_diagnostic()
        .wrap_err_with(failed)?;
    match list.others {
        0 => {}
        1 => output::note(&format!(
            "{}: 1 entry is of a kind that web logs do not show\n",
            failed()
        )),
        others => output::note(&format!(
            "{}: {others} entries are of kinds that web logs do not show\n",
            failed()
        )),
    }
    Ok(list
        .indicators
        .into_iter()
        .map(|indicator| (indicator, source.clone()))
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_own_scanner_is_a_network_or_a_user_agent() {
        assert!(matches!(own_scanner("192.0.2.7"), Ok(OwnScanner::Network(_))));
        assert!(matches!(own_scanner("2001:db8::/32"), Ok(OwnScanner::Network(_))));
        assert!(matches!(
            own_scanner("our scanner/1"),
            Ok(OwnScanner::UserAgent(_))
        ));
    }
}
