//! The place that counts what cannot be kept: a file of fixed size, written in place.
//!
//! A row of numbers, and a slot of 40 bytes for each source address. A slot counts while its generation is the
//! row's, so that writing the row drops all counts at once. The row keeps the spool's id as well, for where no
//! segment's header is left to tell it.
//!
//! What a frame is going to tell is frozen first: whatever becomes of that frame, even where its writing failed and
//! it turns up after a power cut nevertheless, it is known what it told, and that is told once.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::error::Io;
use crate::platform::private;
use crate::segment::{nanoseconds, time};
use crate::{Error, Loss};

const MAGIC: u64 = u64::from_le_bytes(*b"imkspare");
const SLOTS_AT: u64 = 4096;
const SLOT: usize = 40;
const ROW: usize = 120;

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
    /// The spool's id.
    id: u64,
    generation: u32,
    of_others: u64,
    /// First and last refusal.
    from: i64,
    until: i64,
    evicted: Evicted,
    /// The sequence number of the frame that tells what is frozen; 0 where nothing is.
    telling: u64,
    frozen_others: u64,
    frozen_until: i64,
    /// Evictions up to this sequence number are frozen.
    frozen_evicted: u64,
}

/// The refusals of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Count {
    slot: usize,
    all: u64,
    frozen: u64,
}

#[derive(Debug)]
pub(crate) struct Reserve {
    file: Arc<File>,
    slots: usize,
    row: Row,
    counts: HashMap<IpAddr, Count>,
    next_slot: usize,
    /// Whether something was written since the last sync.
    dirty: bool,
}

