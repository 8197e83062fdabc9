//! Who: one row for each source address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use imker_event::ecs::{Place, mask_query};
use imker_event::{Connection, ReceivedRequest, Saw, Service};
use jiff::Timestamp;

use crate::distinct::{Few, Sketch};
use crate::model::{CountryRow, Distinct, Listed, NetworkRow, Sample, SourceRow};
use crate::stages::{Finished, Reached};
use crate::table::{Row, Table, cut, kept};

/// Source addresses that are kept while counting, at least; see [`Table`].
const KEPT: usize = 10_000;

const DAYS: usize = 400;
const SAMPLES: usize = 2;

#[derive(Debug, Default)]
pub(crate) struct Sources {
    table: Table<IpAddr, Source, KEPT>,
    all: Sketch<4096>,
}

#[derive(Debug)]
struct Source {
    first: Timestamp,
    last: Timestamp,
    days: BTreeSet<i64>,
    events: u64,
    connections: u64,
    requests: u64,
    suspicious: u64,
    credentials: u64,
    uploads: u64,
    commands: u64,
    reached: Reached,
    hosts: Few<String, 8>,
    ports: Few<u16, 8>,
    user_agents: Few<String, 4>,
    ja3: Few<String, 4>,
    ja4: Few<String, 4>,
    samples: Vec<Sample>,
    /// When it was written down, and what.
    place: Option<(Timestamp, Place)>,
}

impl Source {
    fn at(time: Timestamp) -> Self {
        Self {
            first: time,
            last: time,
            days: BTreeSet::new(),
            events: 0,
            connections: 0,
            requests: 0,
            suspicious: 0,
            credentials: 0,
            uploads: 0,
            commands: 0,
            reached: Reached::default(),
            hosts: Few::default(),
            ports: Few::default(),
            user_agents: Few::default(),
            ja3: Few::default(),
            ja4: Few::default(),
            samples: Vec::new(),
            place: None,
        }
    }

    fn score(&self) -> u8 {
        let done = match () {
            () if self.uploads + self.commands > 0 => 100,
            () if self.suspicious > 0 => 30,
            () if self.credentials > 0 => 10,
            () => 0,
        };
        done.max(self.reached.score())
    }

    fn sample(&mut self, connection: &Connection, time: Timestamp, received: &ReceivedRequest) {
        let earlier = |sample: &Sample| sample.time <= time;
        if self.samples.len() >= SAMPLES && self.samples.iter().all(earlier) {
            return;
        }
        let request = &received.request;
        let target = match &request.uri_query {
            Some(query) => cut(&mask_query(&format!("{}?{query}", request.uri_stem))),
            None => cut(&mask_query(request.uri_stem.as_str())),
        };
        self.samples.push(Sample {
            time,
            source_port: connection.source.port(),
            port: connection.destination.port(),
            tls: connection.service == Service::Https,
            version: cut(received.version.as_str()),
            method: kept(&request.method),
            target,
            user_agent: request.user_agent.as_ref().map(kept),
            status: request.status,
        });
        self.samples.sort();
        self.samples.truncate(SAMPLES);
    }
}

impl Row for Source {
    fn count(&self) -> u64 {
        self.events
    }

    fn rank(&self) -> (u32, u64) {
        (self.score().into(), self.events)
    }
}

impl Sources {
    pub(crate) fn add(
        &mut self,
        address: IpAddr,
        connection: &Connection,
        time: Timestamp,
        saw: &Saw,
        reached: Reached,
    ) {
        self.all.add(&address);
        let source = self.table.row(address, || Source::at(time));
        source.events += 1;
        source.first = source.first.min(time);
        source.last = source.last.max(time);
        if source.days.len() < DAYS {
            source.days.insert(time.as_second().div_euclid(86_400));
        }
        source.reached |= reached;
        source.hosts.add(cut(&connection.host));
        source.ports.add(connection.destination.port());
        match saw {
            Saw::ConnectionOpened {} => source.connections += 1,
            Saw::WebRequestRefused { .. } => source.requests += 1,
            Saw::WebRequest(received) => {
                source.requests += 1;
                if let Some(agent) = &received.request.user_agent {
                    source.user_agents.add(kept(agent));
                }
                if is_suspicious(received) {
                    source.suspicious += 1;
                    source.sample(connection, time, received);
                }
            }
            Saw::Credentials(_) => source.credentials += 1,
            Saw::Upload { .. } => source.uploads += 1,
            Saw::Command { .. } => source.commands += 1,
            Saw::TlsHello(hello) => {
                source.ja3.add(kept(&hello.ja3));
                source.ja4.add(kept(&hello.ja4));
            }
            _ => {}
        }
    }

    /// Notes the place of a source that was just added: the latest one counts.
    pub(crate) fn place(&mut self, address: IpAddr, time: Timestamp, place: &Place) {
        let source = self.table.row(address, || Source::at(time));
        if source.place.as_ref().is_some_and(|(known, _)| *known > time) {
            return;
        }
        let place = bounded(place);
        let counts = source
            .place
            .as_ref()
            .is_none_or(|(known, other)| (*known, order(other)) < (time, order(&place)));
        if counts {
            source.place = Some((time, place));
        }
    }

