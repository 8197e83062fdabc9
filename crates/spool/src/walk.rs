use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::error::Io;
use crate::frame::{self, HEAD, Parsed};
use crate::segment::{self, HEADER};

const CHUNK: usize = 256 << 10;

/// Goes through a segment frame by frame; damage is skipped to the next intact frame.
#[derive(Debug)]
pub(crate) struct Walk {
    file: File,
    path: PathBuf,
    id: u64,
    /// Whether its header is damaged.
    pub(crate) is_headless: bool,
    /// The segment's first sequence number.
    pub(crate) first: u64,
    /// The sequence number that an undamaged segment goes on with.
    pub(crate) expected: u64,
    /// Frames from this sequence number on are void: a later segment has these numbers.
    pub(crate) end: u64,
    /// Where reading stops, whatever the file has.
    pub(crate) limit: u64,
    /// Where the next frame should begin.
    pub(crate) offset: u64,
    /// Bytes of the file from `offset` on, after `start`.
    buffer: Vec<u8>,
    start: usize,
}

/// One step of a [`Walk`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Frame {
        sequence: u64,
        flags: u8,
        payload: Vec<u8>,
    },
    /// These sequence numbers are damaged; an intact frame follows.
    Missing { first: u64, last: u64 },
    /// No intact frame follows, before so many bytes that are none.
    End { rest: u64 },
}

impl Walk {
    /// `id` is used where the segment's header is damaged.
    pub(crate) fn open(dir: &Path, first: u64, id: u64) -> Result<Self, Error> {
        let path = segment::path(dir, first);
        let mut file = File::open(&path).on("open", &path)?;
        let header = segment::header(&path, &mut file)?;
        let mut walk = Self {
            file,
            path,
            id: header.map_or(id, |header| header.id),
            is_headless: header.is_none(),
            first,
            expected: first,
            end: u64::MAX,
            limit: u64::MAX,
            offset: 0,
            buffer: Vec::new(),
            start: 0,
        };
        walk.reread(HEADER as u64).on("read", &walk.path)?;
        Ok(walk)
    }

    /// The next step. [`Step::End`] is no end: where the segment grew or the limits moved, the walk goes on.
    pub(crate) fn step(&mut self) -> Result<Step, Error> {
        let step = self.try_step();
        step.on("read", &self.path)
    }

    fn try_step(&mut self) -> io::Result<Step> {
        loop {
            let Some((sequence, flags, length)) = self.intact_frame()? else {
                let damaged = self.offset;
                if !self.find_intact_frame()? {
                    return self.end_at(damaged);
                }
                // What is followed by an intact frame was written whole; it may have been half there at the first look.
                let found = self.offset;
                self.reread(damaged)?;
                if self.intact_frame()?.is_none() {
                    self.reread(found)?;
                }
                continue;
            };
            if sequence >= self.end {
                return self.end_at(self.offset);
            }
            if sequence > self.expected {
                let first = std::mem::replace(&mut self.expected, sequence);
                return Ok(Step::Missing {
                    first,
                    last: sequence - 1,
                });
            }
            let payload = self.start + HEAD;
            self.skip(HEAD + length);
            if sequence == self.expected {
                self.expected += 1;
                return Ok(Step::Frame {
                    sequence,
                    flags,
                    payload: self.buffer[payload..self.start].to_vec(),
                });
            }
        }
    }

    /// Sequence, flags and length of the payload of the frame at the offset; none where there is none in full.
    fn intact_frame(&mut self) -> io::Result<Option<(u64, u8, usize)>> {
        loop {
            match frame::parse(self.id, &self.buffer[self.start..]) {
                Parsed::Frame(frame) => {
                    return Ok(Some((frame.sequence, frame.flags, frame.payload.len())));
                }
                Parsed::Bad => return Ok(None),
                Parsed::Short(needed) => {
                    if !self.fill(needed)? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Goes on to the next intact frame that may stand here.
    fn find_intact_frame(&mut self) -> io::Result<bool> {
        let mut skipped = 0;
        loop {
            if !self.fill(HEAD + 1)? {
                return Ok(false);
            }
            self.skip(1);
            skipped += 1;
            // What was skipped cannot have held more frames than fit into it.
            let latest = self.expected.saturating_add(skipped / HEAD as u64);
            let sequence = frame::sequence(&self.buffer[self.start..]);
            let plausible = sequence.is_some_and(|sequence| sequence >= self.expected && sequence <= latest);
            if plausible && self.intact_frame()?.is_some() {
                return Ok(true);
            }
        }
    }

    fn end_at(&mut self, offset: u64) -> io::Result<Step> {
        let length = self.file.metadata()?.len().min(self.limit);
        self.reread(offset)?;
        Ok(Step::End {
            rest: length.saturating_sub(offset),
        })
    }

    /// Goes to an offset, and forgets what was read of the file.
    fn reread(&mut self, offset: u64) -> io::Result<()> {
        self.start = 0;
        self.buffer.clear();
        self.offset = offset;
        self.file.seek(SeekFrom::Start(offset)).map(drop)
    }

    fn skip(&mut self, size: usize) {
        self.start += size;
        self.offset += size as u64;
    }

    /// Reads until `needed` bytes are there; false where there are not that many.
    fn fill(&mut self, needed: usize) -> io::Result<bool> {
        let mut have = self.buffer.len() - self.start;
        if have >= needed {
            return Ok(true);
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        while have < needed {
            let left = self.limit.saturating_sub(self.offset + have as u64);
            let want = (needed - have)
                .max(CHUNK)
                .min(usize::try_from(left).unwrap_or(CHUNK));
            self.buffer.resize(have + want, 0);
            let read = self.file.read(&mut self.buffer[have..]);
            self.buffer.truncate(have + *read.as_ref().unwrap_or(&0));
            if read? == 0 {
                return Ok(false);
            }
            have = self.buffer.len();
        }
        Ok(true)
    }

    /// The file's size now.
    pub(crate) fn size(&self) -> Result<u64, Error> {
        Ok(self.file.metadata().on("read", &self.path)?.len())
    }

    /// Whether the file is shorter than what was read of it.
    pub(crate) fn was_cut(&self) -> Result<bool, Error> {
        Ok(self.offset > HEADER as u64 && self.size()? < self.offset)
    }
}
