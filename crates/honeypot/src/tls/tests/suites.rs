//! Versions and cipher suites of every Windows.

use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};

use super::peers::{client, host, meet, rsa_key};
use crate::persona::{TlsVersion, Windows};

/// Suites that no Windows of the table offers by default, but OpenSSL knows.
const OTHERS: [&str; 8] = [
    "ECDHE-RSA-CHACHA20-POLY1305",
    "DHE-RSA-AES256-SHA256",
    "ECDHE-RSA-RC4-SHA",
    "ECDHE-RSA-DES-CBC3-SHA",
    "DHE-RSA-DES-CBC3-SHA",
    "AES128-CCM",
    "NULL-SHA",
    "ADH-AES128-SHA",
];

#[tokio::test]
async fn exactly_the_suites_of_the_table_are_accepted() {
    let keys = [(rsa_key(), false), (ecdsa_key(), true)];
    let mut all: Vec<&str> = Windows::ALL
        .iter()
        .flat_map(|windows| windows.ciphers)
        .copied()
        .collect();
    all.extend(OTHERS);
    all.sort_unstable();
    all.dedup();
    let mut old = 0;
    for windows in Windows::ALL {
        for (key, ecdsa) in &keys {
            let host = host(windows, key);
            for version in [TlsVersion::Tls10, TlsVersion::Tls11, TlsVersion::Tls12] {
                for cipher in &all {
                    let expected = windows.tls.contains(&version)
                        && windows.ciphers.contains(cipher)
                        && cipher.contains("ECDSA") == *ecdsa
                        && (version == TlsVersion::Tls12 || !needs_tls12(cipher));
                    let (server, client) = meet(&host, &client(version, cipher).build(), None).await;
                    let what = format!("{} {version:?} {cipher}", windows.name);
                    assert_eq!(client.is_ok(), expected, "{what}: {:?}", client.err());
                    match server {
                        Ok(accepted) => assert_eq!(accepted.cipher, *cipher, "{what}"),
                        Err(reason) => assert!(!expected, "{what}: {reason}"),
                    }
                    old += usize::from(expected && (cipher.contains("RC4") || cipher.contains("DES")));
                }
            }
        }
    }
    // RC4-SHA, RC4-MD5 and 3DES on four releases, 3DES alone on two, each with three versions; on one with TLS 1.2.
    assert_eq!(old, 4 * 3 * 3 + 2 * 3 + 1);
}

#[tokio::test]
async fn tls13_is_spoken_from_server_2022_on() {
    let key = rsa_key();
    for windows in Windows::ALL {
        let host = host(windows, &key);
        for cipher in [
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
        ] {
            let (server, client) = meet(&host, &client(TlsVersion::Tls13, cipher).build(), None).await;
            let expected =
                windows.tls.contains(&TlsVersion::Tls13) && windows.ciphers_tls13.contains(&cipher);
            assert_eq!(client.is_ok(), expected, "{} {cipher}", windows.name);
            assert_eq!(server.is_ok(), expected, "{} {cipher}", windows.name);
        }
    }
}

#[tokio::test]
async fn the_server_prefers_in_schannels_order() {
    let key = rsa_key();
    for windows in Windows::ALL {
        let host = host(windows, &key);
        let mut left: Vec<&str> = windows.ciphers.iter().rev().copied().collect();
        let mut chosen = Vec::new();
        while let (Ok(accepted), Ok(_)) =
            meet(&host, &client(TlsVersion::Tls12, &left.join(":")).build(), None).await
        {
            left.retain(|cipher| *cipher != accepted.cipher);
            chosen.push(accepted.cipher);
        }
        let expected = windows.ciphers.iter().filter(|cipher| !cipher.contains("ECDSA"));
        assert_eq!(chosen, expected.copied().collect::<Vec<_>>(), "{}", windows.name);
    }
}

fn ecdsa_key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::SECP384R1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

/// Whether a suite is for TLS 1.2 alone.
fn needs_tls12(cipher: &str) -> bool {
    ["SHA256", "SHA384", "GCM", "CCM", "CHACHA20"]
        .iter()
        .any(|part| cipher.contains(part))
}
