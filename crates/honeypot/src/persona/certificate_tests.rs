#![allow(clippy::unwrap_used)]

use openssl::nid::Nid;

use super::*;
use crate::config::Config;
use crate::init::{HostOptions, Options, configuration};

fn persona(name: &str) -> Persona {
    let options = Options {
        hosts: vec![HostOptions {
            persona: name.into(),
            addresses: vec!["127.0.0.1".into()],
        }],
        seed: Some([5; 32]),
        ..Options::default()
    };
    let path = Path::new("honeypot.toml");
    let config = Config::parse(&configuration(&options, path).unwrap(), path).unwrap();
    Persona::clone(&config.hosts[0].persona)
}

fn key() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

#[test]
fn looks_like_exchange_s_own() {
    let persona = persona("exchange-2016-cu19-mar21su");
    let folder = tempfile::tempdir().unwrap();
    let (key, certificate) = load_or_create(&persona, folder.path()).unwrap();
    assert!(certificate.verify(&key).unwrap(), "signed by itself");
    assert_eq!((key.bits(), certificate.version()), (2048, 2));
    for name in [certificate.subject_name(), certificate.issuer_name()] {
        let entries: Vec<_> = name.entries().collect();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].object().nid(), Nid::COMMONNAME);
        assert_eq!(entries[0].data().as_slice(), persona.netbios_name.as_bytes());
    }
    let alternatives = certificate.subject_alt_names().unwrap();
    let alternatives: Vec<&str> = alternatives.iter().map(|name| name.dnsname().unwrap()).collect();
    assert_eq!(alternatives, [&*persona.netbios_name, &*persona.fqdn()]);
    let days = certificate
        .not_before()
        .diff(certificate.not_after())
        .unwrap()
        .days;
    assert!((1826..=1827).contains(&days), "{days}");
    let now = Asn1Time::days_from_now(0).unwrap();
    assert!(certificate.not_before() < now && certificate.not_after() > now);
    assert_eq!(
        certificate.signature_algorithm().object().nid(),
        Nid::SHA256WITHRSAENCRYPTION
    );
}

