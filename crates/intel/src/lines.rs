//! Events and evaluations from files that others may have written.

use std::io::{self, BufRead, Read};

use imker_event::ecs::{Document, Reader};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Evaluation;

/// A line that is no event, the first of its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BadLine {
    /// The file, as it was named.
    pub file: String,
    /// The line, counted from 1; 0 where the file as a whole could not be read.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
    /// Further lines of the file that are no events.
    #[serde(default)]
    pub further: u64,
}

/// Reads JSON lines as a sensor writes them, see [`imker_event::ecs`]; `file` is only named in errors.
///
/// A line that is too long or no event becomes an error that names its place, and reading goes on behind it; where the
/// file itself cannot be read any further, that is the last error. Empty lines are passed over.
pub fn json_lines(
    input: impl BufRead,
    file: impl Into<String>,
) -> impl Iterator<Item = Result<Document, BadLine>> {
    let file = file.into();
    Reader::new(input).map(move |read| {
        read.map_err(|error| BadLine {
            file: file.clone(),
            line: error.line,
            reason: crate::table::cut(&error.reason.to_string()),
            further: 0,
        })
    })
}

/// An earlier evaluation that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEvaluation {
    /// The file cannot be read.
    #[error("the earlier evaluation cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is longer than any evaluation.
    #[error("the earlier evaluation is longer than {} MiB: name a file that `--format json` wrote", MAX_EVALUATION >> 20)]
    TooLong,
    /// It is no evaluation.
    #[error("the earlier evaluation is none: {0}; name a file that `--format json` wrote")]
    Json(#[from] serde_json::Error),
    /// It is of another version.
    #[error(
        "the earlier evaluation has the format {found:?}, and {} is needed: write it anew",
        Evaluation::SCHEMA
    )]
    Schema {
        /// Its format.
        found: String,
    },
}

/// The longest earlier evaluation that is read, in bytes.
const MAX_EVALUATION: u64 = 256 << 20;

/// Reads an earlier evaluation (its JSON) to compare with.
pub fn previous(input: impl Read) -> Result<Evaluation, UnreadableEvaluation> {
    let mut bytes = Vec::new();
    #[expect(
        clippy::disallowed_methods,
        reason = "`take` ends it at MAX_EVALUATION and one byte"
    )]
    input.take(MAX_EVALUATION + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_EVALUATION {
        return Err(UnreadableEvaluation::TooLong);
    }
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let head: Head = serde_json::from_slice(&bytes)?;
    if head.schema != Evaluation::SCHEMA {
        let found = crate::table::cut(&head.schema);
        return Err(UnreadableEvaluation::Schema { found });
    }
    Ok(serde_json::from_slice(&bytes)?)
}
