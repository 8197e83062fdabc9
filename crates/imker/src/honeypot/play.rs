//! Playing hosts, and what comes before it.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use imker_honeypot::config::Config;
use imker_honeypot::init::{self, HostOptions};
use imker_honeypot::{persona, play};
use miette::{IntoDiagnostic, Result, WrapErr};

use super::args::{HoneypotArguments, InitArguments};
use crate::exit::Exit;
use crate::output::{self, Output, WriteError};
use crate::rules;

/// Plays what is configured until it is interrupted; with `--check`, only tells what that would be.
pub fn play(arguments: &HoneypotArguments) -> Result<Exit> {
    let config = Config::load(&arguments.config).into_diagnostic()?;
    if arguments.check {
        return check(&config);
    }
    let rules = rules::load(&arguments.rules, &[])?.rules;
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    play::run(&config, rules, |played| {
        for line in played.listening() {
            output::note(&format!("listening on {line}\n"));
        }
        output::note(&format!("recording to {}\n", config.data.display()));
    })
    .into_diagnostic()?;
    Ok(Exit::Clean)
}

fn check(config: &Config) -> Result<Exit> {
    let mut out = Output::open(None)?;
    for host in &config.hosts {
        let persona = &host.persona;
        writeln!(
            out,
            "{} ({}): {}",
            persona.fqdn(),
            persona.name,
            persona.description()
        )
        .map_err(WriteError)?;
        for place in &host.listens {
            writeln!(out, "  {:?} on {}", place.service, place.address).map_err(WriteError)?;
        }
    }
    out.close()?;
    Ok(Exit::Clean)
}

/// Writes a configuration with names of its own.
pub fn init(arguments: &InitArguments) -> Result<Exit> {
    let options = init::Options {
        sensor: arguments.sensor.clone(),
        data: arguments.data.clone(),
        hosts: vec![HostOptions {
            persona: arguments.persona.clone(),
            addresses: arguments.addresses.clone(),
        }],
        https: vec![arguments.https],
        http: vec![arguments.http],
        language: arguments.language.clone(),
        ..init::Options::default()
    };
    let path = arguments
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from("honeypot.toml"));
    let text = init::configuration(&options, &path).into_diagnostic()?;
    match &arguments.output {
        None => {
            let mut out = Output::open(None)?;
            out.write_all(text.as_bytes()).map_err(WriteError)?;
            out.close()?;
        }
        Some(path) => write_new(path, &text)?,
    }
    Ok(Exit::Clean)
}

/// The seed in a configuration cannot be had again: no file is overwritten. It is a secret, as those of sinks will be: the
/// file is its owner's alone.
fn write_new(path: &Path, text: &str) -> Result<()> {
    let failed = || format!("cannot write {}", path.display());
    let mut options = File::options();
    options.write(true).create_new(true);
    // Elsewhere the folder's access list has to do.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).into_diagnostic().wrap_err_with(failed)?;
    file.write_all(text.as_bytes())
        .into_diagnostic()
        .wrap_err_with(failed)?;
    file.sync_all().into_diagnostic().wrap_err_with(failed)?;
    output::note(&format!(
        "wrote {}; next: imker honeypot --config {}\n",
        path.display(),
        path.display()
    ));
    Ok(())
}

/// Lists the personas that come with the program.
pub fn personas() -> Result<Exit> {
    let mut out = Output::open(None)?;
    for (name, description) in persona::built_in() {
        writeln!(out, "{name:<32}  {description}").map_err(WriteError)?;
    }
    out.close()?;
    Ok(Exit::Clean)
}
