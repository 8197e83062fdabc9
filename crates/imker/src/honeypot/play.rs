//! Playing hosts, and what comes before it.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use imker_honeypot::config::Config;
use imker_honeypot::init::{self, HostOptions};
use imker_honeypot::{check, persona, play};
use miette::{IntoDiagnostic, Result, WrapErr, miette};

use super::args::{HoneypotArguments, InitArguments};
use crate::exit::Exit;
use crate::output::{self, Output, WriteError};
use crate::rules;

/// Plays what is configured until it is interrupted; with `--check`, only tells what that would be.
pub fn play(arguments: &HoneypotArguments) -> Result<Exit> {
    let config = Config::load(&arguments.config).into_diagnostic()?;
    let rules = rules::load(&arguments.rules, &[])?.rules;
    if arguments.check {
        return check(&config);
    }
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal())
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

/// Tells what would be played, and whether it can be; the status is 2 where it cannot.
fn check(config: &Config) -> Result<Exit> {
    let mut text = String::new();
    for host in &config.hosts {
        let persona = &host.persona;
        text += &format!(
            "{} ({}): {}\n",
            persona.fqdn(),
            persona.name,
            persona.description()
        );
        for place in &host.listens {
            text += &format!("  {} on {}\n", place.service.name(), place.address);
        }
    }
    text += &format!(
        "sensor {}, recording to {}\n",
        config.sensor,
        config.data.display()
    );
    if let Some(view) = config.view_settings() {
        text += &format!(
            "  view: {}, at most {}\n",
            view.path.display(),
            size(view.max_bytes)
        );
    }
    for sink in &config.sinks {
        text += &format!("  sink {}: {}\n", sink.name, sink.config);
    }
    let (privacy, spool, quarantine) = (&config.privacy, &config.spool, &config.quarantine);
    let shorter = privacy.events.min(privacy.credentials);
    let why = match spool.max_age {
        Some(age) if age < shorter => " (as [spool] says)",
        _ if privacy.events == privacy.credentials => "",
        _ => " (the shorter of events and credentials, for it cannot forget a part)",
    };
    text += &format!(
        "kept: events {}, credentials {}, payloads {}\n  record: {}{why}, at most {}\n  quarantine: \
         {}, at most {}\n  {} of the disk stay free\n",
        days(Some(privacy.events)),
        days(Some(privacy.credentials)),
        days(Some(privacy.payloads)),
        days(spool.max_age),
        size(spool.max_size),
        days(quarantine.max_age),
        size(quarantine.max_total),
        size(spool.min_free),
    );
    let problems = check::problems(config);
    if problems.is_empty() {
        text += "OK: this can be played.\n";
    }
    let mut out = Output::open(None)?;
    out.write_all(text.as_bytes()).map_err(WriteError)?;
    out.close()?;
    for problem in &problems {
        output::note(&format!("error: {problem}\n"));
    }
    Ok(if problems.is_empty() {
        Exit::Clean
    } else {
        Exit::Failed
    })
}

/// As the configuration writes it: `512M`, `10G`.
fn size(bytes: u64) -> String {
    let unit = [(30, "G"), (20, "M"), (10, "K")].into_iter();
    let mut fitting = unit.filter(|(shift, _)| bytes > 0 && bytes.trailing_zeros() >= *shift);
    match fitting.next() {
        Some((shift, unit)) => format!("{}{unit}", bytes >> shift),
        None => bytes.to_string(),
    }
}

fn days(age: Option<Duration>) -> String {
    let hours = age.unwrap_or_default().as_secs() / 3600;
    match (hours / 24, hours % 24) {
        (days, 0) => format!("{days} days"),
        (days, hours) => format!("{days} days {hours} hours"),
    }
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
    let file = options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => miette!(
            help = "name another file, or move this one away: its seed and names cannot be had again",
            "{} exists already and is not overwritten",
            path.display()
        ),
        _ => miette!("{}: {error}", failed()),
    });
    let mut file = file?;
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
