//! The evaluation of one sensor's record, or of several sensors' JSON lines.

use std::fs::File;
use std::io::BufReader;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use imker_honeypot::sinks::{GeoIp, GeoSettings};
use imker_intel::{Evaluation, Options, previous};
use imker_report::{Style, honeypot};
use jiff::Timestamp;
use miette::{IntoDiagnostic, Result, WrapErr};

use super::args::{ReportArguments, ReportFormat};
use super::evaluate::{Evaluated, evaluate};
use crate::exit::Exit;
use crate::output::{self, Ready, WriteError};
use crate::values::{language, stretch};

/// Evaluates and writes.
pub fn report(arguments: &ReportArguments) -> Result<Exit> {
    let now = Timestamp::now();
    let mut options = Options::new(now);
    (options.since, options.until) = stretch(Some(&arguments.since), arguments.until.as_deref(), now)?;
    options.previous = arguments
        .compare
        .as_deref()
        .map(earlier)
        .transpose()?
        .map(Arc::new);
    let outputs = [
        ("--output", arguments.output.as_deref()),
        ("--html", arguments.html.as_deref()),
    ];
    let inputs: Vec<&Path> = arguments.events.iter().map(PathBuf::as_path).collect();
    output::keep_out_of_inputs(&outputs, &inputs)?;
    let [(_, output), (_, html)] = outputs;
    let output = Ready::new(output)?;
    let html = html.map(|path| Ready::new(Some(path))).transpose()?;
    let geo = GeoIp::open(&GeoSettings {
        city: None,
        country: arguments.country.clone(),
        asn: arguments.asn.clone(),
    })
    .into_diagnostic()?;
    let mut place = |address: IpAddr| geo.place(address);
    let Evaluated { evaluation, exit, .. } =
        evaluate(&arguments.events, &arguments.store, options, &mut place)?;

    let language = language(arguments.lang);
    let mut out = output.open()?;
    match arguments.format {
        ReportFormat::Text => {
            let style = Style {
                language,
                colour: arguments.output.is_none() && output::coloured(arguments.color),
                width: output::width(),
            };
            honeypot::terminal(&evaluation, &style, &mut out).map_err(WriteError)?;
        }
        ReportFormat::Json => honeypot::json(&evaluation, &mut out).map_err(WriteError)?,
    }
    out.close()?;
    if let Some(html) = html {
        let mut html = html.open()?;
        honeypot::html(&evaluation, language, &mut html).map_err(WriteError)?;
        html.close()?;
    }
    Ok(exit)
}

fn earlier(path: &Path) -> Result<Evaluation> {
    let failed = || format!("--compare {}", path.display());
    let file = File::open(path).into_diagnostic().wrap_err_with(failed)?;
    previous(BufReader::new(file))
        .into_diagnostic()
        .wrap_err_with(failed)
}
