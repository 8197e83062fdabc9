//! The sensors themselves: what each saw, and when it saw nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;

use imker_event::{Connection, Gap, Recorded, Saw, Service};
use jiff::Timestamp;

use crate::distinct::{Few, Sketch};
use crate::model::{Gaps, HostRow, Listed, RecordedGap, SensorRow, Stopped};
use crate::sequences::{Novelty, Sequences};
use crate::table::{Row, Table, Tally, cut};

/// Sensors whose sequence numbers are remembered.
const SENSORS: usize = 1024;

/// Starts and stops of a sensor that are remembered, and times of its events, and its losses.
const SWITCHES: usize = 4096;

/// One of so many events is a sample of its record.
const SAMPLED: u64 = 256;

const GAPS: usize = 200;

/// What is known of each sensor, whatever the span asked for.
#[derive(Debug, Default)]
pub(crate) struct Records {
    sensors: BTreeMap<String, Record>,
}

#[derive(Debug, Default)]
struct Record {
    sequences: Sequences,
    /// Sequence, time, whether it is a start.
    switches: BTreeMap<u64, (Timestamp, bool)>,
    /// When some of its events were: the first, and every 256th.
    samples: BTreeMap<u64, Timestamp>,
    /// Sequence numbers that it recorded as lost.
    lost: Vec<(u64, u64)>,
}

impl Records {
    /// Notes an event; tells whether it is new.
    pub(crate) fn add(&mut self, recorded: &Recorded) -> Novelty {
        let sensor: &str = &recorded.event.sensor;
        if !self.sensors.contains_key(sensor) {
            if self.sensors.len() >= SENSORS {
                return Novelty::NotRemembered;
            }
            self.sensors.insert(sensor.to_owned(), Record::default());
        }
        let Some(record) = self.sensors.get_mut(sensor) else {
            return Novelty::NotRemembered;
        };
        let (sequence, time) = (recorded.sequence, recorded.event.time);
        let novelty = record.sequences.add(sequence);
        if novelty == Novelty::Duplicate {
            let other = record
                .samples
                .get(&sequence)
                .is_some_and(|sample| *sample != time);
            return if other { Novelty::Conflict } else { novelty };
        }
        if novelty != Novelty::New {
            return novelty;
        }
        if (sequence == 1 || sequence.is_multiple_of(SAMPLED)) && record.samples.len() < SWITCHES {
            record.samples.insert(sequence, time);
        }
        match &recorded.event.saw {
            Saw::SensorStarted { .. } | Saw::SensorStopped {} if record.switches.len() < SWITCHES => {
                let start = matches!(recorded.event.saw, Saw::SensorStarted { .. });
                record.switches.insert(sequence, (time, start));
            }
            Saw::Gap(gap) if record.lost.len() < SWITCHES => record.lost.extend(gap.sequences),
            _ => {}
        }
        novelty
    }

    /// Whether a sensor is known to have been stopped between two instants.
    pub(crate) fn was_stopped(&self, from: Timestamp, to: Timestamp) -> bool {
        self.sensors.values().any(|record| {
            let (stops, _) = stops(&record.switches);
            stops.into_iter().any(|stop| overlaps(stop, Some(from), Some(to)))
        })
    }

    /// Fills in what is missing, by sensor and in sum.
    pub(crate) fn finish(
        self,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        rows: &mut Listed<SensorRow>,
        gaps: &mut Gaps,
    ) {
        for (sensor, mut record) in self.sensors {
            for (first, last) in record.lost {
                record.sequences.fill(first, last);
            }
            let missing = record.sequences.missing();
            gaps.missing = gaps.missing.saturating_add(missing);
            let (stops, unclean) = stops(&record.switches);
            for (from, to) in stops.into_iter().filter(|stop| overlaps(*stop, since, until)) {
                if gaps.stopped.len() >= GAPS {
                    gaps.stopped_not_listed += 1;
                    continue;
                }
                gaps.stopped.push(Stopped {
                    sensor: cut(&sensor),
                    from,
                    until: to,
                });
            }
            match rows.entries.iter_mut().find(|row| row.sensor == cut(&sensor)) {
                Some(row) => {
                    row.missing = missing;
                    row.unclean_starts = unclean;
                }
                None if rows.not_listed == 0 && gaps.silent.len() < GAPS => gaps.silent.push(cut(&sensor)),
                None => {}
            }
        }
        gaps.stopped
            .sort_by(|gap, other| (gap.from, &gap.sensor).cmp(&(other.from, &other.sensor)));
    }
}

