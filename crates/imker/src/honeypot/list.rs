//! Writing lists: as text in columns, as JSON lines, as CSV.

use std::collections::VecDeque;
use std::io::{self, Write};

use imker_report::escape;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::args::ListFormat;
use crate::output::{Output, WriteError};

/// Something that a list shows.
pub trait Row: Serialize {
    /// Names of its columns, as in CSV, and the least width of each in text, or [`ONLY_CSV`]; the last is as wide as it
    /// must be.
    const COLUMNS: &'static [(&'static str, usize)];

    /// What stands in them, unescaped.
    fn cells(&self) -> Vec<String>;

    /// What stands in them in text.
    fn text_cells(&self) -> Vec<String> {
        self.cells()
    }
}

/// In place of a width: text does without the column.
pub const ONLY_CSV: usize = usize::MAX;

/// What text shows of a row.
fn in_text<R: Row, T>(cells: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
    let columns = R::COLUMNS.iter().zip(cells);
    columns.filter_map(|((_, width), cell)| (*width != ONLY_CSV).then_some(cell))
}

/// Rows of text that are held back to see how wide columns must be.
const MEASURED: usize = 1000;

/// Cells that are wider do not widen their column.
const WIDEST: usize = 48;

/// Writes rows as they come or, where there is a limit, the latest of them.
pub struct List<R> {
    out: Output,
    format: ListFormat,
    limit: Option<usize>,
    latest: VecDeque<R>,
    widths: Vec<usize>,
    /// Rows of text, as long as they are measured; none once they were written.
    held: Option<Vec<Vec<String>>>,
}

impl<R: Row> List<R> {
    /// A list to standard output, with the names of its columns where the form has such a line.
    pub fn new(format: ListFormat, limit: Option<usize>) -> miette::Result<Self> {
        let mut list = Self {
            out: Output::open(None)?,
            format,
            limit,
            latest: VecDeque::new(),
            widths: in_text::<R, _>(R::COLUMNS.iter().map(|(_, width)| *width)).collect(),
            held: Some(Vec::new()),
        };
        let names = R::COLUMNS.iter().map(|(name, _)| *name);
        match format {
            ListFormat::Text => list
                .text(in_text::<R, _>(names.map(heading)).collect())
                .map_err(WriteError)?,
            ListFormat::Csv => csv(&mut list.out, names).map_err(WriteError)?,
            ListFormat::Jsonl => {}
        }
        Ok(list)
    }

    /// Takes one row.
    pub fn take(&mut self, row: R) -> miette::Result<()> {
        let Some(limit) = self.limit else {
            return self.write(&row);
        };
        self.latest.push_back(row);
        if self.latest.len() > limit {
            self.latest.pop_front();
        }
        Ok(())
    }

    /// Shows what was taken so far; rows that come later are shown as they come.
    pub fn flush(&mut self) -> miette::Result<()> {
        self.limit = None;
        while let Some(row) = self.latest.pop_front() {
            self.write(&row)?;
        }
        self.write_held().map_err(WriteError)?;
        self.out.flush().map_err(|error| WriteError(error).into())
    }

    fn write(&mut self, row: &R) -> miette::Result<()> {
        let out = &mut self.out;
        let written = match self.format {
            ListFormat::Text => self.text(in_text::<R, _>(row.text_cells()).collect()),
            ListFormat::Csv => csv(out, row.cells().iter().map(String::as_str)),
            ListFormat::Jsonl => imker_report::json_line(row, &mut *out),
        };
        written.map_err(|error| WriteError(error).into())
    }

    fn text(&mut self, mut cells: Vec<String>) -> io::Result<()> {
        for (cell, width) in cells.iter_mut().zip(&mut self.widths) {
            *cell = escape::visible(cell).into_owned();
            *width = cell.width().min(WIDEST).max(*width);
        }
        let Some(held) = &mut self.held else {
            return columns(&mut self.out, &self.widths, &cells);
        };
        held.push(cells);
        if held.len() > MEASURED {
            self.write_held()?;
        }
        Ok(())
    }

    fn write_held(&mut self) -> io::Result<()> {
        for cells in self.held.take().into_iter().flatten() {
            columns(&mut self.out, &self.widths, &cells)?;
        }
        Ok(())
    }
}

/// What stands above a column in text.
fn heading(name: &str) -> String {
    match name {
        "time" | "first_seen" | "last_seen" => format!("{} (UTC)", name.replace('_', " ")),
        _ => name.replace('_', " "),
    }
}

fn columns(out: &mut impl Write, widths: &[usize], cells: &[String]) -> io::Result<()> {
    let last = widths.len().saturating_sub(1);
    for (at, (width, cell)) in widths.iter().zip(cells).enumerate() {
        if at == last {
            writeln!(out, "{cell}")?;
        } else {
            let missing = width.saturating_sub(cell.width());
            write!(out, "{cell}{:missing$}  ", "")?;
        }
    }
    Ok(())
}

/// A record of RFC 4180; cells are safe for spreadsheets.
fn csv<'a>(out: &mut impl Write, cells: impl Iterator<Item = &'a str>) -> io::Result<()> {
    let mut csv = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    csv.write_record(cells.map(|cell| escape::cell(&escape::visible(cell)).into_owned()))?;
    csv.flush()
}

/// A time as text shows it: UTC, to the millisecond.
pub fn time(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}
