//! Results of `imker scan`: what was observed of each target and what follows from it, as a stream of hosts.
//!
//! No output keeps the hosts: each is a [`ScanWriter`] that takes them one by one and a [`ScanEnd`] when all are there.

mod charts;
mod csv;
mod diff;
mod html;
mod json;
mod model;
mod nmap;
mod sarif;
mod services;
mod summary;
mod terminal;
mod words;

use std::io;

use imker_posture::{Assessment, Observation};

pub use csv::CsvRows;
pub use diff::{Change, Diff, HostChange, State, UnreadableResult, diff, diff_json, diff_schema, diff_text};
pub use html::HtmlPage;
pub use json::{Json, JsonRows, schema};
pub use model::{HostRow, NotAsked, ScanEnd, ScanHead, ScanResult, WhyNot};
pub use nmap::NmapXml;
pub use sarif::Sarif;
pub use summary::{ByRelease, Summary, Verdicts};
pub use terminal::{Single, Table};

/// An output that hosts are written to as they come.
pub trait ScanWriter {
    /// Writes one host.
    fn host(&mut self, observation: &Observation, assessment: &Assessment) -> io::Result<()>;

    /// Writes what comes after the hosts, and flushes.
    fn end(&mut self, end: &ScanEnd) -> io::Result<()>;
}
