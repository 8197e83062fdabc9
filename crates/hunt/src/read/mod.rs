//! Reading all input in parallel; the result is the same whatever the number of threads.

mod check;
mod hash;
mod measure;
mod queue;
mod report;
mod tally;
#[cfg(test)]
mod tests;
mod unit;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use imker_detect::{Suspect, SuspectTraffic, is_ordinary};
use imker_sigma::{RuleIndex, RuleSet};
use jiff::Timestamp;

use crate::input::Input;
use crate::layout::Layouts;
use crate::model::{Options, Reading, UnreadReason};
use crate::open::{Found, Opener, Visitor};
use crate::scan::{
    Delivery, Encoding, Log, Purpose, Sizes, Task, Tools, in_force_after, in_force_at_start, scan, shapes,
};
use crate::sightings::{Collector, Source};
use crate::sniff::HEAD;
use crate::walk::{self, Entry, Root};
use queue::{Job, Queue};
use report::{Batch, Reporter};
use tally::Tally;
use unit::LargeFile;

/// Why nothing could be read at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path that the user gave is not there.
    #[error("{}: {source}", path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An option that does not fit the input, or would let nothing be read.
    #[error("{option}: {message}")]
    Option {
        /// The option as on the command line, such as `--fields`.
        option: &'static str,
        /// What is wrong with it and how it is meant.
        message: String,
    },
    /// The temporary file for many matches could not be written.
    #[error("cannot keep matches in the temporary folder: {0}")]
    Spill(#[from] io::Error),
}

/// Is told how reading goes on; calls come from several threads.
pub trait Progress: Sync {
    /// Whether the size of all input is to be known early, at the cost of one more look at each file.
    fn wants_total(&self) -> bool {
        false
    }
    /// So many bytes of input were found, as stored; more may follow.
    fn found(&self, _bytes: u64) {}
    /// So many bytes of input were read, as stored.
    fn advanced(&self, _bytes: u64) {}
}

impl Progress for () {}

/// Reads everything that `options` names and matches `rules`.
pub fn read(options: &Options, rules: &RuleSet, progress: &dyn Progress) -> Result<Reading, Error> {
    read_in(options, rules, progress, Sizes::default())
}

/// As [`read`], with logs cut elsewhere.
pub(crate) fn read_in(
    options: &Options,
    rules: &RuleSet,
    progress: &dyn Progress,
    sizes: Sizes,
) -> Result<Reading, Error> {
    let hunt = Hunt::new(options, rules, progress, Purpose::Find, sizes);
    hunt.run()?;
    Ok(hunt.finish())
}

/// Reads one file from memory.
pub(crate) fn read_bytes(options: &Options, rules: &RuleSet, mut bytes: &[u8]) -> Reading {
    let hunt = Hunt::new(options, rules, &(), Purpose::Find, Sizes::default());
    let (mut tools, mut batch) = (Tools::default(), Batch::default());
    let mut logs = Logs {
        hunt: &hunt,
        entry: Entry::in_memory(),
        tools: &mut tools,
        batch: &mut batch,
        any: false,
    };
    let (limits, mut buffers) = (options.limits, Vec::new());
    Opener {
        visitor: &mut logs,
        limits,
        buffers: &mut buffers,
        failures: 0,
    }
    .open(&mut bytes, None, None);
    batch.flush(&hunt);
    hunt.finish()
}

/// Reads the same input again and counts what the suspects did from their first success on.
///
/// Standard input cannot be read twice; without other input the result is empty.
pub fn follow(
    options: &Options,
    suspects: &[Suspect],
    progress: &dyn Progress,
) -> Result<Vec<SuspectTraffic>, Error> {
    crate::follow::follow(options, suspects, progress, Sizes::default())
}

/// A reading under way.
pub(crate) struct Hunt<'r> {
    options: &'r Options,
    progress: &'r dyn Progress,
    task: Task<'r>,
    threads: usize,
    /// Names that the user gave, with links in their paths resolved.
    given: Vec<(&'r str, PathBuf)>,
    queue: Queue,
    pub(crate) tally: Mutex<Tally>,
    collector: Mutex<Collector>,
    failure: Mutex<Option<io::Error>>,
}

