//! Hosts out of a result, one by one: a JSON document or JSON lines, without keeping more than a digest of each.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufReader};

use imker_posture::{CveVerdict, FixStatus, SeenBuild, Verdict};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::State;

/// Bytes of a target at most, as scans write them.
const TARGET: usize = 512;

/// Bytes from one host to the next; in a result of any scan they are far fewer.
const BETWEEN_HOSTS: usize = 16 << 20;

/// A text that is no result of `imker scan`.
#[derive(Debug, thiserror::Error)]
#[error(
    "the {which} result cannot be read: {source}; `imker scan --format json` and `jsonl` write what is read here"
)]
pub struct UnreadableResult {
    which: &'static str,
    source: serde_json::Error,
}

type Sink<'a> = &'a mut dyn FnMut(Box<str>, State);

/// Calls `sink` with each host. An empty result, as JSON lines are of a scan that asked nobody, has none.
pub(super) fn hosts(
    input: impl io::Read,
    which: &'static str,
    sink: Sink<'_>,
) -> Result<(), UnreadableResult> {
    let unreadable = |source| UnreadableResult { which, source };
    let left = Cell::new(BETWEEN_HOSTS);
    let mut sink = |target: Box<str>, state: State| {
        left.set(BETWEEN_HOSTS);
        sink(target, state);
    };
    let bounded = Bounded { input, left: &left };
    let mut values = serde_json::Deserializer::from_reader(BufReader::new(bounded));
    while values.end().is_err() {
        Value { sink: &mut sink }
            .deserialize(&mut values)
            .map_err(unreadable)?;
    }
    Ok(())
}

/// Ends where too much comes without a host: a value is in memory before it can be looked at.
struct Bounded<'a, R> {
    input: R,
    left: &'a Cell<usize>,
}

impl<R: io::Read> io::Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            let told = format!("{} MiB without a host", BETWEEN_HOSTS >> 20);
            return Err(io::Error::new(io::ErrorKind::InvalidData, told));
        }
        let read = self.input.read(buffer)?;
        self.left.set(self.left.get().saturating_sub(read));
        Ok(read)
    }
}

/// A document with `hosts`, or a row with a `target`.
struct Value<'a> {
    sink: Sink<'a>,
}

#[derive(Deserialize)]
struct FrontEnd {
    build: Option<SeenBuild>,
    #[serde(default)]
    cves: Vec<Cve>,
}

#[derive(Deserialize)]
struct Cve {
    verdict: CveVerdict,
    status: FixStatus,
}

#[derive(Deserialize)]
struct Visit {
    tls: Option<Tls>,
}

#[derive(Deserialize)]
struct Tls {
    certificate: Option<Certificate>,
}

#[derive(Deserialize)]
struct Certificate {
    sha256: String,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a result of imker scan")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { sink } = self;
        let mut target: Option<Box<str>> = None;
        let mut verdict: Option<Verdict> = None;
        let mut front_ends: Vec<FrontEnd> = Vec::new();
        let mut certificate = None;
        let mut is_document = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "hosts" => {
                    is_document = true;
                    map.next_value_seed(Hosts { sink: &mut *sink })?;
                }
                "target" => target = Some(map.next_value()?),
                "verdict" => verdict = Some(map.next_value()?),
                "front_ends" => front_ends = map.next_value()?,
                "visits" => certificate = first_certificate(&map.next_value::<Vec<Visit>>()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let wrong = |what: &str| Err(serde::de::Error::custom(what));
        match (target, verdict) {
            (Some(target), Some(verdict)) if target.len() <= TARGET => {
                let worst = front_ends.first();
                let is_open =
                    |cve: &&Cve| cve.verdict == CveVerdict::Vulnerable || cve.status == FixStatus::Open;
                let open = worst.map_or(0, |worst| worst.cves.iter().filter(is_open).count());
                let state = State {
                    verdict,
                    open: u16::try_from(open).unwrap_or(u16::MAX),
                    build: worst.and_then(|worst| worst.build),
                    certificate,
                };
                sink(target, state);
                Ok(())
            }
            (Some(_), Some(_)) => wrong("a target is longer than any scan writes"),
            _ if is_document => Ok(()),
            _ => wrong("neither a document with `hosts` nor a row with `target` and `verdict`"),
        }
    }
}

fn first_certificate(visits: &[Visit]) -> Option<u64> {
    let certificate = visits
        .iter()
        .find_map(|visit| visit.tls.as_ref()?.certificate.as_ref())?;
    u64::from_str_radix(certificate.sha256.get(..16)?, 16).ok()
}

/// The hosts of a document.
struct Hosts<'a> {
    sink: Sink<'a>,
}

impl<'de> DeserializeSeed<'de> for Hosts<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Hosts<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hosts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut hosts: A) -> Result<(), A::Error> {
        let Self { sink } = self;
        while hosts.next_element_seed(Value { sink: &mut *sink })?.is_some() {}
        Ok(())
    }
}
