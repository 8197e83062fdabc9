//! Reading from memory, for fuzz targets and tests; no part of the interface.

use imker_sigma::RuleSet;

use crate::model::{Limits, Options, Reading};
use crate::read::read_bytes;

/// Reads `bytes` as if they were a file, at most 16 MiB of it unpacked, and goes through all matches.
pub fn read_whole(bytes: &[u8], rules: &RuleSet) -> Reading {
    let limits = Limits {
        unpacked: 16 << 20,
        members: 1000,
        ..Limits::default()
    };
    let reading = read_bytes(
        &Options {
            limits,
            ..Options::new(Vec::new())
        },
        rules,
        bytes,
    );
    if let Ok(sightings) = reading.sightings.iter() {
        sightings.for_each(drop);
    }
    reading
}
