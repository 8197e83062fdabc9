//! Which findings leave the house: an allow list, an age and a score decide, and what stays is counted.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

use crate::hidden::Hidden;
use crate::model::{Evaluation, Sample, SourceRow, UploadRow};

/// Networks whose addresses are never exported, besides [`DOCUMENTATION`]: what IANA's special-purpose registries (RFC
/// 6890) do not call globally reachable, 6to4 and the protocols of 2001::/23 whole, multicast, reserved.
pub const ADDRESSES_NEVER_EXPORTED: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",
    "::ffff:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2002::/16",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

/// Networks for documentation (RFC 5737, 3849, 9637), never exported unless [`Policy::documentation`] says so.
pub const DOCUMENTATION: &[&str] = &[
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "2001:db8::/32",
    "3fff::/20",
];

/// What may be exported.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Networks of which no address is exported, besides [`ADDRESSES_NEVER_EXPORTED`]: the operator's own, proxies,
    /// known scanners. [`crate::Evaluator::own_addresses`] are some.
    pub allowed: Vec<IpNet>,
    /// Names and addresses by which the honeypot could be known: in requests that are exported as examples, user agents
    /// and names of files [`crate::NO_NAME`] stands in their place, and in that of the hosts of the evaluation and their domains.
    pub hidden: Vec<String>,
    /// Sources whose last event is older are left out; what is exported expires that long after its last event.
    pub age: SignedDuration,
    /// Sources with a lower score are left out; see [`SourceRow::score`].
    pub min_score: u8,
    /// Whether addresses of [`DOCUMENTATION`] are exported, as made-up examples need it. False by default.
    pub documentation: bool,
}

impl Default for Policy {
    /// Seven days, and a stage of an attack at least attempted.
    fn default() -> Self {
        Self {
            allowed: Vec::new(),
            hidden: Vec::new(),
            age: SignedDuration::from_hours(7 * 24),
            min_score: 50,
            documentation: false,
        }
    }
}

/// What was selected for export. All that a format may build a pattern or a rule from is validated here.
#[derive(Debug, Clone)]
pub struct Selection<'a> {
    /// The evaluation that it comes from.
    pub evaluation: &'a Evaluation,
    /// Source addresses, ascending.
    pub sources: Vec<Selected<'a>>,
    /// Files with a valid hash, not too old, sent by someone who is not in a network that is never exported; without names
    /// of the honeypot.
    pub uploads: Vec<UploadRow>,
    /// What was left out.
    pub left_out: LeftOut,
    /// See [`Policy::age`].
    pub age: SignedDuration,
}

/// A source address for export.
#[derive(Debug, Clone)]
pub struct Selected<'a> {
    /// The address.
    pub address: IpAddr,
    /// All that is known of it.
    pub row: &'a SourceRow,
    /// Its samples, without names of the honeypot.
    pub samples: Vec<Sample>,
    /// Its user agents, likewise.
    pub user_agents: Vec<String>,
    /// When the entry ends to hold.
    pub expires: Timestamp,
    /// Its CVEs, valid ones only, as in `CVE-2021-34473`.
    pub cves: Vec<String>,
    /// Its ATT&CK techniques, valid ones only, as in `T1505.003`.
    pub techniques: Vec<String>,
    /// Its JA3, valid ones only: 32 hex digits.
    pub ja3: Vec<&'a str>,
    /// Its JA4, valid ones only.
    pub ja4: Vec<&'a str>,
}

/// Sources that are not exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LeftOut {
    /// In a network of [`ADDRESSES_NEVER_EXPORTED`] or [`DOCUMENTATION`].
    pub special: u64,
    /// In a network of [`Policy::allowed`].
    pub allowed: u64,
    /// Too old.
    pub old: u64,
    /// Not far enough in an attack.
    pub low_score: u64,
    /// Not listed in the evaluation, which keeps so many sources only.
    pub not_listed: u64,
}

