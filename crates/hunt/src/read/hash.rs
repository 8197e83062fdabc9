//! What identifies an input file as evidence.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::report;
use crate::model::InputFile;

/// Size, times and SHA-256 of a file.
pub(super) fn input_file(path: &Path) -> io::Result<InputFile> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 128 * 1024];
    let mut size = 0;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        size += count as u64;
    }
    let time = |time: io::Result<SystemTime>| Timestamp::try_from(time.ok()?).ok();
    Ok(InputFile {
        file: report::name(path, None),
        size,
        sha256: hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
        modified: time(metadata.modified()),
        created: time(metadata.created()),
    })
}
