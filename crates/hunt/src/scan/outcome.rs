//! What scanning a unit yields.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use imker_detect::Vantage;
use imker_sigma::RuleIndex;

use super::bad::BadLines;
use super::exposure::Reached;
use crate::coverage::Covered;
use crate::formats::{Cells, Shape, address, number};
use crate::layout::Layout;
use crate::time::Millis;

/// What the directives so far set.
#[derive(Debug, Clone, Default)]
pub(crate) struct InForce {
    pub(crate) layout: Option<Arc<Layout>>,
    /// The day named by `#Date`, for logs without a date column.
    pub(crate) day: Option<Millis>,
    /// The user named the columns, so that surplus values tell that they are wrong.
    pub(crate) by_option: bool,
}

impl InForce {
    /// Whether a row of so many values is whole.
    pub(crate) fn fits(&self, shape: &Shape, values: usize) -> bool {
        values >= shape.width() && (values == shape.width() || !self.by_option)
    }

    /// Whether lines are read alike under both.
    pub(crate) fn reads_like(&self, other: &Self) -> bool {
        match (&self.layout, &other.layout) {
            (Some(left), Some(right)) => {
                left.id == right.id
                    && self.by_option == other.by_option
                    && (left.shape.at.date.is_some() || self.day == other.day)
            }
            (None, None) => true,
            _ => false,
        }
    }
}

/// What scanning a unit yields; also, put together in order, what scanning a file yields.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) bytes: u64,
    /// Line feeds.
    pub(crate) lines: u64,
    /// The last line had no line end.
    pub(crate) open: bool,
    pub(crate) covered: Covered,
    pub(crate) bad: BadLines,
    pub(crate) fit: Fit,
    /// Whether any event lies in the window that the user asked for.
    pub(crate) in_window: bool,
    /// Where lines begin that no `#Fields` explains.
    pub(crate) headless: Option<u64>,
    /// Matched lines that were not delivered yet, as packed records.
    pub(crate) matched: Vec<u8>,
    /// More matched than may be held; the rest of the unit was not scanned.
    pub(crate) overflowed: bool,
    /// Lines that only rules for ordinary traffic matched, by rule and the vantage that the row itself tells.
    pub(crate) ordinary: Ordinary,
    pub(crate) reached: HashMap<&'static str, Reached>,
    pub(crate) traffic: HashMap<(RuleIndex, Millis), Traffic>,
    pub(crate) traits: Traits,
    /// Layouts that rows were read by.
    pub(crate) layouts: BTreeSet<u32>,
    /// What the directives set at the end.
    pub(crate) in_force: InForce,
}

/// How well the columns fit the rows looked at, a few of each chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Fit {
    pub(crate) rows: u64,
    pub(crate) misfits: u64,
    /// Where the first of these stands.
    pub(crate) first: Option<u64>,
}

impl Fit {
    pub(crate) fn append(&mut self, next: Self) {
        self.rows += next.rows;
        self.misfits += next.misfits;
        self.first = self.first.or(next.first);
    }

    /// Where the first misfit stands, if most rows are such: the columns are wrong.
    pub(crate) fn wrong_from(&self) -> Option<u64> {
        self.first.filter(|_| self.misfits * 2 > self.rows)
    }
}

/// Counts of ordinary lines.
pub(crate) type Ordinary = BTreeMap<(RuleIndex, Option<Vantage>), u64>;

/// Requests in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Traffic {
    pub(crate) requests: u64,
    pub(crate) bytes: Option<u64>,
}

impl Traffic {
    pub(crate) fn add(&mut self, more: Self) {
        self.requests += more.requests;
        self.bytes = match (self.bytes, more.bytes) {
            (Some(left), Some(right)) => Some(left + right),
            (left, right) => left.or(right),
        };
    }
}

/// The most hours that are told apart; a forged log could name millions.
const HOURS_MAX: usize = 200_000;

/// Adds requests to an hour's.
pub(crate) fn add_traffic<K: std::hash::Hash + Eq>(hours: &mut HashMap<K, Traffic>, hour: K, more: Traffic) {
    if hours.len() < HOURS_MAX || hours.contains_key(&hour) {
        hours.entry(hour).or_default().add(more);
    }
}

impl Outcome {
    /// Adds what follows in the same file. Matched lines are not part of this: they are delivered by unit.
    pub(crate) fn append(&mut self, next: Self, gap: Millis) {
        self.covered.append(next.covered, self.lines, gap);
        self.bad.append(next.bad, self.lines);
        self.bytes += next.bytes;
        self.lines += next.lines;
        // A unit may lie in the middle of a line, or hold nothing but the NULs at the end.
        if next.lines > 0 || next.open {
            self.open = next.open;
        }
        self.headless = self.headless.or(next.headless);
        self.fit.append(next.fit);
        self.in_window |= next.in_window;
        for (directory, reached) in next.reached {
            self.reached.entry(directory).or_default().add(reached);
        }
        for (key, count) in next.ordinary {
            *self.ordinary.entry(key).or_default() += count;
        }
        for (hour, traffic) in next.traffic {
            add_traffic(&mut self.traffic, hour, traffic);
        }
        self.traits.append(next.traits);
        self.layouts.extend(next.layouts);
        self.in_force = next.in_force;
    }
}

/// What rows tell about the server; the first that tells wins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Traits {
    pub(crate) host: Option<Box<str>>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) port: Option<u16>,
    pub(crate) site: Option<Box<str>>,
    pub(crate) protocol: Option<Box<str>>,
}

impl Traits {
    /// Learns from a row.
    pub(crate) fn learn(&mut self, shape: &Shape, line: &[u8], cells: &Cells) {
        let at = &shape.at;
        let get = |place: Option<usize>| place.map_or(&[][..], |column| cells.get(line, column));
        let name = |place| {
            let text = String::from_utf8_lossy(get(place));
            (!text.is_empty()).then(|| text.chars().take(100).collect::<String>().into_boxed_str())
        };
        self.append(Self {
            host: name(at.server_name),
            address: address(get(at.server_address)).filter(|address| !address.is_loopback()),
            port: number(get(at.server_port)),
            site: name(at.site),
            protocol: name(at.protocol),
        });
    }

    /// Whether more rows could tell more.
    pub(crate) fn wants_more(&self, shape: &Shape) -> bool {
        let at = &shape.at;
        (self.host.is_none() && at.server_name.is_some())
            || (self.address.is_none() && at.server_address.is_some())
    }

    fn append(&mut self, next: Self) {
        fn keep<T>(mine: &mut Option<T>, theirs: Option<T>) {
            if mine.is_none() {
                *mine = theirs;
            }
        }
        keep(&mut self.host, next.host);
        keep(&mut self.address, next.address);
        keep(&mut self.port, next.port);
        keep(&mut self.site, next.site);
        keep(&mut self.protocol, next.protocol);
    }
}
