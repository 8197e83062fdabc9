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

/// Starts and stops of a sensor that are remembered.
const SWITCHES: usize = 4096;

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
        let novelty = record.sequences.add(recorded.sequence);
        let start = match recorded.event.saw {
            Saw::SensorStarted { .. } => true,
            Saw::SensorStopped {} => false,
            _ => return novelty,
        };
        if novelty == Novelty::New && record.switches.len() < SWITCHES {
            record
                .switches
                .insert(recorded.sequence, (recorded.event.time, start));
        }
        novelty
    }

    /// Fills in what is missing, by sensor and in sum.
    pub(crate) fn finish(
        self,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
        rows: &mut [SensorRow],
        gaps: &mut Gaps,
    ) {
        for (sensor, record) in self.sensors {
            let missing = record.sequences.missing();
            gaps.missing = gaps.missing.saturating_add(missing);
            let mut unclean = 0;
            let mut stop: Option<Timestamp> = None;
            let mut ran = false;
            let mut add = |from: Timestamp, to: Option<Timestamp>| {
                let before = since.is_some_and(|since| to.is_some_and(|to| to <= since));
                if before || until.is_some_and(|until| from >= until) {
                    return;
                }
                if gaps.stopped.len() >= GAPS {
                    gaps.stopped_not_listed += 1;
                    return;
                }
                gaps.stopped.push(Stopped {
                    sensor: cut(&sensor),
                    from,
                    until: to,
                });
            };
            for (time, start) in record.switches.into_values() {
                match (start, stop.take()) {
                    (true, Some(stopped)) => add(stopped, Some(time)),
                    (true, None) => unclean += u64::from(ran),
                    (false, _) => stop = Some(time),
                }
                ran = true;
            }
            if let Some(stopped) = stop {
                add(stopped, None);
            }
            if let Some(row) = rows.iter_mut().find(|row| row.sensor == cut(&sensor)) {
                row.missing = missing;
                row.unclean_starts = unclean;
            }
        }
        gaps.stopped
            .sort_by(|gap, other| (gap.from, &gap.sensor).cmp(&(other.from, &other.sensor)));
    }
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
    pub(crate) fn add(&mut self, sensor: &str, time: Timestamp, of: Option<&Connection>, saw: &Saw) {
        let source = of.map(|connection| connection.source.ip().to_canonical());
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
            sources: seen.sources.count(),
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
            sources: seen.sources.count(),
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
