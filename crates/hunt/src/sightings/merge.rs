//! Merging sorted runs.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};

use tempfile::NamedTempFile;

use super::Arena;
use super::record::Record;

/// Goes through sorted runs, and what is in memory, in order.
pub(crate) struct Merge<'a> {
    heap: BinaryHeap<Reverse<Head>>,
    runs: Vec<BufReader<File>>,
    kept: Option<&'a Arena>,
    next_kept: usize,
}

/// The next record of one run.
struct Head {
    bytes: Vec<u8>,
    /// Which run; beyond the last one is what is in memory.
    run: usize,
}

impl<'a> Merge<'a> {
    pub(crate) fn new(runs: &[NamedTempFile], kept: Option<&'a Arena>) -> io::Result<Self> {
        let runs = runs
            .iter()
            .map(|run| Ok(BufReader::with_capacity(1 << 16, run.reopen()?)))
            .collect::<io::Result<_>>()?;
        let mut merge = Self {
            heap: BinaryHeap::new(),
            runs,
            kept,
            next_kept: 0,
        };
        for run in 0..=merge.runs.len() {
            merge.refill(Head {
                bytes: Vec::new(),
                run,
            })?;
        }
        Ok(merge)
    }

    /// Hands the next record to `take`.
    pub(crate) fn next<T>(&mut self, take: impl FnOnce(&Record<'_>) -> T) -> Option<io::Result<T>> {
        let Reverse(head) = self.heap.pop()?;
        let taken = head.record().map(|record| take(&record));
        if let Err(error) = self.refill(head) {
            self.heap.clear();
            return Some(Err(error));
        }
        taken.map(Ok)
    }

    fn refill(&mut self, mut head: Head) -> io::Result<()> {
        let more = match self.runs.get_mut(head.run) {
            Some(run) => Record::load(run, &mut head.bytes)?,
            None => match self.kept.and_then(|kept| kept.record(self.next_kept)) {
                Some(record) => {
                    self.next_kept += 1;
                    head.bytes.clear();
                    record.write(&mut head.bytes);
                    true
                }
                None => false,
            },
        };
        if more {
            self.heap.push(Reverse(head));
        }
        Ok(())
    }
}

/// Merges runs into a single one.
pub(crate) fn into_one(runs: &[NamedTempFile]) -> io::Result<NamedTempFile> {
    let mut merge = Merge::new(runs, None)?;
    let mut merged = NamedTempFile::new()?;
    let mut out = BufWriter::new(merged.as_file_mut());
    let mut bytes = Vec::new();
    while let Some(next) = merge.next(|record| {
        bytes.clear();
        record.write(&mut bytes);
    }) {
        next?;
        out.write_all(&bytes)?;
    }
    out.flush()?;
    drop(out);
    Ok(merged)
}

impl Head {
    fn record(&self) -> Option<Record<'_>> {
        Record::read(&self.bytes).map(|(record, _)| record)
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.record(), other.record()) {
            (Some(left), Some(right)) => left.order(&right).then(self.run.cmp(&other.run)),
            _ => self.run.cmp(&other.run),
        }
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}
