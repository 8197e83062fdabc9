//! The place that counts what cannot be kept: a file of fixed size, written in place.
//!
//! A row of numbers, and a slot of 32 bytes for each source address. A slot counts while its generation is the
//! row's, so that writing the row drops all counts at once.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use crate::error::Io;
use crate::segment::{nanoseconds, time};
use crate::{Error, Loss};

const MAGIC: u64 = u64::from_le_bytes(*b"imkspare");
const SLOTS_AT: u64 = 4096;
const SLOT: usize = 32;

/// Segments that went before every cursor had passed them. Times in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Evicted {
    pub(crate) first: u64,
    /// 0 for none.
    pub(crate) last: u64,
    pub(crate) from: i64,
    pub(crate) until: i64,
}

/// All but the counts by source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Row {
    generation: u32,
    /// The sequence number of the frame that tells of all this; 0 for none.
    telling: u64,
    of_others: u64,
    /// First and last refusal.
    from: i64,
    until: i64,
    evicted: Evicted,
}

#[derive(Debug)]
pub(crate) struct Reserve {
    file: Arc<File>,
    slots: usize,
    row: Row,
    /// Slot and count of each source.
    counts: HashMap<IpAddr, (usize, u64)>,
    next_slot: usize,
    /// Whether something was written since the last sync.
    dirty: bool,
    /// What is about to be told.
    offered: Option<(Row, Vec<(IpAddr, u64)>)>,
}

impl Reserve {
    /// Opens the file, or creates it in its full size.
    pub(crate) fn open(dir: &Path, slots: usize) -> Result<Self, Error> {
        let path = dir.join("reserve");
        let options = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let file = options.on("create", &path)?;
        let size = SLOTS_AT + (slots * SLOT) as u64;
        if file.metadata().on("read", &path)?.len() < size {
            let made = fs4::FileExt::allocate(&file, size).and_then(|()| file.set_len(size));
            made.and_then(|()| file.sync_all()).on("create", &path)?;
        }
        let mut reserve = Self {
            file: Arc::new(file),
            slots,
            row: Row {
                generation: 1,
                ..Row::default()
            },
            counts: HashMap::new(),
            next_slot: 0,
            dirty: false,
            offered: None,
        };
        reserve.load().on("read", &path)?;
        Ok(reserve)
    }

    fn load(&mut self) -> io::Result<()> {
        let mut file = &*self.file;
        let mut row = [0; 88];
        file.seek(SeekFrom::Start(0))?;
        file.read_exact(&mut row)?;
        let Some(row) = Row::decode(&row) else {
            return Ok(());
        };
        self.row = row;
        file.seek(SeekFrom::Start(SLOTS_AT))?;
        for index in 0..self.slots {
            let mut slot = [0; SLOT];
            file.read_exact(&mut slot)?;
            if let Some((source, count)) = decode_slot(&slot, row.generation) {
                self.counts.insert(source, (index, count));
                self.next_slot = index + 1;
            }
        }
        Ok(())
    }

    /// Counts a refusal.
    pub(crate) fn refuse(&mut self, source: IpAddr, at: SystemTime) {
        let at = nanoseconds(at);
        if self.is_empty() {
            (self.row.from, self.row.until) = (at, at);
        }
        self.row.from = self.row.from.min(at);
        self.row.until = self.row.until.max(at);
        if let Some((slot, count)) = self.counts.get_mut(&source) {
            *count += 1;
            let (slot, count) = (*slot, *count);
            self.write_slot(slot, source, count);
        } else if self.next_slot < self.slots {
            self.counts.insert(source, (self.next_slot, 1));
            self.write_slot(self.next_slot, source, 1);
            self.next_slot += 1;
        } else {
            self.row.of_others += 1;
        }
        self.write_row();
    }

    /// Notes an eviction that is about to happen.
    pub(crate) fn evict(&mut self, evicted: Evicted) {
        let known = self.row.evicted;
        self.row.evicted = if known.last == 0 {
            evicted
        } else {
            Evicted {
                first: known.first.min(evicted.first),
                last: known.last.max(evicted.last),
                from: known.from.min(evicted.from),
                until: known.until.max(evicted.until),
            }
        };
        self.write_row();
    }

    fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.row.of_others == 0
    }

    /// Whether something is to be told.
    pub(crate) fn has_losses(&self) -> bool {
        !self.is_empty() || self.row.evicted.last > 0
    }

    /// What is to be told: refusals and evictions. What is counted from now on is told another time.
    pub(crate) fn offer(&mut self) -> (Option<Loss>, Option<Evicted>) {
        let mut sources: Vec<_> = self
            .counts
            .iter()
            .map(|(&source, &(_, count))| (source, count))
            .collect();
        sources.sort_unstable();
        let full = (!self.is_empty()).then(|| Loss::Full {
            from: time(self.row.from),
            until: time(self.row.until),
            lost: sources.iter().map(|(_, count)| count).sum::<u64>() + self.row.of_others,
            sources: sources.clone(),
            of_others: self.row.of_others,
        });
        let evicted = Some(self.row.evicted).filter(|evicted| evicted.last > 0);
        self.offered = Some((self.row, sources));
        (full, evicted)
    }

    /// The sequence number of the frame that tells of all this, if it was ever written.
    pub(crate) fn telling(&self) -> u64 {
        self.row.telling
    }

    /// Notes which frame is going to tell; true where the file has to be synced before that frame is.
    pub(crate) fn tell_at(&mut self, sequence: u64) -> bool {
        let news = self.row.telling != sequence || self.dirty;
        self.row.telling = sequence;
        self.write_row();
        news
    }

    /// What was offered is told, and on disk.
    pub(crate) fn told(&mut self) {
        let Some((row, sources)) = self.offered.take() else {
            return;
        };
        for (source, told) in sources {
            if let Some((_, count)) = self.counts.get_mut(&source) {
                *count -= told;
            }
        }
        self.counts.retain(|_, (_, count)| *count > 0);
        self.row.generation = self.row.generation.wrapping_add(1);
        self.row.telling = 0;
        self.row.of_others -= row.of_others;
        if self.row.evicted == row.evicted {
            self.row.evicted = Evicted::default();
        } else if row.evicted.last > 0 {
            self.row.evicted.first = row.evicted.last + 1;
        }
        let left: Vec<_> = self
            .counts
            .iter()
            .map(|(&source, &(_, count))| (source, count))
            .collect();
        self.next_slot = left.len();
        for (slot, (source, count)) in left.into_iter().enumerate() {
            self.counts.insert(source, (slot, count));
            self.write_slot(slot, source, count);
        }
        self.write_row();
    }

    /// All was told before a crash.
    pub(crate) fn clear(&mut self) {
        self.offer();
        self.told();
    }

    /// What to sync, if anything was written since the last time.
    pub(crate) fn unsynced(&mut self) -> Option<Arc<File>> {
        std::mem::take(&mut self.dirty).then(|| Arc::clone(&self.file))
    }

    fn write_row(&mut self) {
        self.write_at(0, &self.row.encode());
    }

    fn write_slot(&mut self, slot: usize, source: IpAddr, count: u64) {
        let bytes = encode_slot(source, count, self.row.generation);
        self.write_at(SLOTS_AT + (slot * SLOT) as u64, &bytes);
    }

    /// There is nobody left to complain to where even this fails; the counts in memory go on.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) {
        let mut file = &*self.file;
        let _ = file
            .seek(SeekFrom::Start(offset))
            .and_then(|_| file.write_all(bytes));
        self.dirty = true;
    }
}

