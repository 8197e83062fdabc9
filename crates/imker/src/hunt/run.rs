//! Reading, judging, writing.

use std::io::Write;

use imker_detect::{Detector, Findings, RuleNamed, Sighting};
use imker_hunt::Reading;
use imker_report::{HuntReport, JsonLines, Match, Style, Timeline, UnansweredRule};
use imker_sigma::{Rule, RuleSet};
use jiff::Timestamp;
use miette::{IntoDiagnostic, Result, WrapErr};

use super::options::Hunt;
use crate::args::Format;
use crate::exit::Exit;
use crate::output::{Ready, WriteError};
use crate::progress::Bar;
use crate::rules::{self, Loaded};

/// Carries out a hunt.
pub fn run(hunt: &Hunt) -> Result<Exit> {
    let loaded = rules::load(&hunt.rules, &hunt.indicators)?;
    let rules = &loaded.rules;
    if hunt.explain {
        rules::explain_to_standard_error(rules);
    }
    // A folder that cannot be written to should not cost an hour of reading.
    let output = Ready::new(hunt.output.as_deref())?;
    let html = hunt.html.as_deref();
    let html = html.map(|path| Ready::new(Some(path))).transpose()?;

    let bar = Bar::new(hunt.quiet, "");
    let reading = imker_hunt::read(&hunt.read, rules, &bar).into_diagnostic()?;
    // What follows may write to the same terminal.
    bar.finish();
    let mut out = output.open()?;
    let mut detector = Detector::new(rules, hunt.settings.clone(), reading.servers.clone());
    for lines in &reading.ordinary {
        detector.count_ordinary(lines);
    }
    match hunt.format {
        Format::Jsonl => {
            let mut lines = JsonLines::new(&mut out);
            each_match(&reading, rules, &mut detector, &mut lines)?;
            lines.finish().map_err(WriteError)?;
        }
        Format::Csv => {
            let mut timeline = Timeline::new(&mut out).map_err(WriteError)?;
            each_match(&reading, rules, &mut detector, &mut timeline)?;
            timeline.finish().map_err(WriteError)?;
        }
        _ => each_match(&reading, rules, &mut detector, &mut Nothing)?,
    }
    let suspects = detector.suspects();
    let follow = !suspects.is_empty() && reading.exposure.is_some();
    let traffic = if follow {
        out.flush().map_err(WriteError)?;
        let bar = Bar::new(hunt.quiet, "second reading  ");
        let traffic = imker_hunt::follow(&hunt.read, &suspects, &bar).into_diagnostic()?;
        bar.finish();
        traffic
    } else {
        Vec::new()
    };
    let findings = detector.finish(&reading.coverage, &traffic, reading.is_complete());

    let report = report(hunt, &loaded, reading, findings);
    match hunt.format {
        Format::Text => {
            let style = Style {
                language: hunt.language,
                colour: hunt.coloured,
                width: hunt.width,
            };
            imker_report::terminal(&report, &style, &mut out).map_err(WriteError)?;
        }
        Format::Json => imker_report::json(&report, hunt.language, &mut out).map_err(WriteError)?,
        Format::Sarif => imker_report::sarif(&report, hunt.language, &mut out).map_err(WriteError)?,
        Format::Jsonl | Format::Csv => {}
    }
    out.close()?;
    if let Some(html) = html {
        let mut html = html.open()?;
        imker_report::html(&report, hunt.language, &mut html).map_err(WriteError)?;
        html.close()?;
    }
    Ok(if report.findings.judgement.verdict >= hunt.fail_on {
        Exit::Found
    } else if report.complete && report.rules.refused == 0 {
        Exit::Clean
    } else {
        Exit::Failed
    })
}

/// Takes every match as it goes by.
trait EachMatch {
    fn take(&mut self, seen: &Match<'_>) -> std::io::Result<()>;
}

struct Nothing;

impl EachMatch for Nothing {
    fn take(&mut self, _: &Match<'_>) -> std::io::Result<()> {
        Ok(())
    }
}

impl<W: Write> EachMatch for JsonLines<W> {
    fn take(&mut self, seen: &Match<'_>) -> std::io::Result<()> {
        self.write(seen)
    }
}

impl<W: Write> EachMatch for Timeline<W> {
    fn take(&mut self, seen: &Match<'_>) -> std::io::Result<()> {
        self.write(seen)
    }
}

fn each_match(
    reading: &Reading,
    rules: &RuleSet,
    detector: &mut Detector<'_>,
    sink: &mut impl EachMatch,
) -> Result<()> {
    let failed = || "cannot read matches back from the temporary folder";
    for sighting in reading.sightings.iter().into_diagnostic().wrap_err_with(failed)? {
        let sighting: Sighting = sighting.into_diagnostic().wrap_err_with(failed)?;
        let classified = detector.observe(&sighting);
        let matched: Vec<&Rule> = sighting.rules.iter().map(|index| rules.rule(*index)).collect();
        sink.take(&Match {
            sighting: &sighting,
            classified: classified.as_ref(),
            rules: &matched,
            server: &reading.servers[sighting.server.0 as usize],
        })
        .map_err(WriteError)?;
    }
    Ok(())
}

fn report(hunt: &Hunt, loaded: &Loaded, reading: Reading, findings: Findings) -> HuntReport {
    HuntReport {
        schema: HuntReport::SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        created: Timestamp::now(),
        paths: hunt
            .read
            .paths
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
        since: hunt.read.since,
        until: hunt.read.until,
        findings,
        complete: reading.is_complete() && reading.has_events(),
        nothing_read: !reading.has_events(),
        outside: reading.outside,
        unread: reading.unread,
        unread_not_listed: reading.unread_not_listed,
        set_aside: reading.set_aside,
        exposure: reading.exposure,
        unanswered_rules: reading
            .unanswerable
            .iter()
            .map(|unanswerable| UnansweredRule {
                rule: RuleNamed::from(loaded.rules.rule(unanswerable.rule)),
                kind: unanswerable.kind,
                files: unanswerable.files,
            })
            .collect(),
        rules: loaded.counts,
        inputs: reading.inputs,
        inputs_not_listed: reading.inputs_not_listed,
        files: reading.files,
        bytes: reading.bytes,
        lines: reading.lines,
    }
}
