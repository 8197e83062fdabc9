//! What all files add up to.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::sync::Arc;

use imker_detect::{CoverageBook, FileCoverage, LogKind, OrdinaryCount, ServerId, Vantage};
use imker_sigma::RuleIndex;
use jiff::SignedDuration;

use super::report::Finished;
use crate::layout::Layout;
use crate::model::{Exposure, InputFile, Reading, Unanswerable, Unread, UnreadReason};
use crate::scan::{Ordinary, Reached, Traffic, add_traffic};
use crate::servers::Clues;
use crate::sightings::Source;
use crate::time::Millis;

/// The most combinations of layouts that are counted.
const LAYOUTS_MAX: usize = 10_000;

/// What all files add up to, the same in whatever order they come.
pub(crate) struct Tally {
    pub(crate) coverage: CoverageBook,
    pub(crate) unread: UnreadList,
    pub(crate) set_aside: BTreeMap<String, u64>,
    pub(crate) inputs: Inputs,
    pub(crate) clues: Clues,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
    pub(crate) outside: u64,
    pub(crate) events_seen: bool,
    /// By number; the server is that of a clue until names are settled.
    pub(crate) sources: Vec<Source>,
    pub(crate) traffic: HashMap<(RuleIndex, Vantage, Millis), Traffic>,
    ordinary: BTreeMap<(RuleIndex, ServerId, Vantage), u64>,
    reached: HashMap<(ServerId, Vantage, &'static str), Reached>,
    layouts: HashMap<BTreeSet<u32>, u64>,
}

impl Tally {
    pub(crate) fn new(gap: SignedDuration) -> Self {
        Self {
            coverage: CoverageBook::new(gap),
            unread: UnreadList::default(),
            set_aside: BTreeMap::new(),
            inputs: Inputs::default(),
            clues: Clues::default(),
            files: 0,
            bytes: 0,
            lines: 0,
            outside: 0,
            events_seen: false,
            sources: Vec::new(),
            traffic: HashMap::new(),
            ordinary: BTreeMap::new(),
            reached: HashMap::new(),
            layouts: HashMap::new(),
        }
    }

    /// Adds what a log held.
    pub(super) fn add(&mut self, finished: Finished) {
        let Finished {
            clue,
            vantage,
            source,
            coverage,
            has_events,
            outcome,
        } = finished;
        let unread = |offset, reason, detail| Unread {
            file: Arc::clone(&coverage.file),
            offset,
            reason,
            detail,
        };
        let stretches = &outcome.bad.listed;
        if let Some(offset) = outcome.fit.wrong_from()
            && !stretches.iter().any(|stretch| stretch.offset == offset)
        {
            let detail = "the columns do not fit most rows".to_owned();
            self.unread.add(unread(offset, UnreadReason::Torn, Some(detail)));
        }
        for stretch in stretches {
            self.unread.add(unread(stretch.offset, stretch.reason, None));
        }
        self.unread.count(outcome.bad.not_listed);
        if let Some(offset) = outcome.headless {
            self.unread.add(unread(offset, UnreadReason::NoFields, None));
        }
        self.files += 1;
        self.events_seen |= outcome.in_window;
        self.outside += u64::from(has_events && !outcome.in_window);
        self.bytes += outcome.bytes;
        self.lines += coverage.lines;
        let clue = self.clues.id(clue);
        self.coverage.add(FileCoverage {
            server: clue,
            ..coverage
        });
        if let Some(source) = source {
            self.set_source(source, clue, vantage);
        }
        self.add_reached(clue, vantage, outcome.reached);
        self.add_ordinary(clue, vantage, outcome.ordinary);
        self.add_traffic(vantage, outcome.traffic);
        self.add_layouts(outcome.layouts);
    }

    pub(crate) fn new_source(&mut self) -> u32 {
        self.sources.push(Source {
            server: ServerId(0),
            vantage: Vantage::FrontEnd,
        });
        self.sources.len() as u32 - 1
    }

    fn set_source(&mut self, source: u32, server: ServerId, vantage: Vantage) {
        self.sources[source as usize] = Source { server, vantage };
    }

    pub(crate) fn add_set_aside(&mut self, kind: &str) {
        // Kinds of Exchange's logs are named by the logs themselves.
        const KINDS_MAX: usize = 200;
        let known = self.set_aside.len() < KINDS_MAX || self.set_aside.contains_key(kind);
        *self
            .set_aside
            .entry(if known { kind } else { "other" }.to_owned())
            .or_default() += 1;
    }

    fn add_reached(&mut self, server: ServerId, vantage: Vantage, reached: HashMap<&'static str, Reached>) {
        for (directory, reached) in reached {
            self.reached
                .entry((server, vantage, directory))
                .or_default()
                .add(reached);
        }
    }

    fn add_ordinary(&mut self, server: ServerId, vantage: Vantage, lines: Ordinary) {
        for ((rule, by_row), count) in lines {
            let key = (rule, server, by_row.unwrap_or(vantage));
            *self.ordinary.entry(key).or_default() += count;
        }
    }

