//! Writing: to standard output, or to a file all at once or not at all.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use imker_report::escape;
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use tempfile::NamedTempFile;

use crate::args::Color;

/// Where output goes.
pub enum Output {
    /// Standard output.
    Standard(BufWriter<WhileRead<io::Stdout>>),
    /// What stands at the path and is no file, as `/dev/null` or a named pipe: written to, never replaced.
    Special(BufWriter<WhileRead<File>>),
    /// A file that takes its name when it is whole.
    File {
        /// Holds what was written so far, in the folder of `path`.
        temporary: BufWriter<NamedTempFile>,
        /// The name that it will have.
        path: PathBuf,
    },
}

impl Output {
    /// Opens a file, or standard output where there is none.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Standard(BufWriter::new(WhileRead::new(io::stdout()))));
        };
        let failed = || format!("cannot write {}", path.display());
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            let special = File::options().write(true).open(path);
            let special = special.into_diagnostic().wrap_err_with(failed)?;
            return Ok(Self::Special(BufWriter::new(WhileRead::new(special))));
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let temporary = NamedTempFile::new_in(folder)
            .into_diagnostic()
            .wrap_err_with(failed)?;
        Ok(Self::File {
            temporary: BufWriter::new(temporary),
            path: path.to_owned(),
        })
    }

    /// Makes what was written final.
    pub fn close(self) -> Result<()> {
        match self {
            Self::Standard(mut out) => out.flush().map_err(|error| WriteError(error).into()),
            Self::Special(mut out) => out.flush().map_err(|error| WriteError(error).into()),
            Self::File { temporary, path } => {
                let failed = || format!("cannot write {}", path.display());
                let file = temporary.into_inner().into_diagnostic().wrap_err_with(failed)?;
                file.as_file()
                    .sync_all()
                    .into_diagnostic()
                    .wrap_err_with(failed)?;
                file.persist(&path).into_diagnostic().wrap_err_with(failed)?;
                Ok(())
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Standard(out) => out.write(bytes),
            Self::Special(out) => out.write(bytes),
            Self::File { temporary, .. } => temporary.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Standard(out) => out.flush(),
            Self::Special(out) => out.flush(),
            Self::File { temporary, .. } => temporary.flush(),
        }
    }
}

/// An output that can be written to, found out before there is something to write.
pub struct Ready<'p> {
    path: Option<&'p Path>,
    open: Option<Output>,
}

impl<'p> Ready<'p> {
    /// Tries it. Nothing is left of a file, which might lie among what is read; what is no file stays open, for closing
    /// a pipe ends it for its reader.
    pub fn new(path: Option<&'p Path>) -> Result<Self> {
        let open = match Output::open(path)? {
            Output::File { .. } => None,
            other => Some(other),
        };
        Ok(Self { path, open })
    }

    /// Opens it.
    pub fn open(self) -> Result<Output> {
        self.open.map_or_else(|| Output::open(self.path), Ok)
    }
}

/// Writes as long as somebody reads. Once the reader has gone away, as `head` does, what follows is dropped: the
/// exit status stays that of the verdict.
pub struct WhileRead<W> {
    inner: W,
    gone: bool,
}

impl<W> WhileRead<W> {
    fn new(inner: W) -> Self {
        Self { inner, gone: false }
    }

    fn unless_gone<T>(&mut self, instead: T, write: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        if self.gone {
            return Ok(instead);
        }
        match write(&mut self.inner) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.gone = true;
                Ok(instead)
            }
            other => other,
        }
    }
}

impl<W: Write> Write for WhileRead<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unless_gone(bytes.len(), |inner| inner.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unless_gone((), Write::flush)
    }
}

/// Refuses outputs that would take the place of an input or of each other.
///
/// Each output stands with the option that names it.
pub fn spare_inputs(outputs: &[(&str, Option<&Path>)], inputs: &[&Path]) -> Result<()> {
    for (at, (option, output)) in outputs.iter().enumerate() {
        let same = |(_, other): &&(&str, Option<&Path>)| output.is_some() && other == output;
        if let Some((other, _)) = outputs[..at].iter().find(same) {
            return Err(miette!("{other} and {option} name the same file"));
        }
    }
    for output in outputs.iter().filter_map(|(_, output)| *output) {
        let Ok(real) = output.canonicalize() else { continue };
        let holds = |input: &&Path| input.canonicalize().is_ok_and(|input| real.starts_with(input));
        if real.is_file() && inputs.iter().any(holds) {
            return Err(miette!(
                help = "name a new file, or one outside of what is read",
                "{}: is among the inputs and would be overwritten",
                output.display()
            ));
        }
    }
    Ok(())
}

/// [`spare_inputs`], and refuses outputs in a folder that is read: the next reading would take them for input.
#[cfg(feature = "honeypot")]
pub fn keep_out_of_inputs(outputs: &[(&str, Option<&Path>)], inputs: &[&Path]) -> Result<()> {
    spare_inputs(outputs, inputs)?;
    for output in outputs.iter().filter_map(|(_, output)| *output) {
        let folder = match output.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let Ok(folder) = folder.canonicalize() else {
            continue;
        };
        let holds = |input: &&Path| input.canonicalize().is_ok_and(|input| folder.starts_with(input));
        if inputs.iter().any(holds) {
            return Err(miette!(
                help = "name a file outside of what is read",
                "{}: lies among the inputs and would be read as one the next time",
                output.display()
            ));
        }
    }
    Ok(())
}

/// Output that could not be written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("cannot write the result")]
pub struct WriteError(#[source] pub io::Error);

/// Whether to colour standard output.
pub fn coloured(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    }
}

/// Columns of the terminal on standard output; 100 where it is none.
pub fn width() -> usize {
    match terminal_size::terminal_size() {
        Some((terminal_size::Width(columns), _)) => usize::from(columns).min(140),
        None => 100,
    }
}

/// Writes an error to standard error.
pub fn error(error: &miette::Report) {
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Some messages hold their cause already.
        if !text.contains(&cause) {
            let _ = writeln!(text, "  because: {cause}");
        }
    }
    if let Some(help) = error.help() {
        let _ = writeln!(text, "  help: {help}");
    }
    note(&text);
}

/// A count before what is counted, in a form for one and one for others.
#[cfg(feature = "scan")]
pub fn counted(count: u64, one: &str, others: &str) -> String {
    let counted = if count == 1 { one } else { others };
    format!("{count} {counted}")
}

/// Writes lines to standard error. File names and messages may hold an attacker's bytes: what could act on the
/// terminal is shown by code.
pub fn note(text: &str) {
    let shown: Vec<_> = text.split('\n').map(escape::visible).collect();
    let shown = shown.join("\n");
    let _ = io::stderr().write_all(shown.as_bytes());
}
