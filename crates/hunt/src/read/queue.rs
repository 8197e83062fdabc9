//! What is to be done next, in bounded memory.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::unit::LargeFile;
use crate::walk::Entry;

/// Batches of files that wait.
const WAITING_MAX: usize = 64;

/// Something to do.
pub(super) enum Job {
    /// Files to read whole, or to find large.
    Files(Vec<Entry>),
    /// A unit of a large file.
    Unit(Arc<LargeFile>, u64),
}

/// Jobs for all threads.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    files: VecDeque<Vec<Entry>>,
    large: Vec<Arc<LargeFile>>,
    walked: bool,
    busy: usize,
    stopped: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds files, waiting for room; false when all is to stop.
    pub(super) fn add(&self, files: Vec<Entry>) -> bool {
        let mut state = self.lock();
        while state.files.len() >= WAITING_MAX && !state.stopped {
            state = self.wait(state);
        }
        state.files.push_back(files);
        self.changed.notify_all();
        !state.stopped
    }

    /// Puts files first in line that a job leaves to others.
    pub(super) fn give_back(&self, files: Vec<Entry>) {
        self.lock().files.push_front(files);
        self.changed.notify_all();
    }

    /// Adds a large file.
    pub(super) fn add_large(&self, file: Arc<LargeFile>) {
        self.lock().large.push(file);
        self.changed.notify_all();
    }

    /// No more files will be added.
    pub(super) fn walked(&self) {
        self.lock().walked = true;
        self.changed.notify_all();
    }

    /// Lets all threads end.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// The next job, units of large files first; `None` at the end. Each runs in [`Queue::run`].
    pub(super) fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some((file, unit)) = state
                .large
                .iter()
                .find_map(|file| Some((Arc::clone(file), file.claim()?)))
            {
                state.large.retain(|file| !file.is_claimed());
                state.busy += 1;
                return Some(Job::Unit(file, unit));
            }
            if let Some(files) = state.files.pop_front() {
                state.busy += 1;
                self.changed.notify_all();
                return Some(Job::Files(files));
            }
            if state.walked && state.busy == 0 && state.large.is_empty() {
                return None;
            }
            state = self.wait(state);
        }
    }

    /// Runs a job and notes its end, however it ends.
    pub(super) fn run<T>(&self, job: impl FnOnce() -> T) -> T {
        let _ending = Ending(self);
        job()
    }
}

struct Ending<'q>(&'q Queue);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.busy -= 1;
        // The others would wait for what this thread does not finish.
        state.stopped |= std::thread::panicking();
        self.0.changed.notify_all();
    }
}
