//! The fold over all events.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use imker_event::ecs::{Document, Place, mask_query};
use imker_event::{
    Clients, Connection, Content, Credentials, Detection, Kind, Recorded, Saw, Scheme, SensorEvent, Text,
};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::activity::Clock;
use crate::compare::compare;
use crate::distinct::{Few, Sketch};
use crate::lines::BadLine;
use crate::model::*;
use crate::secret::{masked, password};
use crate::sensors::{Observers, Records, recorded_gap};
use crate::sequences::Novelty;
use crate::sources::{Sources, is_suspicious};
use crate::stages::{Reached, Stages};
use crate::table::{Row, Table, Tally, cut, kept};

/// Rows of each table that are kept while counting, at least.
const KEPT: usize = 4096;

const BAD_LINES: usize = 100;

/// Addresses of sensors and proxies that are noted.
const OWN: usize = 65_536;

/// What to evaluate, and against what.
#[derive(Debug, Clone)]
pub struct Options {
    /// The evaluation's time, usually now.
    pub created: Timestamp,
    /// Leave out events before this.
    pub since: Option<Timestamp>,
    /// Leave out events from this on.
    pub until: Option<Timestamp>,
    /// An earlier evaluation to compare with; without one it is the span of the same length before `since`, where
    /// there is a `since` and events in that span.
    pub previous: Option<Arc<Evaluation>>,
    /// Source addresses listed at most.
    pub sources: usize,
    /// Entries of each other list at most.
    pub listed: usize,
}

impl Options {
    /// All events; 10,000 sources and 1,000 entries of each other list.
    pub fn new(created: Timestamp) -> Self {
        Self {
            created,
            since: None,
            until: None,
            previous: None,
            sources: 10_000,
            listed: 1000,
        }
    }

    /// The span of the same length before `since`.
    fn span_before(&self) -> Option<(Timestamp, Timestamp)> {
        let since = self.since.filter(|_| self.previous.is_none())?;
        let length = self.until.unwrap_or(self.created).duration_since(since);
        let from = since.checked_sub(length).ok()?;
        (from < since).then_some((from, since))
    }
}

/// Evaluates events of one or several sensors, each sensor's in the order of its record: whom a trusted proxy named is known
/// from the event of the request, which comes before what belongs to it. Nothing else depends on the order.
///
/// An event that comes more than once (same sensor and sequence number) counts once. `place` is asked once for each
/// source address that is kept; where it knows nothing, the place in the documents is taken. Memory is bounded whatever the events hold; what was not kept is counted.
pub fn evaluate(
    events: impl IntoIterator<Item = Result<Document, BadLine>>,
    options: &Options,
    place: &mut dyn FnMut(IpAddr) -> Option<Place>,
) -> Evaluation {
    let mut evaluator = Evaluator::new(options.clone());
    for event in events {
        match event {
            Ok(document) => evaluator.add(&document.recorded, document.place.as_ref()),
            Err(line) => evaluator.bad_line(line),
        }
    }
    evaluator.finish(place)
}

/// An evaluation in the making; see [`evaluate`].
#[derive(Debug)]
pub struct Evaluator {
    options: Options,
    records: Records,
    clients: Clients,
    own: BTreeSet<IpAddr>,
    /// The earliest event, whatever the span.
    earliest: Option<Timestamp>,
    /// The span before has losses on record.
    lost_before: bool,
    gaps: Gaps,
    now: Span,
    before: Option<((Timestamp, Timestamp), Span)>,
}

impl Evaluator {
    /// Begins an evaluation.
    pub fn new(options: Options) -> Self {
        let before = options.span_before().map(|span| (span, Span::default()));
        Self {
            options,
            records: Records::default(),
            clients: Clients::default(),
            own: BTreeSet::new(),
            earliest: None,
            lost_before: false,
            gaps: Gaps::default(),
            now: Span::default(),
            before,
        }
    }

    /// Takes an event, with the place of its source where whoever wrote it down knew one.
    pub fn add(&mut self, recorded: &Recorded, place: Option<&Place>) {
        let event = &recorded.event;
        let source = self.clients.source(event);
        if let Some(connection) = &event.connection {
            self.note_own(connection, source);
        }
        match self.records.add(recorded) {
            Novelty::New => {}
            Novelty::Duplicate => {
                self.gaps.duplicates += 1;
                return;
            }
            Novelty::Conflict => {
                self.gaps.duplicates += 1;
                self.gaps.conflicting += 1;
                return;
            }
            Novelty::NotRemembered => self.gaps.duplicates_unchecked += 1,
        }
        self.earliest = Some(
            self.earliest
                .map_or(event.time, |earliest| earliest.min(event.time)),
        );
        let early = self.options.since.is_some_and(|since| event.time < since);
        let late = self.options.until.is_some_and(|until| event.time >= until);
        if !early && !late {
            if let Saw::Gap(gap) = &event.saw {
                recorded_gap(&mut self.gaps, &event.sensor, event.time, gap);
            }
            self.now.add(event, source, place);
            return;
        }
        self.gaps.outside += 1;
        if let Some(((from, to), span)) = &mut self.before
            && event.time >= *from
            && event.time < *to
        {
            self.lost_before |= matches!(event.saw, Saw::Gap(_));
            span.add(event, source, place);
        }
    }

