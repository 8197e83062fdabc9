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

/// Prints the manual page of the program or of one command, which is named by its words, as in `rules list`,
/// or as other pages name its page, `imker-rules-list`.
pub fn man(words: &[String]) -> Result<Exit> {
    // What `imker help` says is in the pages already.
    let mut page = Arguments::command().disable_help_subcommand(true);
    page.build();
    let source = format!("imker {}", env!("CARGO_PKG_VERSION"));
    let names = words.join("-");
    let names = names.strip_prefix("imker-").unwrap_or(&names);
    for name in names.split('-').filter(|_| names != "imker" && !words.is_empty()) {
        page = page.find_subcommand(name).cloned().ok_or_else(|| {
            miette!(
                help = "`imker --help` lists the commands",
                "there is no command `{}`",
                words.join(" ")
            )
        })?;
    }
    if let Some(full) = page.get_bin_name() {
        let full = full.replace(' ', "-");
        page = page.display_name(full);
    }
    clap_mangen::Man::new(page)
        .source(source)
        .render(&mut io::stdout())
        .map_err(WriteError)?;
    Ok(Exit::Clean)
}
