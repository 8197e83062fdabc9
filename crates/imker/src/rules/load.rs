//! Rules from the program itself and from the user's files.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use imker_detect::BUILT_IN_RULES;
use imker_report::RuleCounts;
use imker_sigma::{Indicator, Origin, RuleSet, RuleSetBuilder};
use miette::{IntoDiagnostic, Result, WrapErr, miette};

use crate::output;

/// The largest rule file read, in bytes.
const FILE_MAX: u64 = 4 << 20;
/// The most files below the folders that the user names.
const FILES_MAX: usize = 100_000;

/// Compiled rules.
pub struct Loaded {
    /// The rules.
    pub rules: RuleSet,
    /// How many came from where.
    pub counts: RuleCounts,
}

/// The built-in rules, the user's and the user's indicators.
///
/// A rule that cannot be used is named on standard error and counted; where the user named its file, not
/// a folder around it, that is an error.
pub fn load(paths: &[PathBuf], indicators: &[(Indicator, String)]) -> Result<Loaded> {
    let mut builder = RuleSetBuilder::new();
    let mut counts = RuleCounts::default();
    let built_in = builder
        .add_files(BUILT_IN_RULES, Origin::BuiltIn)
        .into_diagnostic()?;
    counts.built_in = (built_in.rules + built_in.correlations) as u64;
    add_files(&mut builder, &mut counts, paths)?;
    for (indicator, source) in indicators {
        builder.add_indicator(indicator, source).into_diagnostic()?;
        counts.indicators += 1;
    }
    Ok(Loaded {
        rules: builder.build().into_diagnostic()?,
        counts,
    })
}

/// The user's rules alone.
pub fn only(paths: &[PathBuf]) -> Result<Loaded> {
    let mut builder = RuleSetBuilder::new();
    let mut counts = RuleCounts::default();
    add_files(&mut builder, &mut counts, paths)?;
    Ok(Loaded {
        rules: builder.build().into_diagnostic()?,
        counts,
    })
}

fn add_files(builder: &mut RuleSetBuilder, counts: &mut RuleCounts, paths: &[PathBuf]) -> Result<()> {
    // A file may be named twice, or lie below a folder that is named too.
    let mut read = HashSet::new();
    for path in paths {
        let seen = |counts: &RuleCounts| counts.user + counts.set_aside + counts.refused;
        let before = seen(counts);
        let mut repeated = false;
        for file in files(path)? {
            let source = file.display().to_string();
            if !read.insert(file.canonicalize().unwrap_or_else(|_| file.clone())) {
                repeated = true;
                continue;
            }
            let report = builder.add_file(&text(&file)?, &source, Origin::User);
            counts.user += (report.added.rules + report.added.correlations) as u64;
            counts.set_aside += report.added.set_aside as u64;
            counts.refused += report.errors.len() as u64;
            for warning in report.warnings {
                output::note(&format!("warning: {warning}\n"));
            }
            for error in report.errors {
                if file == *path {
                    return Err(error).into_diagnostic();
                }
                output::note(&format!("rule refused: {error}\n"));
            }
        }
        if seen(counts) == before && !repeated {
            return Err(miette!(
                help = "Sigma rules are files that end in .yml or .yaml",
                "{}: no rule in it",
                path.display()
            ));
        }
    }
    Ok(())
}

/// Rule files below a folder, sorted, or the file itself.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    let metadata = path
        .metadata()
        .into_diagnostic()
        .wrap_err_with(|| format!("{}", path.display()))?;
    if metadata.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
        let entry = entry.into_diagnostic()?;
        let is_rule = entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "yml" || extension == "yaml");
        if is_rule && entry.file_type().is_file() {
            found.push(entry.into_path());
        }
        if found.len() > FILES_MAX {
            return Err(miette!("{}: more than {FILES_MAX} files", path.display()));
        }
    }
    Ok(found)
}

/// The text of a rule or test file.
pub fn text(path: &Path) -> Result<String> {
    let failed = || format!("{}", path.display());
    let mut text = String::new();
    let file = File::open(path).into_diagnostic().wrap_err_with(failed)?;
    #[allow(clippy::disallowed_methods, reason = "bounded by take")]
    let read = file.take(FILE_MAX + 1).read_to_string(&mut text);
    if read.into_diagnostic().wrap_err_with(failed)? as u64 > FILE_MAX {
        return Err(miette!("{}: larger than {} MiB", path.display(), FILE_MAX >> 20));
    }
    Ok(text)
}
