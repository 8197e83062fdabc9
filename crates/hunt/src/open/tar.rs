//! Tar archives, read as a stream.
//!
//! The library reads the headers; members are gone through here, because it would take a name of any length into memory.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;

use tar::{EntryType, Header, PaxExtensions};

use super::bounded::Bounded;
use super::{Level, Opener, label};
use crate::input::Input;
use crate::model::UnreadReason;

/// The length of a header, and what members are padded to.
const RECORD: usize = 512;

/// The longest extension header that is read.
const EXTENSION_MAX: u64 = 64 * 1024;

/// What extension headers say of the next member.
#[derive(Default)]
struct Extension {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Opener<'_> {
    pub(super) fn tar(
        &mut self,
        around: Option<&str>,
        input: &mut Input<'_>,
        level: Level,
    ) -> ControlFlow<()> {
        let (packed, unpacked) = (Cell::new(0), Cell::new(0));
        let start = input.offset();
        let mut extension = Extension::default();
        let mut members = 0;
        loop {
            let at = input.offset() - start;
            packed.set(at);
            let (kind, size, name) = match header(input) {
                Ok(Some(header)) => header,
                Ok(None) => return self.check(around, input),
                Err(reason) => {
                    if input.has_failed() {
                        return self.check(around, input);
                    }
                    self.visitor
                        .unread(around, at, reason, Some("tar header".to_owned()));
                    return ControlFlow::Continue(());
                }
            };
            if matches!(kind, EntryType::GNULongName | EntryType::XHeader) {
                let mut member = Member { input, left: size };
                if let Err(error) = extension
                    .read(kind, &mut member)
                    .and_then(|()| member.finish(size))
                {
                    return self.failed(around, at, &error);
                }
                continue;
            }
            let Extension {
                name: long_name,
                size: long_size,
            } = std::mem::take(&mut extension);
            let name = label(around, &long_name.unwrap_or(name));
            let size = long_size.unwrap_or(size);
            members += 1;
            if members > self.limits.members {
                self.visitor.unread(around, at, UnreadReason::MemberLimit, None);
                return ControlFlow::Continue(());
            }
            let mut member = Member { input, left: size };
            match kind {
                EntryType::Regular | EntryType::Continuous => {
                    let mut bounded = Bounded::new(&mut member, &packed, &unpacked, self.limits);
                    let mut inner = Input::new(&mut bounded, self.buffer(), 0);
                    let flow = self.stream(Some(&name), &mut inner, level);
                    self.buffers.push(inner.into_buffer());
                    flow?;
                }
                EntryType::GNUSparse => self
                    .visitor
                    .unread(Some(&name), 0, UnreadReason::Unsupported, None),
                EntryType::Symlink | EntryType::Link => self.visitor.set_aside("link in an archive"),
                EntryType::Directory | EntryType::XGlobalHeader | EntryType::GNULongLink => {}
                _ => self.visitor.set_aside("device, pipe or socket"),
            }
            // Where the archive was cut within a log, that log was reported already.
            if let Err(error) = member.finish(size) {
                return if member.left > 0 && error.kind() == io::ErrorKind::UnexpectedEof && kind.is_file() {
                    ControlFlow::Continue(())
                } else {
                    self.failed(around, at, &error)
                };
            }
        }
    }
}

/// Reads a header: type, size and name. `None` at the archive's end.
fn header(input: &mut Input<'_>) -> Result<Option<(EntryType, u64, Vec<u8>)>, UnreadReason> {
    let bytes = input.peek(RECORD);
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.len() < RECORD {
        return Err(UnreadReason::Truncated);
    }
    if bytes.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let header = Header::from_byte_slice(bytes);
    let sum = |range: std::ops::Range<usize>| bytes[range].iter().map(|byte| u32::from(*byte)).sum::<u32>();
    if header.cksum().ok() != Some(sum(0..148) + 8 * u32::from(b' ') + sum(156..RECORD)) {
        return Err(UnreadReason::Damaged);
    }
    let size = header.entry_size().map_err(|_| UnreadReason::Damaged)?;
    let found = (header.entry_type(), size, header.path_bytes().into_owned());
    input.skip(RECORD);
    Ok(Some(found))
}

impl Extension {
    #[expect(clippy::disallowed_methods, reason = "`take` bounds it")]
    fn read(&mut self, kind: EntryType, member: &mut Member<'_, '_>) -> io::Result<()> {
        let mut bytes = Vec::new();
        member.take(EXTENSION_MAX).read_to_end(&mut bytes)?;
        if kind == EntryType::GNULongName {
            let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            bytes.truncate(length);
            self.name = Some(bytes);
            return Ok(());
        }
        for extension in PaxExtensions::new(&bytes).filter_map(Result::ok) {
            match extension.key_bytes() {
                b"path" => self.name = Some(extension.value_bytes().to_owned()),
                b"size" => self.size = extension.value().ok().and_then(|size| size.parse().ok()),
                _ => {}
            }
        }
        Ok(())
    }
}

/// What one member holds.
struct Member<'i, 's> {
    input: &'i mut Input<'s>,
    left: u64,
}

impl Member<'_, '_> {
    /// Passes over what was not read, padding included.
    fn finish(&mut self, size: u64) -> io::Result<()> {
        let padding = size.next_multiple_of(RECORD as u64).saturating_sub(size);
        let mut left = self.left;
        while left > 0 {
            let length = self.input.fill_buf()?.len();
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let length = left.min(length as u64);
            self.input.consume(length as usize);
            left -= length;
        }
        self.left = 0;
        self.input.peek(padding as usize);
        self.input.skip(padding as usize);
        Ok(())
    }
}

impl Read for Member<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        if room == 0 {
            return Ok(0);
        }
        let count = self.input.read(&mut out[..room])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        Ok(count)
    }
}
