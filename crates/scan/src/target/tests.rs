#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types)]

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::net::IpAddr;

use proptest::prelude::*;

use super::*;

const SEED: Seed = Seed(0x0123_4567_89ab_cdef);

fn shown(text: &str) -> String {
    match text.parse::<Entry>() {
        Ok(Entry::Target(target)) => format!("{target}"),
        Ok(Entry::Network(network)) => format!("network {network}"),
        Err(bad) => format!("! {bad}"),
    }
}

fn gather(sources: Vec<Source>, exclusions: &Exclusions, authorised: bool) -> Result<Targets, GatherError> {
    let gathering = Gathering {
        exclusions,
        reaches: Reaches::ALL,
        authorised,
        seed: SEED,
    };
    gathering.gather(sources)
}

fn input(text: impl Into<Vec<u8>>) -> Source {
    Source::Input {
        name: "list.txt".into(),
        read: Box::new(Cursor::new(text.into())),
    }
}

fn sorted(targets: Targets) -> Vec<String> {
    let mut texts: Vec<_> = targets.map(|target| target.unwrap().1.to_string()).collect();
    texts.sort_unstable();
    texts
}

#[test]
fn what_is_typed_in_its_short_form() {
    let mut table = String::new();
    for text in [
        "Mail.Example.ORG.",
        "HTTPS://Mail.Example.ORG:443/owa/?x=1#y",
        "http://mail.example.org",
        "http://mail.example.org:80/",
        "http://mail.example.org:443",
        "https://mail.example.org:80",
        "mail.example.org:80",
        "mail.example.org:8443",
        "mail.example.org/owa",
        "ex_01",
        "bücher.example",
        "XN--BCHER-KVA.example",
        "192.0.2.1",
        "192.0.2.1:444",
        "2001:DB8::1",
        "[2001:db8::1]",
        "[2001:db8::1]:8443",
        "http://[2001:db8::1]/",
        "::ffff:192.0.2.1",
        "[::ffff:192.0.2.1]:443",
        "192.0.2.77/28",
        "2001:db8::1/120",
        "[2001:db8::1]/120",
        "::ffff:192.0.2.0/124",
        "",
        ".",
        "https://",
        "ftp://mail.example.org",
        "https://admin:secret@mail.example.org/",
        "admin@example.org",
        "mail .example.org",
        "mail.example.org\u{0}",
        "mail..example.org",
        "-mail.example.org",
        "mail*.example.org",
        "xn--zzzzzzzzzzz99.example",
        "mail.example.org:",
        "mail.example.org:0",
        "mail.example.org:65536",
        "mail.example.org:+1",
        "mail.example.org:443:443",
        "256.0.0.1",
        "192.0.2.01",
        "192.0.2",
        "0x7f.1",
        "443",
        "fe80::1%eth0",
        "[2001:db8::1",
        "[2001:db8::1]8443",
        "2001:db8::1:8443:x",
        "192.0.2.0/33",
        "192.0.2.0/-1",
        "192.0.2.0/24:8443",
        "192.0.2.0:8443/24",
        "192.0.2.0/",
        "mail.example.org/24",
        "192.0.2.1-20",
        "192.0.2.*",
    ] {
        writeln!(table, "{text:?} -> {}", shown(text)).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_password_is_not_repeated() {
    let complaint = shown("https://admin:secret@mail.example.org/");
    assert!(
        !complaint.contains("secret") && !complaint.contains("admin"),
        "{complaint}"
    );
}

#[test]
fn a_label_and_a_name_have_their_limits() {
    let label = "a".repeat(63);
    assert!(format!("{label}.example").parse::<Target>().is_ok());
    assert!(format!("a{label}.example").parse::<Target>().is_err());
    let name = format!("{label}.{label}.{label}.{}", "a".repeat(61));
    assert_eq!(name.len(), 253);
    assert!(name.parse::<Target>().is_ok());
    assert!(format!("{name}a").parse::<Target>().is_err());
}

#[test]
fn what_an_address_is_for() {
    let mut table = String::new();
    for text in [
        "8.8.8.8",
        "10.1.2.3",
        "172.31.0.1",
        "172.32.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "192.0.2.1",
        "198.18.0.1",
        "0.1.2.3",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "2002:808:808::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "2001:db8::1",
        "3fff::1",
        "2001:2::1",
        "2001::1",
        "2606:4700::1",
        "4000::1",
    ] {
        writeln!(table, "{text} {}", Reach::of(text.parse().unwrap())).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn reaches_never_hold_what_is_never_asked() {
    assert!(!Reaches::ALL.with(Reach::Never).contains(Reach::Never));
    assert!(Reach::ASKABLE.iter().all(|reach| Reaches::ALL.contains(*reach)));
    assert!(!Reaches::PUBLIC.contains(Reach::Private));
    assert!(!Reaches::ALL.without(Reach::Loopback).contains(Reach::Loopback));
}

#[test]
fn lists_have_comments_columns_marks_and_faults() {
    let list = "\u{feff}host,owner\r\nmail.example.org,somebody\r\n\r\n# a comment\r\n\"192.0.2.1\";x # why\r\n\
                https://owa.example.org/#fragment\tz\r\nnot a host\r\n192.0.2.0/7\r\nMAIL.example.org\r\n,empty\r\n";
    let mut bytes = list.as_bytes().to_vec();
    bytes.extend(b"\xff\xfe.example.org\n");
    bytes.extend(vec![b'a'; 5000]);
    bytes.extend(b"\nlast.example.org");
    let targets = gather(vec![input(bytes)], &Exclusions::default(), false).unwrap();
    let bad: Vec<_> = targets.summary().shown.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(bad.join("\n"));
    let summary = targets.summary();
    assert_eq!(
        (summary.targets, summary.duplicates, summary.headings, summary.bad),
        (4, 1, 1, 5)
    );
    assert_eq!(
        sorted(targets),
        [
            "192.0.2.1",
            "last.example.org",
            "mail.example.org",
            "owa.example.org"
        ]
    );
}

#[test]
fn utf_16_is_named() {
    let fault = gather(vec![input(*b"\xff\xfem\0")], &Exclusions::default(), false)
        .err()
        .unwrap();
    assert!(fault.to_string().contains("save it as UTF-8"), "{fault}");
}

#[test]
fn networks_are_whole_and_limited() {
    let none = Exclusions::default();
    let argument = |text: &str| vec![Source::Argument(text.into())];
    let all = gather(argument("192.0.2.0/28"), &none, false).unwrap();
    assert_eq!((all.remaining(), all.permission()), (16, None));
    let permission = |text: &str| match gather(argument(text), &none, false) {
        Err(GatherError::NotAuthorised(permission)) => permission.to_string(),
        other => panic!("{:?}", other.err()),
    };
    assert_eq!(
        permission("192.0.2.0/27"),
        "192.0.2.0/27 has more than 16 addresses"
    );
    assert_eq!(
        permission("2001:db8::/123"),
        "2001:db8::/123 has more than 16 addresses"
    );
    let many: String = (0..=256).map(|at| format!("host{at}.example.org\n")).collect();
    let fault = gather(vec![input(many.clone())], &none, false).err().unwrap();
    assert!(
        fault.to_string().starts_with("257 hosts are more than 256"),
        "{fault}"
    );
    let asked = gather(vec![input(many)], &none, true).unwrap();
    assert_eq!(asked.permission(), Some(Permission::Hosts(257)));
    for text in ["0.0.0.0/7", "2001:db8::/103", "::/0"] {
        let fault = gather(argument(text), &none, true).err().unwrap();
        assert!(fault.to_string().contains("too large a network"), "{fault}");
    }
    let mapped = gather(argument("::ffff:192.0.2.0/127"), &none, false).unwrap();
    assert_eq!(sorted(mapped), ["192.0.2.0", "192.0.2.1"]);
}

#[test]
fn kinds_of_addresses_are_a_choice() {
    let list = "10.0.0.1\n224.0.0.1\n203.0.113.9\n::1\nmail.example.org\n";
    let gathering = Gathering {
        exclusions: &Exclusions::default(),
        reaches: Reaches::NONE.with(Reach::Documentation),
        authorised: false,
        seed: SEED,
    };
    let targets = gathering.gather([input(list)]).unwrap();
    let left: Vec<_> = targets
        .summary()
        .left_out
        .iter()
        .map(|(reach, count)| format!("{reach} {count}"))
        .collect();
    assert_eq!(
        left,
        ["private 1", "loopback 1", "multicast, broadcast or unspecified 1"]
    );
    assert_eq!(sorted(targets), ["203.0.113.9", "mail.example.org"]);
}

#[test]
fn the_excluded_are_not_asked() {
    let mut list = tempfile::NamedTempFile::new().unwrap();
    list.write_all(b"# no\n198.51.100.0/24\n::ffff:192.0.2.1\nhttps://mail.example.org:8443/\n*.Example.com\n2001:db8::/32\n")
        .unwrap();
    let mut exclusions = Exclusions::default();
    exclusions.read(list.path()).unwrap();
    assert_eq!(exclusions.len(), 5);
    for (text, excluded) in [
        ("198.51.100.7", true),
        ("198.51.101.7", false),
        ("192.0.2.1", true),
        ("192.0.2.2", false),
        ("mail.example.org", true),
        ("a.mail.example.org", false),
        ("example.com", false),
        ("a.example.com", true),
        ("a.b.example.com", true),
        ("aexample.com", false),
        ("2001:db8:1::1", true),
        ("2001:db9::1", false),
    ] {
        assert_eq!(exclusions.excludes(&text.parse().unwrap()), excluded, "{text}");
    }
    let targets = gather(
        vec![input("198.51.100.0/29\nmail.example.org\nother.example.org\n")],
        &exclusions,
        false,
    )
    .unwrap();
    assert_eq!(targets.summary().excluded, 9);
    assert_eq!(sorted(targets), ["other.example.org"]);
}

/// Whoever is left out keeps a place, and counts for nothing else.
#[test]
fn the_excluded_are_counted_once_and_apart() {
    let mut exclusions = Exclusions::default();
    exclusions.add("mail.example.org").unwrap();
    exclusions.add("198.51.100.0/24").unwrap();
    let hosts: String = (0..299)
        .map(|host| format!("198.51.100.{}\n", host % 255))
        .collect();
    let list = format!("{hosts}mail.example.org\nMAIL.example.org\na.example.org\na.example.org\n");
    let mut targets = gather(vec![input(list)], &exclusions, false).unwrap();
    let summary = targets.summary().clone();
    assert_eq!(
        (
            summary.targets,
            summary.asked,
            summary.excluded,
            summary.duplicates
        ),
        (257, 1, 256, 1)
    );
    assert_eq!(summary.left_out_shown.len(), 256);
    assert_eq!(summary.left_out_shown[0].target.to_string(), "mail.example.org");
    assert_eq!(summary.left_out_shown[2].target.to_string(), "198.51.100.1");
    assert_eq!(targets.remaining(), 1);
    assert!(targets.next().is_some() && targets.remaining() == 0 && targets.next().is_none());
}

#[test]
fn a_list_of_exclusions_that_is_not_understood_stops_all() {
    let mut list = tempfile::NamedTempFile::new().unwrap();
    list.write_all(b"198.51.100.0/24\n198.51.100.0-20\n").unwrap();
    let fault = Exclusions::default().read(list.path()).unwrap_err().to_string();
    assert!(fault.contains(":2: \"198.51.100.0-20\": not a range"), "{fault}");
}

#[test]
fn the_order_is_the_seeds() {
    let list: String = (0..2000).map(|at| format!("host{at}.example.org\n")).collect();
    let order = |seed| {
        let gathering = Gathering {
            exclusions: &Exclusions::default(),
            reaches: Reaches::ALL,
            authorised: true,
            seed,
        };
        let targets = gathering.gather([input(list.clone())]).unwrap();
        let fingerprint = targets.fingerprint();
        (
            fingerprint,
            targets
                .map(|target| target.unwrap().1.to_string())
                .collect::<Vec<_>>(),
        )
    };
    let (once, again, other) = (order(SEED), order(SEED), order(Seed::random()));
    assert_eq!(once, again);
    assert_ne!(once, other);
    assert_ne!(once.1, list.lines().collect::<Vec<_>>());
    assert_eq!(SEED.to_string().parse(), Ok(SEED));
}

#[test]
fn lists_larger_than_memory_keep_each_target_once() {
    let list: String = (0..150_000)
        .map(|at| format!("host{}.example.org\n", at % 100_000))
        .collect();
    let targets = gather(vec![input(list)], &Exclusions::default(), true).unwrap();
    assert_eq!(
        (targets.summary().targets, targets.summary().duplicates),
        (100_000, 50_000)
    );
    let distinct: std::collections::HashSet<_> = targets.map(|target| target.unwrap().1).collect();
    assert_eq!(distinct.len(), 100_000);
}

const NMAP: &str = include_str!("nmap.xml");

#[test]
fn nmap_xml_gives_hosts_that_are_up_with_open_web_ports() {
    let targets = gather(vec![input(NMAP)], &Exclusions::default(), false).unwrap();
    let summary = targets.summary();
    assert_eq!((summary.down, summary.without_web, summary.bad), (1, 1, 1));
    assert_eq!(
        summary.shown[0].to_string(),
        "list.txt:7: \"\": no host: write mail.example.org, 192.0.2.1, [2001:db8::1]:8443 or https://mail.example.org"
    );
    assert_eq!(
        sorted(targets),
        [
            "192.0.2.5:8443",
            "192.0.2.6",
            "[2001:db8::8]:9000",
            "http://192.0.2.4",
            "mail.example.org",
        ]
    );
}

#[test]
fn a_host_that_answers_on_all_ports_is_named() {
    let ports: String = (1..=65)
        .map(|port| format!("<port protocol='tcp' portid='{port}'><state state='open'/><service name='http' method='probed'/></port>"))
        .collect();
    let xml = format!(
        "<nmaprun><host><address addr='192.0.2.1' addrtype='ipv4'/><ports>{ports}</ports></host></nmaprun>"
    );
    let targets = gather(vec![input(xml)], &Exclusions::default(), false).unwrap();
    assert_eq!(targets.remaining(), 0);
    assert_eq!(targets.summary().shown[0].bad.why, WhyBad::Ports);
}

#[test]
fn what_nmap_itself_writes_is_read() {
    // An address of this process alone.
    let [.., high, low] = std::process::id().to_be_bytes();
    let address = std::net::Ipv4Addr::new(127, 78, high, low.clamp(1, 254));
    let _listener = std::net::TcpListener::bind((address, 8443)).unwrap();
    let run = std::process::Command::new("nmap")
        .args(["-sT", "-n", "-Pn", "-p", "443,8443", "-oX", "-"])
        .arg(address.to_string())
        .output();
    let Ok(run) = run else {
        imker_testing::not_installed("nmap");
        return;
    };
    let targets = gather(vec![input(run.stdout)], &Exclusions::default(), false).unwrap();
    assert_eq!(sorted(targets), [format!("{address}:8443")]);
}

#[test]
fn xml_that_nmap_does_not_write_is_refused() {
    let deep = format!("<nmaprun>{}", "<a>".repeat(40));
    let large = format!("<nmaprun><host a='{}'/></nmaprun>", "x".repeat(2 << 20));
    let mut table = String::new();
    for xml in [
        "<html/>",
        "<nmaprun>",
        "<nmaprun><host></nmaprun>",
        "<nmaprun><host><address addr='&x;'/></host></nmaprun>",
        "<!DOCTYPE nmaprun [<!ENTITY x 'y'>]><nmaprun/>",
        "<!DOCTYPE nmaprun SYSTEM 'file:///etc/passwd'><nmaprun/>",
        "<nmaprun>&x;</nmaprun>",
        "<",
        &deep,
        &large,
    ] {
        let fault = gather(vec![input(xml)], &Exclusions::default(), false)
            .err()
            .map(|fault| fault.to_string());
        writeln!(table, "{:.60} -> {}", xml, fault.unwrap_or_default()).unwrap();
    }
    insta::assert_snapshot!(table);
}

fn any_target() -> impl Strategy<Value = Target> {
    let name = "[a-z0-9_]([a-z0-9-]{0,8}[a-z0-9])?(\\.[a-z][a-z0-9]{0,8}){0,3}";
    let host = prop_oneof![
        name.prop_filter_map("a name", |text| text.parse::<Host>().ok()),
        any::<IpAddr>().prop_map(|address| Host::Address(address.to_canonical())),
    ];
    let scheme = prop_oneof![Just(None), Just(Some(Scheme::Http)), Just(Some(Scheme::Https))];
    let port = prop_oneof![
        Just(None),
        Just(Some(80)),
        Just(Some(443)),
        (1..=u16::MAX).prop_map(Some)
    ];
    (scheme, host, port).prop_map(|(scheme, host, port)| Target::new(scheme, host, port))
}

proptest! {
    #[test]
    fn the_short_form_is_read_as_the_same(target in any_target()) {
        prop_assert_eq!(target.to_string().parse::<Target>(), Ok(target.clone()));
        let url = match target.host {
            Host::Address(IpAddr::V6(address)) => format!("[{address}]:{}", target.port()),
            ref host => format!("{host}:{}", target.port()),
        };
        let scheme = if target.is_tls() { "https" } else { "http" };
        prop_assert_eq!(format!("{scheme}://{url}/owa/").parse::<Target>(), Ok(target));
    }

    #[test]
    fn anything_is_read_or_refused(text in ".{0,80}") {
        if let Ok(Entry::Target(target)) = text.parse::<Entry>() {
            prop_assert_eq!(target.to_string().parse::<Target>(), Ok(target));
        }
    }

    #[test]
    fn exclusions_fit_as_the_network_contains(address: IpAddr, network: IpAddr, bits in 0u8..=32) {
        let network = network.to_canonical();
        let prefix = if network.is_ipv4() { bits } else { bits * 4 };
        let network = ipnet::IpNet::new(network, prefix).unwrap();
        let mut exclusions = Exclusions::default();
        exclusions.add(&network.to_string()).unwrap();
        prop_assume!(!network.trunc().network().is_ipv6() || prefix >= 12);
        prop_assert_eq!(exclusions.excludes_address(address), network.contains(&address.to_canonical()));
        prop_assert!(exclusions.excludes_address(network.network()));
    }

    #[test]
    fn no_xml_panics(xml in "(<nmaprun>|<host>|<ports>|<port portid='443' protocol='tcp'>|<state state='open'/>|</port>|</ports>|</host>|</nmaprun>|<address addr='192.0.2.1'/>|[<>&a-z!'\" /]){0,30}") {
        let _ = read_nmap(xml.as_bytes());
    }
}
