use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::error::Io;
use crate::{Error, reserve};

/// Bytes before the first frame.
pub(crate) const HEADER: usize = 40;
const MAGIC: &[u8; 8] = b"imkspool";
const VERSION: u32 = 1;

/// What a segment says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Of the spool; the same in all segments.
    pub(crate) id: u64,
    pub(crate) first: u64,
    pub(crate) created: SystemTime,
}

impl Header {
    pub(crate) fn encode(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.id.to_le_bytes());
        bytes[20..28].copy_from_slice(&self.first.to_le_bytes());
        bytes[28..36].copy_from_slice(&nanoseconds(self.created).to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..36]);
        bytes[36..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// None where the header is damaged or was never finished.
    ///
    /// # Errors
    /// An intact header of another version.
    fn decode(path: &Path, bytes: &[u8]) -> Result<Option<Self>, Error> {
        let Ok(bytes) = <&[u8; HEADER]>::try_from(bytes) else {
            return Ok(None);
        };
        let number = |at: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[at..at + 8]);
            number
        };
        let checksum = u32::from_le_bytes([bytes[36], bytes[37], bytes[38], bytes[39]]);
        if &bytes[..8] != MAGIC || crc32c::crc32c(&bytes[..36]) != checksum {
            return Ok(None);
        }
        let version = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
        if version != VERSION {
            return Err(Error::Version {
                path: path.to_owned(),
                version,
                known: VERSION,
            });
        }
        Ok(Some(Self {
            id: u64::from_le_bytes(number(12)),
            first: u64::from_le_bytes(number(20)),
            created: time(i64::from_le_bytes(number(28))),
        }))
    }
}

pub(crate) fn nanoseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

pub(crate) fn time(nanoseconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0))
}

/// A number that nobody can guess who does not see the spool.
pub(crate) fn random_id() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// The file of the segment that begins with this sequence number.
pub(crate) fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:020}.seg"))
}

/// First sequence numbers of the segments in a folder, ascending.
pub(crate) fn list(dir: &Path) -> Result<Vec<u64>, Error> {
    let unreadable = |source| Error::reading(dir, source);
    let mut firsts = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".seg"));
        let number =
            number.filter(|number| number.len() == 20 && number.bytes().all(|byte| byte.is_ascii_digit()));
        firsts.extend(
            number
                .and_then(|number| number.parse::<u64>().ok())
                .filter(|&first| first > 0),
        );
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// The header of an open segment that was not read from yet; none where it is damaged.
pub(crate) fn header(path: &Path, file: &mut File) -> Result<Option<Header>, Error> {
    let mut bytes = [0; HEADER];
    let mut length = 0;
    while length < HEADER {
        match file.read(&mut bytes[length..]).on("read", path)? {
            0 => break,
            read => length += read,
        }
    }
    Header::decode(path, &bytes[..length])
}

/// The spool's id, of the first of these segments that has an intact header, or as the reserve keeps it.
pub(crate) fn id(dir: &Path, firsts: &[u64]) -> Result<Option<u64>, Error> {
    for &first in firsts {
        let path = path(dir, first);
        let Ok(mut file) = File::open(&path) else { continue };
        if let Some(header) = header(&path, &mut file)? {
            return Ok(Some(header.id));
        }
    }
    Ok(reserve::id(dir))
}
