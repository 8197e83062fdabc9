#![allow(clippy::unwrap_used)]

use std::net::IpAddr;

use imker_event::ecs::Secrets;

use super::*;

const GOOD: &str = r#"sensor = "dmz-1"
data = "/var/lib/honeypot"

[[domain]]
dns_domain = "corp.example.org"
netbios_domain = "EXAMPLE"
organisation = "Example"
mail_domain = "example.org"
external_name = "mail.example.org"
language = "de-DE"
time_zone = "Europe/Berlin"
users = 25
seed = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

[[host]]
name = "EX01"
persona = "exchange-2016-cu19-mar21su"
addresses = ["192.0.2.10", "2001:db8::10"]

[[sink]]
kind = "jsonl"
folder = "events"
"#;

fn load(text: &str) -> Result<Config, DocumentError> {
    Config::parse(text, Path::new("/etc/honeypot/honeypot.toml"))
}

/// `GOOD` with one text in place of another, and more at its end.
fn changed(from: &str, to: &str, more: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    format!("{}{more}", GOOD.replacen(from, to, 1))
}

/// `GOOD` with what lies between two texts there twice.
fn twice(from: &str, until: &str) -> String {
    let part = &GOOD[GOOD.find(from).unwrap()..GOOD.find(until).unwrap()];
    changed(part, part, part)
}

fn network(addresses: &str) -> String {
    changed("[\"192.0.2.10\", \"2001:db8::10\"]", addresses, "")
}

fn names(config: &Config) -> Vec<&str> {
    config
        .hosts
        .iter()
        .map(|host| &*host.persona.netbios_name)
        .collect()
}

#[test]
fn defaults_are_complete() {
    let config = load(GOOD).unwrap();
    assert_eq!(&*config.sensor, "dmz-1");
    assert_eq!(config.data, Path::new("/var/lib/honeypot"));
    let listens: Vec<String> = config.hosts[0]
        .listens
        .iter()
        .map(|listen| format!("{:?} {}", listen.service, listen.address))
        .collect();
    assert_eq!(
        listens,
        [
            "Https 192.0.2.10:443",
            "Https [2001:db8::10]:443",
            "Http 192.0.2.10:80",
            "Http [2001:db8::10]:80"
        ]
    );
    let day = Duration::from_secs(86_400);
    assert_eq!(config.spool.max_age, Some(day * 30), "as long as credentials");
    assert_eq!(config.quarantine.max_age, Some(day * 90));
    assert_eq!(config.hosts[0].proxy_protocol, ProxyProtocol::Off);
    assert!(config.view.enabled);
    let SinkConfig::Jsonl(jsonl) = &config.sinks[0].config else {
        panic!()
    };
    assert_eq!(jsonl.folder, Path::new("/etc/honeypot/events"));
    assert_eq!(jsonl.state, Path::new("/var/lib/honeypot/cursors/jsonl.json"));
    assert_eq!(jsonl.secrets, Secrets::Kept);
    assert_eq!(jsonl.max_age, Some(day * 30), "as long as credentials");
    assert_eq!(
        config.spool_options().cursors,
        Some("/var/lib/honeypot/cursors".into())
    );
    assert_eq!(
        config.spool_options().max_age.map(|age| age + age / 8),
        Some(day * 30),
        "with what a segment spans"
    );
    assert_eq!(
        config.spool_options().spare,
        576 << 20,
        "what sinks need to go on"
    );
    assert_eq!(config.limits.http().requests, u32::MAX);
    assert_eq!(config.limits.http().idle, Duration::from_secs(120));
    let retention = config.view_settings().unwrap().retention;
    assert_eq!(
        (retention.events_days, retention.credentials_days),
        (Some(30), Some(30))
    );
}

#[test]
fn the_example_loads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/honeypot.toml");
    let config = Config::load(&path).unwrap();
    assert_eq!(names(&config), ["EX01", "EX02"]);
    assert!(config.data.ends_with("examples/honeypot-data"));
    let [vulnerable, patched] = &config.hosts[..] else {
        panic!()
    };
    for cve in ["CVE-2021-34473", "CVE-2021-34523", "CVE-2021-31207"] {
        assert!(
            vulnerable.persona.is_open_to(cve) && !patched.persona.is_open_to(cve),
            "{cve}"
        );
    }
    assert_eq!(vulnerable.persona.mailboxes, patched.persona.mailboxes);
    assert_ne!(
        vulnerable.persona.internal_address,
        patched.persona.internal_address
    );
    assert_ne!(vulnerable.persona.derive("x"), patched.persona.derive("x"));
    assert_eq!(
        vulnerable.persona.derive_for_domain("x"),
        patched.persona.derive_for_domain("x")
    );
    let loopback = |host: &Host| {
        host.listens
            .iter()
            .all(|listen| listen.address.ip().is_loopback())
    };
    assert!(config.hosts.iter().all(loopback));
    assert!(
        config
            .hosts
            .iter()
            .flat_map(|host| &host.listens)
            .all(|listen| listen.address.port() > 1024)
    );
}

