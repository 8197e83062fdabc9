//! Every published build that our own Exchange can be, asked and judged: what is said of a build is what the tables say
//! of it, or nothing where such a server does not tell its build.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use imker_exchange::{Fix, Release, build_name, cves, fix, open_chains, releases};
use imker_honeypot::config::Config;
use imker_honeypot::persona::certificate::load_or_create;
use imker_honeypot::play::Played;
use imker_posture::{
    Assessment, Checks, CveFinding, CveVerdict, FixStatus, FrontEnd, Place, SeenBuild, Vantage, Verdict,
    assess,
};
use imker_scan::ask::{Asker, Destination, Limits, Plan};
use imker_sigma::RuleSetBuilder;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Targets that are asked at the same time.
const AT_ONCE: usize = 8;

/// Builds that there can be personas of, each with the newest Windows that it runs on.
fn playable() -> Vec<(&'static Release, &'static str)> {
    let rows: Vec<Vec<&str>> = include_str!("../../../../data/exchange_on_windows.csv")
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let windows = |release: &Release| {
        let runs = |row: &&Vec<&str>| row[0] == release.product && release.build >= row[2].parse().unwrap();
        rows.iter().rfind(runs).map(|row| row[1])
    };
    releases()
        .filter_map(|release| Some((release, windows(release)?)))
        .collect()
}

fn ip(index: usize) -> IpAddr {
    Ipv4Addr::from_bits(Ipv4Addr::new(127, 0, 8, 1).to_bits() + index as u32).into()
}

/// A certificate that all hosts share: to make one for each takes longer than to ask them.
fn shared_certificate(folder: &Path, one_host: &Config) {
    let made = load_or_create(&one_host.hosts[0].persona, folder).unwrap();
    std::fs::write(folder.join("cert.pem"), made.1.to_pem().unwrap()).unwrap();
    std::fs::write(folder.join("key.pem"), made.0.private_key_to_pem_pkcs8().unwrap()).unwrap();
}

/// One host for each build.
fn config(folder: &Path, https: u16, builds: &[(&Release, &str)]) -> Config {
    let mut text = "sensor = \"test\"\ndata = \"data\"\n[spool]\nmin_free = 0\n\
         [[domain]]\ndns_domain = \"corp.example.org\"\n\
         netbios_domain = \"EXAMPLE\"\norganisation = \"Example\"\nmail_domain = \"example.org\"\n\
         external_name = \"mail.example.org\"\nlanguage = \"en-US\"\ntime_zone = \"UTC\"\nusers = 5\n\
         seed = \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"\n"
        .to_owned();
    for (index, (release, windows)) in builds.iter().enumerate() {
        let (build, product) = (release.build, &release.product);
        let persona = format!(
            "product = \"{product}\"\nbuild = \"{build}\"\nwindows = \"{windows}\"\nlanguage = \"en-US\"\n\
             time_zone = \"UTC\"\nhost_names = [\"EX01\"]\n"
        );
        std::fs::write(folder.join(format!("{build}.toml")), persona).unwrap();
        let address = ip(index);
        write!(
            text,
            "\n[[host]]\nname = \"EX{index:03}\"\npersona = \"{build}.toml\"\naddresses = [\"{address}\"]\n\
             https = [{https}]\nhttp = []\ncertificate = {{ pem = \"cert.pem\", key = \"key.pem\" }}\n"
        )
        .unwrap();
    }
    Config::parse(&text, &folder.join("honeypot.toml")).unwrap()
}

