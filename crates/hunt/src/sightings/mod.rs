//! Matched requests in order of time, kept on disk where they are many.

mod merge;
mod record;

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use imker_detect::{LogKind, Place, ServerId, Sighting, Vantage};
use imker_event::Text;
use tempfile::NamedTempFile;

use crate::formats::{Cells, Shape, number};
use merge::Merge;
pub(crate) use record::{Record, Rules};

/// How many bytes of matched lines are kept in memory.
const KEPT_MAX: usize = 24 << 20;

/// How many sorted runs there are on disk before they are merged into one.
const RUNS_MAX: usize = 32;

/// Sightings in order of time, kept on disk where they are many.
#[derive(Debug, Default)]
pub struct Sightings {
    runs: Vec<NamedTempFile>,
    kept: Arena,
    count: u64,
    shapes: Vec<Arc<Shape>>,
    sources: Vec<Source>,
}

/// Where a file's lines come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    pub(crate) server: ServerId,
    pub(crate) vantage: Vantage,
}

impl Sightings {
    /// How many there are.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Goes through them by time, then file and offset; an error tells that the disk failed.
    pub fn iter(&self) -> io::Result<impl Iterator<Item = io::Result<Sighting>> + '_> {
        let mut merge = Merge::new(&self.runs, Some(&self.kept))?;
        let mut cells = Cells::default();
        let mut name: Arc<str> = Arc::from("");
        Ok(std::iter::from_fn(move || {
            merge.next(|record| {
                if name.as_bytes() != record.file {
                    name = String::from_utf8_lossy(record.file).into();
                }
                self.sighting(record, Arc::clone(&name), &mut cells)
            })
        }))
    }

    fn sighting(&self, record: &Record<'_>, file: Arc<str>, cells: &mut Cells) -> Sighting {
        let shape = &self.shapes[record.layout as usize];
        let source = self.sources[record.source as usize];
        cells.split(shape.kind, shape.width(), record.text);
        Sighting {
            request: shape.request(record.text, cells, record.time),
            rules: record.rules.list(),
            server: source.server,
            vantage: vantage(shape, record.text, cells).unwrap_or(source.vantage),
            place: Place {
                file,
                line: record.line + 1,
                offset: record.offset,
            },
            line: Text::from_bytes(record.text),
        }
    }
}

/// The vantage that a row itself tells, where a log holds several sites.
pub(crate) fn vantage(shape: &Shape, line: &[u8], cells: &Cells) -> Option<Vantage> {
    match shape.kind {
        LogKind::HttpErr => return Some(Vantage::HttpErr),
        LogKind::HttpProxy => return Some(Vantage::Proxy),
        LogKind::Iis => {}
    }
    let get = |place: Option<usize>| place.map_or(&[][..], |column| cells.get(line, column));
    let site = get(shape.at.site);
    if site.eq_ignore_ascii_case(b"W3SVC1") {
        return Some(Vantage::FrontEnd);
    }
    if site.eq_ignore_ascii_case(b"W3SVC2") {
        return Some(Vantage::BackEnd);
    }
    match number::<u16>(get(shape.at.server_port)) {
        Some(81 | 444) => Some(Vantage::BackEnd),
        Some(80 | 443) => Some(Vantage::FrontEnd),
        _ => None,
    }
}

/// Records in memory.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    bytes: Vec<u8>,
    /// Where each record starts.
    starts: Vec<usize>,
}

impl Arena {
    fn push(&mut self, record: &Record<'_>) {
        self.starts.push(self.bytes.len());
        record.write(&mut self.bytes);
    }

    fn record(&self, at: usize) -> Option<Record<'_>> {
        Record::read(&self.bytes[*self.starts.get(at)?..]).map(|(record, _)| record)
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        let at = |start: usize| Record::read(&bytes[start..]).map(|(record, _)| record);
        self.starts.sort_by(|left, right| match (at(*left), at(*right)) {
            (Some(left), Some(right)) => left.order(&right),
            _ => left.cmp(right),
        });
    }
}

/// Collects matched lines in any order.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    runs: Vec<NamedTempFile>,
    kept: Arena,
    count: u64,
    kept_max: Option<usize>,
}

impl Collector {
    /// Takes the records that a unit wrote, whose lines count from `lines` on.
    pub(crate) fn absorb(&mut self, mut batch: &[u8], lines: u64, file: &str, source: u32) -> io::Result<()> {
        while let Some((record, rest)) = Record::read(batch) {
            let line = record.line + lines;
            self.kept.push(&Record {
                line,
                file: file.as_bytes(),
                source,
                ..record
            });
            self.count += 1;
            if self.kept.bytes.len() >= self.kept_max.unwrap_or(KEPT_MAX) {
                self.spill()?;
            }
            batch = rest;
        }
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.kept.sort();
        let mut run = NamedTempFile::new()?;
        let mut out = BufWriter::new(run.as_file_mut());
        for start in &self.kept.starts {
            if let Some((_, rest)) = Record::read(&self.kept.bytes[*start..]) {
                out.write_all(&self.kept.bytes[*start..self.kept.bytes.len() - rest.len()])?;
            }
        }
        out.flush()?;
        drop(out);
        self.kept.bytes.clear();
        self.kept.starts.clear();
        self.runs.push(run);
        if self.runs.len() >= RUNS_MAX {
            self.runs = vec![merge::into_one(&self.runs)?];
        }
        Ok(())
    }

    /// The sightings, once layouts and sources are known.
    pub(crate) fn finish(mut self, shapes: Vec<Arc<Shape>>, sources: Vec<Source>) -> Sightings {
        self.kept.sort();
        Sightings {
            runs: self.runs,
            kept: self.kept,
            count: self.count,
            shapes,
            sources,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::formats::fields_of;
    use imker_sigma::RuleIndex;

    fn collect(kept_max: usize) -> Vec<Sighting> {
        let mut collector = Collector {
            kept_max: Some(kept_max),
            ..Collector::default()
        };
        for at in 0..500_u64 {
            let line = format!("2021-08-12 10:00:{:02} GET /owa/{at}", at * 7 % 60);
            let mut batch = Vec::new();
            let rules = [RuleIndex(at as u32 % 3), RuleIndex(7)];
            Record {
                time: 1000 * (at as i64 * 7 % 60),
                line: at,
                offset: at * 40,
                layout: 0,
                source: 0,
                rules: Rules::List(&rules),
                file: b"",
                text: line.as_bytes(),
            }
            .write(&mut batch);
            collector
                .absorb(&batch, 4, if at % 2 == 0 { "a.log" } else { "b.log" }, 0)
                .unwrap();
        }
        let names = fields_of(LogKind::Iis, b"#Fields: date time cs-method cs-uri-stem").unwrap();
        let shape = Arc::new(Shape::new(LogKind::Iis, names).unwrap());
        let source = Source {
            server: ServerId(0),
            vantage: Vantage::FrontEnd,
        };
        let sightings = collector.finish(vec![shape], vec![source]);
        assert_eq!(sightings.len(), 500);
        sightings.iter().unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn order_does_not_depend_on_what_is_kept_where() {
        let in_memory = collect(usize::MAX);
        assert!(in_memory.is_sorted_by_key(|sighting| (sighting.request.time, sighting.place.clone())));
        assert_eq!(in_memory[0].request.uri_stem.as_str(), "/owa/0");
        assert_eq!(in_memory[0].place.line, 5);
        assert_eq!(in_memory[0].rules, [RuleIndex(0), RuleIndex(7)]);
        // So small that runs on disk are merged more than once.
        assert_eq!(in_memory, collect(500));
    }
}