/// Selects what a policy lets out. Age counts from the evaluation's time.
pub fn select<'a>(evaluation: &'a Evaluation, policy: &Policy) -> Selection<'a> {
    let documentation = if policy.documentation { &[] } else { DOCUMENTATION };
    let special = ADDRESSES_NEVER_EXPORTED
        .iter()
        .chain(documentation)
        .filter_map(|network| network.parse().ok());
    let special: Vec<IpNet> = special.collect();
    let hidden = Hidden::of(evaluation, &policy.hidden);
    let is_in =
        |networks: &[IpNet], address: IpAddr| networks.iter().any(|network| network.contains(&address));
    let is_special = |address: IpAddr| is_in(&special, address);
    let is_allowed = |address: IpAddr| is_in(&policy.allowed, address);
    let mut left_out = LeftOut {
        not_listed: evaluation.sources.not_listed,
        ..LeftOut::default()
    };
    let age = policy.age.max(SignedDuration::from_secs(1));
    let expiry = |last: Timestamp| last.checked_add(age).unwrap_or(Timestamp::MAX);
    let mut sources = Vec::new();
    for row in &evaluation.sources.entries {
        let address = row.address.to_canonical();
        let expires = expiry(row.last);
        if is_special(address) {
            left_out.special += 1;
        } else if is_allowed(address) {
            left_out.allowed += 1;
        } else if row.score < policy.min_score {
            left_out.low_score += 1;
        } else if expires <= evaluation.created {
            left_out.old += 1;
        } else {
            sources.push(Selected {
                address,
                row,
                samples: row.samples.iter().map(|sample| hidden.sample(sample)).collect(),
                user_agents: row.user_agents.iter().map(|agent| hidden.text(agent)).collect(),
                expires,
                cves: row.cves.iter().filter_map(|cve| self::cve(cve)).collect(),
                techniques: row.techniques.iter().filter_map(|id| technique(id)).collect(),
                ja3: valid(&row.ja3, |hash| is_hex(hash, 32)),
                ja4: valid(&row.ja4, is_ja4),
            });
        }
    }
    sources.sort_by_key(|source| source.address);
    sources.dedup_by_key(|source| source.address);
    let uploads = &evaluation.uploads.entries;
    Selection {
        evaluation,
        sources,
        uploads: uploads
            .iter()
            .filter(|upload| {
                is_hex(&upload.sha256, 64)
                    && !upload.secrets
                    && expiry(upload.last) > evaluation.created
                    && upload
                        .addresses
                        .iter()
                        .map(IpAddr::to_canonical)
                        .any(|address| !is_special(address) && !is_allowed(address))
            })
            .map(|upload| hidden.upload(upload))
            .collect(),
        left_out,
        age,
    }
}

fn valid(values: &[String], is_valid: impl Fn(&str) -> bool) -> Vec<&str> {
    values
        .iter()
        .map(String::as_str)
        .filter(|value| is_valid(value))
        .collect()
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// JA4's three parts, as in `t13d1516h2_8daaf6152771_02713d6af862`.
fn is_ja4(text: &str) -> bool {
    let parts: Vec<&str> = text.split('_').collect();
    let [a, b, c] = parts[..] else { return false };
    a.len() == 10 && a.bytes().all(|byte| byte.is_ascii_alphanumeric()) && is_hex(b, 12) && is_hex(c, 12)
}

fn cve(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let (year, number) = upper.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = year.len() == 4 && (4..=10).contains(&number.len());
    (fits && digits(year) && digits(number)).then_some(upper)
}

fn technique(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let digits = upper.strip_prefix('T')?;
    let (main, sub) = digits.split_once('.').unwrap_or((digits, "000"));
    let valid = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    (valid(main, 4) && valid(sub, 3)).then_some(upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_valid_names_pass() {
        assert_eq!(cve("cve-2021-34473").as_deref(), Some("CVE-2021-34473"));
        for bad in [
            "CVE-2021-1",
            "CVE-21-34473",
            "CVE-2021-34473' OR",
            "CVE-2021-३४४७",
        ] {
            assert_eq!(cve(bad), None, "{bad}");
        }
        assert_eq!(technique("t1505.003").as_deref(), Some("T1505.003"));
        for bad in ["T1", "T1190'", "T1190.3", "X1190"] {
            assert_eq!(technique(bad), None, "{bad}");
        }
        assert!(is_ja4("t13d1516h2_8daaf6152771_02713d6af862"));
        assert!(!is_ja4("t13d1516h2_8daaf6152771_02713d6af86'"));
        assert!(!is_hex("A".repeat(32).as_str(), 32));
    }

    #[test]
    fn the_networks_never_exported_are_read() {
        for network in ADDRESSES_NEVER_EXPORTED.iter().chain(DOCUMENTATION) {
            assert!(network.parse::<IpNet>().is_ok(), "{network}");
        }
    }
}