    /// Notes where a client connected to, and the proxies between.
    fn note_own(&mut self, connection: &Connection, source: Option<IpAddr>) {
        let peer = connection.source.ip();
        let proxy = source
            .filter(|source| *source != peer.to_canonical())
            .map(|_| peer);
        let ends = [
            Some(connection.destination.ip()),
            connection.proxy.map(|proxy| proxy.ip()),
            proxy,
        ];
        for address in ends.into_iter().flatten() {
            if self.own.len() < OWN {
                self.own.insert(address.to_canonical());
            }
        }
    }

    /// Addresses of the sensors themselves and of proxies that connections or requests came through, of all events that
    /// were added; the first 65,536. They are in no evaluation; exports leave them out, see [`crate::Policy`].
    pub fn own_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.own.iter().copied()
    }

    /// Notes a line that is no event; lines of one file are to follow each other.
    pub fn bad_line(&mut self, line: BadLine) {
        if let Some(first) = self.gaps.bad_lines.last_mut()
            && first.file == line.file
            && first.line > 0
            && line.line > 0
        {
            first.further += 1 + line.further;
        } else if self.gaps.bad_lines.len() < BAD_LINES {
            self.gaps.bad_lines.push(line);
        } else {
            self.gaps.bad_lines_not_listed += 1;
        }
    }

    /// Ends the evaluation.
    pub fn finish(self, place: &mut dyn FnMut(IpAddr) -> Option<Place>) -> Evaluation {
        let options = self.options;
        // What came before the record begins may have been in the span before.
        let whole_before = self.before.as_ref().is_some_and(|((from, to), _)| {
            let begins = self.earliest.is_some_and(|earliest| earliest <= *from);
            begins && !self.lost_before && !self.records.was_stopped(*from, *to)
        });
        let mut evaluation = self.now.finish(&options, place);
        evaluation.gaps = self.gaps;
        self.records.finish(
            options.since,
            options.until,
            &mut evaluation.sensors,
            &mut evaluation.gaps,
        );
        let before = match (&options.previous, self.before) {
            (Some(previous), _) => Some((previous.clone(), ComparedWith::Evaluation)),
            (None, Some(((from, to), span))) if span.totals.events > 0 => {
                let mut before = span.finish(&options, &mut |_| None);
                (before.since, before.until) = (Some(from), Some(to));
                // Whatever could not be read or told apart may have been in it.
                before.gaps.missing = evaluation.gaps.missing.max(u64::from(!whole_before));
                before.gaps.bad_lines.clone_from(&evaluation.gaps.bad_lines);
                before.gaps.conflicting = evaluation.gaps.conflicting;
                before.gaps.duplicates_unchecked = evaluation.gaps.duplicates_unchecked;
                Some((Arc::new(before), ComparedWith::SpanBefore))
            }
            (None, _) => None,
        };
        evaluation.compared = before.map(|(before, with)| compare(&evaluation, &before, with));
        evaluation
    }
}

/// All counts of one span of time.
#[derive(Debug, Default)]
struct Span {
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    totals: Totals,
    kinds: BTreeMap<Kind, u64>,
    clock: Clock,
    observers: Observers,
    sources: Sources,
    stages: Stages,
    rules: Table<Arc<str>, Rule, 1024>,
    ja3: Table<String, Tally, KEPT>,
    ja4: Table<String, Tally, KEPT>,
    user_agents: Table<String, Tally, KEPT>,
    workstations: Table<String, Tally, KEPT>,
    own_domain: u64,
    masked: u64,
    schemes: BTreeMap<Scheme, u64>,
    accounts: Table<(String, Option<String>), Account, KEPT>,
    passwords: Table<[u8; 32], Password, KEPT>,
    paths: Table<String, Tally, KEPT>,
    uploads: Table<String, Upload, KEPT>,
    commands: Table<String, Tally, KEPT>,
}

#[derive(Debug)]
struct Rule {
    title: Arc<str>,
    level: Arc<str>,
    ordinary: bool,
    tally: Tally,
}

#[derive(Debug)]
struct Account {
    own_domain: bool,
    passwords: Sketch<256>,
    schemes: Few<Scheme, 8>,
    tally: Tally,
}

