//! Completions and manual pages, made from the one list of arguments.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;
use miette::{Result, miette};

use crate::args::Arguments;
use crate::exit::Exit;
use crate::output::WriteError;

/// Prints completions.
pub fn completions(shell: Shell) -> Result<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "imker", &mut text);
    io::Write::write_all(&mut io::stdout(), &text).map_err(WriteError)?;
    Ok(Exit::Clean)
}

/// Prints the manual page of the program or of one command.
pub fn man(command: Option<&str>) -> Result<Exit> {
    let mut program = Arguments::command();
    program.build();
    let page = match command {
        None => program,
        Some(name) => program
            .find_subcommand(name)
            .cloned()
            .map(|command| {
                let full = command.get_bin_name().unwrap_or(name).replace(' ', "-");
                command.display_name(full)
            })
            .ok_or_else(|| {
                miette!(
                    help = "`imker --help` lists the commands",
                    "there is no command `{name}`"
                )
            })?,
    };
    clap_mangen::Man::new(page)
        .render(&mut io::stdout())
        .map_err(WriteError)?;
    Ok(Exit::Clean)
}
