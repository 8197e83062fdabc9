//! Sources and attacks for other systems.

use imker_intel::{Options, Policy, select};
use imker_report::export::{self, Producer, SetName};
use jiff::Timestamp;
use miette::{IntoDiagnostic, Result, miette};

use super::args::{ExportArguments, ExportForm, Tlp};
use super::report::evaluate;
use crate::exit::Exit;
use crate::output::{self, Output, WriteError};
use crate::values::{duration, network, time};

/// Evaluates, selects and writes.
pub fn export(arguments: &ExportArguments) -> Result<Exit> {
    let now = Timestamp::now();
    let mut options = Options::new(now);
    options.since = Some(time("--since", &arguments.since, now)?);
    options.until = arguments
        .until
        .as_deref()
        .map(|text| time("--until", text, now))
        .transpose()?;
    let allowed = arguments.allow.iter().map(|text| {
        network(text).ok_or_else(|| {
            miette!(
                help = "an address or a network, as in 192.0.2.0/24",
                "--allow {text}: not a network"
            )
        })
    });
    let policy = Policy {
        allowed: allowed.collect::<Result<_>>()?,
        age: duration("--max-age", &arguments.max_age)?,
        ..Policy::default()
    };
    let set: SetName = arguments.set.parse().into_diagnostic()?;
    let producer = Producer {
        name: arguments.producer.clone(),
        tlp: tlp(arguments.tlp),
    };
    let mut out = Output::open(arguments.output.as_deref())?;
    let evaluation = evaluate(&arguments.events, &arguments.store, options, &mut |_| None)?;
    let selection = select(&evaluation, &policy);
    let written = match arguments.form {
        ExportForm::Stix => export::stix(&selection, &producer, &mut out),
        ExportForm::Misp => export::misp(&selection, &producer, &mut out),
        ExportForm::Csv => export::csv(&selection, &mut out),
        ExportForm::Blocklist => export::blocklist(&selection, &mut out),
        ExportForm::Ipset => export::ipset(&selection, &set, &mut out),
        ExportForm::Nftables => export::nftables(&selection, &set, &mut out),
    };
    written.map_err(WriteError)?;
    out.close()?;
    let left = selection.left_out;
    output::note(&format!(
        "{} sources exported; left out: {} allowed or special addresses, {} not seen for {}, {} without an attack, \
         {} not listed\n",
        selection.sources.len(),
        left.allowed,
        left.old,
        arguments.max_age,
        left.low_score,
        left.not_listed
    ));
    Ok(Exit::Clean)
}

fn tlp(tlp: Tlp) -> export::Tlp {
    match tlp {
        Tlp::Clear => export::Tlp::Clear,
        Tlp::Green => export::Tlp::Green,
        Tlp::Amber => export::Tlp::Amber,
        Tlp::Red => export::Tlp::Red,
    }
}
