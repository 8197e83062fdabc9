//! Files opened as logs are, packed or not, for whoever reads something else than web logs.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead};
use std::path::PathBuf;

use crate::input::Input;
use crate::model::{Limits, UnreadReason};
use crate::open::{Found as Log, Opener, Visitor, words};
use crate::walk::{Entry, Found, roots, walk};

/// What is come across below paths.
pub enum Stream<'s> {
    /// Something to read; where reading fails, or a limit is reached, it ends with an error.
    Found {
        /// The file, and behind a `!` the member of an archive.
        name: &'s str,
        /// Its bytes, unpacked.
        bytes: &'s mut dyn BufRead,
    },
    /// A file or member of another kind, which was not named itself.
    SetAside {
        /// What it is.
        kind: &'s str,
    },
    /// A file or member that cannot be read.
    Unread {
        /// As above.
        name: &'s str,
        /// Why, in words.
        why: &'s str,
    },
}

/// Opens all files at or below `paths` (`-` is standard input): plain, gzip, zstd, and in tar and zip archives. Links
/// within folders are not followed. Of what was not itself named, only what `wanted` says yes to, by its first bytes
/// (64 KiB at most), is read.
///
/// # Errors
/// A path is not there.
pub fn streams(
    paths: &[PathBuf],
    limits: Limits,
    wanted: fn(&[u8]) -> bool,
    each: &mut dyn FnMut(Stream<'_>),
) -> Result<(), (PathBuf, io::Error)> {
    let roots = roots(paths)?;
    let mut buffers = Vec::new();
    for found in walk(&roots) {
        let entry = match found {
            Found::File(entry) => entry,
            Found::SetAside(kind) => {
                each(Stream::SetAside { kind });
                continue;
            }
            Found::Failed(path, _, why) => {
                let name = &path.display().to_string();
                each(Stream::Unread { name, why: &why });
                continue;
            }
        };
        let mut visit = Visit {
            name: entry.path.display().to_string(),
            named: !entry.root.is_folder(),
            wanted,
            each,
        };
        if let Err(error) = open(&entry, &mut visit, limits, &mut buffers) {
            let (name, why) = (&visit.name, &words(&error));
            (visit.each)(Stream::Unread { name, why });
        }
    }
    Ok(())
}

fn open(
    entry: &Entry,
    visitor: &mut Visit<'_>,
    limits: Limits,
    buffers: &mut Vec<Vec<u8>>,
) -> io::Result<()> {
    let mut opener = Opener {
        visitor,
        limits,
        buffers,
        failures: 0,
    };
    if entry.is_stdin() {
        opener.open(&mut io::stdin().lock(), None, None);
        return Ok(());
    }
    let file = File::open(&entry.path)?;
    // A file that is being written may grow: its size is not taken for its end.
    opener.open(&mut &file, None, (!entry.is_stream).then_some(&file));
    Ok(())
}

struct Visit<'v> {
    name: String,
    /// The file itself was named.
    named: bool,
    wanted: fn(&[u8]) -> bool,
    each: &'v mut dyn FnMut(Stream<'_>),
}

impl Visit<'_> {
    fn full_name(&self, member: Option<&str>) -> String {
        member.map_or_else(|| self.name.clone(), |member| format!("{}!{member}", self.name))
    }
}

impl Visitor for Visit<'_> {
    fn file_name(&self) -> Cow<'_, str> {
        (&self.name).into()
    }

    fn takes(&self, member: Option<&str>, head: &[u8]) -> Option<bool> {
        Some(self.named && member.is_none() || (self.wanted)(head))
    }

    fn bytes(&mut self, member: Option<&str>, input: &mut Input<'_>) {
        let name = &self.full_name(member);
        (self.each)(Stream::Found { name, bytes: input });
    }

    fn log(&mut self, _: Log<'_>, _: &mut Input<'_>) {}

    fn set_aside(&mut self, kind: &str) {
        (self.each)(Stream::SetAside { kind });
    }

    fn unread(&mut self, member: Option<&str>, _: u64, reason: UnreadReason, detail: Option<String>) {
        let why = detail.as_deref().unwrap_or(in_words(reason));
        let name = &self.full_name(member);
        (self.each)(Stream::Unread { name, why });
    }
}

