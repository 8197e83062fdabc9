//! `imker scan`.

pub mod args;

mod compare;
mod discover;
mod dry_run;
mod options;
mod progress;
mod run;
mod write;

use miette::Result;

use crate::builds::newer_tables;
use crate::exit::Exit;
use args::ScanArguments;

/// Asks servers and writes the result, or tells what has changed between two results.
pub fn run(mut arguments: ScanArguments) -> Result<Exit> {
    newer_tables(&arguments.update_table)?;
    match arguments.diff.take() {
        Some(results) => compare::compare(&results, &arguments),
        None => run::run(&options::Scan::new(arguments)?),
    }
}
