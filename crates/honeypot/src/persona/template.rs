//! What a persona is before it has a name: product, build and Windows, from `personas/*.toml` or an operator's file.

use std::path::Path;

use imker_exchange::{Build, build_name, open_chains, release};
use serde::Deserialize;
use toml::Spanned;

use super::Windows;
use super::checked::{LanguageTag, TimeZoneName};
use super::supported::{products, windows_for};
use crate::document::{Document, DocumentError};

/// A persona without names.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub build: Build,
    pub windows: &'static Windows,
    pub language: LanguageTag,
    pub time_zone: TimeZoneName,
    /// Patterns of host names: `{abbreviation}` stands for two to four letters of the company's name.
    pub host_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    product: Spanned<String>,
    build: Spanned<String>,
    windows: Spanned<String>,
    language: LanguageTag,
    time_zone: TimeZoneName,
    host_names: Spanned<Vec<String>>,
}

macro_rules! built_in {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../personas/", $name, ".toml")))),+]
    };
}

/// The personas that come with the program, by name.
pub(super) const BUILT_IN: &[(&str, &str)] = built_in![
    "exchange-2013-cu21",
    "exchange-2013-cu23-mar21su",
    "exchange-2013-cu23-mar23su",
    "exchange-2016-cu18",
    "exchange-2016-cu19-mar21su",
    "exchange-2016-cu23-apr22",
    "exchange-2016-cu23-oct25su",
    "exchange-2019-cu8",
    "exchange-2019-cu9",
    "exchange-2019-cu12-may22su",
    "exchange-2019-cu14-oct25su",
    "exchange-2019-cu15-feb26su",
    "exchange-se-rtm",
    "exchange-se-sep26suv2",
];

impl Template {
    /// One that comes with the program.
    pub fn built_in(name: &str) -> Option<Result<Self, DocumentError>> {
        let (name, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        let path = format!("personas/{name}.toml");
        Some(Self::parse(&Document::new(Path::new(&path), *text)))
    }

    /// An operator's own.
    pub fn read(path: &Path) -> Result<Self, DocumentError> {
        Self::parse(&Document::read(path)?)
    }

    fn parse(document: &Document) -> Result<Self, DocumentError> {
        let file: File = document.parse()?;
        let build = parse_build(document, &file)?;
        let windows = parse_windows(document, &file, build)?;
        let patterns = file.host_names.get_ref();
        let longest = |pattern: &String| pattern.replace("{abbreviation}", "ABCD");
        let bad = patterns
            .iter()
            .find(|pattern| super::checked::NetbiosName::try_from(longest(pattern)).is_err());
        if let Some(what) = match (patterns.is_empty(), bad) {
            (true, _) => Some("`host_names` is empty".to_owned()),
            (_, Some(bad)) => Some(format!(
                "`{}` does not make a NetBIOS name of at most 15 of A-Z, 0-9 and -",
                bad.escape_debug()
            )),
            _ => None,
        } {
            let remedy = "write patterns such as EX01 or {abbreviation}-EX01";
            return Err(document.error(Some(file.host_names.span()), what, remedy));
        }
        Ok(Self {
            build,
            windows,
            language: file.language,
            time_zone: file.time_zone,
            host_names: file.host_names.into_inner(),
        })
    }
}

fn parse_build(document: &Document, file: &File) -> Result<Build, DocumentError> {
    let product = file.product.get_ref();
    if !products().contains(&product.as_str()) {
        return Err(document.error(
            Some(file.product.span()),
            format!("there are no personas of `{}`", product.escape_debug()),
            format!("name one of {}", products().join(", ")),
        ));
    }
    let wrong = |what: String, remedy: &str| document.error(Some(file.build.span()), what, remedy);
    let build: Build = file
        .build
        .get_ref()
        .parse()
        .map_err(|error| wrong(format!("{error}"), "write all four parts of the build"))?;
    match release(build) {
        Some(release) if release.product == *product => Ok(build),
        Some(other) => Err(wrong(
            format!("{build} is {other}, not {product}"),
            "correct the product or the build",
        )),
        None => Err(wrong(
            match build_name(build) {
                Some(name) => format!("{build} was never published: {name}"),
                None => format!("{build} is no build of Exchange"),
            },
            "take a build of data/exchange_builds.csv",
        )),
    }
}

fn parse_windows(document: &Document, file: &File, build: Build) -> Result<&'static Windows, DocumentError> {
    let name = file.windows.get_ref();
    let Some(release) = release(build) else {
        return Err(document.error(None, format!("{build} is unknown"), "name another build"));
    };
    let supported: Vec<&Windows> = windows_for(release).filter_map(Windows::named).collect();
    let remedy = match supported.as_slice() {
        [] => "name another build: this one runs on no Windows that is known".to_owned(),
        some => {
            let names: Vec<&str> = some.iter().map(|windows| windows.name).collect();
            format!("name one of {}", names.join(", "))
        }
    };
    let what = match Windows::named(name) {
        Some(windows) if supported.contains(&windows) => return Ok(windows.under(build)),
        Some(windows) => format!("{release} does not run on {}", windows.name),
        None => format!("`{}` is no Windows that is known", name.escape_debug()),
    };
    Err(document.error(Some(file.windows.span()), what, remedy))
}

impl Template {
    pub fn description(&self) -> String {
        description(self.build, self.windows)
    }
}

/// As in `Exchange 2016 CU19 Mar21SU on Windows Server 2016, open to ProxyOracle, ProxyShell, ProxyToken, ProxyNotShell,
/// OWASSRF`.
pub(super) fn description(build: Build, windows: &Windows) -> String {
    let name = build_name(build).unwrap_or_else(|| build.to_string());
    let open = open_chains(build);
    let open = if open.is_empty() {
        "no known chain".to_owned()
    } else {
        open.join(", ")
    };
    format!("{name} on {}, open to {open}", windows.name)
}

/// The personas that come with the program: name, and what it is, as [`Persona::description`](super::Persona::description)
/// says it.
pub fn built_in() -> impl Iterator<Item = (&'static str, String)> {
    built_in_names().filter_map(|name| {
        let template = Template::built_in(name)?.ok()?;
        Some((name, template.description()))
    })
}

/// Names of the personas that come with the program.
pub fn built_in_names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
