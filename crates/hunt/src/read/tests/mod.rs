#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

mod archives;
mod borders;
mod damage;
mod formats;
mod tree;

use std::fmt::Write as _;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use imker_detect::ServerId;
use imker_sigma::{Indicator, RuleSet, RuleSetBuilder};
use tempfile::TempDir;

use super::read_in;
use crate::scan::Sizes;
use crate::{Options, Reading};

/// The fields that IIS logs by default.
pub(super) const FIELDS: &str = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip \
                                 cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken";

/// The directives that an IIS log begins with.
pub(super) fn head() -> String {
    format!(
        "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2021-08-12 00:00:00\r\n{FIELDS}\r\n"
    )
}

/// A row with [`FIELDS`].
pub(super) fn row(time: &str, stem: &str, client: &str) -> String {
    format!("{time} 192.0.2.10 GET {stem} - 443 - {client} Mozilla/5.0 - 200 0 0 15\r\n")
}

/// A log of ten minutes with one row that is looked for.
pub(super) fn log_with_one_match() -> String {
    let mut log = head();
    for minute in 0..10 {
        let stem = if minute == 7 { "/looked-for/x" } else { "/owa/" };
        log += &row(&format!("2021-08-12 10:0{minute}:00"), stem, "203.0.113.7");
    }
    log
}

/// Rules that look for the path `/looked-for` and the address 203.0.113.66.
pub(super) fn rules() -> RuleSet {
    let mut builder = RuleSetBuilder::new();
    builder
        .add_indicator(&Indicator::Path("/looked-for".into()), "test")
        .unwrap();
    builder
        .add_indicator(&Indicator::Address("203.0.113.66".into()), "test")
        .unwrap();
    builder.build().unwrap()
}

/// Files below a temporary folder.
pub(super) fn tree(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::Builder::new().prefix("logs").tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

pub(super) fn options(folder: &Path) -> Options {
    Options {
        threads: NonZeroUsize::new(2),
        ..Options::new(vec![folder.to_owned()])
    }
}

pub(super) fn read_tree(folder: &Path) -> Reading {
    read_in(&options(folder), &rules(), &(), Sizes::default()).unwrap()
}

/// A reading in text, paths below `folder` made short.
pub(super) fn show(reading: &Reading, folder: &Path) -> String {
    let mut text = String::new();
    let prefix = format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR);
    writeln!(
        text,
        "files {} bytes {} lines {}",
        reading.files, reading.bytes, reading.lines
    )
    .unwrap();
    for (id, name) in reading.servers.iter().enumerate() {
        let (coverage, builds) = reading.coverage.of(ServerId(id as u32));
        writeln!(text, "server {name}").unwrap();
        for part in coverage {
            writeln!(text, "  {}", serde_json::to_string(&part).unwrap()).unwrap();
        }
        for build in builds {
            writeln!(text, "  {}", serde_json::to_string(&build).unwrap()).unwrap();
        }
    }
    for sighting in reading.sightings.iter().unwrap() {
        let sighting = sighting.unwrap();
        let (request, place) = (&sighting.request, &sighting.place);
        writeln!(
            text,
            "match {} {} {:?} {:?} {}:{}@{} {} {:?}",
            request.time,
            reading.servers[sighting.server.0 as usize],
            sighting.vantage,
            sighting.rules.iter().map(|rule| rule.0).collect::<Vec<_>>(),
            place.file,
            place.line,
            place.offset,
            request.uri_stem,
            request.status,
        )
        .unwrap();
    }
    for unread in &reading.unread {
        let detail = unread.detail.as_deref().unwrap_or("-");
        writeln!(
            text,
            "unread {}@{} {:?} {detail}",
            unread.file, unread.offset, unread.reason
        )
        .unwrap();
    }
    if reading.unread_not_listed > 0 {
        writeln!(text, "unread, not listed {}", reading.unread_not_listed).unwrap();
    }
    for (kind, count) in &reading.set_aside {
        writeln!(text, "set aside {kind}: {count}").unwrap();
    }
    for part in reading.exposure.iter().flatten() {
        writeln!(text, "exposure {}", serde_json::to_string(part).unwrap()).unwrap();
    }
    text.replace(&prefix, "")
}
