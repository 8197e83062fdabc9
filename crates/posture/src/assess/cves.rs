//! CVEs of the known chains: what the build says, and what the checks say, together.

use std::borrow::Cow;
use std::sync::OnceLock;

use imker_exchange::{Because, Fix, first_fix};

use super::builds::Known;
use super::front_ends::Group;
use super::probes::{self, Probe, Told};
use crate::{Check, CveFinding, CveVerdict, FixStatus, Reason, SeenBuild, Verdict};

const PROXYLOGON: &str = "CVE-2021-26855";
const PROXYSHELL: &str = "CVE-2021-34473";
const PROXYNOTSHELL: &str = "CVE-2022-41040";

/// CVEs that nobody who has not logged on gets to but by another of the same chain, with that one. CVE-2022-41082 lies
/// behind OWASSRF as well as behind ProxyNotShell, so that the guard of one does not guard it.
const BEHIND: [(&str, &str); 5] = [
    ("CVE-2021-26857", PROXYLOGON),
    ("CVE-2021-26858", PROXYLOGON),
    ("CVE-2021-27065", PROXYLOGON),
    ("CVE-2021-34523", PROXYSHELL),
    ("CVE-2021-31207", PROXYSHELL),
];

/// A CVE of a chain.
pub(super) struct Chained {
    pub cve: &'static str,
    /// The chain, as the tables call it.
    alias: &'static str,
    /// The CVE that the chain enters by, where this is another.
    behind: Option<&'static str>,
}

/// CVEs of the chains that the tables know, oldest first, an entry before what lies behind it.
pub(super) fn chained() -> &'static [Chained] {
    static CHAINED: OnceLock<Vec<Chained>> = OnceLock::new();
    CHAINED.get_or_init(|| {
        let mut all: Vec<(Option<usize>, Chained)> = imker_exchange::cves()
            .filter_map(|cve| {
                let place = BEHIND.iter().position(|(behind, _)| *behind == cve.id);
                let chained = Chained {
                    cve: cve.id,
                    alias: cve.chain?,
                    behind: place.map(|place| BEHIND[place].1),
                };
                Some((place, chained))
            })
            .collect();
        all.sort_by_key(|(place, chained)| (chained.behind.unwrap_or(chained.cve), *place));
        all.into_iter().map(|(_, chained)| chained).collect()
    })
}

/// All of [`chained`].
pub(super) fn assess(group: &Group<'_>, known: Option<&Known>) -> Vec<CveFinding> {
    let proxyshell = probes::proxyshell(group);
    let proxylogon = probes::proxylogon(group);
    let mitigated = probes::has_proxynotshell_mitigation(group);
    let mut findings: Vec<CveFinding> = Vec::with_capacity(chained().len());
    let fixes = known.map(Known::fixes);
    for (place, chained) in chained().iter().enumerate() {
        let fix = fixes.as_ref().map(|fixes| &fixes.chained[place]);
        let probe = match chained.cve {
            PROXYLOGON => proxylogon.as_ref(),
            PROXYSHELL => proxyshell.as_ref(),
            _ => None,
        };
        let mut finding = of_one(chained, known, fix, probe);
        let lacking = known.filter(|_| finding.status != FixStatus::Fixed);
        if let Some(first) = lacking.and_then(|known| first_fix(known.lowest(), chained.cve)) {
            finding.fixed_in = Some(first.build.to_string());
            finding.kb = first.kb.map(str::to_owned);
        }
        if chained.cve == PROXYNOTSHELL && mitigated {
            mitigate(&mut finding);
        }
        let entry = chained
            .behind
            .and_then(|cve| findings.iter().find(|finding| finding.id == cve));
        if let Some(entry) = entry {
            inherit(&mut finding, entry);
        }
        findings.push(finding);
    }
    findings
}

/// A check that succeeded outweighs the build; a build with the fix outweighs every other answer.
fn of_one(chained: &Chained, known: Option<&Known>, fix: Option<&Fix>, probe: Option<&Probe>) -> CveFinding {
    let build = || {
        [(
            "build",
            known.map_or_else(String::new, |known| known.build.to_string()),
        )]
    };
    let told = probe.map(|probe| probe.told);
    let (verdict, reason) = match (fix, told, probe) {
        (Some(Fix::Fixed), Some(Told::Open), _) => {
            (CveVerdict::Vulnerable, Reason::new("cve-contradiction", build()))
        }
        (_, Some(Told::Open), Some(probe)) => (CveVerdict::Vulnerable, probe.reason.clone()),
        (Some(Fix::Fixed), ..) => (CveVerdict::Fixed, fixed(known)),
        (Some(Fix::Open), Some(Told::Guarded), _) => {
            (CveVerdict::Guarded, Reason::new("cve-guarded-unpatched", build()))
        }
        (Some(Fix::Open), Some(Told::Filtered), _) => (
            CveVerdict::Filtered,
            Reason::new("cve-filtered-unpatched", build()),
        ),
        (Some(Fix::Open), ..) => (CveVerdict::Vulnerable, Reason::new("cve-open-by-build", build())),
        (_, Some(Told::Guarded), Some(probe)) => (CveVerdict::Guarded, probe.reason.clone()),
        (_, Some(Told::Filtered), Some(probe)) => (CveVerdict::Filtered, probe.reason.clone()),
        (Some(Fix::Unknown(because)), ..) => (CveVerdict::Unknown, unknown(because)),
        (None, _, Some(probe)) => (CveVerdict::Unknown, probe.reason.clone()),
        (None, _, None) => (CveVerdict::Unknown, Reason::new("cve-no-build", [])),
    };
    let decided = !matches!((verdict, told), (CveVerdict::Fixed, _))
        && reason.id != "cve-open-by-build"
        && !matches!((fix, verdict), (Some(Fix::Unknown(_)), CveVerdict::Unknown));
    CveFinding {
        id: chained.cve.to_owned(),
        alias: chained.alias.to_owned(),
        verdict,
        status: match fix {
            Some(Fix::Fixed) => FixStatus::Fixed,
            Some(Fix::Open) => FixStatus::Open,
            Some(Fix::Unknown(_)) | None => FixStatus::Unknown,
        },
        reason,
        fixed_in: None,
        kb: None,
        evidence: probe
            .filter(|_| decided)
            .map(|probe| probe.evidence.clone())
            .unwrap_or_default(),
    }
}

