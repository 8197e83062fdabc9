//! A table, one row a host.

use std::io;

use imker_posture::{Assessment, CveVerdict, FixStatus, FrontEnd, Observation};

use super::{ScanEnd, ScanWriter};
use crate::escape::cell;
use crate::language::{Language, Texts};

const COLUMNS: [&str; 27] = [
    "target",
    "verdict",
    "reason",
    "exchange",
    "front_end",
    "front_ends",
    "addresses",
    "product",
    "release",
    "build",
    "released",
    "vulnerable",
    "guarded",
    "filtered",
    "unknown",
    "fixed",
    "open_by_build",
    "further_open",
    "further_unknown",
    "install",
    "findings",
    "directories",
    "ntlm_computer",
    "windows",
    "certificate",
    "certificate_until",
    "started",
];

/// Writes RFC 4180 with a head; lists within a cell are parted by `|`. What concerns a single front end is the worst
/// one's. No cell is taken for a formula, see [`cell`].
pub struct CsvRows<W: io::Write> {
    table: ::csv::Writer<W>,
    texts: Texts,
}

impl<W: io::Write> CsvRows<W> {
    /// Writes the head. Reasons are in `language`.
    pub fn new(language: Language, out: W) -> io::Result<Self> {
        let mut table = ::csv::WriterBuilder::new()
            .terminator(::csv::Terminator::CRLF)
            .from_writer(out);
        table.write_record(COLUMNS)?;
        Ok(Self {
            table,
            texts: Texts::new(language),
        })
    }
}

impl<W: io::Write> ScanWriter for CsvRows<W> {
    fn host(&mut self, observation: &Observation, assessment: &Assessment) -> io::Result<()> {
        let cells = row(&self.texts, observation, assessment);
        self.table
            .write_record(cells.iter().map(|text| cell(text).into_owned()))?;
        Ok(())
    }

    fn end(&mut self, _: &ScanEnd) -> io::Result<()> {
        self.table.flush()
    }
}

fn row(texts: &Texts, observation: &Observation, assessment: &Assessment) -> [String; COLUMNS.len()] {
    let worst = assessment.front_ends.first();
    let of_worst = |value: fn(&FrontEnd) -> Option<String>| worst.and_then(value).unwrap_or_default();
    let cves = |wanted: &dyn Fn(&imker_posture::CveFinding) -> bool| {
        let cves = worst.into_iter().flat_map(|worst| &worst.cves);
        cves.filter(|cve| wanted(cve))
            .map(|cve| cve.id.clone())
            .collect::<Vec<_>>()
            .join("|")
    };
    let with = |verdict: CveVerdict| cves(&move |cve| cve.verdict == verdict);
    let addresses = observation.visits.iter().map(|visit| visit.address.to_string());
    let mut addresses: Vec<String> = addresses.collect();
    addresses.sort_unstable();
    addresses.dedup();
    let install = worst.and_then(|worst| worst.install.as_ref());
    let certificate = observation
        .visits
        .iter()
        .find_map(|visit| visit.tls.as_ref()?.certificate.as_ref());
    let findings = assessment
        .findings
        .iter()
        .map(|finding| texts.reason(&finding.what));
    let directories = worst
        .into_iter()
        .flat_map(|worst| &worst.directories)
        .map(|directory| {
            let status = directory
                .status
                .map_or_else(|| "-".to_owned(), |status| status.to_string());
            format!(
                "{}:{status}:{}",
                directory.name,
                directory.authentication.join("+")
            )
        });
    [
        observation.target.clone(),
        assessment.verdict.name().to_owned(),
        texts.reason(&assessment.reason),
        assessment
            .exchange
            .map_or("unknown", |yes| if yes { "yes" } else { "no" })
            .to_owned(),
        of_worst(|worst| worst.name.clone()),
        assessment.front_ends.len().to_string(),
        addresses.join("|"),
        of_worst(|worst| worst.product.clone()),
        of_worst(|worst| worst.release.clone()),
        of_worst(|worst| worst.build.map(|build| build.to_string())),
        of_worst(|worst| worst.released.clone()),
        with(CveVerdict::Vulnerable),
        with(CveVerdict::Guarded),
        with(CveVerdict::Filtered),
        with(CveVerdict::Unknown),
        with(CveVerdict::Fixed),
        cves(&|cve| cve.status == FixStatus::Open),
        of_worst(|worst| Some(worst.further_open.join("|"))),
        of_worst(|worst| Some(worst.further_unknown.join("|"))),
        install.map(|install| texts.reason(install)).unwrap_or_default(),
        findings.collect::<Vec<_>>().join("|"),
        directories.collect::<Vec<_>>().join("|"),
        of_worst(|worst| worst.ntlm.as_ref()?.dns_computer.clone()),
        of_worst(|worst| worst.ntlm.as_ref()?.windows.clone()),
        certificate
            .map(|certificate| certificate.subject.clone())
            .unwrap_or_default(),
        certificate
            .and_then(|certificate| certificate.not_after)
            .map(|end| end.to_string())
            .unwrap_or_default(),
        observation.started.to_string(),
    ]
}