impl Row {
    fn encode(&self) -> [u8; 88] {
        let evicted = self.evicted;
        let numbers = [
            MAGIC,
            self.generation.into(),
            self.telling,
            self.of_others,
            self.from.cast_unsigned(),
            self.until.cast_unsigned(),
            evicted.first,
            evicted.last,
            evicted.from.cast_unsigned(),
            evicted.until.cast_unsigned(),
        ];
        let mut bytes = [0; 88];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let checksum = u64::from(crc32c::crc32c(&bytes[..80]));
        bytes[80..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8; 88]) -> Option<Self> {
        let mut numbers = [0; 11];
        for (number, place) in numbers.iter_mut().zip(bytes.chunks_exact(8)) {
            *number = u64::from_le_bytes(place.try_into().ok()?);
        }
        let [
            magic,
            generation,
            telling,
            of_others,
            from,
            until,
            first,
            last,
            since,
            to,
            checksum,
        ] = numbers;
        let intact = magic == MAGIC && checksum == u64::from(crc32c::crc32c(&bytes[..80]));
        intact.then_some(Self {
            generation: u32::try_from(generation).ok()?,
            telling,
            of_others,
            from: from.cast_signed(),
            until: until.cast_signed(),
            evicted: Evicted {
                first,
                last,
                from: since.cast_signed(),
                until: to.cast_signed(),
            },
        })
    }
}

fn encode_slot(source: IpAddr, count: u64, generation: u32) -> [u8; SLOT] {
    let address = match source {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    let mut slot = [0; SLOT];
    slot[..16].copy_from_slice(&address.octets());
    slot[16..24].copy_from_slice(&count.to_le_bytes());
    slot[24..28].copy_from_slice(&generation.to_le_bytes());
    let checksum = crc32c::crc32c(&slot[..28]);
    slot[28..].copy_from_slice(&checksum.to_le_bytes());
    slot
}

fn decode_slot(slot: &[u8; SLOT], generation: u32) -> Option<(IpAddr, u64)> {
    let (address, rest) = slot.split_first_chunk::<16>()?;
    let (count, rest) = rest.split_first_chunk()?;
    let (its_generation, checksum) = rest.split_first_chunk()?;
    let intact = *checksum == crc32c::crc32c(&slot[..28]).to_le_bytes();
    let holds = intact && u32::from_le_bytes(*its_generation) == generation;
    holds.then(|| {
        (
            IpAddr::V6(Ipv6Addr::from(*address)).to_canonical(),
            u64::from_le_bytes(*count),
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use super::*;

    fn refuse(reserve: &mut Reserve, source: &str, second: u64) {
        reserve.refuse(
            source.parse().unwrap(),
            SystemTime::UNIX_EPOCH + Duration::from_secs(second),
        );
    }

    #[test]
    fn counts_survive_until_they_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let mut reserve = Reserve::open(dir.path(), 2).unwrap();
        for (source, second) in [
            ("192.0.2.1", 5),
            ("2001:db8::1", 4),
            ("192.0.2.1", 6),
            ("192.0.2.9", 7),
        ] {
            refuse(&mut reserve, source, second);
        }
        let mut again = Reserve::open(dir.path(), 2).unwrap();
        let sources = vec![
            ("192.0.2.1".parse().unwrap(), 2),
            ("2001:db8::1".parse().unwrap(), 1),
        ];
        let second = |second| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        let full = Loss::Full {
            from: second(4),
            until: second(7),
            lost: 4,
            sources,
            of_others: 1,
        };
        assert_eq!(again.offer(), (Some(full), None));
        refuse(&mut again, "2001:db8::1", 9);
        again.told();
        let mut once_more = Reserve::open(dir.path(), 2).unwrap();
        let (full, _) = once_more.offer();
        assert!(matches!(full, Some(Loss::Full { lost: 1, .. })), "{full:?}");
        once_more.told();
        assert!(!Reserve::open(dir.path(), 2).unwrap().has_losses());
    }

    #[test]
    fn evictions_join() {
        let dir = tempfile::tempdir().unwrap();
        let mut reserve = Reserve::open(dir.path(), 2).unwrap();
        reserve.evict(Evicted {
            first: 5,
            last: 9,
            from: 1,
            until: 2,
        });
        reserve.evict(Evicted {
            first: 10,
            last: 20,
            from: 2,
            until: 3,
        });
        let joined = Evicted {
            first: 5,
            last: 20,
            from: 1,
            until: 3,
        };
        assert_eq!(
            Reserve::open(dir.path(), 2).unwrap().offer(),
            (None, Some(joined))
        );
    }
}
