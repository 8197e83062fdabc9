//! `imker hunt`.

mod options;
mod run;

use miette::Result;

use crate::args::HuntArguments;
use crate::exit::Exit;

/// Reads logs, judges them and writes the result.
pub fn run(arguments: HuntArguments) -> Result<Exit> {
    run::run(&options::Hunt::new(arguments)?)
}
