//! Opening what a file holds: a log, or archives and compressed streams with logs in them.
//!
//! Nothing is unpacked to disk, and every stream is bounded in size, ratio and members.

mod bounded;
mod gzip;
mod stop;
mod tar;
mod utf16;
mod zip;
mod zstd;

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;

use imker_detect::LogKind;

use crate::input::Input;
use crate::model::{Limits, UnreadReason};
use crate::scan::Encoding;
use crate::sniff::{HEAD, Packing, Sniffed, sniff};
use bounded::{Bounded, Counting};
use stop::Stop;
pub(crate) use stop::{reason, words};

/// How deep archives may lie in one another.
const LEVELS_MAX: u8 = 2;

/// A log that was come across.
pub(crate) struct Found<'f> {
    /// Its name within the archive.
    pub(crate) member: Option<&'f str>,
    pub(crate) kind: LogKind,
    pub(crate) encoding: Encoding,
    /// It is the file itself, so that it can be read in parts.
    pub(crate) is_plain: bool,
}

/// Is told what a file holds.
pub(crate) trait Visitor {
    /// The name of the file itself.
    fn file_name(&self) -> std::borrow::Cow<'_, str>;
    /// A web log, to be read from `input`.
    fn log(&mut self, found: Found<'_>, input: &mut Input<'_>);
    /// A file of another kind.
    fn set_aside(&mut self, kind: &str);
    /// Whether it wants a stream that begins so, whatever it is; `None`: web logs alone.
    fn takes(&self, _member: Option<&str>, _head: &[u8]) -> Option<bool> {
        None
    }
    /// A stream that it wanted.
    fn bytes(&mut self, _member: Option<&str>, _input: &mut Input<'_>) {}
    /// Something that cannot be read.
    fn unread(&mut self, member: Option<&str>, offset: u64, reason: UnreadReason, detail: Option<String>);
}

/// Opens files; holds what is common to all levels of one.
pub(crate) struct Opener<'o> {
    pub(crate) visitor: &'o mut dyn Visitor,
    pub(crate) limits: Limits,
    pub(crate) buffers: &'o mut Vec<Vec<u8>>,
    /// How many failures were reported.
    pub(crate) failures: u64,
}

/// Where a stream stands among archives.
#[derive(Clone, Copy)]
struct Level {
    /// Archives and compressed streams around it.
    depth: u8,
    /// The innermost of these is a compressed stream: an archive in it is one with it, as in `.tar.gz`.
    compressed: bool,
}

