//! Where things are in the project, and running its binary.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use miette::{IntoDiagnostic, Result, ensure, miette};

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// The folder that cargo builds into.
pub fn target() -> Result<PathBuf> {
    // This binary lies in <target>/<profile>/.
    let own = env::current_exe().into_diagnostic()?;
    own.ancestors()
        .nth(2)
        .map(Path::to_owned)
        .ok_or_else(|| miette!("{} lies in no target folder", own.display()))
}

/// SigmaHQ's rules, where they are at hand: `IMKER_SIGMAHQ`, or beside the project.
pub fn sigmahq() -> Option<PathBuf> {
    let beside = root().join("../shared/sigma");
    env::var_os("IMKER_SIGMAHQ")
        .map(PathBuf::from)
        .or(Some(beside))
        .filter(|path| path.is_dir())
}

/// A command that runs cargo in the project.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Builds `imker` for release and tells where it is.
pub fn imker() -> Result<PathBuf> {
    let target = target()?;
    let built = cargo()
        .args([
            "build",
            "--release",
            "--quiet",
            "--package",
            "imker",
            "--target-dir",
        ])
        .arg(&target)
        .status()
        .into_diagnostic()?;
    ensure!(built.success(), "imker does not build");
    Ok(target
        .join("release")
        .join("imker")
        .with_extension(env::consts::EXE_EXTENSION))
}