#[test]
fn stays_the_same_over_restarts() {
    let persona = persona("exchange-2019-cu9");
    let folder = tempfile::tempdir().unwrap();
    let certificates = folder.path().join("certificates");
    let (_, first) = load_or_create(&persona, &certificates).unwrap();
    let (_, second) = load_or_create(&persona, &certificates).unwrap();
    assert_eq!(first.to_der().unwrap(), second.to_der().unwrap());
    #[cfg(unix)]
    for entry in fs::read_dir(&certificates).unwrap() {
        let mode = std::os::unix::fs::PermissionsExt::mode(&entry.unwrap().metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn one_of_another_build_gives_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut persona = persona("exchange-2013-cu21");
    let mut made = |build: &str| {
        persona.build = build.parse().unwrap();
        let (key, certificate) = load_or_create(&persona, folder.path()).unwrap();
        assert!(certificate.public_key().unwrap().public_eq(&key));
        certificate.to_der().unwrap()
    };
    let old = made("15.0.1178.4");
    let with_sha256 = made("15.0.1210.3");
    assert_ne!(old, with_sha256, "signed with SHA-1 and SHA-256");
    assert_eq!(with_sha256, made("15.0.1210.3"));

    let key = key();
    let early = self_signed(&persona, &key, "2023-07-01T00:00:00Z".parse().unwrap()).unwrap();
    let (certificate_path, key_path) = paths(&persona, folder.path());
    fs::write(certificate_path, early.to_pem().unwrap()).unwrap();
    fs::write(key_path, key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    persona.build = "15.2.2562.29".parse().unwrap();
    let (_, late) = load_or_create(&persona, folder.path()).unwrap();
    assert!(late.not_before() > early.not_before(), "older than the build");
}

#[test]
fn old_builds_sign_with_sha1() {
    let mut persona = persona("exchange-2013-cu21");
    for (build, nid) in [
        ("15.0.1178.4", Nid::SHA1WITHRSAENCRYPTION),
        ("15.0.1210.3", Nid::SHA256WITHRSAENCRYPTION),
        ("15.1.396.30", Nid::SHA1WITHRSAENCRYPTION),
        ("15.1.466.34", Nid::SHA256WITHRSAENCRYPTION),
        ("15.2.221.12", Nid::SHA256WITHRSAENCRYPTION),
    ] {
        persona.build = build.parse().unwrap();
        let certificate = self_signed(&persona, &key(), Timestamp::now()).unwrap();
        assert_eq!(certificate.signature_algorithm().object().nid(), nid, "{build}");
    }
}

#[test]
fn every_windows_shows_the_certificate() {
    let key = key();
    for (name, _) in crate::persona::built_in() {
        let mut persona = persona(name);
        let certificate = self_signed(&persona, &key, Timestamp::now()).unwrap();
        crate::tls::TlsHost::new(persona.windows, &certificate, &key, &[]).unwrap();
        // One that is signed with SHA-1.
        persona.build = "15.0.847.32".parse().unwrap();
        let certificate = self_signed(&persona, &key, Timestamp::now()).unwrap();
        crate::tls::TlsHost::new(persona.windows, &certificate, &key, &[]).unwrap();
    }
}

#[test]
fn it_is_never_older_than_the_build_nor_from_the_future() {
    let persona = persona("exchange-2016-cu19-mar21su");
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    for now in [
        "2021-03-02T00:00:01Z",
        "2021-03-20T00:00:00Z",
        "2023-01-01T00:00:00Z",
        "2026-11-25T00:00:00Z",
    ] {
        let date = installed(&persona, at(now));
        assert!(
            date >= at("2021-03-02T00:00:00Z") && date <= at(now),
            "{date} at {now}"
        );
        assert_eq!(date, installed(&persona, at(now)));
    }
    // A clock before the build's day.
    assert_eq!(
        installed(&persona, at("2020-01-01T00:00:00Z")),
        at("2020-01-01T00:00:00Z")
    );
}

#[test]
fn it_dates_from_the_time_of_the_build_or_from_its_renewal() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let now = at("2026-11-28T00:00:00Z");
    for (name, from, to) in [
        // Published 2021-03-02: renewed after five years.
        ("exchange-2016-cu19-mar21su", "2026-03-02", "2026-08-29"),
        ("exchange-2013-cu21", "2023-06-19", "2023-12-16"),
        ("exchange-2019-cu14-oct25su", "2025-10-14", "2026-04-12"),
        // Published in May 2022, which a valid certificate can be of.
        ("exchange-2019-cu12-may22su", "2022-05-30", "2022-11-06"),
    ] {
        let (from, to) = (at(&format!("{from}T00:00:00Z")), at(&format!("{to}T00:00:00Z")));
        for seed in 0..20 {
            let mut persona = persona(name);
            persona.seed = [seed; 32];
            let date = installed(&persona, now);
            assert!((from..=to).contains(&date), "{name}: {date}");
        }
    }
}

#[test]
fn five_years_end_on_the_same_day() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    for (from, to) in [
        ("2021-03-02T08:15:30Z", "2026-03-02T08:15:30Z"),
        // Two leap days lie between.
        ("2023-05-04T23:59:59Z", "2028-05-04T23:59:59Z"),
        ("2024-02-29T12:00:00Z", "2029-02-28T12:00:00Z"),
    ] {
        assert_eq!(years_after(at(from), VALID_YEARS), at(to));
    }
}

#[test]
fn the_operator_s_own_is_taken() {
    let persona = persona("exchange-se-rtm");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let (key, other_key) = (key(), key());
    let own = self_signed(&persona, &key, Timestamp::now()).unwrap();
    let authority = self_signed(&persona, &other_key, Timestamp::now()).unwrap();
    let chain = [own.to_pem().unwrap(), authority.to_pem().unwrap()].concat();
    fs::write(file("chain.pem"), chain).unwrap();
    fs::write(file("key.pem"), key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    fs::write(file("other.pem"), other_key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    fs::write(file("empty.pem"), "").unwrap();
    let cipher = openssl::symm::Cipher::aes_128_cbc();
    fs::write(
        file("locked.pem"),
        key.private_key_to_pem_pkcs8_passphrase(cipher, b"x").unwrap(),
    )
    .unwrap();
    let pkcs12 = Pkcs12::builder()
        .name("own")
        .pkey(&key)
        .cert(&own)
        .build2("secret")
        .unwrap();
    fs::write(file("own.pfx"), pkcs12.to_der().unwrap()).unwrap();
    let pem = |certificate: &str, key: &str| {
        let source = CertificateSource::Pem {
            certificate: file(certificate),
            key: file(key),
        };
        load(&source, &persona, folder.path())
    };
    let pfx = |password: &str| {
        let source = CertificateSource::Pkcs12 {
            file: file("own.pfx"),
            password: password.into(),
        };
        load(&source, &persona, folder.path())
    };

    let loaded = pem("chain.pem", "key.pem").unwrap();
    assert_eq!(loaded.certificate.to_der().unwrap(), own.to_der().unwrap());
    assert_eq!(loaded.chain.len(), 1);
    assert_eq!(
        pfx("secret").unwrap().certificate.to_der().unwrap(),
        own.to_der().unwrap()
    );
    for (result, told) in [
        (pem("chain.pem", "other.pem"), "the key is not the certificate's"),
        (pem("empty.pem", "key.pem"), "holds no certificate"),
        (pem("chain.pem", "locked.pem"), "without a password"),
        (pem("missing.pem", "key.pem"), "missing.pem"),
        (pfx("wrong"), "cannot be opened"),
    ] {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}