#[test]
fn a_network_is_many_hosts() {
    let config = load(&network("[\"192.0.2.0/28\", \"2001:db8::/64\"]")).unwrap();
    assert_eq!(config.hosts.len(), 14);
    assert_eq!(names(&config)[13], "EX14");
    let addresses = |host: &Host| -> Vec<IpAddr> {
        let mut all: Vec<IpAddr> = host.listens.iter().map(|listen| listen.address.ip()).collect();
        all.dedup();
        all.truncate(2);
        all
    };
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    assert_eq!(addresses(&config.hosts[0]), [ip("192.0.2.1"), ip("2001:db8::1")]);
    assert_eq!(
        addresses(&config.hosts[13]),
        [ip("192.0.2.14"), ip("2001:db8::e")]
    );
    let mut internal: Vec<IpAddr> = config
        .hosts
        .iter()
        .map(|host| host.persona.internal_address)
        .collect();
    internal.dedup();
    assert_eq!(internal.len(), 14);

    assert_eq!(load(&network("[\"192.0.2.0/31\"]")).unwrap().hosts.len(), 2);
    assert_eq!(load(&network("[\"192.0.2.0/24\"]")).unwrap().hosts.len(), 254);
}

#[test]
fn a_domain_holds_many_personas_and_a_sensor_many_domains() {
    let more = r#"
[[domain]]
dns_domain = "other.local"
netbios_domain = "OTHER"
organisation = "Other"
mail_domain = "example.net"
external_name = "owa.example.net"
language = "fr-FR"
time_zone = "Europe/Paris"
users = 3
seed = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

[[host]]
name = "EX01"
domain = "other.local"
persona = "exchange-se-rtm"
addresses = ["198.51.100.1"]
external_name = "mail2.example.net"
internal_address = "172.16.3.4"
proxy_protocol = "trusted"
trusted_proxies = ["198.51.100.128/25", "2001:db8::1"]
"#;
    let text = changed("persona = ", "domain = \"corp.example.org\"\npersona = ", more);
    let config = load(&text).unwrap();
    let persona = &config.hosts[1].persona;
    assert_eq!(persona.fqdn(), "EX01.other.local");
    assert_eq!(
        (&*persona.external_name, &*persona.dns_forest),
        ("mail2.example.net", "other.local")
    );
    assert_eq!(persona.internal_address.to_string(), "172.16.3.4");
    assert_eq!(config.hosts[1].trusted_proxies.len(), 2);
    assert_ne!(persona.mailboxes, config.hosts[0].persona.mailboxes);
}

#[test]
fn sinks_keep_secrets_out_of_debug_output() {
    let more = "[[sink]]\nkind = \"hpfeeds\"\naddress = \"[2001:db8::5]:20000\"\nident = \"a\"\nsecret = \"open sesame\"\n\
                channel = \"b\"\n[[sink]]\nkind = \"webhook\"\nurl = \"https://example.org/x\"\nbearer = \"open sesame\"\n";
    let config = load(&changed("dmz-1", "dmz-1", more)).unwrap();
    assert!(!format!("{config:?}").contains("open sesame"));
    let SinkConfig::Hpfeeds(hpfeeds) = &config.sinks[1].config else {
        panic!()
    };
    let peer = &hpfeeds.peer;
    assert_eq!(
        (peer.host.as_str(), peer.port, peer.tls.is_some()),
        ("2001:db8::5", 20000, true)
    );
    assert_eq!(
        (hpfeeds.secret.as_str(), hpfeeds.secrets),
        ("open sesame", Secrets::Masked)
    );
}

