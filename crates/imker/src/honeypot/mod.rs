//! `imker honeypot`.

pub mod args;
mod evaluate;
mod event_line;
mod export;
mod extract;
mod list;
mod play;
mod read;
mod replay;
mod report;
mod rows;
mod status;
mod store;

use miette::Result;

use self::args::{HoneypotArguments, HoneypotCommand};
use crate::exit::Exit;

/// Carries out `imker honeypot` and the commands below it.
pub fn run(arguments: HoneypotArguments) -> Result<Exit> {
    let Some(command) = arguments.command else {
        return play::play(&arguments);
    };
    match command {
        HoneypotCommand::Init(arguments) => play::init(&arguments),
        HoneypotCommand::Personas => play::personas(),
        HoneypotCommand::Events(arguments) => read::events(&arguments),
        HoneypotCommand::Sessions(arguments) => read::sessions(&arguments),
        HoneypotCommand::Attackers(arguments) => read::attackers(&arguments),
        HoneypotCommand::Credentials(arguments) => read::credentials(&arguments),
        HoneypotCommand::Payloads(arguments) => read::payloads(&arguments),
        HoneypotCommand::Replay(arguments) => replay::replay(&arguments),
        HoneypotCommand::Status(arguments) => status::status(&arguments),
        HoneypotCommand::Report(arguments) => report::report(&arguments),
        HoneypotCommand::Export(arguments) => export::export(&arguments),
    }
}
