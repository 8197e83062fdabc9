//! What the farm is at each address: a function of the address alone, so that the truth about each is known.

use std::net::Ipv4Addr;

use imker_honeypot::config::Config;
use imker_posture::Verdict;
use miette::{Result, miette};

/// What answers at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The host with this place in the configuration.
    Exchange(usize),
    /// A web server that has nothing.
    Other,
    /// Connections are accepted and never answered.
    Tarpit,
    /// Not even connections are answered.
    BlackHole,
}

/// Of every eight servers, this many are no Exchange.
const OTHERS: u32 = 1;
/// Where servers begin; a scan's own address stays out of it.
const SERVERS: Ipv4Addr = Ipv4Addr::new(127, 1, 0, 0);
/// 127.128.0.0/10.
const TARPITS: Ipv4Addr = Ipv4Addr::new(127, 128, 0, 0);
/// 127.192.0.0/10.
pub const BLACK_HOLES: Ipv4Addr = Ipv4Addr::new(127, 192, 0, 0);
/// Of both.
pub const SILENT_MASK: u32 = 0xffc0_0000;

/// What answers at an address of 127.0.0.0/8, where the configuration has so many hosts.
pub fn role(address: Ipv4Addr, hosts: usize) -> Role {
    match Ipv4Addr::from_bits(address.to_bits() & SILENT_MASK) {
        TARPITS => return Role::Tarpit,
        BLACK_HOLES => return Role::BlackHole,
        _ => {}
    }
    // Knuth's multiplicative hash: neighbours differ.
    let mixed = address.to_bits().wrapping_mul(0x9e37_79b1) >> 8;
    if mixed % 8 < OTHERS {
        return Role::Other;
    }
    Role::Exchange((mixed / 8) as usize % hosts.max(1))
}

/// The first servers of the farm.
pub fn servers(count: u32) -> impl Iterator<Item = Ipv4Addr> {
    from(SERVERS, count)
}

/// The first addresses that do not answer, tarpits and black holes in turn.
pub fn silent(count: u32) -> impl Iterator<Item = Ipv4Addr> {
    (0..count).map(|at| {
        let first = if at % 2 == 0 { TARPITS } else { BLACK_HOLES };
        Ipv4Addr::from_bits(first.to_bits() + at / 2 + 1)
    })
}

fn from(first: Ipv4Addr, count: u32) -> impl Iterator<Item = Ipv4Addr> {
    (0..count).map(move |at| Ipv4Addr::from_bits(first.to_bits() + at))
}

/// Each persona of [`EXPECTED`], in that order. Every host has a place in 127.0.0.0/8 of its own in the configuration, at
/// which nothing listens.
pub fn config(data: &std::path::Path) -> Result<Config> {
    let mut text = include_str!("farm.toml").replace("{data}", &data.display().to_string());
    for (number, (name, ..)) in (1..).zip(EXPECTED) {
        text += &format!(
            "\n[[host]]\nname = \"EX{number:02}\"\npersona = \"{name}\"\naddresses = [\"127.0.1.{number}\"]\n\
             http = []\n"
        );
    }
    Config::parse(&text, "farm.toml".as_ref()).map_err(|error| miette!("{error}"))
}

/// What is true of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Persona and build, where it is an Exchange server.
    pub exchange: Option<(String, String)>,
    /// Whether a check for ProxyShell (CVE-2021-34473) succeeds.
    pub proxy_shell: bool,
    /// What a scan has to say.
    pub verdict: Verdict,
}

/// What is true of an address, where the configuration is [`config`]'s.
pub fn truth(config: &Config, address: Ipv4Addr) -> Truth {
    let of_others = |verdict| Truth {
        exchange: None,
        proxy_shell: false,
        verdict,
    };
    match role(address, config.hosts.len()) {
        Role::Other => of_others(Verdict::NotExchange),
        Role::Tarpit | Role::BlackHole => of_others(Verdict::Unreachable),
        Role::Exchange(host) => {
            let persona = &config.hosts[host].persona;
            let (_, proxy_shell, verdict) = EXPECTED[host];
            Truth {
                exchange: Some((persona.name.to_string(), persona.build.to_string())),
                proxy_shell,
                verdict,
            }
        }
    }
}