#[test]
fn sinks_open_under_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let more = "[[sink]]\nkind = \"jsonl\"\nname = \"masked\"\nmasked = true\nfolder = \"masked\"\n\
                [[sink]]\nkind = \"w3c\"\nfolder = \"w3c\"\n\
                [[sink]]\nkind = \"syslog\"\naddress = \"127.0.0.1:601\"\ntls = false\n\
                [[sink]]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/\"\nbatch = 7\n\
                [[sink]]\nkind = \"hpfeeds\"\naddress = \"127.0.0.1:9\"\nident = \"a\"\nsecret = \"b\"\nchannel = \"c\"\n";
    let text = changed("/var/lib/honeypot", "data", more);
    let config = Config::parse(&text, &folder.path().join("honeypot.toml")).unwrap();
    std::fs::create_dir_all(folder.path().join("data/cursors")).unwrap();
    let open = |sink: &Sink| crate::sinks::open(sink, None, 0).unwrap().name().to_owned();
    let names: Vec<String> = config.sinks.iter().map(open).collect();
    assert_eq!(names, ["jsonl", "masked", "w3c", "syslog", "webhook", "hpfeeds"]);
    assert_eq!(config.sinks[4].batch, Some(7));
    let day = Duration::from_hours(24);
    let ages = config.sinks.iter().map(|sink| match &sink.config {
        SinkConfig::Jsonl(settings) => settings.max_age,
        SinkConfig::W3c(settings) => settings.max_age.map(|age| age + day),
        _ => None,
    });
    let ages: Vec<_> = ages.flatten().map(|age| age.as_secs() / day.as_secs()).collect();
    assert_eq!(
        ages,
        [30, 90, 30],
        "what may hold passwords, as long as credentials"
    );
}

#[test]
fn errors_name_file_line_and_remedy() {
    let second = |host: &str| format!("[[host]]\n{host}\n");
    let sink = |sink: &str| changed("dmz-1", "dmz-1", &format!("[[sink]]\n{sink}\n"));
    let cases = [
        "sensor = ".to_owned(),
        changed("dmz-1", "DMZ 1", ""),
        changed("data", "date", ""),
        changed("/var/lib/honeypot", "", ""),
        changed("seed = \"0001", "seed = \"01", ""),
        changed("\"de-DE\"", "\"nl-NL\"", ""),
        changed("EX01", "exchange01", ""),
        changed("exchange-2016-cu19-mar21su", "exchange-2016", ""),
        changed("exchange-2016-cu19-mar21su", "missing.toml", ""),
        changed("name = \"EX01\"", "name = \"EX01\"\nvulnerable = true", ""),
        changed("name = \"EX01\"", "name = \"EX01\"\ndomain = \"other.local\"", ""),
        changed(
            "name = \"EX01\"",
            "name = \"EX01\"\nproxy_protocol = \"trusted\"",
            "",
        ),
        changed("name = \"EX01\"", "name = \"EX01\"\nhttp = [443]", ""),
        changed("name = \"EX01\"", "name = \"EX01\"\nhttp = []\nhttps = []", ""),
        changed("name = \"EX01\"", "name = \"EX01\"\nhttp = [0]", ""),
        changed(
            "name = \"EX01\"",
            "name = \"EX01\"\ncertificate = { pem = \"a.pem\" }",
            "",
        ),
        changed("name = \"EX01\"", "name = \"ABCDEFGHIJKLMN9\"", "")
            .replace("\"192.0.2.10\", \"2001:db8::10\"", "\"192.0.2.0/29\""),
        network("[\"192.0.2.10\", \"192.0.2.0/28\"]"),
        network("[\"192.0.2.3/28\"]"),
        network("[\"10.0.0.0/8\"]"),
        network("[]"),
        network("[\"mail.example.org\"]"),
        changed(
            "dmz-1",
            "dmz-1",
            &second("name = \"EX02\"\npersona = \"exchange-se-rtm\"\naddresses = [\"192.0.2.10\"]"),
        ),
        changed(
            "dmz-1",
            "dmz-1",
            &second("name = \"EX02\"\npersona = \"exchange-se-rtm\"\naddresses = [\"0.0.0.0\"]"),
        ),
        changed(
            "dmz-1",
            "dmz-1",
            &second("name = \"EX01\"\npersona = \"exchange-se-rtm\"\naddresses = [\"192.0.2.11\"]"),
        ),
        changed("dmz-1", "dmz-1", &second("name = \"EX02\"")),
        changed(
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            EXAMPLE,
            "",
        ),
        changed("dmz-1", "dmz-1", "[spool]\nmax_age = \"60d\"\n"),
        changed("dmz-1", "dmz-1", "[spool]\nmax_size = \"10GB\"\n"),
        changed("dmz-1", "dmz-1", "[spool]\nmax_size = \"10M\"\n"),
        changed("dmz-1", "dmz-1", "[quarantine]\nmax_item = \"10G\"\n"),
        changed("dmz-1", "dmz-1", "[limits]\nidle = \"two minutes\"\n"),
        changed("dmz-1", "dmz-1", "[limits]\nhead = \"1G\"\n"),
        changed("dmz-1", "dmz-1", "[privacy]\ncredentials = \"0d\"\n"),
        changed("dmz-1", "dmz-1", "[privacy]\npayloads = \"23h\"\n"),
        changed("dmz-1", "dmz-1", "[privacy]\nown_domains = [\"@example.org\"]\n"),
        changed("kind = \"jsonl\"", "kind = \"kafka\"", ""),
        changed(
            "kind = \"jsonl\"",
            "kind = \"jsonl\"\nurl = \"https://example.org/\"",
            "",
        ),
        changed("folder = \"events\"", "", ""),
        changed("dmz-1", "dmz-1", "[[sink]]\nkind = \"jsonl\"\nfolder = \"b\"\n"),
        changed(
            "dmz-1",
            "dmz-1",
            "[[sink]]\nkind = \"webhook\"\nurl = \"http://127.0.0.1.example.org/\"\n",
        ),
        changed(
            "dmz-1",
            "dmz-1",
            "[[sink]]\nkind = \"syslog\"\naddress = \"logs.example.org\"\n",
        ),
        sink("kind = \"syslog\"\naddress = \"logs.example.org:6514\"\nfacility = 24"),
        sink("kind = \"syslog\"\naddress = \"logs.example.org:6514\"\nkey = \"key.pem\""),
        sink("kind = \"syslog\"\naddress = \"logs.example.org:601\"\ntls = false\nca = \"ca.pem\""),
        sink("kind = \"w3c\"\nname = \"../w3c\"\nfolder = \"b\""),
        sink("kind = \"webhook\"\nurl = \"https://example.org/\"\nbearer = \"a\"\nhmac = \"b\""),
        twice("[[domain]]", "[[host]]"),
        "sensor = \"a\"\ndata = \"b\"\n".to_owned(),
    ];
    let errors: Vec<String> = cases
        .iter()
        .map(|text| load(text).unwrap_err().to_string())
        .collect();
    insta::assert_snapshot!(errors.join("\n"));
}

