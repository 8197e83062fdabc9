//! `imker builds`.

use std::io::Write;
use std::path::PathBuf;

use imker_exchange::{UpdateError, products, search, update_tables};
use imker_posture::SeenBuild;
use imker_report::Style;
use imker_report::builds::{BuildAnswer, ListedRelease, csv, json, terminal, text};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use miette::{Result, miette};

use crate::args::{BuildsArguments, BuildsCommand, BuildsFormat, LookupFormat};
use crate::exit::Exit;
use crate::output::{self, Output, WriteError};
use crate::values;

/// Carries out `imker builds`.
pub fn run(arguments: &BuildsArguments) -> Result<Exit> {
    newer_tables(&arguments.update_table)?;
    match &arguments.command {
        None => list(arguments),
        Some(_) if arguments.product.is_some() || arguments.search.is_some() => Err(miette!(
            help = "`imker builds --search TEXT` lists, `imker builds lookup BUILD` tells of one build",
            "--product and --search choose what is listed; lookup lists nothing"
        )),
        Some(BuildsCommand::Lookup { build, format, as_of }) => {
            lookup(arguments, build, *format, as_of.as_deref())
        }
    }
}

/// A table of `--update-table` that was not taken over.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error(transparent)]
#[diagnostic(help("the header decides which table a file is; docs/builds.md tells the columns"))]
struct NotTakenOver(#[from] UpdateError);

/// `--update-table`: to be called before anything is looked up in a table.
pub fn newer_tables(files: &[PathBuf]) -> Result<()> {
    Ok(update_tables(files).map_err(NotTakenOver)?)
}

fn list(arguments: &BuildsArguments) -> Result<Exit> {
    let mut releases = search(arguments.search.as_deref().unwrap_or_default());
    if let Some(wanted) = &arguments.product {
        let product = product(wanted)?;
        releases.retain(|release| release.product == product);
    }
    if releases.is_empty() {
        let of = arguments
            .product
            .as_ref()
            .map_or_else(String::new, |product| format!(" of --product {product}"));
        return Err(miette!(
            help = "each word is a product (2016), a CU (CU19), an update (Mar21SU), a KB, a CVE, a chain (ProxyShell), \
                    the first parts of a build (15.1.2176) or a date (2021-04)",
            "no build{of} fits `{}`",
            arguments.search.as_deref().unwrap_or_default()
        ));
    }
    let releases: Vec<ListedRelease> = releases.into_iter().map(ListedRelease::from).collect();
    let mut out = Output::open(None)?;
    match arguments.format {
        BuildsFormat::Text => text(&releases, &style(arguments), &mut out),
        BuildsFormat::Csv => csv(&releases, &mut out),
        BuildsFormat::Json => json(&releases, &mut out),
    }
    .map_err(WriteError)?;
    out.close()?;
    Ok(Exit::Clean)
}

/// The product that is called `2016`, `se` or `Exchange 2016`.
fn product(wanted: &str) -> Result<&'static str> {
    let is_called = |name: &str| {
        let short = name.rsplit(' ').next().unwrap_or_default();
        name.eq_ignore_ascii_case(wanted) || short.eq_ignore_ascii_case(wanted)
    };
    let names = products().iter().map(|product| product.name.as_str());
    names.clone().find(|name| is_called(name)).ok_or_else(|| {
        let names: Vec<&str> = names.collect();
        miette!(
            help = format!("there are {}", names.join(", ")),
            "--product {wanted}: no such product"
        )
    })
}

fn lookup(
    arguments: &BuildsArguments,
    build: &str,
    format: LookupFormat,
    as_of: Option<&str>,
) -> Result<Exit> {
    let seen: SeenBuild = build.parse().map_err(|error| {
        miette!(
            help = "four parts as in 15.1.2176.9 or 15.01.2176.009; or the first three, as in the paths of a logon page",
            "{error}"
        )
    })?;
    let as_of = match as_of {
        Some(day) => day
            .parse::<Date>()
            .map_err(|_| miette!(help = "as in 2021-08-10", "--as-of {day}: not a date"))?,
        None => Timestamp::now().to_zoned_datetime(TimeZone::UTC).date(),
    };
    let answer = BuildAnswer::new(seen, as_of, values::language(arguments.lang));
    let mut out = Output::open(None)?;
    match format {
        LookupFormat::Text => terminal(&answer, &style(arguments), &mut out),
        LookupFormat::Json => answer.json(&mut out),
    }
    .and_then(|()| out.flush())
    .map_err(WriteError)?;
    out.close()?;
    Ok(if answer.is_open() {
        Exit::Found
    } else if answer.is_unknown() {
        Exit::Failed
    } else {
        Exit::Clean
    })
}

fn style(arguments: &BuildsArguments) -> Style {
    Style {
        language: values::language(arguments.lang),
        colour: output::coloured(arguments.color),
        width: output::width(),
    }
}
