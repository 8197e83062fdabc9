use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use crate::error::Io;
use crate::frame::{self, END, Frame, HEAD, TELLS};
use crate::platform::Output;
use crate::reserve::Evicted;
use crate::segment::{self, HEADER, Header};
use crate::shared::{Batch, Shared, lock};
use crate::{AppendError, Error, Loss, SteadyClock};

/// What is written and synced at once, unless a single batch is larger.
const GROUP: usize = 8 << 20;
/// Damaged ranges remembered, so that each is told once.
const KNOWN: usize = 4096;

pub(crate) type Explain = Box<dyn FnMut(&Loss) -> Vec<u8> + Send>;

/// A segment that is not written any more.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closed {
    pub(crate) first: u64,
    pub(crate) created: SystemTime,
    pub(crate) size: u64,
}

/// The segment being written.
pub(crate) struct Active {
    pub(crate) first: u64,
    pub(crate) created: SystemTime,
    pub(crate) output: Box<dyn Output>,
    /// What of it is durable.
    pub(crate) length: u64,
}

impl Active {
    pub(crate) fn is_empty(&self) -> bool {
        self.length <= HEADER as u64
    }
}

/// The segments on disk, as their one writer sees them.
pub(crate) struct State {
    /// Ascending.
    pub(crate) closed: VecDeque<Closed>,
    pub(crate) active: Option<Active>,
    /// The next sequence number.
    pub(crate) next: u64,
}

/// Writes whatever waits, syncs it once, and answers.
pub(crate) struct Committer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) state: State,
    pub(crate) clock: SteadyClock,
    /// Losses to be told that no disk remembers.
    losses: Vec<Loss>,
    known: BTreeSet<(u64, u64)>,
    explain: Explain,
    buffer: Vec<u8>,
    /// Whether a part of the buffer may turn up after a power cut, though its writing failed.
    left_behind: bool,
}