#[derive(Debug)]
struct Password {
    masked: String,
    tally: Tally,
}

#[derive(Debug)]
struct Upload {
    bytes: u64,
    whole: bool,
    secrets: bool,
    names: Few<String, 8>,
    addresses: Few<IpAddr, 8>,
    tally: Tally,
}

impl Row for Rule {
    fn count(&self) -> u64 {
        self.tally.count
    }
}

impl Row for Account {
    fn count(&self) -> u64 {
        self.tally.count
    }

    fn rank(&self) -> (u32, u64) {
        (self.own_domain.into(), self.tally.count)
    }
}

impl Row for Password {
    fn count(&self) -> u64 {
        self.tally.count
    }
}

impl Row for Upload {
    fn count(&self) -> u64 {
        self.tally.count
    }
}

impl Span {
    fn add(&mut self, event: &SensorEvent, source: Option<IpAddr>, place: Option<&Place>) {
        let (time, saw) = (event.time, &event.saw);
        let connection = event.connection.as_deref();
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
        self.totals.events += 1;
        *self.kinds.entry(event.kind()).or_default() += 1;
        self.clock.add(time, saw);
        self.observers.add(&event.sensor, time, connection, source, saw);
        let mut reached = Reached::default();
        match saw {
            Saw::ConnectionOpened {} => self.totals.connections += 1,
            Saw::ConnectionClosed {
                bytes_received,
                bytes_sent,
                ..
            } => {
                let totals = &mut self.totals;
                totals.bytes_received = totals.bytes_received.saturating_add(*bytes_received);
                totals.bytes_sent = totals.bytes_sent.saturating_add(*bytes_sent);
            }
            Saw::WebRequestRefused { .. } => self.totals.requests += 1,
            Saw::WebRequest(received) => {
                self.totals.requests += 1;
                self.totals.suspicious_requests += u64::from(is_suspicious(received));
                let request = &received.request;
                let path = cut(&mask_query(request.uri_stem.as_str()));
                self.paths.row(path, || Tally::at(time)).add(time, source);
                if let Some(agent) = &request.user_agent {
                    tally(&mut self.user_agents, agent, time, source);
                }
                for detection in &received.detections {
                    self.rule(detection, time, source);
                }
            }
            Saw::TlsHello(hello) => {
                tally(&mut self.ja3, &hello.ja3, time, source);
                tally(&mut self.ja4, &hello.ja4, time, source);
            }
            Saw::NtlmNegotiate {
                workstation: Some(name),
                ..
            } => tally(&mut self.workstations, name, time, source),
            Saw::NtlmAuthenticate(message) => {
                tally(&mut self.workstations, &message.workstation, time, source);
            }
            Saw::Credentials(credentials) => self.credentials(credentials, time, source),
            Saw::Upload {
                name,
                content,
                secrets,
            } => self.upload(name.as_ref(), content, *secrets, time, source),
            Saw::Command { command, .. } => {
                self.totals.commands += 1;
                tally(&mut self.commands, command, time, source);
            }
            Saw::StageReached(stage) => {
                self.totals.stages += 1;
                reached = self.stages.add(stage, time, source);
            }
            _ => {}
        }
        let Some((connection, source)) = connection.zip(source) else {
            self.totals.of_sensors += 1;
            return;
        };
        self.sources.add(source, connection, time, saw, reached);
        // Writers know the places of connections.
        if let Some(place) = place.filter(|_| source == connection.source.ip().to_canonical()) {
            self.sources.place(source, time, place);
        }
    }

    fn rule(&mut self, detection: &Detection, time: Timestamp, source: Option<IpAddr>) {
        let make = || Rule {
            title: detection.title.clone(),
            level: detection.level.clone(),
            ordinary: detection.ordinary,
            tally: Tally::at(time),
        };
        let rule = self.rules.row(detection.rule.clone(), make);
        rule.tally.add(time, source);
        // Versions of a rule may differ: whichever event comes first, the same title is shown.
        if detection.title < rule.title {
            rule.title = detection.title.clone();
        }
    }