impl Reserve {
    /// Opens the file of the spool with this id, or creates it in its full size.
    pub(crate) fn open(dir: &Path, slots: usize, id: u64) -> Result<Self, Error> {
        let path = path(dir);
        let opened = private().read(true).truncate(false).open(&path);
        let file = opened.on("create", &path)?;
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
        };
        reserve.load().on("read", &path)?;
        if reserve.row.id != id {
            reserve.row.id = id;
            reserve.write_row();
            reserve.file.sync_data().on("write", &path)?;
        }
        Ok(reserve)
    }

    fn load(&mut self) -> io::Result<()> {
        let mut file = &*self.file;
        let mut row = [0; ROW];
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
            if let Some((source, all, frozen)) = decode_slot(&slot, row.generation) {
                let slot = index;
                self.counts.insert(source, Count { slot, all, frozen });
                self.next_slot = index + 1;
            }
        }
        Ok(())
    }

    /// Counts refusals.
    pub(crate) fn refuse(&mut self, source: IpAddr, refused: u64, at: SystemTime) {
        let at = nanoseconds(at);
        if self.is_empty() {
            (self.row.from, self.row.until) = (at, at);
        }
        self.row.from = self.row.from.min(at);
        self.row.until = self.row.until.max(at);
        if let Some(count) = self.counts.get_mut(&source) {
            count.all += refused;
            let count = *count;
            self.write_slot(source, count);
        } else if self.next_slot < self.slots {
            let count = Count {
                slot: self.next_slot,
                all: refused,
                frozen: 0,
            };
            self.counts.insert(source, count);
            self.write_slot(source, count);
            self.next_slot += 1;
        } else {
            self.row.of_others += refused;
        }
        self.write_row();
    }

    /// Notes an eviction that is about to happen; gives what was noted before, for [`Reserve::take_back`].
    pub(crate) fn evict(&mut self, evicted: Evicted) -> Evicted {
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
        known
    }

    /// The eviction noted last did not happen.
    pub(crate) fn take_back(&mut self, before: Evicted) {
        self.row.evicted = before;
        self.write_row();
    }

    fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.row.of_others == 0
    }

    /// Whether something is to be told.
    pub(crate) fn has_losses(&self) -> bool {
        !self.is_empty() || self.row.evicted.last > 0
    }

    /// What is to be told: refusals and evictions.
    pub(crate) fn losses(&self) -> (Option<Loss>, Option<Evicted>) {
        let counts = self.counts.iter().map(|(&source, count)| (source, count.all));
        self.losses_of(counts, self.row.of_others, self.row.until, self.row.evicted.last)
    }

    fn losses_of(
        &self,
        counts: impl Iterator<Item = (IpAddr, u64)>,
        of_others: u64,
        until: i64,
        last_evicted: u64,
    ) -> (Option<Loss>, Option<Evicted>) {
        let mut sources: Vec<_> = counts.filter(|&(_, count)| count > 0).collect();
        sources.sort_unstable();
        let lost = sources.iter().map(|(_, count)| count).sum::<u64>() + of_others;
        let (from, until) = (time(self.row.from), time(until));
        let full = (lost > 0).then_some(Loss::Full {
            from,
            until,
            lost,
            sources,
            of_others,
        });
        let evicted = (last_evicted > 0).then_some(Evicted {
            last: last_evicted,
            ..self.row.evicted
        });
        (full, evicted)
    }

    /// What the frame of this sequence number is to tell: all, unless a frame of that number was written before,
    /// which failed. The file has to be synced before the frame is written.
    pub(crate) fn freeze(&mut self, sequence: u64) -> (Option<Loss>, Option<Evicted>) {
        if self.row.telling != sequence {
            let mut news = Vec::new();
            for (&source, count) in &mut self.counts {
                if count.frozen != count.all {
                    count.frozen = count.all;
                    news.push((source, *count));
                }
            }
            for (source, count) in news {
                self.write_slot(source, count);
            }
            let row = self.row;
            self.row = Row {
                telling: sequence,
                frozen_others: row.of_others,
                frozen_until: row.until,
                frozen_evicted: row.evicted.last,
                ..row
            };
            self.write_row();
        }
        let counts = self.counts.iter().map(|(&source, count)| (source, count.frozen));
        let row = self.row;
        self.losses_of(counts, row.frozen_others, row.frozen_until, row.frozen_evicted)
    }

    /// The frame that was to tell is not on disk for certain.
    pub(crate) fn thaw(&mut self) {
        self.row.telling = 0;
        self.write_row();
    }

    /// The sequence number of the frame that tells what is frozen, if it was ever written; 0 for none.
    pub(crate) fn telling(&self) -> u64 {
        self.row.telling
    }

    /// What is frozen is told, and on disk.
    pub(crate) fn told(&mut self) {
        let row = self.row;
        let mut evicted = row.evicted;
        if row.frozen_evicted >= evicted.last {
            evicted = Evicted::default();
        } else if row.frozen_evicted > 0 {
            evicted.first = row.frozen_evicted + 1;
        }
        self.row = Row {
            id: row.id,
            generation: row.generation.wrapping_add(1),
            of_others: row.of_others - row.frozen_others.min(row.of_others),
            from: row.frozen_until,
            until: row.until,
            evicted,
            ..Row::default()
        };
        self.next_slot = 0;
        let counts = std::mem::take(&mut self.counts);
        for (source, count) in counts.into_iter().filter(|(_, count)| count.all > count.frozen) {
            let left = Count {
                slot: self.next_slot,
                all: count.all - count.frozen,
                frozen: 0,
            };
            self.counts.insert(source, left);
            self.write_slot(source, left);
            self.next_slot += 1;
        }
        self.write_row();
    }

    /// What to sync, if anything was written since the last time.
    pub(crate) fn unsynced(&mut self) -> Option<Arc<File>> {
        std::mem::take(&mut self.dirty).then(|| Arc::clone(&self.file))
    }

    fn write_row(&mut self) {
        self.write_at(0, &self.row.encode());
    }

    fn write_slot(&mut self, source: IpAddr, count: Count) {
        let bytes = encode_slot(source, count, self.row.generation);
        self.write_at(SLOTS_AT + (count.slot * SLOT) as u64, &bytes);
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
    fn encode(&self) -> [u8; ROW] {
        let evicted = self.evicted;
        let numbers = [
            MAGIC,
            self.generation.into(),
            self.of_others,
            self.from.cast_unsigned(),
            self.until.cast_unsigned(),
            evicted.first,
            evicted.last,
            evicted.from.cast_unsigned(),
            evicted.until.cast_unsigned(),
            self.telling,
            self.frozen_others,
            self.frozen_until.cast_unsigned(),
            self.frozen_evicted,
            self.id,
        ];
        let mut bytes = [0; ROW];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        let checksum = u64::from(crc32c::crc32c(&bytes[..ROW - 8]));
        bytes[ROW - 8..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8; ROW]) -> Option<Self> {
        let mut numbers = [0; ROW / 8];
        for (number, place) in numbers.iter_mut().zip(bytes.chunks_exact(8)) {
            *number = u64::from_le_bytes(place.try_into().ok()?);
        }
        let [magic, generation, of_others, from, until, rest @ ..] = numbers;
        let [
            first,
            last,
            since,
            to,
            telling,
            frozen_others,
            frozen_until,
            frozen_evicted,
            id,
            checksum,
        ] = rest;
        let intact = magic == MAGIC && checksum == u64::from(crc32c::crc32c(&bytes[..ROW - 8]));
        intact.then_some(Self {
            id,
            generation: u32::try_from(generation).ok()?,
            of_others,
            from: from.cast_signed(),
            until: until.cast_signed(),
            evicted: Evicted {
                first,
                last,
                from: since.cast_signed(),
                until: to.cast_signed(),
            },
            telling,
            frozen_others,
            frozen_until: frozen_until.cast_signed(),
            frozen_evicted,
        })
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join("reserve")
}

/// The id that the reserve of a spool's folder keeps; none where there is none or it is damaged.
pub(crate) fn id(dir: &Path) -> Option<u64> {
    let mut row = [0; ROW];
    File::open(path(dir)).ok()?.read_exact(&mut row).ok()?;
    Row::decode(&row).map(|row| row.id)
}

fn encode_slot(source: IpAddr, count: Count, generation: u32) -> [u8; SLOT] {
    let address = match source {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    let mut slot = [0; SLOT];
    slot[..16].copy_from_slice(&address.octets());
    slot[16..24].copy_from_slice(&count.all.to_le_bytes());
    slot[24..32].copy_from_slice(&count.frozen.to_le_bytes());
    slot[32..36].copy_from_slice(&generation.to_le_bytes());
    let checksum = crc32c::crc32c(&slot[..36]);
    slot[36..].copy_from_slice(&checksum.to_le_bytes());
    slot
}

/// Source, count and what of it is frozen.
fn decode_slot(slot: &[u8; SLOT], generation: u32) -> Option<(IpAddr, u64, u64)> {
    let (address, rest) = slot.split_first_chunk::<16>()?;
    let (all, rest) = rest.split_first_chunk()?;
    let (frozen, rest) = rest.split_first_chunk()?;
    let (its_generation, checksum) = rest.split_first_chunk()?;
    let intact = *checksum == crc32c::crc32c(&slot[..36]).to_le_bytes();
    let holds = intact && u32::from_le_bytes(*its_generation) == generation;
    let source = IpAddr::V6(Ipv6Addr::from(*address)).to_canonical();
    holds.then(|| (source, u64::from_le_bytes(*all), u64::from_le_bytes(*frozen)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use super::*;

    fn refuse(reserve: &mut Reserve, source: &str, second: u64) {
        reserve.refuse(
            source.parse().unwrap(),
            1,
            SystemTime::UNIX_EPOCH + Duration::from_secs(second),
        );
    }

    #[test]
    fn counts_survive_until_they_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let mut reserve = Reserve::open(dir.path(), 2, 1).unwrap();
        for (source, second) in [
            ("192.0.2.1", 5),
            ("2001:db8::1", 4),
            ("192.0.2.1", 6),
            ("192.0.2.9", 7),
        ] {
            refuse(&mut reserve, source, second);
        }
        let mut again = Reserve::open(dir.path(), 2, 1).unwrap();
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
        assert_eq!(again.freeze(70), (Some(full.clone()), None));
        refuse(&mut again, "2001:db8::1", 9);
        let mut after_crash = Reserve::open(dir.path(), 2, 1).unwrap();
        assert_eq!(after_crash.telling(), 70);
        assert_eq!(after_crash.freeze(70), (Some(full), None), "tells the same again");
        after_crash.told();
        let mut once_more = Reserve::open(dir.path(), 2, 1).unwrap();
        let (full, _) = once_more.freeze(71);
        assert!(matches!(full, Some(Loss::Full { lost: 1, .. })), "{full:?}");
        once_more.told();
        assert!(!Reserve::open(dir.path(), 2, 1).unwrap().has_losses());
    }

    #[test]
    fn the_id_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(id(dir.path()), None);
        drop(Reserve::open(dir.path(), 2, 77).unwrap());
        assert_eq!(id(dir.path()), Some(77));
        let mut reserve = Reserve::open(dir.path(), 2, 77).unwrap();
        refuse(&mut reserve, "192.0.2.1", 1);
        reserve.freeze(1);
        reserve.told();
        assert_eq!(id(dir.path()), Some(77));
    }

    #[test]
    fn evictions_join() {
        let dir = tempfile::tempdir().unwrap();
        let mut reserve = Reserve::open(dir.path(), 2, 1).unwrap();
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
        let before = reserve.evict(Evicted { last: 30, ..joined });
        assert_eq!(before, joined);
        reserve.take_back(before);
        assert_eq!(
            Reserve::open(dir.path(), 2, 1).unwrap().losses(),
            (None, Some(joined))
        );
    }
}
