//! Running the programs that are measured.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use miette::{IntoDiagnostic, Result, bail, miette};

/// A program with its arguments.
#[derive(Debug, Clone)]
pub struct Program {
    pub name: String,
    words: Vec<OsString>,
}

impl Program {
    pub fn new<S: Into<OsString>>(name: &str, words: impl IntoIterator<Item = S>) -> Self {
        Self {
            name: name.to_owned(),
            words: words.into_iter().map(Into::into).collect(),
        }
    }

    /// The same program with one more argument.
    #[must_use]
    pub fn with(mut self, word: impl Into<OsString>) -> Self {
        self.words.push(word.into());
        self
    }

    /// The same program with one argument less.
    #[must_use]
    pub fn without(mut self, word: &str) -> Self {
        self.words.retain(|known| known != word);
        self
    }

    /// Wall time of one run, start-up included.
    pub fn time(&self) -> Result<Duration> {
        let begin = Instant::now();
        self.finish(self.spawn()?)?;
        Ok(begin.elapsed())
    }

    /// The most memory that one run held at a time, in bytes: `VmHWM`, mapped files included.
    pub fn peak_memory(&self) -> Result<u64> {
        let mut child = self.spawn()?;
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        // The kernel keeps the high-water mark, so asking now and then loses only the last moment.
        while child.try_wait().into_diagnostic()?.is_none() {
            peak = peak.max(high_water_mark(Path::new(&status)).unwrap_or(0));
            thread::sleep(Duration::from_millis(1));
        }
        self.finish(child)?;
        Ok(peak)
    }

    /// What one run takes, start-up included. No other child may end meanwhile: its processor time would be counted, too.
    #[cfg(feature = "load")]
    pub fn cost(&self) -> Result<Cost> {
        let (begin, before) = (Instant::now(), children_processor_time()?);
        let mut child = self.spawn()?;
        let status = format!("/proc/{}/status", child.id());
        let mut memory = 0;
        while child.try_wait().into_diagnostic()?.is_none() {
            memory = memory.max(high_water_mark(Path::new(&status)).unwrap_or(0));
            thread::sleep(Duration::from_millis(20));
        }
        let wall = begin.elapsed();
        self.finish(child)?;
        Ok(Cost {
            wall,
            processor: children_processor_time()? - before,
            memory,
        })
    }

    fn spawn(&self) -> Result<Child> {
        let [program, arguments @ ..] = self.words.as_slice() else {
            bail!("no program")
        };
        Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| miette!("{}: {error}", program.to_string_lossy()))
    }

    /// Waits; a status of 1 is a result for grep's kin and for `imker hunt`, more is a failure.
    fn finish(&self, child: Child) -> Result<()> {
        let output = child.wait_with_output().into_diagnostic()?;
        match output.status.code() {
            Some(0 | 1) => Ok(()),
            code => bail!(
                "{} ended with {code:?}: {}",
                self.name,
                String::from_utf8_lossy(&output.stderr)
            ),
        }
    }
}

/// What a run took.
#[cfg(feature = "load")]
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub wall: Duration,
    /// Of all threads, in user and kernel mode.
    pub processor: Duration,
    /// `VmHWM` in bytes.
    pub memory: u64,
}

/// Processor time of children that have ended: `cutime` and `cstime` of proc_pid_stat(5), in ticks of 10 ms.
#[cfg(feature = "load")]
fn children_processor_time() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").into_diagnostic()?;
    // What follows the name, which may hold blanks and is in parentheses, begins with the third field.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields
        .skip(13)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Ok(Duration::from_millis(ticks * 10))
}

fn high_water_mark(status: &Path) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<u64>()
        .ok()
        .map(|kibibytes| kibibytes * 1024)
}

/// Wall times of one program.
#[derive(Debug, Clone, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort();
        let middle = sorted.len() / 2;
        match (sorted.len() % 2, sorted.get(middle)) {
            (1, Some(time)) => time.as_secs_f64(),
            (0, Some(time)) => (time.as_secs_f64() + sorted[middle - 1].as_secs_f64()) / 2.0,
            _ => f64::NAN,
        }
    }

    pub fn range(&self) -> (f64, f64) {
        let seconds = || self.0.iter().map(Duration::as_secs_f64);
        (
            seconds().fold(f64::INFINITY, f64::min),
            seconds().fold(0.0, f64::max),
        )
    }
}

/// Runs each program once for warmth and then `runs` times, taking turns.
pub fn interleaved(programs: &[Program], runs: usize) -> Result<Vec<Times>> {
    let mut times = vec![Times::default(); programs.len()];
    for run in 0..=runs {
        for (program, times) in programs.iter().zip(&mut times) {
            let time = program.time()?;
            if run > 0 {
                times.0.push(time);
            }
        }
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_ranges() {
        let times = Times([4, 1, 2].map(Duration::from_secs).to_vec());
        assert_eq!((times.median(), times.range()), (2.0, (1.0, 4.0)));
        let times = Times([4, 1, 2, 3].map(Duration::from_secs).to_vec());
        assert!((times.median() - 2.5).abs() < 1e-9);
    }
}
