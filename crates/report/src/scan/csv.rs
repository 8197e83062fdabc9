//! A table: a row for each front end, and one for a host without.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;

use imker_posture::{Assessment, CveVerdict, FixStatus, FrontEnd, Observation, TlsVersion, Visit};

use super::services::names;
use super::{ScanEnd, ScanWriter, words};
use crate::escape::cell;
use crate::language::{Language, Texts};

const COLUMNS: [&str; 29] = [
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
    "tls_versions",
    "smtp_banner",
    "started",
];

/// Writes RFC 4180 with a head; lists within a cell are parted by `|`. Of a host with several front ends the worst comes
/// first; verdict, reason, findings and banners are the host's in each row. No cell is taken for a formula, see [`cell`].
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
        let front_ends = assessment.front_ends.iter().map(Some);
        let without = assessment.front_ends.is_empty().then_some(None);
        for front_end in front_ends.chain(without) {
            let cells = row(&self.texts, observation, assessment, front_end);
            self.table
                .write_record(cells.iter().map(|text| cell(text).into_owned()))?;
        }
        Ok(())
    }

    fn end(&mut self, _: &ScanEnd) -> io::Result<()> {
        self.table.flush()
    }
}

fn row(
    texts: &Texts,
    observation: &Observation,
    assessment: &Assessment,
    front_end: Option<&FrontEnd>,
) -> [String; COLUMNS.len()] {
    let told = |value: fn(&FrontEnd) -> Option<String>| front_end.and_then(value).unwrap_or_default();
    let cves = |wanted: &dyn Fn(&imker_posture::CveFinding) -> bool| {
        let cves = front_end.into_iter().flat_map(|front_end| &front_end.cves);
        cves.filter(|cve| wanted(cve))
            .map(|cve| cve.id.clone())
            .collect::<Vec<_>>()
            .join("|")
    };
    let with = |verdict: CveVerdict| cves(&move |cve| cve.verdict == verdict);
    let visits: Vec<&Visit> = match front_end {
        Some(front_end) => words::visits(observation, front_end).collect(),
        None => observation.visits.iter().collect(),
    };
    let addresses: BTreeSet<SocketAddr> = visits.iter().map(|visit| visit.address).collect();
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let install = front_end.and_then(|front_end| front_end.install.as_ref());
    let certificate = visits
        .iter()
        .find_map(|visit| visit.tls.as_ref()?.certificate.as_ref());
    let spoken: BTreeSet<TlsVersion> = observation
        .tls_versions
        .iter()
        .filter(|seen| visits.iter().any(|visit| visit.address == seen.address))
        .flat_map(|seen| &seen.spoken)
        .copied()
        .collect();
    let banners = observation.smtp.iter().filter_map(|visit| visit.banner.clone());
    let findings = assessment
        .findings
        .iter()
        .map(|finding| texts.reason(&finding.what));
    let directories = front_end
        .into_iter()
        .flat_map(|front_end| &front_end.directories)
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
        told(|front_end| front_end.name.clone()),
        assessment.front_ends.len().to_string(),
        addresses.join("|"),
        told(|front_end| front_end.product.clone()),
        told(|front_end| front_end.release.clone()),
        told(|front_end| front_end.build.map(|build| build.to_string())),
        told(|front_end| front_end.released.clone()),
        with(CveVerdict::Vulnerable),
        with(CveVerdict::Guarded),
        with(CveVerdict::Filtered),
        with(CveVerdict::Unknown),
        with(CveVerdict::Fixed),
        cves(&|cve| cve.status == FixStatus::Open),
        told(|front_end| Some(front_end.further_open.join("|"))),
        told(|front_end| Some(front_end.further_unknown.join("|"))),
        install.map(|install| texts.reason(install)).unwrap_or_default(),
        findings.collect::<Vec<_>>().join("|"),
        directories.collect::<Vec<_>>().join("|"),
        told(|front_end| front_end.ntlm.as_ref()?.dns_computer.clone()),
        told(|front_end| front_end.ntlm.as_ref()?.windows.clone()),
        certificate
            .map(|certificate| certificate.subject.clone())
            .unwrap_or_default(),
        certificate
            .and_then(|certificate| certificate.not_after)
            .map(|end| end.to_string())
            .unwrap_or_default(),
        names(&spoken, "|"),
        banners.collect::<Vec<_>>().join("|"),
        observation.started.to_string(),
    ]
}
