use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use imker_event::{Gap, GapReason};
use jiff::Timestamp;

/// Sources that are counted by address; of others only the sum is known.
const SOURCES: usize = 256;

/// Connections beyond the limits: the first of a source is an event of its own, the others are counted, so that a
/// flood does not become a flood of events.
#[derive(Default)]
pub struct TurnedAway(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    sources: HashMap<IpAddr, u64>,
    of_others: u64,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl TurnedAway {
    /// Notes a connection; whether it is to be recorded by itself.
    pub fn note(&self, source: IpAddr, now: Timestamp) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.sources.get_mut(&source) {
            *count += 1;
        } else if counts.sources.len() < SOURCES {
            counts.sources.insert(source, 0);
            return true;
        } else {
            counts.of_others += 1;
        }
        counts.from.get_or_insert(now);
        counts.until = Some(now);
        false
    }

    /// What was counted and not recorded by itself, since the last time.
    pub fn take(&self) -> Option<Gap> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut sources: Vec<_> = counts
            .sources
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .collect();
        sources.sort_unstable_by_key(|(source, count)| (std::cmp::Reverse(*count), *source));
        let lost = sources.iter().map(|(_, count)| count).sum::<u64>() + counts.of_others;
        (lost > 0).then_some(Gap {
            reason: GapReason::TooMany,
            from: counts.from,
            until: counts.until,
            sequences: None,
            lost,
            sources,
            of_others: counts.of_others,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn none_is_lost_without_being_counted() {
        let turned_away = TurnedAway::default();
        let mut recorded = 0;
        for round in 0..3 {
            for address in 0..300_u32 {
                let now = Timestamp::from_second(round).unwrap();
                recorded += u64::from(turned_away.note(IpAddr::from(address.to_be_bytes()), now));
            }
        }
        let gap = turned_away.take().unwrap();
        assert_eq!((recorded, gap.lost, gap.of_others), (256, 900 - 256, 44 * 3));
        assert_eq!(gap.sources.len(), 256);
        assert_eq!(turned_away.take(), None);
    }
}
