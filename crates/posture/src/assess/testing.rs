//! Observations out of short lines: a visit a line, answers parted by `|`, before them the address where it is another.
//!
//! `@192.0.2.11:443 ps_owa 401 X-FEServer=EX01 build=owa_version:15.1.2176.9 | logon 200 mark=logon_page | ps_nspi !reset`
#![allow(clippy::unwrap_used, clippy::expect_used)]

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Vantage, assess};
use crate::{Answer, Assessment, Observation, Visit};

/// What follows from visits, seen from the internet.
pub(super) fn of(text: &str) -> Assessment {
    assess(&observation(text), Vantage::Internet)
}

pub(super) fn observation(text: &str) -> Observation {
    let visits = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let visits: Vec<Visit> = visits
        .map(|line| {
            let address = line.strip_prefix('@').and_then(|line| line.split_once(' '));
            let (address, answers) = address.unwrap_or(("192.0.2.10:443", line));
            Visit {
                address: address.parse().unwrap(),
                tls: None,
                answers: answers.split(" | ").map(answer).collect(),
            }
        })
        .collect();
    Observation {
        target: "mail.example.org".into(),
        started: "2026-11-30T10:00:00Z".parse::<Timestamp>().unwrap(),
        took_ms: 120,
        checks: crate::Checks::Full,
        visits,
        tls_versions: Vec::new(),
        smtp: Vec::new(),
        fault: None,
    }
}

pub(super) fn answer(text: &str) -> Answer {
    let mut words = text.split_whitespace();
    let check = words.next().unwrap();
    let status = words.next().unwrap();
    let value = match status.strip_prefix('!') {
        Some(fault) => json!({ "check": check, "took_ms": 1, "fault": { "kind": fault } }),
        None => json!({ "check": check, "took_ms": 1, "response": response(status, words) }),
    };
    serde_json::from_value(value).expect(text)
}

fn response<'a>(status: &str, words: impl Iterator<Item = &'a str>) -> Value {
    let mut response = json!({
        "status": status.parse::<u16>().unwrap(), "body_bytes": 0, "headers": [], "marks": [], "builds": [],
    });
    for word in words {
        let (name, value) = word.split_once('=').expect(word);
        let push = |list: &mut Value, value: Value| list.as_array_mut().unwrap().push(value);
        match name {
            "mark" => push(&mut response["marks"], value.into()),
            "title" => response["title"] = value.replace('_', " ").into(),
            "build" => {
                let (place, build) = value.split_once(':').expect(word);
                push(&mut response["builds"], json!({ "place": place, "build": build }));
            }
            _ => {
                let value = value.replace('_', " ");
                push(&mut response["headers"], json!({ "name": name, "value": value }));
            }
        }
    }
    response
}
