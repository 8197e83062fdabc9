//! The evaluation of one sensor's record, or of several sensors' JSON lines.

use std::fs::File;
use std::io::BufReader;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use imker_honeypot::sinks::{GeoIp, GeoSettings};
use imker_intel::{Evaluation, Evaluator, Options, Place, json_lines, previous};
use imker_report::{Style, honeypot};
use jiff::Timestamp;
use miette::{IntoDiagnostic, Result, WrapErr};

use super::args::{ReportArguments, ReportFormat, StoreArguments};
use super::store::Store;
use crate::exit::Exit;
use crate::output::{self, Output, WriteError};
use crate::values::{language, time};

/// Evaluates and writes.
pub fn report(arguments: &ReportArguments) -> Result<Exit> {
    let now = Timestamp::now();
    let mut options = Options::new(now);
    options.since = Some(time("--since", &arguments.since, now)?);
    options.until = arguments
        .until
        .as_deref()
        .map(|text| time("--until", text, now))
        .transpose()?;
    options.previous = arguments
        .compare
        .as_deref()
        .map(earlier)
        .transpose()?
        .map(Arc::new);
    for path in [&arguments.output, &arguments.html].into_iter().flatten() {
        Output::open(Some(path))?;
    }
    let geo = GeoIp::open(&GeoSettings {
        city: None,
        country: arguments.country.clone(),
        asn: arguments.asn.clone(),
    })
    .into_diagnostic()?;
    let mut place = |address: IpAddr| geo.place(address).as_ref().map(Place::from);
    let evaluation = evaluate(&arguments.events, &arguments.store, options, &mut place)?;

    let language = language(arguments.lang);
    let mut out = Output::open(arguments.output.as_deref())?;
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
    if let Some(path) = &arguments.html {
        let mut html = Output::open(Some(path))?;
        honeypot::html(&evaluation, language, &mut html).map_err(WriteError)?;
        html.close()?;
    }
    Ok(Exit::Clean)
}

/// Evaluates files of JSON lines, or the record where there are none.
pub fn evaluate(
    files: &[PathBuf],
    store: &StoreArguments,
    options: Options,
    place: &mut dyn FnMut(IpAddr) -> Option<Place>,
) -> Result<Evaluation> {
    let mut evaluator = Evaluator::new(options);
    if files.is_empty() {
        let mut events = Store::find(store)?.events()?;
        while let Some(recorded) = events.next()? {
            evaluator.add(&recorded, None);
        }
    }
    for path in files {
        let name = path.display().to_string();
        let file = File::open(path)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot read {name}"))?;
        for line in json_lines(BufReader::new(file), name) {
            match line {
                Ok(document) => evaluator.add(&document.recorded, document.place.as_ref()),
                Err(bad) => evaluator.bad_line(bad),
            }
        }
    }
    let mut evaluation = evaluator.finish(place);
    honeypot::name_rules(&mut evaluation).into_diagnostic()?;
    Ok(evaluation)
}

fn earlier(path: &Path) -> Result<Evaluation> {
    let failed = || format!("--compare {}", path.display());
    let file = File::open(path).into_diagnostic().wrap_err_with(failed)?;
    previous(BufReader::new(file))
        .into_diagnostic()
        .wrap_err_with(failed)
}