    /// Ordinary lines by rule, server and vantage.
    pub(crate) fn ordinary(&self, servers: &[ServerId]) -> Vec<OrdinaryCount> {
        let mut counts: BTreeMap<(RuleIndex, ServerId, Vantage), u64> = BTreeMap::new();
        for ((rule, clue, vantage), count) in &self.ordinary {
            let key = (*rule, servers[clue.0 as usize], *vantage);
            *counts.entry(key).or_default() += count;
        }
        let counts = counts.into_iter();
        counts
            .map(|((rule, server, vantage), count)| OrdinaryCount {
                rule,
                server,
                vantage,
                count,
            })
            .collect()
    }

    fn add_traffic(&mut self, vantage: Vantage, traffic: HashMap<(RuleIndex, Millis), Traffic>) {
        for ((rule, hour), traffic) in traffic {
            add_traffic(&mut self.traffic, (rule, vantage, hour), traffic);
        }
    }

    fn add_layouts(&mut self, layouts: BTreeSet<u32>) {
        if self.layouts.len() < LAYOUTS_MAX || self.layouts.contains_key(&layouts) {
            *self.layouts.entry(layouts).or_default() += 1;
        }
    }

    /// Exposure by server and directory. One request stands in several logs: the front end's count, else the proxy's.
    pub(crate) fn exposure(&self, servers: &[ServerId], names: &[Arc<str>]) -> Vec<Exposure> {
        let mut by_server: BTreeMap<(ServerId, &str), BTreeMap<Vantage, Reached>> = BTreeMap::new();
        let mut with_front_end = BTreeSet::new();
        for ((clue, vantage, directory), reached) in &self.reached {
            let server = servers[clue.0 as usize];
            if *vantage == Vantage::FrontEnd {
                with_front_end.insert(server);
            }
            by_server
                .entry((server, directory))
                .or_default()
                .entry(*vantage)
                .or_default()
                .add(*reached);
        }
        let exposure = by_server
            .into_iter()
            .filter_map(|((server, directory), by_vantage)| {
                let vantage = if with_front_end.contains(&server) {
                    Vantage::FrontEnd
                } else {
                    Vantage::Proxy
                };
                let reached = by_vantage.get(&vantage)?;
                Some(Exposure {
                    server: names[server.0 as usize].clone(),
                    virtual_directory: directory.to_owned(),
                    public_successful: reached.public_successful,
                    public_refused: reached.public_refused,
                    internal: reached.internal,
                })
            });
        exposure.collect()
    }

    /// Rules that some logs could not answer.
    pub(crate) fn unanswerable(&self, layouts: &[Arc<Layout>]) -> Vec<Unanswerable> {
        let mut counts: BTreeMap<(RuleIndex, LogKind), u64> = BTreeMap::new();
        for (ids, files) in &self.layouts {
            let lacking: BTreeSet<_> = (ids.iter())
                .filter_map(|id| layouts.get(*id as usize))
                .flat_map(|layout| {
                    layout
                        .bound
                        .unanswerable()
                        .iter()
                        .map(|rule| (*rule, layout.shape.kind))
                })
                .collect();
            for key in lacking {
                *counts.entry(key).or_default() += files;
            }
        }
        counts
            .into_iter()
            .map(|((rule, kind), files)| Unanswerable { rule, kind, files })
            .collect()
    }
}

/// The first input files by path, and the number of the others.
#[derive(Debug)]
pub(crate) struct Inputs {
    listed: BinaryHeap<InputFile>,
    most: usize,
    not_listed: u64,
}

impl Default for Inputs {
    fn default() -> Self {
        Self {
            listed: BinaryHeap::new(),
            most: Reading::INPUTS_LISTED,
            not_listed: 0,
        }
    }
}

impl Inputs {
    pub(crate) fn add(&mut self, input: InputFile) {
        self.listed.push(input);
        if self.listed.len() > self.most {
            self.listed.pop();
            self.not_listed += 1;
        }
    }

    pub(crate) fn finish(self) -> (Vec<InputFile>, u64) {
        (self.listed.into_sorted_vec(), self.not_listed)
    }
}

/// The first entries by file and offset, and the number of the others.
#[derive(Debug, Default)]
pub(crate) struct UnreadList {
    listed: BTreeMap<(Arc<str>, u64, UnreadReason), Vec<Unread>>,
    count: usize,
    not_listed: u64,
}

impl UnreadList {
    pub(crate) fn add(&mut self, unread: Unread) {
        let key = (unread.file.clone(), unread.offset, unread.reason);
        self.listed.entry(key).or_default().push(unread);
        self.count += 1;
        if self.count > Reading::UNREAD_LISTED
            && let Some(mut last) = self.listed.last_entry()
        {
            last.get_mut().pop();
            if last.get().is_empty() {
                last.remove();
            }
            self.count -= 1;
            self.not_listed += 1;
        }
    }

    pub(crate) fn count(&mut self, more: u64) {
        self.not_listed += more;
    }

    pub(crate) fn finish(self) -> (Vec<Unread>, u64) {
        (self.listed.into_values().flatten().collect(), self.not_listed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_inputs_by_path_are_kept_and_the_others_counted() {
        let mut inputs = Inputs {
            most: 2,
            ..Inputs::default()
        };
        for file in ["c", "a", "d", "b"] {
            inputs.add(InputFile {
                file: file.into(),
                size: 1,
                sha256: String::new(),
                modified: None,
                created: None,
            });
        }
        let (listed, not_listed) = inputs.finish();
        let files: Vec<&str> = listed.iter().map(|input| &*input.file).collect();
        assert_eq!((files, not_listed), (vec!["a", "b"], 2));
    }
}