impl<'r> Hunt<'r> {
    pub(crate) fn new(
        options: &'r Options,
        rules: &'r RuleSet,
        progress: &'r dyn Progress,
        purpose: Purpose,
        sizes: Sizes,
    ) -> Self {
        let threads = options
            .threads
            .or_else(|| std::thread::available_parallelism().ok());
        let millis = |time: Timestamp| time.as_millisecond();
        let statistics = options.stats.unwrap_or(true) && purpose == Purpose::Find;
        let task = Task {
            rules,
            layouts: Layouts::new(rules),
            // A rule that feeds correlations only is no matter of counting.
            ordinary: (0..)
                .map(RuleIndex)
                .zip(rules.rules())
                .map(|(index, rule)| is_ordinary(rule) && rules.generates(index))
                .collect(),
            purpose,
            since: options.since.map(millis),
            until: options.until.map(millis),
            gap: i64::try_from(options.gap.as_millis()).unwrap_or(i64::MAX).max(1),
            limits: options.limits,
            sizes,
            fields: options.fields.clone(),
            every_line: AtomicBool::new(statistics),
        };
        let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        Self {
            options,
            progress,
            task,
            threads: threads.map_or(1, |threads| threads.get()),
            given: options
                .servers
                .iter()
                .map(|(name, path)| (&**name, real(path)))
                .collect(),
            queue: Queue::default(),
            tally: Mutex::new(Tally::new(options.gap)),
            collector: Mutex::default(),
            failure: Mutex::default(),
        }
    }

    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn collector(&self) -> MutexGuard<'_, Collector> {
        self.collector.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all with an error of the temporary folder.
    fn fail(&self, error: io::Error) {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(error);
        self.queue.stop();
    }

    /// The name that the user gave to the logs below a path; the longest path wins.
    fn given_name(&self, entry: &Entry) -> Option<&str> {
        if self.given.is_empty() {
            return None;
        }
        let path = entry.real();
        let below = self.given.iter().filter(|(_, above)| path.starts_with(above));
        below
            .max_by_key(|(_, above)| above.as_os_str().len())
            .map(|(name, _)| *name)
    }

    /// Reads everything.
    pub(crate) fn run(&self) -> Result<(), Error> {
        let roots =
            walk::roots(&self.options.paths).map_err(|(path, source)| Error::Path { path, source })?;
        check::fields(self.options)?;
        check::servers(self.options, &roots)?;
        let found = self.find(&roots);
        std::thread::scope(|scope| {
            for _ in 0..self.threads {
                scope.spawn(|| self.work());
            }
            self.feed(found);
        });
        match self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// All that is to be read. Where the user did not say, statistics depend on the size of all input, which must be
    /// known before any of it is read.
    fn find<'w>(&self, roots: &'w [Arc<Root>]) -> Box<dyn Iterator<Item = walk::Found> + 'w> {
        let walk = walk::walk(roots);
        if self.options.stats.is_some() || self.task.purpose != Purpose::Find {
            return Box::new(walk);
        }
        let (is_small, found) = measure::is_small(walk, self.threads, Options::STATS_LIMIT);
        self.task.every_line.store(is_small, Ordering::Relaxed);
        found.unwrap_or_else(|| Box::new(walk::walk(roots)))
    }

    /// Gives out what was found in batches.
    fn feed(&self, found: impl Iterator<Item = walk::Found>) {
        const FILES: usize = 64;
        let mut batch = Vec::new();
        for mut found in found {
            if self.progress.wants_total() {
                found = found.measured();
            }
            match found {
                walk::Found::File(entry) => {
                    self.progress.found(entry.size.unwrap_or_default());
                    batch.push(entry);
                }
                walk::Found::SetAside(kind) => self.tally().add_set_aside(kind),
                walk::Found::Failed(path, reason, detail) => {
                    let file = report::name(&path, None);
                    self.tally().unread.add(crate::Unread {
                        file,
                        offset: 0,
                        reason,
                        detail: Some(detail),
                    });
                }
            }
            if batch.len() >= FILES && !self.queue.add(std::mem::take(&mut batch)) {
                return;
            }
        }
        self.queue.add(batch);
        self.queue.walked();
    }

    /// The result.
    fn finish(self) -> Reading {
        let layouts = self.task.layouts.list();
        let shapes = shapes(&self.task);
        let every_line = self.task.every_line.load(Ordering::Relaxed);
        let mut tally = self.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (names, servers) = tally.clues.settle();
        let exposure = every_line.then(|| tally.exposure(&servers, &names));
        let ordinary = tally.ordinary(&servers);
        let unanswerable = tally.unanswerable(&layouts);
        tally.coverage.rename_servers(|clue| servers[clue.0 as usize]);
        let sources = tally.sources.iter().map(|source| Source {
            server: servers[source.server.0 as usize],
            ..*source
        });
        let collector = self
            .collector
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let sightings = collector.finish(shapes, sources.collect());
        let (unread, unread_not_listed) = tally.unread.finish();
        let (inputs, inputs_not_listed) = tally.inputs.finish();
        Reading {
            servers: names,
            coverage: tally.coverage,
            sightings,
            ordinary,
            unread,
            unread_not_listed,
            set_aside: tally.set_aside,
            exposure,
            unanswerable,
            inputs,
            inputs_not_listed,
            files: tally.files,
            bytes: tally.bytes,
            lines: tally.lines,
            window: (self.options.since, self.options.until),
            outside: tally.outside,
            events_seen: tally.events_seen,
        }
    }

    fn work(&self) {
        let mut tools = Tools::default();
        while let Some(job) = self.queue.next() {
            self.queue.run(|| match job {
                Job::Files(files) => self.files(files, &mut tools),
                Job::Unit(file, unit) => file.run(unit, self, &mut tools),
            });
        }
    }

    /// Reads many small files or few large ones, and leaves the others to whichever thread is free.
    fn files(&self, files: Vec<Entry>, tools: &mut Tools) {
        const BYTES: u64 = 4 << 20;
        let mut files = files.into_iter();
        let (mut batch, mut bytes) = (Batch::default(), 0);
        while bytes < BYTES
            && let Some(entry) = files.next()
        {
            bytes += self.file(entry, tools, &mut batch);
        }
        batch.flush(self);
        if files.len() > 0 {
            self.queue.give_back(files.collect());
        }
    }

    /// Reads a file; its size is returned.
    fn file(&self, entry: Entry, tools: &mut Tools, batch: &mut Batch) -> u64 {
        let mut buffers = std::mem::take(&mut tools.buffers);
        let limits = self.task.limits;
        let mut logs = Logs {
            hunt: self,
            entry,
            tools,
            batch,
            any: false,
        };
        if logs.entry.is_stdin() {
            if self.task.purpose == Purpose::Find {
                let mut source = Progressing {
                    inner: io::stdin().lock(),
                    progress: self.progress,
                };
                Opener {
                    visitor: &mut logs,
                    limits,
                    buffers: &mut buffers,
                    failures: 0,
                }
                .open(&mut source, None, None);
            }
        } else {
            match self.open(&mut logs.entry) {
                Ok(file) => {
                    let (size, searchable) = (logs.entry.size, (!logs.entry.is_stream).then_some(&file));
                    let mut source = Progressing {
                        inner: &file,
                        progress: self.progress,
                    };
                    Opener {
                        visitor: &mut logs,
                        limits,
                        buffers: &mut buffers,
                        failures: 0,
                    }
                    .open(&mut source, size, searchable);
                }
                Err(error) => Reporter::new(&logs.entry, None).failed(self, 0, &error),
            }
        }
        if logs.any && self.options.hash && !logs.entry.is_stream && self.task.purpose == Purpose::Find {
            match hash::input_file(&logs.entry.path) {
                Ok(input) => self.tally().inputs.add(input),
                Err(error) => Reporter::new(&logs.entry, None).failed(self, 0, &error),
            }
        }
        logs.tools.buffers.append(&mut buffers);
        logs.entry.size.unwrap_or_default()
    }

    /// Opens a file and learns its size: a live log may have grown since it was measured.
    fn open(&self, entry: &mut Entry) -> io::Result<File> {
        let file = File::open(&entry.path)?;
        if !entry.is_stream {
            let size = file.metadata()?.len();
            self.progress
                .found(size.saturating_sub(entry.size.unwrap_or_default()));
            entry.size = Some(size);
        }
        Ok(file)
    }
}

