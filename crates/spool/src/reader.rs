use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use tokio::sync::watch;

use crate::Error;
use crate::frame::END;
use crate::segment;
use crate::shared::{Durable, Shared};
use crate::walk::{Step, Walk};

/// What a reader meets, in ascending order of sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A payload.
    Payload {
        /// Its sequence number.
        sequence: u64,
        /// The bytes appended.
        bytes: Vec<u8>,
    },
    /// Sequence numbers that are gone: evicted or damaged. The spool tells of a loss in a payload of its own.
    Missing {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
}

impl Entry {
    /// Its last sequence number: what a cursor has passed once the entry is dealt with.
    pub fn sequence(&self) -> u64 {
        match *self {
            Self::Payload { sequence, .. } => sequence,
            Self::Missing { last, .. } => last,
        }
    }
}

/// Reads a spool that this or another process may be writing, without waiting. Shows whole batches only.
#[derive(Debug)]
pub struct Reader {
    dir: PathBuf,
    /// The next sequence number to be shown.
    next: u64,
    walk: Option<Walk>,
    ready: VecDeque<Entry>,
    /// A batch whose end was not read yet.
    batch: Vec<Entry>,
    /// How far it may read; without limit where another process writes.
    durable: Option<Durable>,
    damaged: Vec<(u64, u64)>,
}

/// Reads a spool from the first sequence number that is at least `from`, without locking it.
///
/// Where a sensor writes meanwhile, a batch may show an instant before it is synced.
///
/// # Errors
/// The folder cannot be read.
pub fn read_only(dir: &Path, from: u64) -> Result<Reader, Error> {
    segment::list(dir)?;
    Ok(Reader::new(dir, from, None))
}

impl Reader {
    pub(crate) fn new(dir: &Path, from: u64, durable: Option<Durable>) -> Self {
        Self {
            dir: dir.to_owned(),
            next: from.max(1),
            walk: None,
            ready: VecDeque::new(),
            batch: Vec::new(),
            durable,
            damaged: Vec::new(),
        }
    }

