//! `cargo xtask corpus`: a deterministic, realistic IIS log of an Exchange server, with attacks and the truth
//! about them. The same options give the same bytes on every machine.

pub mod attack;
mod files;
pub mod kinds;
mod noise;
pub mod people;
pub mod prng;
mod traffic;
pub mod truth;

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use self::attack::{Attack, ISO};
use self::files::{Files, Roll};
use self::kinds::Kind;
use self::people::people;
use self::prng::Prng;
pub use self::traffic::Traffic;
use self::truth::{Line, Truth};
use crate::logs::Request;
use crate::logs::iis::{Stamp, append_line, date};

/// Monday, 9 August 2021, 00:00 UTC.
const START: i64 = 1_628_467_200;
/// Five working days, whatever the size: a bigger log is a busier server.
const SPAN: i64 = 5 * 86_400;
/// Bytes of an average line, to plan the time between two.
const MEAN_LINE: u64 = 390;
/// Where the logs lie below the folder asked for.
pub const FOLDER: &str = "EX01/W3SVC1";
const SERVER: &str = "10.20.1.11";

/// How busy each hour of the day (UTC) is, in percent of the average.
const BUSY: [u16; 24] = [
    35, 30, 30, 30, 40, 70, 130, 180, 200, 200, 190, 170, 160, 180, 180, 170, 140, 100, 80, 70, 65, 60, 50,
    40,
];

/// What to write.
#[derive(Debug, Args)]
pub struct Options {
    /// Bytes of log, unpacked: a number, or one with K, M or G (powers of 1024)
    #[arg(long, default_value = "1G", value_parser = size)]
    pub size: u64,
    /// The same seed gives the same bytes
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// Folder to write to; it is made
    #[arg(long)]
    pub out: PathBuf,
    /// `none`, `all`, or kinds of attack with commas between
    #[arg(long, default_value = "all", value_parser = attack::kinds)]
    pub attacks: Box<[&'static Kind]>,
    /// One file, or one for each day
    #[arg(long, value_enum, default_value_t = Layout::Single)]
    pub layout: Layout,
    /// So many small files instead
    #[arg(long)]
    pub files: Option<u64>,
    /// Pack the files with gzip
    #[arg(long)]
    pub gz: bool,
}

/// How lines are spread over files.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Layout {
    /// One file
    Single,
    /// One file for each day
    Split,
}

/// Reads `1G`, `20M`, `100K` or a plain number of bytes.
pub fn size(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'K' | 'k')) => (&text[..at], 1 << 10),
        Some((at, 'M' | 'm')) => (&text[..at], 1 << 20),
        Some((at, 'G' | 'g')) => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    digits
        .parse()
        .ok()
        .and_then(|number: u64| number.checked_mul(unit))
        .filter(|&size| size > 0)
        .ok_or_else(|| format!("`{text}` is no size such as 20M"))
}

/// Writes the logs and `truth.json`.
pub fn write(options: &Options) -> io::Result<Truth> {
    let roll = match (options.files, options.layout) {
        (Some(files), _) => Roll::Bytes((options.size / files.max(1)).max(1)),
        (None, Layout::Single) => Roll::Never,
        (None, Layout::Split) => Roll::Daily,
    };
    let mut files = Files::create(&options.out, FOLDER, roll, options.gz)?;
    let mut prng = Prng::new(options.seed);
    let mut attacks = attack::plan(&options.attacks, START, SPAN, &mut prng);
    let mut pending = in_order(&attacks);
    let mut clock = Clock::new(START, SPAN, (options.size / MEAN_LINE) as i64, prng.clone());
    let mut traffic = Traffic::new(Prng::new(prng.next()), people(500, &mut prng), "15.1.2308.14");
    let (mut request, mut stamp, mut line) = (Request::default(), Stamp::default(), Vec::with_capacity(1024));
    let mut last = START;
    let mut restarts = [START + SPAN * 2 / 5, START + SPAN * 4 / 5]
        .into_iter()
        .peekable();
    while files.bytes < options.size {
        let second = clock.next();
        write_attacks(&mut pending, second, &mut attacks, &mut files, &mut stamp)?;
        if restarts.next_if(|&at| at <= second).is_some() {
            files.restart(second)?;
        }
        traffic.next(second, &mut request);
        line.clear();
        append_line(&request, SERVER, &mut stamp, &mut line);
        files.write(second, &line)?;
        last = second;
    }
    last = write_attacks(&mut pending, i64::MAX, &mut attacks, &mut files, &mut stamp)?.max(last);
    files.close()?;
    let truth = Truth {
        seed: options.seed,
        bytes: files.bytes,
        lines: files.lines,
        files: files.files,
        first: date(START, ISO),
        last: date(last, ISO),
        verdict: attacks
            .iter()
            .map(|attack| attack.truth.verdict)
            .max()
            .unwrap_or_default(),
        attacks: attacks.into_iter().map(|attack| attack.truth).collect(),
    };
    fs::write(options.out.join("truth.json"), serde_json::to_vec_pretty(&truth)?)?;
    Ok(truth)
}

/// A request of an attack that is still to be written.
struct Pending {
    attack: usize,
    request: Request,
}

/// All requests of all attacks, the latest first.
fn in_order(attacks: &[Attack]) -> Vec<Pending> {
    let mut pending: Vec<_> = attacks
        .iter()
        .enumerate()
        .flat_map(|(attack, planned)| {
            planned
                .requests
                .iter()
                .cloned()
                .map(move |request| Pending { attack, request })
        })
        .collect();
    pending.sort_by_key(|pending| std::cmp::Reverse(pending.request.second));
    pending
}

/// Writes what attackers sent up to `second`; tells the time of the last line written, 0 where there was none.
fn write_attacks(
    pending: &mut Vec<Pending>,
    second: i64,
    attacks: &mut [Attack],
    files: &mut Files,
    stamp: &mut Stamp,
) -> io::Result<i64> {
    let mut last = 0;
    let mut line = Vec::new();
    while let Some(next) = pending.pop_if(|pending| pending.request.second <= second) {
        line.clear();
        append_line(&next.request, SERVER, stamp, &mut line);
        let (file, number) = files.write(next.request.second, &line)?;
        attacks[next.attack].truth.lines.push(Line {
            file: file.to_owned(),
            line: number,
        });
        last = next.request.second;
    }
    Ok(last)
}

/// Times of requests: never back, busier by day.
pub struct Clock {
    microseconds: i64,
    step: i64,
    prng: Prng,
}

impl Clock {
    /// About `requests` in the `span` seconds from `start`.
    pub fn new(start: i64, span: i64, requests: i64, prng: Prng) -> Self {
        Self {
            microseconds: start * 1_000_000,
            step: span * 1_000_000 / requests.max(1),
            prng,
        }
    }

    /// The time of the next request.
    pub fn next(&mut self) -> i64 {
        let second = self.microseconds / 1_000_000;
        let busy = i64::from(BUSY[(second.rem_euclid(86_400) / 3600) as usize]);
        // Between half and one and a half times the step that the hour's business gives.
        let percent = self.prng.between(50, 150) as i64;
        self.microseconds += self.step * percent / busy;
        second
    }
}

#[cfg(test)]
mod tests;
