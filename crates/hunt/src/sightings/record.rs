//! A matched line as it waits for its turn: the line itself and where it stands, packed.

use std::cmp::Ordering;
use std::io::{self, Read};

use imker_sigma::RuleIndex;

use crate::time::Millis;

/// Bytes before a record's texts.
const HEADER: usize = 40;

/// A matched line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) time: Millis,
    /// Line feeds before it.
    pub(crate) line: u64,
    pub(crate) offset: u64,
    /// Place in the list of layouts.
    pub(crate) layout: u32,
    /// Place in the list of sources.
    pub(crate) source: u32,
    pub(crate) rules: Rules<'a>,
    pub(crate) file: &'a [u8],
    pub(crate) text: &'a [u8],
}

/// Rule indices, as a list or packed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rules<'a> {
    List(&'a [RuleIndex]),
    Packed(&'a [u8]),
}

impl Rules<'_> {
    fn count(self) -> usize {
        match self {
            Self::List(list) => list.len(),
            Self::Packed(bytes) => bytes.len() / 4,
        }
    }

    pub(crate) fn list(self) -> Vec<RuleIndex> {
        match self {
            Self::List(list) => list.to_vec(),
            Self::Packed(bytes) => bytes
                .chunks_exact(4)
                .map(|rule| RuleIndex(u32_at(rule, 0)))
                .collect(),
        }
    }
}

impl<'a> Record<'a> {
    /// Appends the record to `out`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        // Names are cut long before 64 KiB, and no rule set has 65,536 rules that match one line.
        let file = &self.file[..self.file.len().min(usize::from(u16::MAX))];
        out.extend(self.time.to_le_bytes());
        out.extend(self.line.to_le_bytes());
        out.extend(self.offset.to_le_bytes());
        out.extend(self.layout.to_le_bytes());
        out.extend(self.source.to_le_bytes());
        out.extend((self.rules.count() as u16).to_le_bytes());
        out.extend((file.len() as u16).to_le_bytes());
        out.extend((self.text.len() as u32).to_le_bytes());
        match self.rules {
            Rules::List(list) => list.iter().for_each(|rule| out.extend(rule.0.to_le_bytes())),
            Rules::Packed(bytes) => out.extend(bytes),
        }
        out.extend(file);
        out.extend(self.text);
    }

    /// Takes the first record of `bytes`, which [`Record::write`] wrote; the second value is the rest.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (header, rest) = bytes.split_at_checked(HEADER)?;
        let (rules, rest) = rest.split_at_checked(usize::from(u16_at(header, 32)) * 4)?;
        let (file, rest) = rest.split_at_checked(usize::from(u16_at(header, 34)))?;
        let (text, rest) = rest.split_at_checked(u32_at(header, 36) as usize)?;
        let record = Self {
            time: u64_at(header, 0) as i64,
            line: u64_at(header, 8),
            offset: u64_at(header, 16),
            layout: u32_at(header, 24),
            source: u32_at(header, 28),
            rules: Rules::Packed(rules),
            file,
            text,
        };
        Some((record, rest))
    }

    /// Reads the bytes of one record from a file into `bytes`; false at its end.
    pub(crate) fn load(from: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<bool> {
        bytes.clear();
        bytes.resize(HEADER, 0);
        match from.read_exact(bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            result => result?,
        }
        let more =
            usize::from(u16_at(bytes, 32)) * 4 + usize::from(u16_at(bytes, 34)) + u32_at(bytes, 36) as usize;
        bytes.resize(HEADER + more, 0);
        from.read_exact(&mut bytes[HEADER..])?;
        Ok(true)
    }

    /// By time, then file and offset; the text decides between files of one name.
    pub(crate) fn order(&self, other: &Record<'_>) -> Ordering {
        let key = |record: &Record<'_>| (record.time, record.offset);
        (self.time.cmp(&other.time))
            .then_with(|| self.file.cmp(other.file))
            .then_with(|| key(self).cmp(&key(other)))
            .then_with(|| self.text.cmp(other.text))
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