    pub(crate) fn count(&self) -> Distinct {
        match self.table.exact_len() {
            Some(count) => Distinct {
                count,
                estimated: false,
            },
            None => self.all.count(),
        }
    }

    /// The rows; places are looked up for the sources that are kept.
    pub(crate) fn finish(
        self,
        stages: &Finished,
        limit: usize,
        place: &mut dyn FnMut(IpAddr) -> Option<Place>,
    ) -> (Listed<SourceRow>, Places) {
        let mut places = Places::default();
        let mut all = self.table.list(2 * KEPT, |address, source| {
            let noted = source.place.as_ref().map(|(_, place)| place.clone());
            let place = place(address).as_ref().map(bounded).or(noted);
            places.add(place.as_ref(), &source);
            row(address, place.unwrap_or_default(), source, stages)
        });
        let rest = all.entries.split_off(limit.min(all.entries.len()));
        all.not_listed += rest.len() as u64;
        all.count_not_listed += rest.iter().map(|row| row.events).sum::<u64>();
        (all, places)
    }
}

/// A place as it is kept: files may hold any text.
fn bounded(place: &Place) -> Place {
    let text = |text: &Option<Box<str>>| text.as_deref().map(|text| cut(text).into());
    Place {
        country_code: text(&place.country_code),
        country: text(&place.country),
        city: text(&place.city),
        location: place.location,
        as_number: place.as_number,
        as_organisation: text(&place.as_organisation),
    }
}

/// Which of two places of one instant counts does not depend on which comes first.
fn order(place: &Place) -> impl Ord {
    let location = place
        .location
        .map(|(north, east)| (north.to_bits(), east.to_bits()));
    let texts = [
        &place.country_code,
        &place.country,
        &place.city,
        &place.as_organisation,
    ];
    (texts.map(Clone::clone), place.as_number, location)
}

pub(crate) fn is_suspicious(received: &ReceivedRequest) -> bool {
    received.detections.iter().any(|detection| !detection.ordinary)
}

fn row(address: IpAddr, place: Place, source: Source, stages: &Finished) -> SourceRow {
    let (reached, cves, techniques) = stages.of(source.reached);
    let (ja3, ja4) = (&source.ja3, &source.ja4);
    SourceRow {
        address,
        place,
        first: source.first,
        last: source.last,
        days: source.days.len() as u32,
        events: source.events,
        connections: source.connections,
        requests: source.requests,
        suspicious_requests: source.suspicious,
        credentials: source.credentials,
        uploads: source.uploads,
        commands: source.commands,
        score: source.score(),
        stages: reached,
        cves,
        techniques,
        lists_cut: source.hosts.more || source.ports.more || source.user_agents.more || ja3.more || ja4.more,
        hosts: source.hosts.into_vec(),
        ports: source.ports.into_vec(),
        user_agents: source.user_agents.into_vec(),
        ja3: source.ja3.into_vec(),
        ja4: source.ja4.into_vec(),
        samples: source.samples,
    }
}

/// Countries and networks of the sources that are kept.
#[derive(Debug, Default)]
pub(crate) struct Places {
    known: bool,
    countries: BTreeMap<Option<String>, CountryRow>,
    networks: BTreeMap<u32, NetworkRow>,
}

impl Places {
    fn add(&mut self, place: Option<&Place>, source: &Source) {
        self.known |= place.is_some();
        let country = place.and_then(|place| place.country_code.as_deref().map(str::to_owned));
        let row = self
            .countries
            .entry(country.clone())
            .or_insert_with(|| CountryRow {
                country,
                sources: 0,
                attackers: 0,
                requests: 0,
            });
        row.sources += 1;
        row.attackers += u64::from(source.score() >= 50);
        row.requests += source.requests;
        let Some((asn, place)) = place.and_then(|place| Some((place.as_number?, place))) else {
            return;
        };
        let row = self.networks.entry(asn).or_insert_with(|| NetworkRow {
            asn,
            organisation: place.as_organisation.as_deref().map(str::to_owned),
            sources: 0,
            requests: 0,
        });
        row.sources += 1;
        row.requests += source.requests;
    }

    /// Both lists, the most sources first; empty where no place was known at all.
    pub(crate) fn finish(self) -> (Vec<CountryRow>, Vec<NetworkRow>) {
        if !self.known {
            return (Vec::new(), Vec::new());
        }
        let mut countries: Vec<CountryRow> = self.countries.into_values().collect();
        countries.sort_by_key(|row| std::cmp::Reverse((row.sources, row.requests)));
        let mut networks: Vec<NetworkRow> = self.networks.into_values().collect();
        networks.sort_by_key(|row| std::cmp::Reverse((row.sources, row.requests)));
        (countries, networks)
    }
}
