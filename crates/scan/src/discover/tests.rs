#![allow(clippy::unwrap_used, clippy::disallowed_types, clippy::disallowed_methods)]

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, ChildStderr, Command, Stdio};

use super::*;

/// A name server on a loopback address, ended with the test.
struct NameServer {
    process: Child,
    /// Read no further, but open: the server writes there.
    _said: BufReader<ChildStderr>,
    at: SocketAddr,
}

impl NameServer {
    /// `None`, which is told, where there is no dnsmasq.
    fn start(records: &[&str]) -> Option<Self> {
        for _ in 0..5 {
            let at = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let started = Command::new("dnsmasq")
                .args([
                    "--no-daemon",
                    "--no-resolv",
                    "--no-hosts",
                    "--conf-file=/dev/null",
                    "--bind-interfaces",
                ])
                .args(["--listen-address=127.0.0.1", "--pid-file=", "--log-facility=-"])
                .args([
                    "--local=/org/",
                    "--local=/com/",
                    "--local=/net/",
                    "--local=/microsoft/",
                ])
                .arg(format!("--port={}", at.port()))
                .args(records)
                .stderr(Stdio::piped())
                .spawn();
            let Ok(mut process) = started else {
                imker_testing::not_installed("dnsmasq");
                return None;
            };
            let mut said = BufReader::new(process.stderr.take().unwrap());
            let mut line = String::new();
            while said.read_line(&mut line).unwrap() > 0 && !line.contains("started") {}
            if line.contains("started") {
                return Some(Self {
                    process,
                    _said: said,
                    at,
                });
            }
            process.wait().unwrap();
        }
        panic!("dnsmasq does not start");
    }

