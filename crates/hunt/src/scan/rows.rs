//! What rows tell beside matches: statistics of all of them, traffic of those that are followed.

use super::exposure::count;
use super::outcome::{InForce, Traffic, add_traffic};
use super::{Block, Scanner, Turns, at, for_each_line};
use crate::formats::{is_proxy_header, number};
use crate::model::UnreadReason;
use crate::sightings::Record;
use crate::time::{HOUR, Millis};

impl Scanner<'_, '_> {
    /// Parses every line for statistics and torn lines.
    pub(super) fn every_line(&mut self, block: Block<'_>, before: &InForce, turns: &Turns) {
        let Self {
            task,
            tools,
            kind,
            out,
            ..
        } = self;
        let mut lines = block.lines;
        for_each_line(block.bytes, 0..block.bytes.len(), |range| {
            let line = &block.bytes[range.clone()];
            let in_force = at(before, turns, range.start);
            lines += 1;
            let Some(layout) = &in_force.layout else { return };
            if line.is_empty() || line[0] == b'#' || is_proxy_header(line) {
                return;
            }
            let shape = &layout.shape;
            let whole =
                tools.cells.split(*kind, shape.width(), line) && in_force.fits(shape, tools.cells.len());
            let filtered = task.since.is_some() || task.until.is_some();
            let time = if filtered {
                shape.time(line, &tools.cells, in_force.day)
            } else {
                None
            };
            if !whole {
                if !block.is_unfinished(range.end) {
                    tools
                        .bad
                        .push((lines - 1, block.place(range.start), UnreadReason::Torn));
                }
            } else if !filtered || time.is_some_and(|time| task.includes(time)) {
                count(&mut out.reached, shape, line, &tools.cells);
            }
        });
    }

    /// Turns the records written since `mark` into counts by hour.
    pub(super) fn count_traffic(&mut self, mark: usize, since: &[Millis]) {
        let layouts = self.task.layouts.list();
        let mut records = &self.out.matched[mark..];
        while let Some((record, rest)) = Record::read(records) {
            records = rest;
            let Some(layout) = layouts.get(record.layout as usize) else {
                continue;
            };
            let shape = &layout.shape;
            self.tools.cells.split(shape.kind, shape.width(), record.text);
            let bytes = shape
                .at
                .bytes_sent
                .and_then(|column| number(self.tools.cells.get(record.text, column)));
            for rule in record.rules.list() {
                if since
                    .get(rule.0 as usize)
                    .is_some_and(|since| record.time >= *since)
                {
                    let hour = record.time.div_euclid(HOUR);
                    add_traffic(
                        &mut self.out.traffic,
                        (rule, hour),
                        Traffic { requests: 1, bytes },
                    );
                }
            }
        }
        self.out.matched.truncate(mark);
    }
}