/// What is said of every build, in the order of the builds.
async fn judged(checks: Checks, https: u16, builds: usize) -> Vec<Assessment> {
    let plan = Plan {
        limits: Limits {
            fresh: 1,
            ..Limits::for_checks(checks)
        },
        ..Plan::new(checks)
    };
    let asker = Arc::new(Asker::new(plan).unwrap());
    let (mut asking, mut all) = (JoinSet::new(), BTreeMap::new());
    for index in 0..builds {
        if asking.len() == AT_ONCE {
            let (index, assessment) = asking.join_next().await.unwrap().unwrap();
            all.insert(index, assessment);
        }
        let asker = Arc::clone(&asker);
        asking.spawn(async move {
            let destination = Destination {
                target: "mail.example.org".into(),
                scheme: None,
                name: Some("mail.example.org".into()),
                addresses: vec![ip(index)],
                port: Some(https),
            };
            let seen = asker.ask(&destination).await;
            assert_eq!(seen.fault, None, "{seen:#?}");
            (index, assess(&seen, Vantage::Internet))
        });
    }
    while let Some(asked) = asking.join_next().await {
        let (index, assessment) = asked.unwrap();
        all.insert(index, assessment);
    }
    all.into_values().collect()
}

/// What the tables say of a build.
fn truth(release: &Release, cve: &str) -> FixStatus {
    match fix(release.build, cve) {
        Fix::Fixed => FixStatus::Fixed,
        Fix::Open => FixStatus::Open,
        Fix::Unknown(_) => FixStatus::Unknown,
    }
}

/// Whether builds that look the same, their first three parts being all that is told, differ in a fix.
fn differs_within_cumulative_update(of: &Release, cve: &str) -> bool {
    let parts = |release: &Release| SeenBuild::Whole(release.build).three_parts();
    let same = releases().filter(|other| parts(other) == parts(of));
    let mut statuses: Vec<FixStatus> = same.map(|other| truth(other, cve)).collect();
    statuses.sort_unstable();
    statuses.dedup();
    statuses.len() > 1
}

/// Whether a server told its whole build. The export tool's manifest may be older than the build.
fn is_whole(front_end: &FrontEnd) -> bool {
    let mut whole = front_end
        .disclosures
        .iter()
        .filter(|found| matches!(found.build, SeenBuild::Whole(_)));
    whole.any(|found| found.place != Place::ExportTool)
}

/// Holds what is said of one CVE to the tables.
fn hold(release: &Release, checks: Checks, whole: bool, finding: &CveFinding, all: &[CveFinding]) {
    let what = format!("{release}, {checks:?}: {finding:#?}");
    let truth = truth(release, &finding.id);
    // By build alone.
    match finding.status {
        FixStatus::Unknown if whole => assert_eq!(truth, FixStatus::Unknown, "{what}"),
        FixStatus::Unknown => assert!(
            truth == FixStatus::Unknown || differs_within_cumulative_update(release, &finding.id),
            "{what}"
        ),
        told => assert_eq!(told, truth, "{what}"),
    }
    let asked = match &*finding.id {
        "CVE-2021-34473" => true,
        "CVE-2021-26855" => checks == Checks::Full,
        _ => false,
    };
    // With the checks.
    match finding.verdict {
        CveVerdict::Fixed => assert_eq!(truth, FixStatus::Fixed, "{what}"),
        CveVerdict::Vulnerable => assert_eq!(truth, FixStatus::Open, "{what}"),
        CveVerdict::Filtered => panic!("nothing stands before this server: {what}"),
        // By its own check, which succeeds exactly where it is open; or it lies behind such a one.
        CveVerdict::Guarded if asked => assert_ne!(truth, FixStatus::Open, "{what}"),
        CveVerdict::Guarded => {
            let entry = all
                .iter()
                .find(|other| finding.reason.args.get("cve") == Some(&other.id));
            let entry = entry.unwrap_or_else(|| panic!("{what}"));
            assert!(
                matches!(entry.verdict, CveVerdict::Fixed | CveVerdict::Guarded),
                "{what}"
            );
        }
        CveVerdict::Unknown => {
            assert_eq!(finding.status, FixStatus::Unknown, "{what}");
            assert!(finding.reason.id.starts_with("because-"), "{what}");
        }
    }
    if asked && truth == FixStatus::Open {
        assert_eq!(finding.verdict, CveVerdict::Vulnerable, "{what}");
        assert!(!finding.evidence.is_empty(), "the check decides: {what}");
    }
}

