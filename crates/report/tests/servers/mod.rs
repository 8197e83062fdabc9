//! Made-up servers, as observed and assessed.
#![allow(dead_code, clippy::unwrap_used)]

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use imker_posture::{Assessment, Checks, Observation, Vantage, assess};
use imker_report::scan::{NotAsked, ScanEnd, ScanHead, ScanWriter, Summary, WhyNot};

pub type Host = (Observation, Assessment);

pub fn hosts() -> Vec<Host> {
    let lines = include_str!("../data/observations.jsonl").lines();
    lines
        .map(|line| assessed(serde_json::from_str(line).unwrap()))
        .collect()
}

pub fn assessed(observation: Observation) -> Host {
    let assessment = assess(&observation, Vantage::Internet);
    (observation, assessment)
}

pub fn head() -> ScanHead {
    ScanHead {
        version: "0.1.0".into(),
        created: "2026-11-30T10:00:00Z".parse().unwrap(),
        authorised: Some("CERT Example, 2026-11-20".into()),
        contact: Some("scan@example.org".into()),
        vantage: Vantage::Internet,
        checks: Checks::Quick,
    }
}

pub fn end(hosts: &[Host]) -> ScanEnd {
    let mut summary = Summary::default();
    hosts
        .iter()
        .for_each(|(observation, assessment)| summary.add(observation, assessment));
    let target = |target: &str, why| NotAsked {
        target: target.into(),
        why,
    };
    ScanEnd {
        complete: true,
        finished: "2026-11-30T10:00:05.12Z".parse().unwrap(),
        took_ms: 5120,
        summary,
        not_asked: vec![
            target("192.0.2.66", WhyNot::Excluded),
            target("192.168.0.9", WhyNot::SpecialRange),
            target("mx.hoster.example", WhyNot::ForeignHost),
        ],
        not_asked_more: 2,
    }
}

/// Bytes that a writer and a test share.
#[derive(Clone, Default)]
pub struct Shared(Rc<RefCell<Vec<u8>>>);

impl io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a writer makes of hosts.
pub fn written<W: ScanWriter>(hosts: &[Host], begin: impl FnOnce(Shared) -> io::Result<W>) -> String {
    let shared = Shared::default();
    let mut writer = begin(shared.clone()).unwrap();
    for (observation, assessment) in hosts {
        writer.host(observation, assessment).unwrap();
    }
    writer.end(&end(hosts)).unwrap();
    drop(writer);
    let bytes = shared.0.take();
    String::from_utf8(bytes).unwrap()
}