    fn resolver(&self) -> Resolver {
        Resolver::at(&[self.at]).unwrap()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn shown(discovery: &Discovery) -> String {
    let mut text = String::new();
    for host in &discovery.hosts {
        let ways: Vec<_> = host.ways.iter().map(ToString::to_string).collect();
        let (target, aliases, addresses, place) = (&host.target, &host.aliases, &host.addresses, &host.place);
        writeln!(text, "{target}: {ways:?} {aliases:?} {addresses:?} {place:?}").unwrap();
    }
    writeln!(text, "wildcard {:?}", discovery.wildcard).unwrap();
    for (name, fault) in &discovery.faults {
        writeln!(text, "{name}: {:?}", fault.kind).unwrap();
    }
    text
}

#[tokio::test]
async fn a_domain_with_servers_of_its_own_a_filter_and_exchange_online() {
    let Some(server) = NameServer::start(&[
        "--host-record=mail.example.org,192.0.2.10,2001:db8::10",
        "--host-record=owa.example.org,192.0.2.11",
        "--host-record=srv.example.org,192.0.2.12",
        "--host-record=autodiscover.outlook.com,203.0.113.7",
        "--cname=autodiscover.example.org,autodiscover.outlook.com",
        "--host-record=web.hoster.net,203.0.113.8",
        "--cname=webmail.example.org,web.hoster.net",
        "--cname=remote.example.org,owa.example.org",
        "--host-record=mx.filter.net,203.0.113.9",
        "--mx-host=example.org,mail.example.org,10",
        "--mx-host=example.org,mx.filter.net,20",
        "--mx-host=example.org,example-org.mail.protection.outlook.com,30",
        "--mx-host=example.org,example-org.a-v1.mx.microsoft,40",
        "--srv-host=_autodiscover._tcp.example.org,srv.example.org,8443,0,0",
    ]) else {
        return;
    };
    let discovery = discover(&server.resolver(), "Example.ORG.").await.unwrap();
    assert_eq!(discovery.domain, "example.org");
    insta::assert_snapshot!(shown(&discovery));
}

#[tokio::test]
async fn a_wildcard_makes_no_hosts() {
    let Some(server) = NameServer::start(&[
        "--address=/example.org/192.0.2.50",
        "--host-record=owa.example.org,192.0.2.51",
        "--mx-host=example.org,mail.example.org,10",
    ]) else {
        return;
    };
    let discovery = discover(&server.resolver(), "example.org").await.unwrap();
    insta::assert_snapshot!(shown(&discovery));
}

#[tokio::test]
async fn names_are_looked_up_by_many_at_once() {
    let record = |name: &str, at: u16| {
        let [high, low] = at.to_be_bytes();
        format!("--host-record={name}.example.org,192.0.{high}.{low}")
    };
    let many = (1..=20).map(|at| record("many", at));
    let many: Vec<String> = many.chain((1..=257).map(|at| record("too-many", at))).collect();
    let records = [
        "--host-record=one.example.org,2001:db8::1,192.0.2.1",
        "--host-record=mapped.example.org,::ffff:192.0.2.1",
    ];
    let records: Vec<&str> = records
        .into_iter()
        .chain(many.iter().map(String::as_str))
        .collect();
    let Some(server) = NameServer::start(&records) else {
        return;
    };
    let resolver = server.resolver();
    let mut tasks = JoinSet::new();
    for at in 0..2000 {
        let resolver = resolver.clone();
        tasks.spawn(async move {
            match at % 2 {
                0 => resolver
                    .resolve("one.example.org")
                    .await
                    .map(|addresses| addresses.len()),
                _ => resolver
                    .resolve(&format!("none{at}.example.org"))
                    .await
                    .map(|_| 0),
            }
        });
    }
    let (mut found, mut none) = (0, 0);
    while let Some(result) = tasks.join_next().await {
        match result.unwrap() {
            Ok(2) => found += 1,
            Err(fault) if fault.kind == FaultKind::NoAddress => none += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((found, none), (1000, 1000));
    // Whoever excluded the last one means it, too.
    assert_eq!(resolver.resolve("many.example.org").await.unwrap().len(), 20);
    let fault = resolver.resolve("too-many.example.org").await.unwrap_err();
    assert_eq!(fault.detail.as_deref(), Some("more than 256 addresses"));
    assert_eq!(
        resolver.resolve("one.example.org").await.unwrap(),
        [
            "192.0.2.1".parse::<IpAddr>().unwrap(),
            "2001:db8::1".parse().unwrap()
        ]
    );
    let refused = resolver.resolve("mail.example.edu").await.unwrap_err();
    assert_eq!(refused.kind, FaultKind::LookupFailed, "{refused:?}");
}

#[tokio::test]
async fn a_name_server_that_is_silent_is_a_named_fault() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let resolver = Resolver::at(&[silent.local_addr().unwrap()]).unwrap();
    let fault = resolver.resolve("mail.example.org").await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::LookupFailed, "{fault:?}");
    let discovery = discover(&resolver, "example.org").await.unwrap();
    let kinds: Vec<_> = discovery.faults.iter().map(|(_, fault)| fault.kind).collect();
    assert_eq!(kinds, [FaultKind::LookupFailed; 2]);
    assert_eq!(discovery.hosts, []);
}

#[tokio::test]
async fn an_address_is_no_mail_domain() {
    let resolver = Resolver::at(&["127.0.0.1:1".parse().unwrap()]).unwrap();
    let bad = discover(&resolver, "192.0.2.1").await.unwrap_err();
    assert_eq!(bad.why, WhyBad::Domain);
}

#[test]
fn whose_a_host_is() {
    let place = |name: &str, aliases: &[&str]| {
        let aliases: Vec<String> = aliases.iter().map(ToString::to_string).collect();
        place("example.org", name, &aliases)
    };
    let foreign = |name: &str| HostPlace::Foreign { name: name.into() };
    assert_eq!(place("mail.example.org", &[]), HostPlace::Own);
    assert_eq!(place("example.org", &["www.example.org"]), HostPlace::Own);
    assert_eq!(place("mail.badexample.org", &[]), foreign("mail.badexample.org"));
    assert_eq!(
        place("mail.example.org", &["a.example.net"]),
        foreign("a.example.net")
    );
    assert_eq!(
        place("mail.example.org", &["myoutlook.com"]),
        foreign("myoutlook.com")
    );
    assert_eq!(
        place("mail.example.org", &["a.example.net", "b.office365.com"]),
        HostPlace::ExchangeOnline {
            name: "b.office365.com".into(),
            domain: "office365.com"
        }
    );
}
