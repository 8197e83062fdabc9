#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use super::*;
use crate::config::{GeoIp, Limits, Privacy, Quarantine, Spool, View, keys_of_sinks};
use crate::persona::certificate::load_or_create;

fn path() -> &'static Path {
    Path::new("honeypot.toml")
}

fn seeded(number: u8) -> Options {
    Options {
        seed: Some([number; 32]),
        ..Options::default()
    }
}

fn host(persona: &str, address: &str) -> HostOptions {
    HostOptions {
        persona: persona.into(),
        addresses: vec![address.into()],
    }
}

#[test]
fn a_configuration_explains_itself() {
    insta::assert_snapshot!(configuration(&seeded(1), path()).unwrap());
}

/// What the comments call a default is the default, and every key in a comment is a key.
#[test]
fn comments_tell_the_truth() {
    let text = configuration(&seeded(1), path()).unwrap();
    let key = |line: &&str| {
        let name = line.split([' ', '=']).next().unwrap_or_default();
        line.contains(" = ") && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    let lines: Vec<&str> = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest == "[[sink]]" || key(&rest) => rest,
            _ => line,
        })
        .collect();
    let all = Config::parse(&lines.join("\n"), path()).unwrap();
    let plain = Config::parse(&text, path()).unwrap();
    assert_eq!((plain.sinks.len(), all.sinks.len()), (2, 5));
    assert_eq!(plain.sinks, all.sinks[..2]);
    for (name, default, said) in [
        ("spool", format!("{:?}", plain.spool), format!("{:?}", all.spool)),
        (
            "quarantine",
            format!("{:?}", plain.quarantine),
            format!("{:?}", all.quarantine),
        ),
        (
            "limits",
            format!("{:?}", Limits::default()),
            format!("{:?}", all.limits),
        ),
        (
            "privacy",
            format!("{:?}", Privacy::default()),
            format!("{:?}", all.privacy),
        ),
        (
            "view",
            format!("{:?}", View::default()),
            format!("{:?}", all.view),
        ),
    ] {
        assert_eq!(default, said, "{name}");
    }
    assert_eq!(plain.limits, Limits::default());
    assert_eq!(plain.geoip, GeoIp::default());
    assert_eq!(
        plain.spool,
        Spool {
            max_age: plain.spool.max_age,
            ..Spool::default()
        }
    );
    assert_eq!(
        plain.quarantine,
        Quarantine {
            max_age: plain.quarantine.max_age,
            ..Quarantine::default()
        }
    );
}

#[test]
fn no_key_of_a_sink_is_left_out() {
    let settings = include_str!("settings.toml");
    let tables: Vec<&str> = settings.split("[[sink]]").skip(1).collect();
    for (kind, keys) in keys_of_sinks() {
        let table = tables
            .iter()
            .find(|table| table.contains(&format!("kind = \"{kind}\"")))
            .unwrap();
        for key in keys {
            assert!(table.contains(&format!("{key} = ")), "{kind} lacks {key}");
        }
    }
}

#[test]
fn no_two_are_alike() {
    let mut seen: [HashSet<String>; 6] = Default::default();
    for number in 0..40 {
        let config = Config::parse(&configuration(&seeded(number), path()).unwrap(), path()).unwrap();
        let persona = &config.hosts[0].persona;
        for (set, value) in seen.iter_mut().zip([
            config.sensor.to_string(),
            persona.fqdn(),
            persona.external_name.to_string(),
            persona.organisation.to_string(),
            format!("{:?}", persona.mailboxes),
            persona.internal_address.to_string(),
        ]) {
            assert!(set.insert(value.clone()), "{value} is there twice");
        }
    }
}

#[test]
fn without_a_seed_names_and_certificate_are_random() {
    let install = || {
        let text = configuration(&Options::default(), path()).unwrap();
        let config = Config::parse(&text, path()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (_, certificate) = load_or_create(&config.hosts[0].persona, folder.path()).unwrap();
        (config.hosts[0].persona.clone(), certificate)
    };
    let ((one, certificate), (other, another)) = (install(), install());
    assert_ne!(one.seed, other.seed);
    assert_ne!(one.fqdn(), other.fqdn());
    assert_ne!(one.mailboxes, other.mailboxes);
    let serial = |certificate: &openssl::x509::X509| certificate.serial_number().to_bn().unwrap().to_string();
    assert_ne!(serial(&certificate), serial(&another));
    assert_ne!(
        certificate.public_key().unwrap().public_key_to_der().unwrap(),
        another.public_key().unwrap().public_key_to_der().unwrap()
    );
}

#[test]
fn hosts_and_networks_count_up() {
    let options = Options {
        hosts: vec![
            host("exchange-2019-cu9", "192.0.2.1"),
            host("exchange-2019-cu9", "198.51.100.0/29"),
            host("exchange-se-rtm", "2001:db8::10"),
        ],
        language: Some("de-AT".into()),
        data: "/var/lib/a \"quoted\" folder".into(),
        ..seeded(9)
    };
    let config = Config::parse(&configuration(&options, path()).unwrap(), path()).unwrap();
    let names: HashSet<String> = config.hosts.iter().map(|host| host.persona.fqdn()).collect();
    assert_eq!((config.hosts.len(), names.len()), (8, 8));
    assert_eq!(config.hosts[0].persona.time_zone.as_ref(), "Europe/Vienna");
    assert_eq!(config.data, options.data);
}

#[test]
fn what_cannot_be_is_refused() {
    let error = |change: &dyn Fn(&mut Options)| {
        let mut options = seeded(1);
        change(&mut options);
        configuration(&options, path()).unwrap_err().to_string()
    };
    let errors = [
        error(&|options| options.hosts.clear()),
        error(&|options| options.hosts[0].persona = "exchange-2003".into()),
        error(&|options| options.hosts[0].addresses = vec!["here".into()]),
        error(&|options| options.language = Some("tlh-QO".into())),
        error(&|options| options.http = vec![8443]),
        error(&|options| options.sensor = Some("Sensor 1".into())),
    ];
    insta::assert_snapshot!(errors.join("\n"));
}