const EXAMPLE: &str = "746865206578616d706c65277320736565642c6c6f6f706261636b206f6e6c79";

#[test]
fn an_operator_s_own_persona_stands_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let own = "product = \"Exchange 2019\"\nbuild = \"15.2.792.10\"\nwindows = \"Windows Server 2019\"\n\
               language = \"en-GB\"\ntime_zone = \"Europe/London\"\nhost_names = [\"EX01\"]\n";
    std::fs::write(folder.path().join("own.toml"), own).unwrap();
    let text = changed("exchange-2016-cu19-mar21su", "own.toml", "");
    let config = Config::parse(&text, &folder.path().join("honeypot.toml")).unwrap();
    assert_eq!(config.hosts[0].persona.build_short(), "15.2.792.10");
    assert_eq!(config.hosts[0].persona.windows.name, "Windows Server 2019");
}

#[test]
fn a_file_that_is_missing_too_large_or_no_text_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("honeypot.toml");
    let error = || Config::load(&path).unwrap_err().what;
    assert!(error().contains("cannot be read"));
    std::fs::write(&path, vec![b'#'; (1 << 20) + 1]).unwrap();
    assert!(error().contains("larger than"), "{}", error());
    std::fs::write(&path, b"sensor = \"\xff\"").unwrap();
    assert_eq!(error(), "is not UTF-8");
}

proptest::proptest! {
    /// Any text is a configuration or an error, and the error names a line that there is.
    #[test]
    fn whatever_is_typed_there_is_an_answer(at in 0usize..GOOD.len(), cut in 0usize..40, typed in "[ -~äß\n]{0,12}") {
        let end = (at + cut).min(GOOD.len());
        let text = format!("{}{typed}{}", &GOOD[..at], &GOOD[end..]);
        if let Err(error) = load(&text) {
            let lines = text.lines().count() + 1;
            proptest::prop_assert!(error.line.is_none_or(|line| (1..=lines).contains(&line)), "{error}");
        }
    }
}
