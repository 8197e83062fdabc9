//! Lines that could not be read, told in stretches.

use crate::model::UnreadReason;

/// The most stretches that are kept of one file; the rest is counted.
const LISTED_MAX: usize = 1000;

/// Neighbouring lines that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) offset: u64,
    pub(crate) reason: UnreadReason,
    first: u64,
}

/// Lines that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct BadLines {
    pub(crate) listed: Vec<Stretch>,
    pub(crate) not_listed: u64,
    /// The last bad line's number and reason.
    last: Option<(u64, UnreadReason)>,
}

impl BadLines {
    /// Takes a bad line; they come in ascending order.
    pub(crate) fn push(&mut self, line: u64, offset: u64, reason: UnreadReason) {
        self.join(Stretch {
            offset,
            reason,
            first: line,
        });
        self.last = Some((line, reason));
    }

    /// Adds what follows in the same file, its lines counted from `lines` on.
    pub(crate) fn append(&mut self, next: Self, lines: u64) {
        for stretch in next.listed {
            self.join(Stretch {
                first: stretch.first + lines,
                ..stretch
            });
        }
        self.not_listed += next.not_listed;
        if let Some((line, reason)) = next.last {
            self.last = Some((line + lines, reason));
        }
    }

    fn join(&mut self, stretch: Stretch) {
        if let Some((line, reason)) = self.last
            && stretch.first <= line + 1
            && mingles(reason)
            && mingles(stretch.reason)
        {
            if stretch.reason == UnreadReason::Binary
                && self.not_listed == 0
                && let Some(last) = self.listed.last_mut()
            {
                last.reason = UnreadReason::Binary;
            }
        } else if self.listed.len() < LISTED_MAX {
            self.listed.push(stretch);
        } else {
            self.not_listed += 1;
        }
        self.last = Some((stretch.first, stretch.reason));
    }
}

/// A damaged stretch of a file holds lines of both kinds.
fn mingles(reason: UnreadReason) -> bool {
    matches!(reason, UnreadReason::Binary | UnreadReason::Torn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use UnreadReason::{Binary, LineTooLong, Torn};

    #[test]
    fn neighbours_are_one_stretch_wherever_the_file_is_cut() {
        let lines = [
            (1, Torn),
            (2, Binary),
            (4, Torn),
            (5, LineTooLong),
            (6, Torn),
            (7, Torn),
        ];
        for cut in 0..=lines.len() {
            let mut all = BadLines::default();
            let mut next = BadLines::default();
            for (at, (line, reason)) in lines.into_iter().enumerate() {
                if at < cut {
                    all.push(line, line * 10, reason);
                } else {
                    next.push(line - 1, line * 10, reason);
                }
            }
            all.append(next, 1);
            let found: Vec<_> = all
                .listed
                .iter()
                .map(|stretch| (stretch.offset, stretch.reason))
                .collect();
            assert_eq!(
                found,
                [(10, Binary), (40, Torn), (50, LineTooLong), (60, Torn)],
                "cut at {cut}"
            );
        }
    }
}