    fn credentials(&mut self, credentials: &Credentials, time: Timestamp, source: Option<IpAddr>) {
        self.totals.credentials += 1;
        self.own_domain += u64::from(credentials.own_domain);
        self.masked += u64::from(credentials.secret.is_none());
        *self.schemes.entry(credentials.scheme).or_default() += 1;
        let lower = |text: &Text| kept(text).to_lowercase();
        let domain = credentials.domain.as_ref().map(lower);
        let mut username = lower(&credentials.username);
        // `EXAMPLE\meier`, as one that was sent apart from its domain.
        if let (Some(domain), Some((before, name))) = (&domain, username.split_once('\\'))
            && before == domain
        {
            username = name.to_owned();
        }
        let key = (username, domain);
        let account = self.accounts.row(key, || Account {
            own_domain: false,
            passwords: Sketch::default(),
            schemes: Few::default(),
            tally: Tally::at(time),
        });
        account.tally.add(time, source);
        account.own_domain |= credentials.own_domain;
        account.schemes.add(credentials.scheme);
        if let Some(secret) = &credentials.secret {
            account.passwords.add(&secret.0);
        }
        if let (Some(secret), Some(masked)) = (password(credentials), masked(credentials)) {
            let key = Sha256::digest(secret.0.as_str());
            let make = || Password {
                masked,
                tally: Tally::at(time),
            };
            self.passwords.row(key.into(), make).tally.add(time, source);
        }
    }

    fn upload(
        &mut self,
        name: Option<&Text>,
        content: &Content,
        secrets: bool,
        time: Timestamp,
        source: Option<IpAddr>,
    ) {
        self.totals.uploads += 1;
        // Masked, or of no bytes: nothing says which are alike.
        if content.sha256.as_str().is_empty() {
            return;
        }
        let upload = self.uploads.row(kept(&content.sha256), || Upload {
            bytes: content.bytes,
            whole: false,
            secrets: false,
            names: Few::default(),
            addresses: Few::default(),
            tally: Tally::at(time),
        });
        upload.tally.add(time, source);
        upload.bytes = upload.bytes.max(content.bytes);
        if let Some(source) = source {
            upload.addresses.add(source);
        }
        upload.whole |= content.kept >= content.bytes;
        upload.secrets |= secrets;
        if let Some(name) = name {
            upload.names.add(cut(&mask_query(name.as_str())));
        }
    }

    fn finish(self, options: &Options, place: &mut dyn FnMut(IpAddr) -> Option<Place>) -> Evaluation {
        let limit = options.listed;
        let mut totals = self.totals;
        totals.sources = self.sources.count();
        let stages_not_listed = self.stages.not_listed;
        let stages = self.stages.finish();
        let (sources, places) = self.sources.finish(&stages, options.sources, place);
        totals.attackers = sources.entries.iter().filter(|row| row.score >= 50).count() as u64;
        let (countries, networks) = places.finish();
        let (sensors, hosts) = self.observers.finish(limit);
        Evaluation {
            schema: Evaluation::SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            created: options.created,
            since: options.since,
            until: options.until,
            first: self.first,
            last: self.last,
            totals,
            kinds: self.kinds,
            sensors,
            hosts,
            activity: self.clock.finish(),
            sources,
            countries,
            networks,
            stages: stages.into_rows(),
            stages_not_listed,
            rules: self.rules.list(limit, |rule, row| RuleRow {
                rule: cut(&rule),
                title: cut(&row.title),
                author: None,
                source: None,
                level: cut(&row.level),
                ordinary: row.ordinary,
                count: row.tally.count,
                sources: row.tally.sources(),
            }),
            tools: Tools {
                ja3: self.ja3.list(limit, Tally::counted),
                ja4: self.ja4.list(limit, Tally::counted),
                user_agents: self.user_agents.list(limit, Tally::counted),
                workstations: self.workstations.list(limit, Tally::counted),
            },
            credentials: CredentialsSeen {
                own_domain: self.own_domain,
                without_secret: self.masked,
                schemes: self.schemes,
                accounts: self.accounts.list(limit, |(username, domain), row| AccountRow {
                    username,
                    domain,
                    own_domain: row.own_domain,
                    count: row.tally.count,
                    passwords: row.passwords.count().at_most(row.tally.count),
                    sources: row.tally.sources(),
                    schemes: row.schemes.into_vec(),
                    first: row.tally.first,
                    last: row.tally.last,
                }),
                passwords: self
                    .passwords
                    .list(limit, |_, row| Tally::counted(row.masked, row.tally)),
            },
            paths: self.paths.list(limit, Tally::counted),
            uploads: self.uploads.list(limit, |sha256, row| UploadRow {
                sha256,
                bytes: row.bytes,
                whole: row.whole,
                secrets: row.secrets,
                count: row.tally.count,
                sources: row.tally.sources(),
                names: row.names.into_vec(),
                addresses: row.addresses.into_vec(),
                first: row.tally.first,
                last: row.tally.last,
            }),
            commands: self.commands.list(limit, Tally::counted),
            gaps: Gaps::default(),
            compared: None,
        }
    }
}

fn tally(table: &mut Table<String, Tally, KEPT>, value: &Text, time: Timestamp, source: Option<IpAddr>) {
    table.row(kept(value), || Tally::at(time)).add(time, source);
}
