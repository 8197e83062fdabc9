//! Our own Exchange that is none, in several builds.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use imker_honeypot::config::Config;
use imker_honeypot::play::Played;
use imker_posture::{Check, Checks, Mark, Observation, Place, TlsVersion};
use imker_scan::ask::{Asker, Destination, Limits, Plan, Scheme};
use imker_sigma::RuleSetBuilder;
use tokio::sync::watch;

use crate::peer::{faults, statuses};

/// Personas, and what the first check for ProxyShell makes of each.
const HOSTS: [(&str, u16, Checks); 7] = [
    ("exchange-2016-cu19-mar21su", 302, Checks::Full),
    ("exchange-2019-cu14-oct25su", 401, Checks::Full),
    ("exchange-2013-cu21", 302, Checks::Quick),
    ("exchange-2013-cu23-mar23su", 400, Checks::Full),
    ("exchange-2019-cu8", 302, Checks::Quick),
    ("exchange-se-sep26suv2", 401, Checks::Quick),
    ("exchange-2016-cu18", 302, Checks::Full),
];

pub struct Farm {
    pub https: u16,
    http: u16,
    _folder: tempfile::TempDir,
    _stop: watch::Sender<bool>,
}

pub fn free_port() -> u16 {
    TcpListener::bind("0.0.0.0:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

pub fn ip(index: usize) -> IpAddr {
    Ipv4Addr::new(127, 0, 7, 1 + index as u8).into()
}

pub async fn farm() -> Farm {
    let folder = tempfile::tempdir().unwrap();
    let (https, http) = (free_port(), free_port());
    let mut config = "sensor = \"test\"\ndata = \"data\"\n\n[[domain]]\ndns_domain = \"corp.example.org\"\n\
         netbios_domain = \"EXAMPLE\"\norganisation = \"Example\"\nmail_domain = \"example.org\"\n\
         external_name = \"mail.example.org\"\nlanguage = \"en-US\"\ntime_zone = \"UTC\"\nusers = 5\n\
         seed = \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"\n"
        .to_owned();
    for (index, (persona, ..)) in HOSTS.iter().enumerate() {
        config += &format!(
            "\n[[host]]\nname = \"EX0{}\"\npersona = \"{persona}\"\naddresses = [\"{}\"]\nhttps = [{https}]\nhttp = [{http}]\n",
            index + 1,
            ip(index),
        );
    }
    let config = Config::parse(&config, &folder.path().join("honeypot.toml")).unwrap();
    let rules = RuleSetBuilder::new().build().unwrap();
    let played = Played::begin(&config, rules).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(played.serve(stopped));
    Farm {
        https,
        http,
        _folder: folder,
        _stop: stop,
    }
}

/// What differs from run to run, and from machine to machine, is left out.
fn summary(seen: &Observation) -> String {
    let mut lines = vec![format!("{:?} {:?}", seen.checks, faults(seen))];
    for visit in &seen.visits {
        let tls = visit.tls.as_ref().map(|tls| (tls.version, &*tls.cipher));
        lines.push(format!("over {tls:?}"));
        for answer in &visit.answers {
            let Some(response) = &answer.response else {
                lines.push(format!("  {}: {:?}", answer.check, answer.fault));
                continue;
            };
            let builds: Vec<_> = response
                .builds
                .iter()
                .map(|found| format!("{:?} {}", found.place, found.build))
                .collect();
            let server = response.header("X-FEServer").unwrap_or("-");
            lines.push(format!(
                "  {}: {} {server} {:?} {:?} {:?} {:?} {:?}",
                answer.check,
                response.status,
                response.title,
                response.marks,
                builds,
                response
                    .ntlm
                    .as_ref()
                    .map(|names| (&names.dns_computer, &names.windows)),
                response.header("X-CalculatedBETarget"),
            ));
        }
    }
    for versions in &seen.tls_versions {
        lines.push(format!(
            "spoken {:?}, refused {:?}",
            versions.spoken, versions.refused
        ));
    }
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exchange_in_several_builds() {
    let farm = farm().await;
    let mut all = String::new();
    for (index, (persona, status, checks)) in HOSTS.into_iter().enumerate() {
        let asker = Asker::new(Plan::new(checks)).unwrap();
        let destination = Destination {
            target: persona.into(),
            scheme: None,
            name: Some("mail.example.org".into()),
            addresses: vec![ip(index)],
            port: Some(farm.https),
        };
        let seen = asker.ask(&destination).await;
        all += &format!("# {persona}\n{}\n\n", summary(&seen));
        assert_eq!(statuses(&seen)[0], status, "{persona}: {seen:#?}");
        let certificate = seen.visits[0].tls.as_ref().unwrap().certificate.as_ref().unwrap();
        assert!(certificate.not_before < certificate.not_after && certificate.sha256.len() == 64);
        if checks == Checks::Quick {
            assert_eq!(seen.visits.len(), 1, "one connection suffices: {seen:#?}");
        }
    }
    insta::assert_snapshot!(all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_address_of_a_name_is_asked() {
    let farm = farm().await;
    let plan = Plan {
        limits: Limits {
            fresh: 1,
            ..Limits::for_checks(Checks::Full)
        },
        ..Plan::new(Checks::Full)
    };
    let destination = Destination {
        target: "mail.example.org".into(),
        scheme: Some(Scheme::Http),
        name: Some("mail.example.org".into()),
        addresses: vec![ip(0), ip(200), ip(1)],
        port: Some(farm.http),
    };
    let seen = Asker::new(plan).unwrap().ask(&destination).await;
    let asked = |index| {
        seen.visits
            .iter()
            .any(|visit| visit.address == SocketAddr::new(ip(index), farm.http))
    };
    assert!(asked(0) && asked(1) && !asked(200));
    assert!(
        seen.fault
            .as_ref()
            .unwrap()
            .detail
            .as_ref()
            .unwrap()
            .starts_with("127.0.7.201:"),
        "{:?}",
        seen.fault
    );
    assert!(seen.tls_versions.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vulnerable_server_tells_both_ways() {
    let farm = farm().await;
    let destination = Destination {
        target: "ex01".into(),
        scheme: Some(Scheme::Https),
        name: None,
        addresses: vec![ip(0)],
        port: Some(farm.https),
    };
    let seen = Asker::new(Plan::new(Checks::Quick))
        .unwrap()
        .ask(&destination)
        .await;
    let answers: Vec<_> = seen.visits.iter().flat_map(|visit| &visit.answers).collect();
    assert_eq!(
        answers.iter().map(|answer| answer.check).collect::<Vec<_>>(),
        Check::QUICK
    );
    let response = |index: usize| answers[index].response.as_ref().unwrap();
    assert!(
        response(0)
            .header("location")
            .unwrap()
            .contains("/owa/auth/errorfe.aspx?httpCode=500")
    );
    assert!(response(1).marks.contains(&Mark::MapiPage));
    assert!(
        response(1)
            .builds
            .iter()
            .any(|found| found.place == Place::MapiPage && found.build.to_string() == "15.1.2176.9")
    );
    assert!(response(2).marks.contains(&Mark::LogonPage));
    assert!(seen.visits[0].tls.as_ref().unwrap().version >= TlsVersion::Tls12);
}