/// Scans the logs that a file holds.
struct Logs<'h, 'r> {
    hunt: &'h Hunt<'r>,
    entry: Entry,
    tools: &'h mut Tools,
    batch: &'h mut Batch,
    /// Whether there was any log, or something that might be one.
    any: bool,
}

impl Visitor for Logs<'_, '_> {
    fn file_name(&self) -> std::borrow::Cow<'_, str> {
        self.entry.path.to_string_lossy()
    }

    fn log(&mut self, found: Found<'_>, input: &mut Input<'_>) {
        self.any = true;
        let hunt = self.hunt;
        let Found {
            member,
            kind,
            encoding,
            is_plain,
        } = found;
        let start = input.offset();
        let head = input.peek(HEAD);
        let in_force = in_force_at_start(&hunt.task, kind, head);
        let large = |size: &u64| is_plain && encoding == Encoding::Bytes && *size >= 2 * hunt.task.sizes.unit;
        if let Some(size) = self.entry.size.filter(large) {
            let likely = in_force_after(&hunt.task, kind, head, &in_force);
            let file = LargeFile::new(hunt, self.entry.clone(), size, kind, start, in_force, likely);
            hunt.queue.add_large(Arc::new(file));
            return;
        }
        let mut report = Reporter::in_folder(&self.entry, member, &mut self.tools.folder);
        let mut deliver = |batch: &[u8]| report.deliver(hunt, batch, 0);
        let log = Log {
            kind,
            in_force,
            encoding,
        };
        let outcome = scan(
            &hunt.task,
            self.tools,
            log,
            input,
            u64::MAX,
            Delivery::Now(&mut deliver),
        );
        self.batch
            .add(hunt, report.finish(hunt, &self.entry, kind, outcome));
    }

    fn set_aside(&mut self, kind: &str) {
        self.hunt.tally().add_set_aside(kind);
    }

    fn unread(&mut self, member: Option<&str>, offset: u64, reason: UnreadReason, detail: Option<String>) {
        self.any = true;
        Reporter::new(&self.entry, member).unread(self.hunt, offset, reason, detail);
    }
}

/// Tells the progress what is read.
struct Progressing<'p, R> {
    inner: R,
    progress: &'p dyn Progress,
}

impl<R: Read> Read for Progressing<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.progress.advanced(count as u64);
        Ok(count)
    }
}
