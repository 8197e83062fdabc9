//! What is done before a spool is written to.

use std::collections::VecDeque;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::commit::{Active, Closed, State};
use crate::cursor::Cursors;
use crate::error::Io;
use crate::frame::{END, TELLS};
use crate::platform::{Platform, create_dir, private};
use crate::reserve::Reserve;
use crate::segment::{self, HEADER};
use crate::shared::{Durable, Queue, Shared};
use crate::walk::{Step, Walk};
use crate::{Error, Loss, Options};

pub(crate) struct Found {
    pub(crate) shared: Shared,
    pub(crate) state: State,
    pub(crate) last: u64,
    pub(crate) truncated: u64,
    /// Damage.
    pub(crate) losses: Vec<Loss>,
}

/// What the end of a spool is like.
#[derive(Default)]
struct Tail {
    /// The last segment's first sequence number; none where there is no segment.
    first: Option<u64>,
    /// What of it stays, in bytes.
    length: u64,
    /// The next sequence number.
    next: u64,
    truncated: u64,
    damaged: Vec<(u64, u64)>,
}

pub(crate) fn recover(platform: Box<dyn Platform>, dir: &Path, options: Options) -> Result<Found, Error> {
    create_dir(dir).on("create", dir)?;
    let file = lock(dir)?;
    let mut firsts = segment::list(dir)?;
    let id = segment::id(dir, &firsts)?.unwrap_or_else(segment::random_id);
    let tail = tail(&*platform, dir, &mut firsts, id)?;

    let default = || dir.parent().unwrap_or(dir).join("cursors");
    let cursors = Cursors::open(options.cursors.clone().unwrap_or_else(default))?;
    let mut damaged = tail.damaged;
    // What was passed was there: its number is never given again.
    let passed = cursors.highest().max(options.given);
    let next = tail.next.max(passed + 1);
    if next > tail.next {
        damaged.push((tail.next, passed));
    }

    let mut state = State {
        closed: closed(dir, &firsts)?,
        active: None,
        next,
    };
    if let Some(first) = tail.first {
        let path = segment::path(dir, first);
        let mut output = platform.open(&path, tail.length).on("open", &path)?;
        // Whoever wrote this may have been killed before it was synced.
        output.sync().on("sync", &path)?;
        platform.sync_dir(dir).on("sync", dir)?;
        let last = state.closed.back_mut();
        if let Some(last) = last {
            last.size = tail.length;
        }
        // Damage is left behind: the next opening will not look at this segment.
        if damaged.is_empty()
            && let Some(Closed { first, created, size }) = state.closed.pop_back()
        {
            state.active = Some(Active {
                first,
                created,
                output,
                length: size,
            });
        }
    }

    let mut reserve = Reserve::open(dir, options.sources, id)?;
    if was_told(dir, &firsts, id, reserve.telling())? {
        reserve.told();
    } else {
        reserve.thaw();
    }
    let durable = Durable {
        next,
        segment: tail.first.unwrap_or(0),
        length: tail.length,
        closed: false,
    };
    let shared = Shared {
        dir: dir.to_owned(),
        id,
        options,
        platform,
        durable: watch::Sender::new(durable),
        cursors: Arc::new(cursors),
        reserve: Mutex::new(reserve),
        queue: Mutex::new(Queue::default()),
        queued: Condvar::new(),
        closing: Condvar::new(),
        _lock: file,
    };
    let losses = damaged
        .into_iter()
        .map(|(first, last)| Loss::Damaged { first, last })
        .collect();
    Ok(Found {
        shared,
        state,
        last: next - 1,
        truncated: tail.truncated,
        losses,
    })
}

fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join("lock");
    let file = private().truncate(false).open(&path).on("create", &path)?;
    let mut tries = 0;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            // It may be `is_written` that holds it, for an instant.
            Err(TryLockError::WouldBlock) if tries < 3 => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => return Err(Error::Locked { dir: dir.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(Error::io("lock", &path, source)),
        }
    }
}

/// Whether a process has the spool in `dir` open for writing.
///
/// # Errors
/// It cannot be told.
pub fn is_written(dir: &Path) -> Result<bool, Error> {
    let path = dir.join("lock");
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Error::reading(&path, error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(source)) => Err(Error::io("lock", &path, source)),
    }
}

/// Finds the last whole batch. Segments without an intact frame go, from the last on.
fn tail(platform: &dyn Platform, dir: &Path, firsts: &mut Vec<u64>, id: u64) -> Result<Tail, Error> {
    let mut tail = Tail {
        next: 1,
        ..Tail::default()
    };
    // Earlier sequence numbers were given away when a segment was begun.
    let mut begun = 0;
    let mut damaged_from = None;
    while let Some(&first) = firsts.last() {
        let mut walk = Walk::open(dir, first, id)?;
        let size = walk.size()?;
        let mut unfinished = Vec::new();
        loop {
            match walk.step()? {
                Step::Frame { flags, .. } => {
                    if flags & END != 0 {
                        tail.length = walk.offset;
                        tail.next = walk.expected;
                        tail.damaged.append(&mut unfinished);
                    }
                }
                Step::Missing { first, last } => unfinished.push((first, last)),
                Step::End { .. } => break,
            }
        }
        if tail.length > 0 {
            tail.truncated += size.saturating_sub(tail.length);
            tail.first = Some(first);
            if tail.next < begun {
                tail.damaged.push((tail.next, begun - 1));
                tail.next = begun;
            }
            return Ok(tail);
        }
        begun = begun.max(first);
        if walk.is_headless && size > HEADER as u64 {
            // Its header was durable before anything was written after it, so this is damage. How much there was
            // is not known: at least one.
            damaged_from = Some(first);
            begun += 1;
        } else {
            // Begun, but no batch in it was ever finished.
            tail.truncated += size.saturating_sub(HEADER as u64);
        }
        let path = segment::path(dir, first);
        platform.remove(&path).on("remove", &path)?;
        firsts.pop();
    }
    tail.next = begun.max(1);
    tail.damaged
        .extend(damaged_from.map(|first| (first, tail.next - 1)));
    Ok(tail)
}

fn closed(dir: &Path, firsts: &[u64]) -> Result<VecDeque<Closed>, Error> {
    let mut closed: VecDeque<Closed> = VecDeque::new();
    for &first in firsts {
        let path = segment::path(dir, first);
        let mut file = File::open(&path).on("open", &path)?;
        let metadata = fs::metadata(&path).on("read", &path)?;
        let created = match segment::header(&path, &mut file)? {
            Some(header) => header.created,
            // The time of the segment before, or of the last write, whichever there is.
            None => closed
                .back()
                .map_or_else(|| metadata.modified(), |last| Ok(last.created))
                .unwrap_or(SystemTime::now()),
        };
        closed.push_back(Closed {
            first,
            created,
            size: metadata.len(),
        });
    }
    Ok(closed)
}

/// Whether the frame that was to tell what the reserve counted is on disk.
fn was_told(dir: &Path, firsts: &[u64], id: u64, sequence: u64) -> Result<bool, Error> {
    let after = firsts.partition_point(|&first| first <= sequence);
    let Some(&first) = firsts[..after].last() else {
        return Ok(false);
    };
    let mut walk = Walk::open(dir, first, id)?;
    walk.end = firsts.get(after).copied().unwrap_or(u64::MAX);
    loop {
        match walk.step()? {
            Step::Frame {
                sequence: at, flags, ..
            } if at == sequence => return Ok(flags & TELLS != 0),
            Step::End { .. } => return Ok(false),
            Step::Frame { .. } | Step::Missing { .. } => {}
        }
    }
}
