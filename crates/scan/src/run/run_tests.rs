#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use imker_posture::Checks;
use jiff::Timestamp;

use super::*;
use crate::target::Seed;

/// A network in which hosts answer after a while; those whose last part is 255 never do.
#[derive(Clone, Default)]
struct Play(Arc<Seen>);

#[derive(Default)]
struct Seen {
    asked: Mutex<BTreeMap<String, u32>>,
    /// Hosts asked at a time: now and at most, by /24.
    at_a_time: Mutex<BTreeMap<IpNet, (usize, usize)>>,
    answered: AtomicUsize,
    looked_up: AtomicUsize,
}

impl Play {
    fn asked(&self) -> BTreeMap<String, u32> {
        self.0.asked.lock().unwrap().clone()
    }
}

fn is_silent(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(address) if address.octets()[3] == 255)
}

impl Network for Play {
    async fn addresses(&self, host: &Host) -> Result<Vec<IpAddr>, Fault> {
        match host {
            Host::Address(address) => Ok(vec![*address]),
            // As in `1.at-127-9-0-254.example.org`.
            Host::Name(name) if name.contains("at-") => {
                let address = name.split("at-").nth(1).unwrap().split('.').next().unwrap();
                Ok(vec![address.replace('-', ".").parse().unwrap()])
            }
            Host::Name(_) => {
                self.0.looked_up.fetch_add(1, Ordering::Relaxed);
                Err(FaultKind::LookupFailed.into())
            }
        }
    }

    async fn ask(&self, target: &Target, addresses: &[IpAddr], heard: &Heard) -> Observation {
        *self
            .0
            .asked
            .lock()
            .unwrap()
            .entry(target.to_string())
            .or_default() += 1;
        let of = network(addresses[0]);
        {
            let mut at_a_time = self.0.at_a_time.lock().unwrap();
            let (now, most) = at_a_time.entry(of).or_default();
            *now += 1;
            *most = (*most).max(*now);
        }
        let silent = is_silent(addresses[0]);
        sleep(Duration::from_millis(if silent { 10_000 } else { 50 })).await;
        self.0.at_a_time.lock().unwrap().get_mut(&of).unwrap().0 -= 1;
        match silent {
            true => self.unasked(target, FaultKind::ConnectTimeout.into()),
            false => {
                heard.set();
                self.unasked(target, FaultKind::Refused.into())
            }
        }
    }

    fn unasked(&self, target: &Target, fault: Fault) -> Observation {
        Observation {
            target: target.to_string(),
            started: Timestamp::UNIX_EPOCH,
            took_ms: 0,
            checks: Checks::Quick,
            visits: Vec::new(),
            tls_versions: Vec::new(),
            smtp: Vec::new(),
            fault: Some(fault),
        }
    }
}

