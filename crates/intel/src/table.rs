//! Tables of counts that hostile input cannot grow without limit.

use std::collections::HashMap;
use std::hash::Hash;

use imker_event::Text;
use jiff::Timestamp;

use crate::distinct::Sketch;
use crate::model::{CountedRow, Distinct, Listed};

/// A row that can be ranked: what ranks lowest goes first where a table is full.
pub(crate) trait Row {
    /// How often it was seen.
    fn count(&self) -> u64;

    /// What is kept longest, higher first.
    fn rank(&self) -> (u32, u64) {
        (0, self.count())
    }
}

/// Rows by key. It holds at most twice `KEPT` rows; then the lower half goes, its counts added up.
#[derive(Debug)]
pub(crate) struct Table<K, V, const KEPT: usize> {
    rows: HashMap<K, V>,
    dropped: u64,
    dropped_count: u64,
}

impl<K, V, const KEPT: usize> Default for Table<K, V, KEPT> {
    fn default() -> Self {
        Self {
            rows: HashMap::new(),
            dropped: 0,
            dropped_count: 0,
        }
    }
}

impl<K: Hash + Eq + Ord + Clone, V: Row, const KEPT: usize> Table<K, V, KEPT> {
    /// The row of a key, made where there is none.
    pub(crate) fn row(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        if self.rows.len() >= 2 * KEPT && !self.rows.contains_key(&key) {
            self.prune();
        }
        self.rows.entry(key).or_insert_with(make)
    }

    fn prune(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let mut rows = sorted(rows);
        for (_, row) in rows.drain(KEPT.min(rows.len())..) {
            self.dropped += 1;
            self.dropped_count += row.count();
        }
        self.rows = rows.into_iter().collect();
    }

    /// How many different keys there were, where none was dropped.
    pub(crate) fn exact_len(&self) -> Option<u64> {
        (self.dropped == 0).then_some(self.rows.len() as u64)
    }

    /// The first `limit` rows by rank; what is behind them is counted.
    pub(crate) fn list<T>(self, limit: usize, mut shape: impl FnMut(K, V) -> T) -> Listed<T> {
        let mut rows = sorted(self.rows);
        let rest = rows.split_off(limit.min(rows.len()));
        Listed {
            entries: rows.into_iter().map(|(key, row)| shape(key, row)).collect(),
            not_listed: rest.len() as u64 + self.dropped,
            count_not_listed: rest.iter().map(|(_, row)| row.count()).sum::<u64>() + self.dropped_count,
            exact: self.dropped == 0,
        }
    }
}

fn sorted<K: Ord, V: Row>(rows: HashMap<K, V>) -> Vec<(K, V)> {
    let mut rows: Vec<(K, V)> = rows.into_iter().collect();
    rows.sort_unstable_by(|(key, row), (other_key, other)| {
        other.rank().cmp(&row.rank()).then_with(|| key.cmp(other_key))
    });
    rows
}

/// How often, by how many, first and last.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    sources: Sketch<256>,
}

impl Tally {
    pub(crate) fn at(time: Timestamp) -> Self {
        Self {
            count: 0,
            first: time,
            last: time,
            sources: Sketch::default(),
        }
    }

    pub(crate) fn add(&mut self, time: Timestamp, source: Option<std::net::IpAddr>) {
        self.count += 1;
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        if let Some(source) = source {
            self.sources.add(&source);
        }
    }

    /// How many sources; an estimate never exceeds what they did.
    pub(crate) fn sources(&self) -> Distinct {
        self.sources.count().at_most(self.count)
    }

    #[expect(clippy::needless_pass_by_value, reason = "a table hands over its rows")]
    pub(crate) fn counted(value: String, tally: Self) -> CountedRow {
        CountedRow {
            value,
            count: tally.count,
            sources: tally.sources(),
            first: tally.first,
            last: tally.last,
        }
    }
}

impl Row for Tally {
    fn count(&self) -> u64 {
        self.count
    }
}

/// Text kept as a key or a sample: at most `MAX_TEXT` bytes, cut at a character and marked.
pub(crate) fn kept(text: &Text) -> String {
    cut(text.as_str())
}

/// See [`kept`].
pub(crate) fn cut(text: &str) -> String {
    const MAX_TEXT: usize = 512;
    if text.len() <= MAX_TEXT {
        return text.to_owned();
    }
    let end = (0..=MAX_TEXT)
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_sources_than_times() {
        let mut tally = Tally::at(Timestamp::UNIX_EPOCH);
        for number in 0..100_000u32 {
            tally.add(
                Timestamp::UNIX_EPOCH,
                Some(std::net::Ipv4Addr::from(number).into()),
            );
            let sources = tally.sources();
            assert!(sources.count <= u64::from(number) + 1 && sources.estimated == (number >= 256));
        }
    }

    #[test]
    fn a_full_table_keeps_what_counts_most_and_loses_no_count() {
        let mut table = Table::<u32, Tally, 4>::default();
        let time = Timestamp::UNIX_EPOCH;
        for round in 0..100u32 {
            table.row(1, || Tally::at(time)).add(time, None);
            table.row(round + 10, || Tally::at(time)).add(time, None);
        }
        let listed = table.list(2, |key, row| (key, row.count));
        assert_eq!(listed.entries[0], (1, 100));
        assert!(!listed.exact);
        let shown: u64 = listed.entries.iter().map(|(_, count)| count).sum();
        assert_eq!(shown + listed.count_not_listed, 200);
    }
}
