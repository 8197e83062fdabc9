//! Whether all input is small, told before any of it is read.

use crate::walk::Found;

/// How many files are listed before they are measured, by all threads.
const ROUND: usize = 8192;

/// Bytes of paths and all else that is kept of what was found, so that the tree is walked once.
const KEPT_MAX: usize = 24 << 20;

/// Whether the files of `walk` hold less than `limit` bytes. What was found comes back measured, the rest of the walk
/// as it is behind it; nothing does where it is too much to keep.
pub(super) fn is_small<'w>(
    mut walk: impl Iterator<Item = Found> + 'w,
    threads: usize,
    limit: u64,
) -> (bool, Option<Box<dyn Iterator<Item = Found> + 'w>>) {
    let mut kept = Some(Vec::new());
    let (mut size, mut held) = (0, 0);
    loop {
        let listed: Vec<_> = walk.by_ref().take(ROUND).collect();
        if listed.is_empty() {
            break;
        }
        for found in measured(listed, threads) {
            if let Found::File(entry) = &found {
                size += entry.size.unwrap_or_default();
            }
            held += found.memory();
            if held > KEPT_MAX {
                kept = None;
            }
            if let Some(kept) = &mut kept {
                kept.push(found);
            }
        }
        if size >= limit {
            break;
        }
    }
    let found = kept.map(|kept| Box::new(kept.into_iter().chain(walk)) as Box<_>);
    (size < limit, found)
}

/// Measures on several threads; the order stays.
fn measured(mut listed: Vec<Found>, threads: usize) -> impl Iterator<Item = Found> {
    let share = listed.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let mut workers = Vec::new();
        while listed.len() > share {
            let part = listed.split_off(listed.len() - share);
            workers.push(scope.spawn(|| measure(part)));
        }
        let mut parts = vec![measure(listed)];
        for worker in workers.into_iter().rev() {
            parts.push(
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        parts.into_iter().flatten()
    })
}

fn measure(listed: Vec<Found>) -> Vec<Found> {
    listed.into_iter().map(Found::measured).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::walk::{roots, walk};

    #[test]
    fn all_that_was_found_comes_back_whatever_is_decided() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..5 {
            std::fs::write(folder.path().join(format!("{number}.log")), [b'a'; 10]).unwrap();
        }
        let roots = roots(&[folder.path().to_owned()]).unwrap();
        for (limit, small) in [(50, false), (51, true)] {
            for threads in [1, 2, 8] {
                let (is_small, found) = is_small(walk(&roots), threads, limit);
                let sizes: Vec<_> = (found.unwrap())
                    .map(|found| match found {
                        Found::File(entry) => entry.size,
                        _ => None,
                    })
                    .collect();
                assert_eq!((is_small, sizes), (small, vec![Some(10); 5]));
            }
        }
    }
}