impl Committer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        state: State,
        losses: Vec<Loss>,
        known: BTreeSet<(u64, u64)>,
        explain: Explain,
    ) -> Self {
        let clock = SteadyClock::new(shared.platform.now());
        Self {
            shared,
            state,
            clock,
            losses,
            known,
            explain,
            buffer: Vec::new(),
            left_behind: false,
        }
    }

    pub(crate) fn run(mut self) {
        // Also where `explain` panics: then nothing may wait for an answer for ever.
        let shared = Arc::clone(&self.shared);
        let _end = End(&shared);
        loop {
            let mut queue = lock(&shared.queue);
            while queue.batches.is_empty() && queue.damaged.is_empty() && !queue.beat && !queue.closed {
                queue = shared
                    .queued
                    .wait(queue)
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
            }
            let batches = std::mem::take(&mut queue.batches);
            let damaged = std::mem::take(&mut queue.damaged);
            let age = std::mem::take(&mut queue.age);
            let beat = std::mem::take(&mut queue.beat);
            let closed = queue.closed;
            drop(queue);

            let new = damaged
                .into_iter()
                .filter(|&range| self.known.len() < KNOWN && self.known.insert(range));
            let new: Vec<_> = new.map(|(first, last)| Loss::Damaged { first, last }).collect();
            self.losses.extend(new);
            if age {
                self.expire();
            }
            if beat {
                self.spare();
            }
            let done: usize = batches.iter().map(|batch| batch.bytes).sum();
            self.commit_all(batches);
            lock(&shared.queue).bytes -= done;
            if closed {
                return;
            }
        }
    }

    fn commit_all(&mut self, batches: Vec<Batch>) {
        let mut group = Vec::new();
        let mut bytes = 0;
        for batch in batches {
            if bytes > 0 && bytes + batch.bytes > GROUP {
                self.commit(std::mem::take(&mut group));
                bytes = 0;
            }
            bytes += batch.bytes;
            group.push(batch);
        }
        self.commit(group);
    }

    fn commit(&mut self, group: Vec<Batch>) {
        let frames = group
            .iter()
            .map(|batch| batch.payloads.len() * HEAD + batch.bytes);
        let size = frames.sum::<usize>() as u64;
        if size == 0 && !self.has_losses() {
            return;
        }
        let first = self.state.next;
        match self.make_room(size).and_then(|()| self.write(&group)) {
            Ok(mut sequence) => {
                for batch in group {
                    let size = batch.payloads.len() as u64;
                    let _ = batch.answer.send(Ok(sequence));
                    sequence += size;
                }
            }
            Err(error) => {
                self.state.next = first;
                let error = Arc::new(error);
                for batch in group {
                    let _ = batch.answer.send(Err(AppendError::Full(Arc::clone(&error))));
                }
            }
        }
    }

    /// Losses, then the group; gives the group's first sequence number once all is durable.
    fn write(&mut self, group: &[Batch]) -> Result<u64, Error> {
        let telling = self.state.next;
        let mut reserve = lock(&self.shared.reserve);
        let frozen = if reserve.has_losses() {
            Some(reserve.freeze(telling))
        } else {
            None
        };
        drop(reserve);
        if frozen.is_some() {
            self.shared.sync_reserve();
        }
        let flags = if frozen.is_some() { TELLS } else { 0 };
        let losses = self.kept_losses(frozen.unwrap_or_default());
        let mut told: Vec<_> = losses
            .iter()
            .chain(&self.losses)
            .map(|loss| (self.explain)(loss))
            .collect();
        told.iter_mut()
            .for_each(|payload| payload.truncate(frame::MAX_BATCH));
        self.buffer.clear();
        self.encode(&told, flags);
        let first = self.state.next;
        for batch in group {
            self.encode(&batch.payloads, 0);
        }
        let written = self
            .make_room(self.buffer.len() as u64)
            .and_then(|()| self.write_buffer(telling));
        if flags == TELLS {
            let mut reserve = lock(&self.shared.reserve);
            match &written {
                Ok(()) => reserve.told(),
                Err(_) if !self.left_behind => reserve.thaw(),
                Err(_) => {}
            }
        }
        written?;
        // Whatever lies behind the last segment is void from now on.
        self.left_behind = false;
        self.losses.clear();
        Ok(first)
    }

    fn encode(&mut self, payloads: &[Vec<u8>], flags: u8) {
        for (index, payload) in payloads.iter().enumerate() {
            let end = if index + 1 == payloads.len() { END } else { 0 };
            let frame = Frame {
                sequence: self.state.next,
                flags: flags | end,
                payload,
            };
            frame::encode(self.shared.id, frame, &mut self.buffer);
            self.state.next += 1;
        }
    }

    /// Writes and syncs the buffer, whose first frame has this sequence number; in place of a full disk's oldest
    /// segment if need be.
    fn write_buffer(&mut self, first: u64) -> Result<(), Error> {
        loop {
            let result = self.roll(first).and_then(|()| self.write_active());
            let full = matches!(&result, Err(Error::Io { source, .. }) if is_full(source));
            if !(full && (self.evict_oldest() || self.give_up_passed())) {
                return result;
            }
        }
    }

    fn write_active(&mut self) -> Result<(), Error> {
        let Some(active) = &mut self.state.active else {
            return Ok(());
        };
        let path = segment::path(&self.shared.dir, active.first);
        let (appended, length) = (active.output.append(&self.buffer), active.length);
        let appended_all = appended.is_ok();
        let written = appended
            .on("write", &path)
            .and_then(|()| active.output.sync().on("sync", &path));
        if let Err(error) = written {
            // What a failed sync leaves in the cache is not known: nothing may follow it in this file.
            let clean = active
                .output
                .cut(length)
                .and_then(|()| active.output.sync())
                .is_ok();
            self.left_behind |= !clean;
            if appended_all || !clean {
                self.abandon();
            }
            return Err(error);
        }
        active.length += self.buffer.len() as u64;
        let (segment, length) = (active.first, active.length);
        self.shared.durable.send_modify(|durable| {
            durable.next = self.state.next;
            durable.segment = segment;
            durable.length = length;
        });
        Ok(())
    }

    /// Begins a segment where there is none or it would grow too large.
    fn roll(&mut self, first: u64) -> Result<(), Error> {
        let (size, limit) = (self.buffer.len() as u64, self.shared.options.segment_size);
        let has_room = |active: &Active| active.is_empty() || active.length + size <= limit;
        if self.state.active.as_ref().is_some_and(has_room) {
            return Ok(());
        }
        self.close_active();
        self.begin(first)
    }

    /// Begins a segment whose first frame will have this sequence number.
    pub(crate) fn begin(&mut self, first: u64) -> Result<(), Error> {
        let shared = &self.shared;
        let path = segment::path(&shared.dir, first);
        let created = shared.platform.now().0;
        let header = Header {
            id: shared.id,
            first,
            created,
        };
        let made = || -> io::Result<Box<dyn Output>> {
            let mut output = shared.platform.create(&path)?;
            output.append(&header.encode())?;
            output.sync()?;
            shared.platform.sync_dir(&shared.dir)?;
            Ok(output)
        };
        match made() {
            Ok(output) => {
                self.state.active = Some(Active {
                    first,
                    created,
                    output,
                    length: HEADER as u64,
                });
                Ok(())
            }
            Err(source) => {
                let _ = shared.platform.remove(&path);
                Err(Error::io("create", &path, source))
            }
        }
    }

    /// Begins a segment where there is none, though sequence numbers were given: at the next start this is not to look like
    /// damage. Damage that is not told yet is.
    pub(crate) fn keep_number(&mut self) {
        let has_none = self.state.closed.is_empty() && self.state.active.is_none();
        if has_none && self.state.next > 1 && self.losses.is_empty() {
            // The next append begins one where this fails.
            let _ = self.begin(self.state.next);
        }
    }

    /// The active segment is finished.
    pub(crate) fn close_active(&mut self) {
        if let Some(active) = self.state.active.take() {
            let closed = Closed {
                first: active.first,
                created: active.created,
                size: active.length,
            };
            self.state.closed.push_back(closed);
        }
    }

    /// The active segment ends before what was written last. Should that stay in the file nevertheless, the
    /// following segment makes it void, for it begins with the same sequence number.
    fn abandon(&mut self) {
        let Some(active) = self.state.active.take() else {
            return;
        };
        if active.is_empty() {
            drop(active.output);
            let _ = self
                .shared
                .platform
                .remove(&segment::path(&self.shared.dir, active.first));
        } else {
            self.state.active = Some(active);
            self.close_active();
        }
    }

    fn has_losses(&self) -> bool {
        !self.losses.is_empty() || lock(&self.shared.reserve).has_losses()
    }

    /// What would be told now.
    pub(crate) fn untold(&self) -> Vec<Loss> {
        let kept = lock(&self.shared.reserve).losses();
        let mut losses = self.kept_losses(kept);
        losses.extend(self.losses.iter().cloned());
        losses
    }

    /// Losses that the reserve remembers.
    fn kept_losses(&self, (full, evicted): (Option<Loss>, Option<Evicted>)) -> Vec<Loss> {
        let evicted = evicted.map(
            |Evicted {
                 first,
                 last,
                 from,
                 until,
             }| Loss::Evicted {
                first,
                last,
                from: segment::time(from),
                until: segment::time(until),
                cursors: self
                    .shared
                    .cursors
                    .behind(last)
                    .map(|(_, names)| names)
                    .unwrap_or_default(),
            },
        );
        full.into_iter().chain(evicted).collect()
    }
}

/// Whether an error means that there is no room.
fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// Closes the queue, answers what is left in it, and lets followers end.
struct End<'s>(&'s Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut queue = lock(&self.0.queue);
        queue.closed = true;
        let left = std::mem::take(&mut queue.batches);
        drop(queue);
        for batch in left {
            let _ = batch.answer.send(Err(AppendError::Closed));
        }
        self.0.durable.send_modify(|durable| durable.closed = true);
    }
}
