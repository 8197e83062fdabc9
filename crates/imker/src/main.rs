//! `imker`: the command line, nothing else.
//!
//! What was typed is in [`args`]; each command turns it into what is meant, calls a library and writes the
//! result. Exit status: 0 nothing found, 1 found, 2 failed or incomplete.

mod args;
mod builds;
mod exit;
#[cfg(feature = "honeypot")]
mod honeypot;
mod hunt;
mod output;
mod progress;
mod rules;
#[cfg(feature = "scan")]
mod scan;
mod shell;
mod values;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Arguments, Command};
use crate::exit::Exit;

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Hunt(arguments) => hunt::run(*arguments),
        #[cfg(feature = "honeypot")]
        Command::Honeypot(arguments) => honeypot::run(*arguments),
        Command::Rules(arguments) => rules::run(arguments),
        #[cfg(feature = "scan")]
        Command::Scan(arguments) => scan::run(*arguments),
        Command::Builds(arguments) => builds::run(&arguments),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man { command } => shell::man(&command),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) if exit::is_broken_pipe(&error) => Exit::Clean.into(),
        Err(error) => {
            output::error(&error);
            Exit::Failed.into()
        }
    }
}
