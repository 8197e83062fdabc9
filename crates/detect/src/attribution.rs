//! Which flaw a request of the shared shape was meant for.
//!
//! CVE-2021-34473 (ProxyShell) needs no log-on and was fixed in April 2021; CVE-2022-41040 (ProxyNotShell) has
//! the same path confusion behind a log-on.

use std::collections::BTreeSet;

use imker_exchange::{Build, Fix};
use jiff::Timestamp;

use crate::model::{BuildSeen, Vantage};
use crate::tables::{ChainId, Tables};

pub(crate) const PROXYSHELL: &str = "ProxyShell";
pub(crate) const PROXYNOTSHELL: &str = "ProxyNotShell";
/// The flaw whose fix tells a vulnerable build from a guarded one.
pub(crate) const PATH_CONFUSION: &str = "CVE-2021-34473";

/// One of the two flaws that share a URL shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flaw {
    ProxyShell,
    ProxyNotShell,
}

/// Tells by user and, where there is none, by whether the build had April 2021's fix; `None`: build unknown.
pub(crate) fn flaw(with_user: bool, fixed: Option<bool>) -> Option<Flaw> {
    match (with_user, fixed) {
        (true, _) | (_, Some(true)) => Some(Flaw::ProxyNotShell),
        (false, Some(false)) => Some(Flaw::ProxyShell),
        (false, None) => None,
    }
}

/// Replaces the CVEs that rules of the shared shape name by those of one flaw.
pub(crate) fn name(cves: &mut BTreeSet<String>, flaw: Flaw, with_user: bool) {
    let before = ["CVE-2021-34523", "CVE-2021-31207"];
    let after = "CVE-2022-41082";
    // The step to PowerShell has a CVE of its own, named only where a rule saw that step.
    let powershell = cves.contains(before[0]) || cves.contains(after);
    cves.remove(PATH_CONFUSION);
    cves.remove("CVE-2022-41040");
    match flaw {
        Flaw::ProxyShell => {
            cves.remove(after);
            cves.insert(PATH_CONFUSION.to_owned());
            if powershell {
                cves.insert(before[0].to_owned());
            }
        }
        Flaw::ProxyNotShell => {
            cves.retain(|cve| !before.contains(&cve.as_str()) && cve != after);
            cves.insert("CVE-2022-41040".to_owned());
            if powershell && with_user {
                cves.insert(after.to_owned());
            }
        }
    }
}

/// Whether someone logged on: a person, not the system account that a back end writes for a forged request.
pub(crate) fn is_person(user: &str, vantage: Vantage) -> bool {
    let user = user.trim().to_ascii_lowercase();
    matches!(vantage, Vantage::FrontEnd | Vantage::Proxy)
        && !user.is_empty()
        && user != "-"
        && !user.ends_with('$')
        && !user.starts_with("nt authority\\")
        && !user.starts_with("nt+authority\\")
}

/// The chain by which requests are grouped: both chains of the shared shape are one.
pub(crate) fn family(chain: ChainId, tables: &Tables) -> ChainId {
    match &**tables.chain_name(chain) {
        PROXYNOTSHELL => tables.chain(PROXYSHELL).unwrap_or(chain),
        _ => chain,
    }
}

/// The flaw that opens a chain.
pub(crate) fn opening_flaw(chain: &str) -> Option<&'static str> {
    Some(match chain {
        PROXYSHELL => PATH_CONFUSION,
        PROXYNOTSHELL => "CVE-2022-41040",
        "ProxyLogon" => "CVE-2021-26855",
        "ProxyOracle" => "CVE-2021-31195",
        "ProxyToken" => "CVE-2021-33766",
        "OWASSRF" => "CVE-2022-41080",
        _ => return None,
    })
}

/// Whether a build has the fix for a CVE; `None`: that is not known.
pub(crate) fn has_fix(build: Build, cve: &str) -> Option<bool> {
    match imker_exchange::fix(build, cve) {
        Fix::Fixed => Some(true),
        Fix::Open => Some(false),
        Fix::Unknown(_) => None,
    }
}

/// The build that served at a time and whether it had the fix: the one seen then, else the last one seen
/// before, else the first one after if it lacks the fix (an update does not take one away).
pub(crate) fn build_at<'a>(
    builds: &'a [BuildSeen],
    time: Timestamp,
    cve: &str,
) -> Option<(&'a BuildSeen, Option<bool>)> {
    let fixed = |seen: &BuildSeen| seen.build.parse().ok().and_then(|build| has_fix(build, cve));
    let before = builds
        .iter()
        .filter(|seen| seen.span.from <= time)
        .max_by_key(|seen| seen.span.from);
    if let Some(seen) = before {
        return Some((seen, fixed(seen)));
    }
    let after = builds.iter().min_by_key(|seen| seen.span.from)?;
    (fixed(after) == Some(false)).then_some((after, Some(false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_build_decide() {
        for (user, fixed, expected) in [
            (false, Some(false), Some(Flaw::ProxyShell)),
            (false, Some(true), Some(Flaw::ProxyNotShell)),
            (true, Some(false), Some(Flaw::ProxyNotShell)),
            (true, None, Some(Flaw::ProxyNotShell)),
            (false, None, None),
        ] {
            assert_eq!(flaw(user, fixed), expected, "user {user}, fixed {fixed:?}");
        }
    }

    #[test]
    fn cves_are_named_for_one_flaw_only() {
        let named = |cves: &[&str], flaw: Flaw, user: bool| {
            let mut set: BTreeSet<String> = cves.iter().map(|cve| (*cve).to_owned()).collect();
            name(&mut set, flaw, user);
            set.into_iter().collect::<Vec<_>>().join(" ")
        };
        let shell = ["CVE-2021-34473", "CVE-2021-34523", "CVE-2021-31207"];
        let (old, new) = (Flaw::ProxyShell, Flaw::ProxyNotShell);
        assert_eq!(named(&shell, new, true), "CVE-2022-41040 CVE-2022-41082");
        assert_eq!(named(&shell, new, false), "CVE-2022-41040");
        assert_eq!(named(&shell[..1], new, true), "CVE-2022-41040");
        assert_eq!(
            named(&shell, old, false),
            "CVE-2021-31207 CVE-2021-34473 CVE-2021-34523"
        );
        assert_eq!(
            named(&["CVE-2022-41040", "CVE-2020-0688"], old, false),
            "CVE-2020-0688 CVE-2021-34473"
        );
    }

    #[test]
    fn system_accounts_are_no_users() {
        assert!(is_person("EXAMPLE\\anna", Vantage::FrontEnd));
        for (user, vantage) in [
            ("", Vantage::FrontEnd),
            ("NT AUTHORITY\\SYSTEM", Vantage::Proxy),
            ("NT+AUTHORITY\\SYSTEM", Vantage::FrontEnd),
            ("EXAMPLE\\EX01$", Vantage::FrontEnd),
            ("EXAMPLE\\anna", Vantage::BackEnd),
        ] {
            assert!(!is_person(user, vantage), "{user} {vantage:?}");
        }
    }
}