/// Microsoft's mitigation for ProxyNotShell stops known forms of the request only.
fn mitigate(finding: &mut CveFinding) {
    if finding.status != FixStatus::Fixed {
        finding.verdict = CveVerdict::Guarded;
        finding.reason = Reason::new("cve-mitigated", []);
        finding.evidence = vec![Check::ProxyNotShell];
    }
}

/// What lies behind an entry that is closed here is guarded by that, and stays unpatched: by a fix as well as by an
/// answer to a check, or the server with fewer fixes would look better.
fn inherit(finding: &mut CveFinding, entry: &CveFinding) {
    if finding.verdict == CveVerdict::Fixed {
        return;
    }
    let (verdict, id) = match entry.verdict {
        CveVerdict::Fixed => (CveVerdict::Guarded, "cve-behind-fixed"),
        CveVerdict::Guarded => (CveVerdict::Guarded, "cve-behind-guarded"),
        CveVerdict::Filtered => (CveVerdict::Filtered, "cve-behind-filtered"),
        CveVerdict::Unknown | CveVerdict::Vulnerable => return,
    };
    finding.verdict = verdict;
    finding.reason = Reason::new(id, [("cve", entry.id.clone())]);
    finding.evidence.clone_from(&entry.evidence);
}

fn fixed(known: Option<&Known>) -> Reason {
    let build = known.map_or_else(String::new, |known| known.build.to_string());
    let whole = known.is_some_and(|known| matches!(known.build, SeenBuild::Whole(_)));
    let id = if whole {
        "cve-fixed"
    } else {
        "cve-fixed-three-parts"
    };
    Reason::new(id, [("build", build)])
}

fn unknown(because: &Because) -> Reason {
    Reason {
        id: Cow::Borrowed(because.id()),
        args: because
            .args()
            .into_iter()
            .map(|(name, value)| (Cow::Borrowed(name), value))
            .collect(),
        text: None,
    }
}

/// What the CVEs of one front end say together.
pub(super) fn verdict(cves: &[CveFinding], known: Option<&Known>) -> (Verdict, Reason) {
    let chains = |wanted: &dyn Fn(&CveFinding) -> bool| {
        let mut chains: Vec<&str> = Vec::new();
        for finding in cves.iter().filter(|finding| wanted(finding)) {
            if !chains.contains(&finding.alias.as_str()) {
                chains.push(&finding.alias);
            }
        }
        (!chains.is_empty()).then(|| chains.join(", "))
    };
    let build = known.map_or_else(String::new, |known| known.build.to_string());
    let by_check =
        |finding: &CveFinding| finding.verdict == CveVerdict::Vulnerable && !finding.evidence.is_empty();
    if let Some(chains) = chains(&by_check) {
        return (
            Verdict::Vulnerable,
            Reason::new("host-check-succeeded", [("chains", chains)]),
        );
    }
    let of_verdict = |verdict| chains(&move |finding: &CveFinding| finding.verdict == verdict);
    if let Some(chains) = of_verdict(CveVerdict::Vulnerable) {
        let reason = Reason::new("host-open-by-build", [("chains", chains), ("build", build)]);
        return (Verdict::Vulnerable, reason);
    }
    let is_open = |finding: &CveFinding| finding.status == FixStatus::Open;
    if let Some(chains) = chains(&is_open) {
        // What is stopped before Exchange is not guarded by it.
        let mut open = cves.iter().filter(|finding| is_open(finding));
        let id = if open.any(|finding| finding.verdict == CveVerdict::Filtered) {
            "host-unpatched-filtered"
        } else {
            "host-unpatched"
        };
        let reason = Reason::new(id, [("chains", chains), ("build", build)]);
        return (Verdict::Unpatched, reason);
    }
    if let Some(chains) = of_verdict(CveVerdict::Unknown) {
        let id = if known.is_some() {
            "host-unknown"
        } else {
            "host-unknown-no-build"
        };
        return (Verdict::Unknown, Reason::new(id, [("chains", chains)]));
    }
    if let Some(chains) = of_verdict(CveVerdict::Filtered) {
        return (
            Verdict::Filtered,
            Reason::new("host-filtered", [("chains", chains)]),
        );
    }
    if let Some(chains) = of_verdict(CveVerdict::Guarded) {
        return (
            Verdict::Guarded,
            Reason::new("host-guarded", [("chains", chains)]),
        );
    }
    (Verdict::Fixed, Reason::new("host-fixed", [("build", build)]))
}
