//! Results, from what was kept to the outputs that were asked for.

use std::net::IpAddr;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use imker_posture::{Assessment, FaultKind, Observation, Vantage, assess};
use imker_report::Style;
use imker_report::scan::{
    CsvRows, HtmlPage, Json, JsonRows, NmapXml, NotAsked, Sarif, ScanEnd, ScanHead, ScanWriter, Single,
    Summary, Table, WhyNot,
};
use imker_scan::run::Journal;
use miette::{IntoDiagnostic, Result};

use super::args::ScanFormat;
use super::options::Written;
use crate::output::{Output, Ready, WriteError};

/// Hosts that are judged ahead of the one that is written.
const AHEAD: usize = 64;
/// Names that are kept for the result, of those that are not asked.
const SHOWN: usize = 1000;

/// Where a result is to be written, found out before there is one.
pub struct Outputs<'a> {
    how: &'a Written,
    main: Ready<'a>,
    html: Option<Ready<'a>>,
    nmap_xml: Option<Ready<'a>>,
}

/// Everything that was answered, or is known without asking.
pub struct Kept<'a> {
    pub journal: &'a Journal,
    /// Hosts that were not asked because they lie with Exchange Online.
    pub online: &'a [Observation],
    pub vantage: Vantage,
}

/// Names that lead to whom nobody may ask, found out when they were looked up.
#[derive(Default)]
pub struct KeptFrom {
    /// The first of them.
    pub shown: Vec<NotAsked>,
    pub count: u64,
}

impl KeptFrom {
    /// Takes an observation in where its target is one of these.
    fn takes(&mut self, observation: &Observation) -> bool {
        let Some(fault) = observation
            .fault
            .as_ref()
            .filter(|fault| fault.kind == FaultKind::Excluded)
        else {
            return false;
        };
        self.count += 1;
        if self.shown.len() < SHOWN {
            // An excluded address stands there alone, another with what it is for.
            let is_excluded = fault
                .detail
                .as_ref()
                .is_some_and(|detail| detail.parse::<IpAddr>().is_ok());
            self.shown.push(NotAsked {
                target: observation.target.clone(),
                why: match is_excluded {
                    true => WhyNot::Excluded,
                    false => WhyNot::SpecialRange,
                },
            });
        }
        true
    }
}

impl Kept<'_> {
    fn observations(&self) -> Result<impl Iterator<Item = Result<Observation>>> {
        let asked = self.journal.observations().into_diagnostic()?;
        let online = self.online.iter().cloned().map(Ok);
        Ok(online.chain(asked.map(|observation| observation.into_diagnostic())))
    }
}

impl Kept<'_> {
    /// Gives each host with what follows from it to `take`, while another thread reads and judges the next ones.
    fn judged(&self, mut take: impl FnMut(Observation, Assessment) -> Result<()>) -> Result<()> {
        thread::scope(|scope| {
            let (sender, judged) = mpsc::sync_channel(AHEAD);
            let reading = scope.spawn(move || {
                for observation in self.observations()? {
                    let observation = observation?;
                    let assessment = assess(&observation, self.vantage);
                    // Where nobody takes any more, there is an error to tell already.
                    if sender.send((observation, assessment)).is_err() {
                        break;
                    }
                }
                Ok(())
            });
            for (observation, assessment) in judged {
                take(observation, assessment)?;
            }
            reading.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }
}

impl<'a> Outputs<'a> {
    /// Tries them.
    pub fn new(how: &'a Written) -> Result<Self> {
        let beside = |path: &'a Option<PathBuf>| {
            let path = path.as_deref();
            path.map(|path| Ready::new(Some(path))).transpose()
        };
        Ok(Self {
            how,
            main: Ready::new(how.path.as_deref())?,
            html: beside(&how.html)?,
            nmap_xml: beside(&how.nmap_xml)?,
        })
    }

    /// Writes all of them, one target after the other; `end` makes the end of the summary. Returns what `end` made.
    pub fn write(
        self,
        head: &ScanHead,
        is_single: bool,
        kept: &Kept<'_>,
        end: impl FnOnce(Summary, KeptFrom) -> ScanEnd,
    ) -> Result<ScanEnd> {
        let how = self.how;
        let mut main = self.main.open()?;
        let mut html = self.html.map(Ready::open).transpose()?;
        let mut xml = self.nmap_xml.map(Ready::open).transpose()?;
        let (mut summary, mut kept_from) = (Summary::default(), KeptFrom::default());
        let end = {
            let mut writers = vec![writer(how, head, is_single, &mut main).map_err(WriteError)?];
            if let Some(html) = &mut html {
                writers.push(Box::new(HtmlPage::new(head, how.language, html)));
            }
            if let Some(xml) = &mut xml {
                writers.push(Box::new(
                    NmapXml::new(head, how.language, xml).map_err(WriteError)?,
                ));
            }
            kept.judged(|observation, assessment| {
                if kept_from.takes(&observation) {
                    return Ok(());
                }
                summary.add(&observation, &assessment);
                for writer in &mut writers {
                    writer.host(&observation, &assessment).map_err(WriteError)?;
                }
                Ok(())
            })?;
            let end = end(summary, kept_from);
            for writer in &mut writers {
                writer.end(&end).map_err(WriteError)?;
            }
            end
        };
        for out in [Some(main), html, xml].into_iter().flatten() {
            out.close()?;
        }
        Ok(end)
    }
}

fn writer<'o>(
    how: &Written,
    head: &ScanHead,
    is_single: bool,
    out: &'o mut Output,
) -> std::io::Result<Box<dyn ScanWriter + 'o>> {
    let style = Style {
        language: how.language,
        colour: how.coloured,
        width: how.width,
    };
    Ok(match how.format {
        ScanFormat::Text if is_single => Box::new(Single::new(head, &style, how.detailed, out)?),
        ScanFormat::Text => Box::new(Table::new(head, &style, out)?),
        ScanFormat::Json => Box::new(Json::new(head, how.language, out)?),
        ScanFormat::Jsonl => Box::new(JsonRows::new(how.language, out)),
        ScanFormat::Csv => Box::new(CsvRows::new(how.language, out)?),
        ScanFormat::Sarif => Box::new(Sarif::new(head, how.language, out)?),
    })
}