/// A reason, where nothing more is known.
const fn in_words(reason: UnreadReason) -> &'static str {
    match reason {
        UnreadReason::Permission => "no permission to open it",
        UnreadReason::Io => "reading failed",
        UnreadReason::Damaged => "the archive or compressed stream is damaged",
        UnreadReason::Truncated => "the archive or compressed stream ends too early",
        UnreadReason::Binary => "bytes that no log has",
        UnreadReason::Torn => "rows cut or not fitting the columns",
        UnreadReason::LineTooLong => "a line far longer than a log has",
        UnreadReason::NoFields => "a web log without a #Fields line above its rows",
        UnreadReason::RatioLimit => "unpacks to more for each byte than is allowed",
        UnreadReason::SizeLimit => "unpacks to more than is allowed",
        UnreadReason::MemberLimit => "more members than are opened",
        UnreadReason::TooDeep => "an archive in an archive in an archive",
        UnreadReason::Unsupported => "encrypted, or packed in an unknown way",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    #![allow(clippy::disallowed_methods, reason = "tests read what they wrote themselves")]

    use std::io::Write;
    use std::path::Path;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// What is come across, by the last part of its name.
    fn seen(path: &Path, limits: Limits) -> Vec<String> {
        let mut seen = Vec::new();
        let wanted = |head: &[u8]| head.starts_with(b"{");
        streams(&[path.to_owned()], limits, wanted, &mut |stream| {
            let short = |name: &str| name.rsplit('/').next().unwrap().to_owned();
            seen.push(match stream {
                Stream::Found { name, bytes } => {
                    let mut text = String::new();
                    match bytes.read_to_string(&mut text) {
                        Ok(_) => format!("{}: {text}", short(name)),
                        Err(error) => format!("{}: {error} after {} bytes", short(name), text.len()),
                    }
                }
                Stream::SetAside { kind } => format!("set aside: {kind}"),
                Stream::Unread { name, why } => format!("{} unread: {why}", short(name)),
            });
        })
        .unwrap();
        seen.sort();
        seen
    }

    #[test]
    fn a_folder_is_read_packed_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        write("a.jsonl", b"{1}");
        write("b.jsonl.gz", &gzip(b"{2}"));
        write("c.jsonl.zst", &zstd::encode_all(&b"{3}"[..], 1).unwrap());
        write("d.gz", b"{4} is no gzip");
        write("e.gz", b"no gzip");
        write("f.gz", &gzip(b"{5} is cut off")[..20]);
        write("view.sqlite", b"SQLite format 3\0");
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(3);
        tar.append_data(&mut header, "inner.jsonl", &b"{6}"[..]).unwrap();
        write("g.tgz", &gzip(&tar.into_inner().unwrap()));
        let seen = seen(folder.path(), Limits::default());
        assert_eq!(seen[..3], ["a.jsonl: {1}", "b.jsonl.gz: {2}", "c.jsonl.zst: {3}"]);
        assert_eq!(seen[3], "d.gz: {4} is no gzip");
        assert_eq!(seen[4], "e.gz unread: its name says gzip, its content does not");
        assert!(
            seen[5].starts_with("f.gz: ") && seen[5].ends_with(" bytes"),
            "{}",
            seen[5]
        );
        assert_eq!(seen[6], "g.tgz!inner.jsonl: {6}");
        assert_eq!(seen[7..], ["set aside: SQLite database"]);
    }

    #[test]
    fn what_is_cut_off_within_its_text_ends_with_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cut.gz");
        let text: Vec<u8> = (0..100_000_u32)
            .flat_map(|n| (n.wrapping_mul(0x9e37_79b9)).to_le_bytes())
            .collect();
        let packed = gzip(&text);
        std::fs::write(&path, &packed[..packed.len() / 2]).unwrap();
        let mut ended = None;
        streams(&[path], Limits::default(), |_| true, &mut |stream| {
            if let Stream::Found { bytes, .. } = stream {
                ended = Some(io::copy(bytes, &mut io::sink()).map_err(|error| error.kind()));
            }
        })
        .unwrap();
        assert_eq!(ended, Some(Err(io::ErrorKind::UnexpectedEof)));
    }

    #[test]
    fn an_archive_too_deep_is_told_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outer.tar");
        let mut packed = b"{1}".to_vec();
        for name in ["inner.jsonl", "inner.tar", "middle.tar"] {
            let mut tar = tar::Builder::new(Vec::new());
            let mut header = tar::Header::new_gnu();
            header.set_size(packed.len() as u64);
            tar.append_data(&mut header, name, &*packed).unwrap();
            packed = tar.into_inner().unwrap();
        }
        std::fs::write(&path, packed).unwrap();
        assert_eq!(
            seen(&path, Limits::default()),
            ["outer.tar!middle.tar!inner.tar unread: an archive in an archive in an archive"]
        );
    }

    #[test]
    fn limits_hold_and_what_is_named_is_read_whatever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("zeros.gz");
        std::fs::write(&path, gzip(&vec![b'x'; 10_000])).unwrap();
        let limits = Limits {
            unpacked: 5000,
            ..Limits::default()
        };
        assert_eq!(seen(&path, limits), ["zeros.gz: unpacked size after 5000 bytes"]);
    }
}
