#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use proptest::sample::select;

use super::testing::{answer, observation};
use super::{Vantage, assess};
use crate::{
    Answer, Check, CveVerdict, Disclosure, Fault, FaultKind, FixStatus, Header, Mark, Observation, Place,
    Response, SeenBuild, Verdict, reasons,
};

fn build() -> impl Strategy<Value = SeenBuild> {
    let published = select(vec![
        "15.1.2176.9",
        "15.1.2176.12",
        "15.1.2242.4",
        "15.2.2562.53",
        "15.0.1497.2",
        "14.3.513.0",
        "15.1.2176",
        "15.2.1118",
        "15.20.1.1",
        "15.1.1591.18",
    ]);
    prop_oneof![
        published.prop_map(|text| text.parse().unwrap()),
        any::<[u16; 4]>().prop_map(|parts| SeenBuild::Whole(imker_exchange::Build(parts))),
        any::<[u16; 3]>().prop_map(SeenBuild::ThreeParts),
    ]
}

fn header() -> impl Strategy<Value = Header> {
    let name = select(vec![
        "X-FEServer",
        "x-owa-version",
        "X-CalculatedBETarget",
        "Location",
        "WWW-Authenticate",
        "X-OWA-Error",
        "Server",
    ]);
    let value = prop_oneof![
        select(vec![
            "EX01",
            "EX02",
            "localhost",
            "/owa/auth/errorfe.aspx?httpCode=500",
            "https://10.0.0.1/owa/",
            "/owa/auth/logon.aspx",
            "Basic realm=\"x\"",
            "NTLM, Negotiate",
            "//",
            "https://[::1",
            "?#",
            "",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,30}",
    ];
    (name, value).prop_map(|(name, value)| Header {
        name: name.to_owned(),
        value,
    })
}

fn response() -> impl Strategy<Value = Response> {
    let status = prop_oneof![select(vec![200u16, 302, 400, 401, 403, 404, 500]), any::<u16>()];
    let mark = select(vec![
        Mark::MapiPage,
        Mark::NoSuchUser,
        Mark::LogonPage,
        Mark::ExportTool,
    ]);
    let place = select(vec![
        Place::OwaVersion,
        Place::LogonPage,
        Place::ExportTool,
        Place::MapiPage,
    ]);
    let disclosure = (place, build()).prop_map(|(place, build)| Disclosure { place, build });
    (
        status,
        prop::collection::vec(header(), 0..4),
        prop::collection::vec(mark, 0..2),
        prop::collection::vec(disclosure, 0..2),
    )
        .prop_map(|(status, headers, marks, builds)| Response {
            status,
            headers,
            marks,
            builds,
            ..Response::default()
        })
}

fn fault() -> impl Strategy<Value = Fault> {
    let detail = prop::option::of("(192.0.2.9:443|x)(: x)?");
    (select(FaultKind::ALL.to_vec()), detail).prop_map(|(kind, detail)| Fault { kind, detail })
}

fn answers() -> impl Strategy<Value = Vec<Answer>> {
    let one = (
        select(Check::ALL.to_vec()),
        prop::option::weighted(0.8, response()),
        prop::option::of(fault()),
    )
        .prop_map(|(check, response, fault)| Answer {
            check,
            took_ms: 1,
            response,
            fault,
        });
    prop::collection::vec(one, 0..5)
}

fn observations() -> impl Strategy<Value = Observation> {
    let address = select(vec!["192.0.2.10:443", "192.0.2.11:443"]);
    let visits = prop::collection::vec((address, answers()), 0..4);
    (visits, prop::option::weighted(0.2, fault())).prop_map(|(visits, fault)| {
        let mut seen = observation(&vec!["logon 404"; visits.len()].join("\n"));
        for (visit, (address, answers)) in seen.visits.iter_mut().zip(visits) {
            visit.address = address.parse().unwrap();
            visit.answers = answers;
        }
        seen.fault = fault;
        seen
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_is_listed_and_consistent(seen in observations()) {
        let assessment = assess(&seen, Vantage::Internet);
        let cves = assessment.front_ends.iter().flat_map(|front_end| &front_end.cves);
        let reasons = cves.clone().map(|cve| &cve.reason)
            .chain(assessment.findings.iter().map(|finding| &finding.what))
            .chain(assessment.front_ends.iter().map(|front_end| &front_end.reason))
            .chain(assessment.front_ends.iter().filter_map(|front_end| front_end.install.as_ref()))
            .chain([&assessment.reason]);
        for reason in reasons {
            let (_, args) = reasons::ALL.iter().chain(&imker_exchange::Because::ALL).find(|(id, _)| *id == reason.id).expect("listed");
            let used: std::collections::BTreeSet<&str> = reason.args.keys().map(|name| &**name).collect();
            prop_assert_eq!(used, args.iter().copied().collect(), "{}", reason.id);
        }
        let worst = assessment.front_ends.iter().map(|front_end| front_end.verdict).max();
        let incomplete = ["host-incomplete", "host-untold-address"].contains(&&*assessment.reason.id);
        prop_assert!(worst.is_none_or(|worst| incomplete || worst == assessment.verdict));
        let open = cves.clone().any(|cve| cve.status == FixStatus::Open || cve.verdict == CveVerdict::Vulnerable);
        prop_assert_eq!(assessment.verdict.is_open(), open);
        if assessment.verdict == Verdict::Fixed {
            prop_assert!(cves.clone().all(|cve| cve.verdict == CveVerdict::Fixed));
        }
    }

    #[test]
    fn the_order_of_visits_does_not_matter(seen in observations(), keys in any::<[u8; 4]>()) {
        let mut other = seen.clone();
        let mut order: Vec<usize> = (0..other.visits.len()).collect();
        order.sort_by_key(|place| keys[*place]);
        other.visits = order.iter().map(|place| seen.visits[*place].clone()).collect();
        prop_assert_eq!(assess(&seen, Vantage::Internet), assess(&other, Vantage::Internet));
    }

    #[test]
    fn a_check_that_succeeds_decides(seen in observations(), place in any::<prop::sample::Index>()) {
        let mut with = seen.clone();
        prop_assume!(!with.visits.is_empty());
        let visit = place.index(with.visits.len());
        with.visits[visit].answers.push(answer("ps_nspi 200 mark=mapi_page"));
        let after = assess(&with, Vantage::Internet).verdict;
        prop_assert_eq!(after, Verdict::Vulnerable);
    }
}