/// Times at which a sensor did not run, from an orderly stop to the next start, and starts that no stop came before.
fn stops(switches: &BTreeMap<u64, (Timestamp, bool)>) -> (Vec<(Timestamp, Option<Timestamp>)>, u64) {
    let (mut stops, mut unclean) = (Vec::new(), 0);
    let mut stop: Option<Timestamp> = None;
    let mut ran = false;
    for (time, start) in switches.values() {
        match (start, stop.take()) {
            (true, Some(stopped)) => stops.push((stopped, Some(*time))),
            (true, None) => unclean += u64::from(ran),
            (false, _) => stop = Some(*time),
        }
        ran = true;
    }
    stops.extend(stop.map(|stopped| (stopped, None)));
    (stops, unclean)
}

fn overlaps(
    (from, to): (Timestamp, Option<Timestamp>),
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) -> bool {
    let before = since.is_some_and(|since| to.is_some_and(|to| to <= since));
    !before && until.is_none_or(|until| from < until)
}

/// Sensors and hosts by what they saw in the span.
#[derive(Debug, Default)]
pub(crate) struct Observers {
    sensors: Table<String, Observer, 1024>,
    hosts: Table<(String, String), Observer, 4096>,
}

#[derive(Debug)]
struct Observer {
    persona: String,
    tally: Tally,
    requests: u64,
    sources: Sketch<1024>,
    services: Few<Service, 8>,
}

impl Observer {
    fn at(time: Timestamp, persona: String) -> Self {
        Self {
            persona,
            tally: Tally::at(time),
            requests: 0,
            sources: Sketch::default(),
            services: Few::default(),
        }
    }

    fn add(&mut self, time: Timestamp, source: Option<IpAddr>, saw: &Saw) {
        self.tally.add(time, None);
        let request = matches!(saw, Saw::WebRequest(_) | Saw::WebRequestRefused { .. });
        self.requests += u64::from(request);
        if let Some(source) = source {
            self.sources.add(&source);
        }
    }
}

impl Row for Observer {
    fn count(&self) -> u64 {
        self.tally.count
    }
}

impl Observers {
    pub(crate) fn add(
        &mut self,
        sensor: &str,
        time: Timestamp,
        of: Option<&Connection>,
        source: Option<IpAddr>,
        saw: &Saw,
    ) {
        self.sensors
            .row(cut(sensor), || Observer::at(time, String::new()))
            .add(time, source, saw);
        let Some(connection) = of else { return };
        let key = (cut(sensor), cut(&connection.host));
        let host = self
            .hosts
            .row(key, || Observer::at(time, cut(&connection.persona)));
        host.add(time, source, saw);
        if *connection.persona < *host.persona {
            host.persona = cut(&connection.persona);
        }
        host.services.add(connection.service);
    }

    pub(crate) fn finish(self, limit: usize) -> (Listed<SensorRow>, Listed<HostRow>) {
        let sensors = self.sensors.list(limit, |sensor, seen| SensorRow {
            sensor,
            events: seen.tally.count,
            requests: seen.requests,
            sources: seen.sources.count().at_most(seen.tally.count),
            first: seen.tally.first,
            last: seen.tally.last,
            missing: 0,
            unclean_starts: 0,
        });
        let hosts = self.hosts.list(limit, |(sensor, host), seen| HostRow {
            sensor,
            host,
            persona: seen.persona,
            services: seen.services.into_vec(),
            events: seen.tally.count,
            requests: seen.requests,
            sources: seen.sources.count().at_most(seen.tally.count),
            first: seen.tally.first,
            last: seen.tally.last,
        });
        (sensors, hosts)
    }
}

pub(crate) fn recorded_gap(gaps: &mut Gaps, sensor: &str, time: Timestamp, gap: &Gap) {
    gaps.lost = gaps.lost.saturating_add(gap.lost);
    gaps.recorded.push(RecordedGap {
        sensor: cut(sensor),
        time,
        reason: gap.reason,
        from: gap.from,
        until: gap.until,
        lost: gap.lost,
    });
    gaps.recorded.sort_by(|gap, other| {
        (gap.time, &gap.sensor, gap.lost).cmp(&(other.time, &other.sensor, other.lost))
    });
    if gaps.recorded.len() > GAPS {
        gaps.recorded.pop();
        gaps.recorded_not_listed += 1;
    }
}