    /// The next entry; none where there is no further one yet. Later calls go on from there.
    ///
    /// # Errors
    /// The operating system refuses, or a segment has a newer format. Damage is no error.
    pub fn try_next(&mut self) -> Result<Option<Entry>, Error> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Ok(Some(entry));
            }
            let Some(walk) = &mut self.walk else {
                if !self.open()? {
                    return Ok(None);
                }
                continue;
            };
            if let Some(durable) = self.durable {
                let first = walk.first;
                let finished = first < durable.segment;
                walk.limit = if finished { u64::MAX } else { durable.length };
                if finished && walk.end == u64::MAX {
                    // What a failed write left behind the durable length is void.
                    let Some(follower) = self.follower(first)? else {
                        return Ok(None);
                    };
                    self.end_before(follower);
                    continue;
                }
            }
            match walk.step()? {
                Step::Frame { sequence, .. } if sequence < self.next => {}
                Step::Frame {
                    sequence,
                    flags,
                    payload,
                } => {
                    self.batch.push(Entry::Payload {
                        sequence,
                        bytes: payload,
                    });
                    if flags & END != 0 {
                        self.show_batch(sequence + 1);
                    }
                }
                Step::Missing { first, last } => self.damage(first, last),
                Step::End { .. } => {
                    if !self.go_on()? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Opens the segment that has the next sequence number; false where there is none.
    fn open(&mut self) -> Result<bool, Error> {
        loop {
            let firsts = self.segments()?;
            let after = firsts.partition_point(|&first| first <= self.next);
            let Some(&first) = firsts.get(after.saturating_sub(1)) else {
                return Ok(false);
            };
            let id = segment::id(&self.dir, &firsts)?.unwrap_or(0);
            match Walk::open(&self.dir, first, id) {
                Ok(mut walk) => {
                    if let Some(&follower) = firsts.iter().find(|&&other| other > first) {
                        walk.end = follower;
                    }
                    if first > self.next {
                        self.ready.push_back(Entry::Missing {
                            first: self.next,
                            last: first - 1,
                        });
                        self.next = first;
                    }
                    self.walk = Some(walk);
                    return Ok(true);
                }
                // It was evicted meanwhile.
                Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The segments that may be read.
    fn segments(&self) -> Result<Vec<u64>, Error> {
        let mut firsts = segment::list(&self.dir)?;
        if let Some(durable) = self.durable {
            firsts.retain(|&first| first <= durable.segment);
        }
        Ok(firsts)
    }

    /// The segment after another one, where it may be read.
    fn follower(&self, of: u64) -> Result<Option<u64>, Error> {
        Ok(self.segments()?.into_iter().find(|&first| first > of))
    }

    /// The open segment turned out to have a follower.
    fn end_before(&mut self, follower: u64) {
        if let Some(walk) = &mut self.walk {
            walk.end = follower;
        }
        self.batch.retain(|entry| entry.sequence() < follower);
    }

    /// Nothing follows in this segment: to the next one, if there is one. False where that is all for now.
    fn go_on(&mut self) -> Result<bool, Error> {
        let Some(walk) = &self.walk else { return Ok(false) };
        let (current, closed) = (walk.first, walk.end);
        let Some(follower) = self.follower(current)? else {
            if self.durable.is_none() && walk.was_cut()? {
                self.batch.clear();
                self.walk = None;
                return Ok(true);
            }
            return Ok(false);
        };
        if closed > follower {
            // What was appended between the last step and the beginning of the next segment.
            self.end_before(follower);
            return Ok(true);
        }
        let expected = walk.expected.min(follower);
        self.show_batch(expected);
        if expected < follower {
            // The oldest segments go first: where those between are evicted, so is this one.
            if self.segments()?.contains(&current) {
                self.damage(expected, follower - 1);
            } else {
                self.miss(expected, follower - 1);
            }
        }
        self.walk = None;
        Ok(true)
    }

    fn damage(&mut self, first: u64, last: u64) {
        self.damaged.push((first, last));
        self.miss(first, last);
    }

    fn miss(&mut self, first: u64, last: u64) {
        if last >= self.next {
            let first = first.max(self.next);
            self.show_batch(last + 1);
            self.ready.push_back(Entry::Missing { first, last });
        }
    }

    fn show_batch(&mut self, next: u64) {
        self.ready.extend(self.batch.drain(..));
        self.next = self.next.max(next);
    }
}

/// Reads what this process appends, as soon as it is on disk and never sooner.
#[derive(Debug)]
pub struct Follower {
    reader: Reader,
    durable: watch::Receiver<Durable>,
    shared: Weak<Shared>,
}

impl Follower {
    pub(crate) fn new(shared: &Arc<Shared>, from: u64) -> Self {
        let durable = shared.durable.subscribe();
        let now = *durable.borrow();
        Self {
            reader: Reader::new(&shared.dir, from, Some(now)),
            durable,
            shared: Arc::downgrade(shared),
        }
    }

    /// The next entry; waits for it. Cancel safe. None once the spool is closed and all is read.
    ///
    /// # Errors
    /// As [`Reader::try_next`].
    pub async fn next(&mut self) -> Result<Option<Entry>, Error> {
        loop {
            let closed = self.durable.borrow().closed;
            if let Some(entry) = self.try_next()? {
                return Ok(Some(entry));
            }
            if closed || self.durable.changed().await.is_err() {
                return Ok(None);
            }
        }
    }

    /// The next entry; none where there is no further one on disk yet.
    ///
    /// # Errors
    /// As [`Reader::try_next`].
    pub fn try_next(&mut self) -> Result<Option<Entry>, Error> {
        self.reader.durable = Some(*self.durable.borrow_and_update());
        let entry = self.reader.try_next()?;
        if !self.reader.damaged.is_empty()
            && let Some(shared) = self.shared.upgrade()
        {
            self.reader
                .damaged
                .drain(..)
                .for_each(|range| shared.report_damage(range));
        }
        Ok(entry)
    }
}
