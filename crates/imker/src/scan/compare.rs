//! What has changed between two results.

use std::fs::File;
use std::path::PathBuf;

use imker_report::Style;
use imker_report::scan::{diff, diff_json, diff_text};
use miette::{IntoDiagnostic, Result, WrapErr, miette};

use super::args::{ScanArguments, ScanFormat};
use crate::exit::Exit;
use crate::output::{self, Ready, WriteError};
use crate::values::language;

/// Compares two results and writes what has changed. The status is 1 where a target has become worse.
pub fn compare(results: &[PathBuf], arguments: &ScanArguments) -> Result<Exit> {
    let [old, new] = results else {
        return Err(miette!("--diff takes two results: OLD NEW"));
    };
    if !matches!(arguments.format, ScanFormat::Text | ScanFormat::Json) {
        return Err(miette!("--diff is written as text or json"));
    }
    let path = arguments.output.as_deref();
    output::spare_inputs(&[("--output", path)], &[old, new])?;
    let ready = Ready::new(path)?;
    let open = |path: &PathBuf| {
        File::open(path)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot read {}", path.display()))
    };
    let diff = diff(open(old)?, open(new)?)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot compare {} with {}", old.display(), new.display()))?;
    let mut out = ready.open()?;
    let style = Style {
        language: language(arguments.lang),
        colour: path.is_none() && output::coloured(arguments.color),
        width: output::width(),
    };
    match arguments.format {
        ScanFormat::Json => diff_json(&diff, &mut out),
        _ => diff_text(&diff, &style, &mut out),
    }
    .map_err(WriteError)?;
    out.close()?;
    Ok(match () {
        () if diff.is_worse() => Exit::Found,
        () if diff.is_untold() => Exit::Failed,
        () => Exit::Clean,
    })
}