impl Watch for Seen {
    fn done(&self, observation: &Observation) {
        if observation.fault.as_ref().unwrap().kind == FaultKind::Refused {
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn targets(networks: u8, hosts: std::ops::RangeInclusive<u8>) -> Vec<Target> {
    let mut all = Vec::new();
    for host in hosts {
        for network in 0..networks {
            all.push(Ipv4Addr::new(127, 9, network, host).to_string().parse().unwrap());
        }
    }
    all
}

fn head() -> Head {
    Head {
        imker_scan_state: Head::VERSION,
        started: Timestamp::UNIX_EPOCH,
        seed: Seed(1),
        targets: 10_000,
        fingerprint: "1".into(),
        checks: Checks::Quick,
        smtp: false,
    }
}

fn fast() -> Manners {
    Manners {
        rate: 0,
        ..Manners::default()
    }
}

async fn scan(
    targets: &[Target],
    play: &Play,
    manners: Manners,
    journal: &Arc<Journal>,
    stop: &watch::Sender<bool>,
) {
    let targets = (0..).zip(targets.iter().cloned()).map(Ok);
    let progress = Arc::clone(&play.0);
    run(
        targets,
        play.clone(),
        manners,
        Arc::clone(journal),
        progress,
        stop.subscribe(),
    )
    .await
    .unwrap();
}

fn names(of: &str, count: usize) -> Vec<Target> {
    (0..count)
        .map(|number| format!("{number}.at-{of}.example.org").parse().unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn names_that_lead_to_a_silent_address_do_not_hold_up_the_rest() {
    let mut all = names("127-9-0-255", 50_000);
    all.push("127.9.1.1".parse().unwrap());
    let (play, journal) = (Play::default(), Arc::new(Journal::temporary(&head()).unwrap()));
    let begin = Instant::now();
    scan(&all, &play, fast(), &journal, &watch::Sender::new(false)).await;
    assert!(begin.elapsed().as_secs() < 120, "{:?}", begin.elapsed());
    let asked = play.asked();
    assert!(asked.len() < 10 && asked.values().sum::<u32>() < 20, "{asked:?}");
    let observations: Vec<_> = journal.observations().unwrap().map(Result::unwrap).collect();
    assert_eq!(observations.len(), all.len());
    let told = observations
        .into_iter()
        .find(|one| !asked.contains_key(&one.target));
    let fault = told.unwrap().fault.unwrap();
    assert_eq!(fault.kind, FaultKind::ConnectTimeout);
    assert!(
        fault
            .detail
            .unwrap()
            .ends_with(".at-127-9-0-255.example.org at the same address")
    );
}

#[tokio::test(start_paused = true)]
async fn names_of_one_address_do_not_hold_up_its_network() {
    let mut all = names("127-9-0-254", 100);
    all.push("127.9.0.1".parse().unwrap());
    let (play, journal) = (Play::default(), Arc::new(Journal::temporary(&head()).unwrap()));
    scan(&all, &play, fast(), &journal, &watch::Sender::new(false)).await;
    let mut order = journal.observations().unwrap().map(|one| one.unwrap().target);
    let place = order.position(|target| target == "127.9.0.1").unwrap();
    assert!(place <= 2, "{place}");
}

fn kept(journal: &Journal) -> Vec<String> {
    let observations = journal.observations().unwrap();
    let mut kept: Vec<String> = observations.map(|one| one.unwrap().target).collect();
    kept.sort_unstable();
    kept
}

fn sorted(targets: &[Target]) -> Vec<String> {
    let mut sorted: Vec<String> = targets.iter().map(Target::to_string).collect();
    sorted.sort_unstable();
    sorted
}

#[tokio::test(start_paused = true)]
async fn asks_each_once_and_few_of_a_network_at_a_time() {
    let (play, journal) = (Play::default(), Arc::new(Journal::temporary(&head()).unwrap()));
    let targets = targets(3, 1..=200);
    scan(&targets, &play, fast(), &journal, &watch::Sender::new(false)).await;
    assert_eq!(kept(&journal), sorted(&targets));
    assert!(play.asked().values().all(|times| *times == 1));
    let at_a_time = play.0.at_a_time.lock().unwrap();
    assert!(at_a_time.values().all(|(_, most)| *most == 16), "{at_a_time:?}");
}

#[tokio::test(start_paused = true)]
async fn goes_no_faster_than_the_rate() {
    let (play, journal) = (Play::default(), Arc::new(Journal::temporary(&head()).unwrap()));
    let begin = Instant::now();
    let manners = Manners {
        rate: 20,
        ..Manners::default()
    };
    scan(
        &targets(2, 1..=100),
        &play,
        manners,
        &journal,
        &watch::Sender::new(false),
    )
    .await;
    assert!((9..=10).contains(&begin.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn asks_the_silent_again_and_does_not_wait_for_them() {
    let (play, journal) = (Play::default(), Arc::new(Journal::temporary(&head()).unwrap()));
    let (silent, rest) = (targets(200, 255..=255), targets(20, 1..=100));
    let all: Vec<Target> = silent.iter().chain(&rest).cloned().collect();
    let scanning = {
        let (all, play, journal) = (all.clone(), play.clone(), Arc::clone(&journal));
        tokio::spawn(async move {
            let manners = Manners {
                concurrency: 100,
                ..fast()
            };
            scan(&all, &play, manners, &journal, &watch::Sender::new(false)).await;
        })
    };
    sleep(Duration::from_secs(5)).await;
    assert_eq!(play.0.answered.load(Ordering::Relaxed), rest.len());
    scanning.await.unwrap();
    assert_eq!(kept(&journal), sorted(&all));
    for (target, times) in play.asked() {
        assert_eq!(times, if target.ends_with(".255") { 2 } else { 1 }, "{target}");
    }
}

#[tokio::test(start_paused = true)]
async fn names_without_addresses_are_kept_too() {
    let (play, journal) = (Play::default(), Arc::new(Journal::temporary(&head()).unwrap()));
    let targets = ["mail.example.org".parse().unwrap()];
    scan(&targets, &play, fast(), &journal, &watch::Sender::new(false)).await;
    assert_eq!(kept(&journal), ["mail.example.org"]);
    assert!(play.asked().is_empty());
    assert_eq!(
        play.0.looked_up.load(Ordering::Relaxed),
        2,
        "once more after a pause"
    );
}

/// Who is silent is not asked once more after a stop, and what is known of it is kept.
#[tokio::test(start_paused = true)]
async fn a_stop_ends_pauses_and_waiting() {
    let (play, journal) = (Play::default(), Arc::new(Journal::temporary(&head()).unwrap()));
    let targets = targets(100, 255..=255);
    let stop = Arc::new(watch::Sender::new(false));
    let later = Arc::clone(&stop);
    tokio::spawn(async move {
        sleep(Duration::from_millis(10_500)).await;
        later.send_replace(true);
    });
    let begin = Instant::now();
    scan(&targets, &play, fast(), &journal, &stop).await;
    assert!(begin.elapsed() < Duration::from_secs(12), "{:?}", begin.elapsed());
    assert_eq!(kept(&journal), sorted(&targets));
    assert!(play.asked().values().all(|times| *times == 1));
}

#[tokio::test(start_paused = true)]
async fn stops_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let targets = targets(4, 1..=250);
    let first = Play::default();
    {
        let journal = Arc::new(Journal::open(&path, &head()).unwrap());
        let stop = Arc::new(watch::Sender::new(false));
        let later = {
            let stop = Arc::clone(&stop);
            tokio::spawn(async move {
                sleep(Duration::from_millis(275)).await;
                stop.send_replace(true);
            })
        };
        scan(&targets, &first, fast(), &journal, &stop).await;
        later.await.unwrap();
        assert_eq!(
            kept(&journal).len(),
            first.asked().len(),
            "what was under way ends"
        );
    }
    assert!(
        (100..900).contains(&first.asked().len()),
        "{}",
        first.asked().len()
    );
    let journal = Arc::new(Journal::open(&path, &head()).unwrap());
    let second = Play::default();
    scan(&targets, &second, fast(), &journal, &watch::Sender::new(false)).await;
    assert_eq!(kept(&journal), sorted(&targets));
    let again: BTreeSet<String> = first.asked().into_keys().collect();
    assert!(second.asked().keys().all(|target| !again.contains(target)));
}

#[tokio::test(start_paused = true)]
async fn what_was_interrupted_is_asked_again_or_left() {
    for (interrupted, times) in [(Interrupted::Again, 1), (Interrupted::Leave, 0)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        Journal::open(&path, &head()).unwrap().begin(1).unwrap();
        let journal = Arc::new(Journal::open(&path, &head()).unwrap());
        let (play, targets) = (Play::default(), targets(1, 1..=3));
        let manners = Manners {
            interrupted,
            ..fast()
        };
        scan(&targets, &play, manners, &journal, &watch::Sender::new(false)).await;
        assert_eq!(kept(&journal), sorted(&targets));
        assert_eq!(play.asked().get("127.9.0.2").copied().unwrap_or_default(), times);
    }
}
