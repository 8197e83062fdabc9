//! Zip archives: by their directory where the file can be searched, else as a stream.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::bounded::Bounded;
use super::{Level, Opener, label, stop};
use crate::input::Input;
use crate::model::UnreadReason;

/// An archive within an archive is kept whole up to this size; a larger one is read as a stream.
const KEPT_MAX: usize = 16 << 20;

/// The library holds the whole directory in memory; a larger one is passed by.
const DIRECTORY_MAX: (u64, u64) = (100_000, 16 << 20);

impl Opener<'_> {
    /// Reads an archive that is a file, which `input` reads from its start.
    pub(super) fn zip_file(&mut self, file: &File, input: &mut Input<'_>) {
        let level = Level {
            depth: 1,
            compressed: false,
        };
        let _ = match file.metadata().map(|metadata| metadata.len()) {
            Ok(size) => self.zip(None, io::BufReader::new(file), size, input, level),
            Err(_) => self.zip_members(None, input, level),
        };
    }

    /// Reads an archive in a stream.
    pub(super) fn zip_stream(
        &mut self,
        around: Option<&str>,
        input: &mut Input<'_>,
        level: Level,
    ) -> ControlFlow<()> {
        let head = input.peek(KEPT_MAX + 1);
        if head.len() > KEPT_MAX || input.has_failed() {
            return self.zip_members(around, input, level);
        }
        let kept = input.peek(KEPT_MAX).to_vec();
        self.zip(around, Cursor::new(&kept), kept.len() as u64, input, level)
    }

    /// Reads an archive by its directory, or as a stream where that is damaged or too large.
    fn zip(
        &mut self,
        around: Option<&str>,
        mut reader: impl Read + Seek,
        size: u64,
        input: &mut Input<'_>,
        level: Level,
    ) -> ControlFlow<()> {
        let fits = directory(&mut reader, size).is_ok_and(|found| {
            found.is_some_and(|(members, bytes)| members <= DIRECTORY_MAX.0 && bytes <= DIRECTORY_MAX.1)
        });
        let archive = if fits { ZipArchive::new(reader).ok() } else { None };
        let Some(mut archive) = archive else {
            return self.zip_members(around, input, level);
        };
        let (packed, unpacked) = (Cell::new(size), Cell::new(0));
        for index in 0..archive.len() {
            if index as u64 >= self.limits.members {
                self.visitor.unread(around, 0, UnreadReason::MemberLimit, None);
                break;
            }
            let name = archive
                .name_for_index(index)
                .and_then(Result::ok)
                .map(|name| name.into_owned());
            match archive.by_index(index) {
                Ok(mut member) => self.zip_member(around, &mut member, &packed, &unpacked, level)?,
                Err(error) => {
                    let name = label(around, name.unwrap_or_default().as_bytes());
                    self.zip_failed(Some(&name), &error);
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Reads an archive from its start, member by member.
    fn zip_members(&mut self, around: Option<&str>, input: &mut Input<'_>, level: Level) -> ControlFlow<()> {
        let (packed, unpacked) = (Cell::new(0), Cell::new(0));
        let start = input.offset();
        let mut failures = self.failures;
        for members in 0.. {
            packed.set(input.offset() - start);
            // What follows the last member is the directory, or the end where the archive was cut.
            let at_end = match input.peek(4) {
                [b'P', b'K', 3, 4] => false,
                [b'P', b'K', 1, 2] | [b'P', b'K', 5, 6] => return ControlFlow::Continue(()),
                _ => true,
            };
            if at_end && std::mem::replace(&mut failures, self.failures) < self.failures {
                // The member before tells where the archive was cut.
                return ControlFlow::Continue(());
            }
            if at_end || members >= self.limits.members {
                let reason = if !at_end {
                    UnreadReason::MemberLimit
                } else if input.peek(4).len() < 4 {
                    UnreadReason::Truncated
                } else {
                    UnreadReason::Damaged
                };
                self.visitor
                    .unread(around, packed.get(), reason, Some("zip archive".to_owned()));
                return ControlFlow::Continue(());
            }
            match zip::read::read_zipfile_from_stream(input) {
                Ok(Some(mut member)) => {
                    packed.set(packed.get() + member.compressed_size());
                    self.zip_member(around, &mut member, &packed, &unpacked, level)?;
                }
                Ok(None) => return ControlFlow::Continue(()),
                Err(error) => {
                    self.zip_failed(around, &error);
                    return ControlFlow::Continue(());
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn zip_member<R: Read>(
        &mut self,
        around: Option<&str>,
        member: &mut ZipFile<'_, R>,
        packed: &Cell<u64>,
        unpacked: &Cell<u64>,
        level: Level,
    ) -> ControlFlow<()> {
        let name = label(around, member.name_raw());
        if member.is_dir() || member.is_symlink() {
            return ControlFlow::Continue(());
        }
        let mut bounded = Bounded::new(member, packed, unpacked, self.limits);
        let mut inner = Input::new(&mut bounded, self.buffer(), 0);
        let flow = self.stream(Some(&name), &mut inner, level);
        self.buffers.push(inner.into_buffer());
        flow
    }

    fn zip_failed(&mut self, member: Option<&str>, error: &ZipError) {
        let reason = match error {
            ZipError::Io(error) => stop::reason(error),
            ZipError::InvalidArchive(_) => UnreadReason::Damaged,
            _ => UnreadReason::Unsupported,
        };
        let words = error.to_string().chars().take(200).collect();
        self.visitor.unread(member, 0, reason, Some(words));
    }
}

/// How many members and bytes the directory has, as its end record tells (APPNOTE 4.3.14 and 4.3.16).
fn directory(reader: &mut (impl Read + Seek), size: u64) -> io::Result<Option<(u64, u64)>> {
    const END: usize = 22;
    let length = size.min(END as u64 + 65_535 + 20);
    let start = reader.seek(SeekFrom::Start(size - length))?;
    let mut tail = vec![0; length as usize];
    reader.read_exact(&mut tail)?;
    let Some(at) = memchr::memmem::rfind(&tail, b"PK\x05\x06").filter(|at| at + END <= tail.len()) else {
        return Ok(None);
    };
    let number = |bytes: &[u8], at: usize, length: usize| {
        bytes[at..at + length]
            .iter()
            .rev()
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte))
    };
    let (members, bytes) = (number(&tail, at + 10, 2), number(&tail, at + 12, 4));
    if members != 0xffff && bytes != 0xffff_ffff {
        reader.seek(SeekFrom::Start(0))?;
        return Ok(Some((members, bytes)));
    }
    let Some(locator) = at
        .checked_sub(20)
        .filter(|at| tail[*at..].starts_with(b"PK\x06\x07"))
    else {
        return Ok(Some((members, bytes)));
    };
    let end = number(&tail, locator + 8, 8);
    if end >= start + locator as u64 {
        return Ok(None);
    }
    let mut record = [0; 56];
    reader.seek(SeekFrom::Start(end))?;
    reader.read_exact(&mut record)?;
    reader.seek(SeekFrom::Start(0))?;
    Ok(record
        .starts_with(b"PK\x06\x06")
        .then(|| (number(&record, 32, 8), number(&record, 40, 8))))
}
