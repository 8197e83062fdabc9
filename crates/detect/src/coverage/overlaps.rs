//! Files that tell of the same time.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::{LogKind, Overlap, Span};

/// A file with its first and last event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileSpan {
    pub span: Span,
    pub file: Arc<str>,
}

/// Exchange writes its logs from several threads: at a change of files some rows land out of order.
const UNTIDY: SignedDuration = SignedDuration::from_secs(5);

/// Pairs that overlap, from files in ascending order: the first `limit`, and how many more.
pub(super) fn find(files: &[&FileSpan], kind: LogKind, limit: usize) -> (Vec<Overlap>, u64) {
    let least = match kind {
        LogKind::HttpProxy => UNTIDY,
        LogKind::Iis | LogKind::HttpErr => SignedDuration::ZERO,
    };
    let mut open: BTreeSet<(Timestamp, usize, &FileSpan)> = BTreeSet::new();
    let mut listed = Vec::new();
    let mut count = 0_u64;
    for (number, file) in files.iter().enumerate() {
        let lasts = |end: Timestamp| end.duration_since(file.span.from) > least;
        while open.first().is_some_and(|(end, ..)| !lasts(*end)) {
            open.pop_first();
        }
        if file.span.to.duration_since(file.span.from) <= least {
            continue;
        }
        count += open.len() as u64;
        if listed.len() < limit {
            let mut before: Vec<_> = open
                .iter()
                .map(|(end, number, other)| (*number, *end, *other))
                .collect();
            before.sort_by_key(|(number, ..)| *number);
            let room = limit - listed.len();
            listed.extend(before.into_iter().take(room).map(|(_, end, other)| Overlap {
                files: [other.file.clone(), file.file.clone()],
                span: Span {
                    from: file.span.from,
                    to: end.min(file.span.to),
                },
            }));
        }
        open.insert((file.span.to, number, file));
    }
    let left_out = count - listed.len() as u64;
    (listed, left_out)
}