/// Holds CVEs beside the known chains to the tables.
fn hold_further(release: &Release, whole: bool, front_end: &FrontEnd) {
    for cve in cves().filter(|cve| cve.chain.is_none()) {
        let listed = |list: &[String]| list.iter().any(|id| id == cve.id);
        let told = match (
            listed(&front_end.further_open),
            listed(&front_end.further_unknown),
        ) {
            (true, false) => FixStatus::Open,
            (false, true) => FixStatus::Unknown,
            (false, false) => FixStatus::Fixed,
            (true, true) => panic!("{release}: {} is told twice", cve.id),
        };
        let truth = truth(release, cve.id);
        let untold =
            told == FixStatus::Unknown && !whole && differs_within_cumulative_update(release, cve.id);
        assert!(
            told == truth || untold,
            "{release}, {}: {told:?}, not {truth:?}",
            cve.id
        );
    }
}

/// Holds what is said of a build to the tables; returns whether the build was told whole.
fn hold_build(release: &Release, checks: Checks, assessment: &Assessment) -> bool {
    let what = format!("{release}, {checks:?}: {assessment:#?}");
    let [front_end] = &*assessment.front_ends else {
        panic!("{what}");
    };
    let whole = is_whole(front_end);
    let build = front_end.build.unwrap_or_else(|| panic!("{what}"));
    assert!(build.agrees_with(SeenBuild::Whole(release.build)), "{what}");
    assert_eq!(front_end.product.as_deref(), Some(&*release.product), "{what}");
    if matches!(build, SeenBuild::Whole(_)) {
        assert_eq!(front_end.release, build_name(release.build), "{what}");
    }
    for finding in &front_end.cves {
        hold(release, checks, whole, finding, &front_end.cves);
    }
    hold_further(release, whole, front_end);
    let open = !open_chains(release.build).is_empty();
    match assessment.verdict {
        Verdict::Vulnerable | Verdict::Unpatched => assert!(open, "{what}"),
        Verdict::Fixed | Verdict::Guarded => assert!(!open, "{what}"),
        Verdict::Unknown => assert!(
            front_end
                .cves
                .iter()
                .any(|cve| cve.verdict == CveVerdict::Unknown),
            "{what}"
        ),
        _ => panic!("{what}"),
    }
    whole
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_build_is_judged_as_the_tables_say() {
    let (folder, https) = (tempfile::tempdir().unwrap(), crate::exchange::free_port());
    let builds = playable();
    let first = config(folder.path(), https, &builds[..1]);
    shared_certificate(folder.path(), &first);
    let config = config(folder.path(), https, &builds);
    let rules = RuleSetBuilder::new().build().unwrap();
    let played = Played::begin(&config, rules).await.unwrap();
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(played.serve(stopped));

    let mut told = String::new();
    for checks in [Checks::Quick, Checks::Full] {
        let judged = judged(checks, https, builds.len()).await;
        for verdict in [Verdict::Vulnerable, Verdict::Fixed] {
            let count = judged.iter().filter(|one| one.verdict == verdict).count();
            assert!(count > 20, "{checks:?} {verdict:?} {count}");
        }
        for ((release, _), assessment) in builds.iter().zip(&judged) {
            let whole = hold_build(release, checks, assessment);
            let untold = matches!(assessment.verdict, Verdict::Unknown | Verdict::Guarded);
            if !whole || untold {
                let (verdict, reason) = (assessment.verdict.name(), &assessment.reason);
                let how = if whole { "whole" } else { "in part" };
                writeln!(told, "{checks:?} {} {how} {verdict} {}", release.build, reason.id).unwrap();
            }
        }
    }
    // Those between the fix for ProxyShell, whose check gives away the build, and July 2021, from when headers do.
    insta::assert_snapshot!(told);
}

/// What no persona can be: Exchange 2010, and previews.
#[test]
fn all_but_2010_and_previews_can_be_played() {
    let playable: Vec<_> = playable().iter().map(|(release, _)| release.build).collect();
    for other in releases().filter(|release| !playable.contains(&release.build)) {
        let is_preview = other.cumulative_update == "Preview";
        assert!(other.product == "Exchange 2010" || is_preview, "{other}");
    }
    assert!(playable.len() > 200, "{}", playable.len());
}