/// Each persona, whether the checks for ProxyShell succeed, and the verdict of a scan. By hand, from Microsoft's notes on
/// its updates rather than from the tables that the scanner reads, so that a mistake in these is seen.
const EXPECTED: [(&str, bool, Verdict); 14] = [
    // Without the updates of March and April 2021 (KB5000871, KB5001779).
    ("exchange-2013-cu21", true, Verdict::Vulnerable),
    ("exchange-2016-cu18", true, Verdict::Vulnerable),
    ("exchange-2019-cu8", true, Verdict::Vulnerable),
    // Without that of April 2021.
    ("exchange-2019-cu9", true, Verdict::Vulnerable),
    ("exchange-2013-cu23-mar21su", true, Verdict::Vulnerable),
    ("exchange-2016-cu19-mar21su", true, Verdict::Vulnerable),
    // After ProxyShell, without the update of November 2022 (KB5019758): ProxyNotShell and OWASSRF.
    ("exchange-2016-cu23-apr22", false, Verdict::Vulnerable),
    ("exchange-2019-cu12-may22su", false, Verdict::Vulnerable),
    // Later.
    ("exchange-2013-cu23-mar23su", false, Verdict::Fixed),
    ("exchange-2016-cu23-oct25su", false, Verdict::Fixed),
    ("exchange-2019-cu14-oct25su", false, Verdict::Fixed),
    ("exchange-2019-cu15-feb26su", false, Verdict::Fixed),
    ("exchange-se-rtm", false, Verdict::Fixed),
    ("exchange-se-sep26suv2", false, Verdict::Fixed),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_farm_has_every_persona_and_others() {
        let config = config("data".as_ref()).unwrap();
        let personas: BTreeSet<_> = servers(1000)
            .filter_map(|address| truth(&config, address).exchange)
            .collect();
        assert_eq!(personas.len(), config.hosts.len());
        let others = servers(8000)
            .filter(|address| role(*address, config.hosts.len()) == Role::Other)
            .count();
        assert!((900..1100).contains(&others), "{others}");
        assert!(
            servers(400_000)
                .all(|address| matches!(role(address, config.hosts.len()), Role::Exchange(_) | Role::Other))
        );
    }

    #[test]
    fn what_is_silent_lies_apart() {
        let silent: Vec<_> = silent(5000).collect();
        assert_eq!(silent.iter().collect::<BTreeSet<_>>().len(), 5000);
        for (at, address) in silent.iter().enumerate() {
            let expected = [Role::Tarpit, Role::BlackHole][at % 2];
            assert_eq!(role(*address, 14), expected, "{address}");
        }
    }

    #[test]
    fn every_persona_has_an_expected_verdict() {
        let expected: BTreeSet<_> = EXPECTED.iter().map(|(name, ..)| *name).collect();
        assert_eq!(expected.len(), EXPECTED.len());
        assert_eq!(expected, imker_honeypot::persona::built_in_names().collect());
        let config = config("data".as_ref()).unwrap();
        for (host, (name, proxy_shell, _)) in config.hosts.iter().zip(EXPECTED) {
            assert_eq!(host.persona.is_open_to("CVE-2021-34473"), proxy_shell, "{name}");
        }
    }

    #[test]
    fn every_answer_is_there() {
        let config = config("data".as_ref()).unwrap();
        let truths: Vec<_> = servers(1000).map(|address| truth(&config, address)).collect();
        for verdict in [Verdict::Vulnerable, Verdict::Fixed, Verdict::NotExchange] {
            assert!(truths.iter().any(|truth| truth.verdict == verdict), "{verdict:?}");
        }
        assert!(truths.iter().any(|truth| truth.proxy_shell));
        assert!(truths.iter().all(|truth| truth.verdict != Verdict::Unknown));
    }
}
