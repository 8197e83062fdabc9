//! The table of results, as Markdown.

use std::fmt;

use super::child::Times;

/// What a ratio is measured against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Time: at most this much of the yardstick's.
    AtMost(f64),
    /// Throughput: at least this much of the yardstick's.
    AtLeast(f64),
}

impl Limit {
    pub fn holds(self, ratio: f64) -> bool {
        match self {
            Self::AtMost(most) => ratio <= most,
            Self::AtLeast(least) => ratio >= least,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "<= {most}"),
            Self::AtLeast(least) => write!(f, ">= {least}"),
        }
    }
}

/// The most memory for any input, in bytes.
const MEMORY: u64 = 100 << 20;

#[derive(Debug)]
pub struct Row {
    pub input: String,
    pub program: String,
    pub times: Times,
    /// Unpacked.
    pub bytes: u64,
    /// To the yardstick.
    pub ratio: Option<f64>,
    pub limit: Option<Limit>,
    /// Peak, in bytes.
    pub memory: Option<u64>,
}

#[derive(Debug, Default)]
pub struct Table {
    pub rows: Vec<Row>,
    /// Sentences below the table.
    pub notes: Vec<String>,
}

impl Table {
    pub fn print(&self) {
        println!("| input | program | median s | range s | MB/s | ratio | bar | peak MiB | |");
        println!("|---|---|---:|---:|---:|---:|---:|---:|---|");
        for row in &self.rows {
            println!("{row}");
        }
        let peak = self.rows.iter().filter_map(|row| row.memory).max();
        if let Some(peak) = peak {
            let word = if peak < MEMORY { "met" } else { "MISSED" };
            println!("\nPeak memory {} MiB, bar 100 MiB: {word}.", peak >> 20);
        }
        for note in &self.notes {
            println!("{note}");
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let median = self.times.median();
        let (least, most) = self.times.range();
        write!(
            f,
            "| {} | {} | {median:.3} | {least:.3}-{most:.3} ",
            self.input, self.program
        )?;
        write!(f, "| {:.0} ", self.bytes as f64 / median / 1e6)?;
        match self.ratio {
            Some(ratio) => write!(f, "| {ratio:.2} ")?,
            None => write!(f, "| 1 ")?,
        }
        match self.limit {
            Some(limit) => write!(f, "| {limit} ")?,
            None => write!(f, "| ")?,
        }
        match self.memory {
            Some(memory) => write!(f, "| {:.1} ", memory as f64 / f64::from(1 << 20))?,
            None => write!(f, "| ")?,
        }
        let word = match (self.ratio, self.limit) {
            (Some(ratio), Some(limit)) if limit.holds(ratio) => "met",
            (Some(_), Some(_)) => "MISSED",
            _ => "",
        };
        write!(f, "| {word} |")
    }
}