impl Opener<'_> {
    /// Opens a file of `size` bytes, which `reader` reads from its start; `file` is the same file where it can be searched.
    pub(crate) fn open(&mut self, reader: &mut dyn Read, size: Option<u64>, file: Option<&File>) {
        let mut input = Input::new(reader, self.buffer(), 0);
        if let Some(size) = size {
            input = input.expect_end_at(size);
        }
        if let Some(file) = file
            && [&b"PK\x03\x04"[..], b"PK\x05\x06"]
                .iter()
                .any(|magic| input.peek(HEAD).starts_with(magic))
        {
            self.zip_file(file, &mut input);
        } else {
            let _ = self.stream(
                None,
                &mut input,
                Level {
                    depth: 0,
                    compressed: false,
                },
            );
        }
        self.buffers.push(input.into_buffer());
    }

    fn buffer(&mut self) -> Vec<u8> {
        self.buffers.pop().unwrap_or_default()
    }

    /// Reads a stream of any kind. Breaks where a limit forbids to read on in what is around it.
    fn stream(&mut self, member: Option<&str>, input: &mut Input<'_>, level: Level) -> ControlFlow<()> {
        let sniffed = sniff(input.peek(HEAD));
        if !matches!(sniffed, Sniffed::Packed(_))
            && let Some(wanted) = self.visitor.takes(member, input.peek(HEAD))
        {
            match sniffed {
                _ if wanted => self.visitor.bytes(member, input),
                Sniffed::Other(kind) => self.other(member, level, &kind, false),
                _ => self.other(member, level, "web log", false),
            }
            return self.check(member, input);
        }
        match sniffed {
            Sniffed::Other(kind) => {
                // What breaks off before it can be told may have been a log.
                if let Some(error) = input.failure() {
                    return self.failed(member, input.offset(), &error);
                }
                let head = input.peek(HEAD);
                // An archive of nothing is all zeros.
                let is_empty_tar = (1..HEAD).contains(&head.len()) && head.iter().all(|byte| *byte == 0);
                self.other(member, level, &kind, is_empty_tar);
                ControlFlow::Continue(())
            }
            Sniffed::Log(kind, mark) => {
                input.skip(mark);
                let is_plain = level.depth == 0 && member.is_none();
                self.visitor.log(
                    Found {
                        member,
                        kind,
                        encoding: Encoding::Bytes,
                        is_plain,
                    },
                    input,
                );
                self.check(member, input)
            }
            Sniffed::Utf16 { big, mark } => self.utf16(member, input, level, big, mark),
            Sniffed::Packed(packing) => self.packed(member, input, level, packing),
        }
    }

    fn packed(
        &mut self,
        member: Option<&str>,
        input: &mut Input<'_>,
        level: Level,
        packing: Packing,
    ) -> ControlFlow<()> {
        let is_archive = matches!(packing, Packing::Tar | Packing::Zip);
        let depth = if is_archive && level.compressed {
            level.depth
        } else {
            level.depth + 1
        };
        if depth > LEVELS_MAX {
            self.visitor.unread(member, 0, UnreadReason::TooDeep, None);
            return ControlFlow::Continue(());
        }
        let level = Level {
            depth,
            compressed: !is_archive,
        };
        match packing {
            Packing::Gzip => self.decompress(member, input, level, |input| Ok(gzip::Gunzip::new(input))),
            Packing::Zstd => self.decompress(member, input, level, zstd::Unzstd::new),
            Packing::Tar => self.tar(member, input, level),
            Packing::Zip => self.zip_stream(member, input, level),
        }
    }

    fn decompress<'i, 's: 'i, R: Read + 'i>(
        &mut self,
        member: Option<&str>,
        input: &'i mut Input<'s>,
        level: Level,
        decoder: impl FnOnce(Counting<'i, 's>) -> io::Result<R>,
    ) -> ControlFlow<()> {
        let (packed, unpacked) = (std::rc::Rc::new(Cell::new(0)), Cell::new(0));
        let decoder = match decoder(Counting::new(input, std::rc::Rc::clone(&packed))) {
            Ok(decoder) => decoder,
            Err(error) => return self.failed(member, 0, &error),
        };
        let mut bounded = Bounded::new(decoder, &packed, &unpacked, self.limits);
        let mut inner = Input::new(&mut bounded, self.buffer(), 0);
        let flow = self.stream(member, &mut inner, level);
        self.buffers.push(inner.into_buffer());
        flow
    }

    fn utf16(
        &mut self,
        member: Option<&str>,
        input: &mut Input<'_>,
        level: Level,
        big: bool,
        mark: usize,
    ) -> ControlFlow<()> {
        input.skip(mark);
        let start = input.offset();
        let mut text = utf16::Transcoder::new(input, big);
        let mut inner = Input::new(&mut text, self.buffer(), 0);
        let flow = match sniff(inner.peek(HEAD)) {
            Sniffed::Log(kind, _) => {
                self.visitor.log(
                    Found {
                        member,
                        kind,
                        encoding: Encoding::Utf16(start),
                        is_plain: false,
                    },
                    &mut inner,
                );
                self.check(member, &mut inner)
            }
            Sniffed::Other(kind) => {
                self.other(member, level, &kind, false);
                ControlFlow::Continue(())
            }
            Sniffed::Utf16 { .. } | Sniffed::Packed(_) => {
                self.other(member, level, "binary", false);
                ControlFlow::Continue(())
            }
        };
        self.buffers.push(inner.into_buffer());
        flow
    }

    /// Takes what is no web log. Where the name promises an archive, it may be one that was damaged.
    fn other(&mut self, member: Option<&str>, level: Level, kind: &str, is_empty_tar: bool) {
        let promised = member
            .map_or_else(|| self.visitor.file_name(), Into::into)
            .rsplit(['/', '\\', '!'])
            .next()
            .and_then(|name| promised(name, level.compressed));
        match promised {
            Some("tar") if is_empty_tar => self.visitor.set_aside(kind),
            Some(packing) if !kind.ends_with("log") && !kind.starts_with("Exchange log") => {
                let detail = format!("its name says {packing}, its content does not");
                self.visitor
                    .unread(member, 0, UnreadReason::Damaged, Some(detail));
            }
            _ => self.visitor.set_aside(kind),
        }
    }

    /// Reports what ended a stream early.
    fn check(&mut self, member: Option<&str>, input: &mut Input<'_>) -> ControlFlow<()> {
        match input.failure() {
            Some(error) => self.failed(member, input.offset(), &error),
            None => ControlFlow::Continue(()),
        }
    }

    fn failed(&mut self, member: Option<&str>, offset: u64, error: &io::Error) -> ControlFlow<()> {
        self.failures += 1;
        let reason = reason(error);
        self.visitor.unread(member, offset, reason, Some(words(error)));
        match reason {
            UnreadReason::RatioLimit | UnreadReason::SizeLimit => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// How a file of this name is packed; `unpacked` where its outermost compression was taken off.
fn promised(name: &str, unpacked: bool) -> Option<&'static str> {
    let (stem, mut extension) = name.rsplit_once('.')?;
    if unpacked {
        if extension.eq_ignore_ascii_case("tgz") {
            return Some("tar");
        }
        (_, extension) = stem.rsplit_once('.')?;
    }
    match &*extension.to_ascii_lowercase() {
        "gz" | "tgz" => Some("gzip"),
        "zst" => Some("zstd"),
        "zip" => Some("zip"),
        "tar" => Some("tar"),
        _ => None,
    }
}

/// The name of a member within what is around it: a label, never a path to write to.
fn label(around: Option<&str>, name: &[u8]) -> String {
    const LONGEST: usize = 1024;
    let name = String::from_utf8_lossy(&name[..name.len().min(LONGEST)]);
    around.map_or_else(|| name.clone().into_owned(), |around| format!("{around}!{name}"))
}
