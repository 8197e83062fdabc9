//! Asking many targets: how many at a time, how fast, in which order, and what is kept of it.

use std::collections::BTreeSet;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use imker_posture::{Fault, FaultKind, Observation};
use ipnet::IpNet;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout_at};

use crate::ask::Heard;
use crate::target::{Host, Target};

mod gates;
mod internet;
mod journal;
mod rate;
mod slots;

pub use internet::Internet;
pub use journal::{Head, Journal, JournalError};

use gates::{Gates, Pass, network};
use rate::Rate;
use slots::Slots;

/// Targets that wait at the gate of a network or a host, or for their name's addresses.
const WAITING: usize = 8_192;
/// Hosts that are waited for, for each that may be asked at a time.
const PATIENT: usize = 16;
/// Hosts that are waited for in all: one that does not go on with TLS holds some 30 KiB.
const MOST_PATIENT: usize = 5_500;
/// File descriptors for everything but connections: files, and two sockets for each of 256 lookups at a time.
const RESERVED: u64 = 128 + 2 * 256;
/// How long a scan that is to stop waits for the answers that are under way.
const GRACE: Duration = Duration::from_secs(10);
/// How often a target is asked again for which this machine had no room.
const NO_ROOM: u32 = 4;
/// The pause before a target is asked again; it doubles each time.
const BACK_OFF: Duration = Duration::from_secs(2);

/// How politely targets are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
    /// Targets begun a second; 0 for no limit.
    pub rate: u32,
    /// Targets asked at a time; those that keep one waiting for long do not count.
    pub concurrency: usize,
    /// Targets asked at a time in one network (/24, or /48 of IPv6).
    pub per_network: usize,
    /// Targets asked at a time at one address.
    pub per_host: usize,
    /// How often a target that did not answer is asked again.
    pub retries: u32,
    /// What becomes of targets that an earlier run asked without keeping the answer.
    pub interrupted: Interrupted,
}

/// What becomes of targets that an earlier run asked without keeping the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupted {
    /// They are asked again.
    Again,
    /// They are not, and the result says so.
    Leave,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            rate: 500,
            concurrency: 500,
            per_network: 16,
            per_host: 1,
            retries: 1,
            interrupted: Interrupted::Again,
        }
    }
}

/// What a scan needs of the network.
pub trait Network: Send + Sync + 'static {
    /// The addresses of a host that may be asked.
    fn addresses(&self, host: &Host) -> impl Future<Output = Result<Vec<IpAddr>, Fault>> + Send;

    /// Asks a target at addresses of its host, and sets `heard` once it has answered anything.
    fn ask(
        &self,
        target: &Target,
        addresses: &[IpAddr],
        heard: &Heard,
    ) -> impl Future<Output = Observation> + Send;

    /// What is kept of a target that could not be asked.
    fn unasked(&self, target: &Target, fault: Fault) -> Observation;
}

/// What is told while a scan goes on.
pub trait Watch: Send + Sync + 'static {
    /// A target was answered, or could not be asked.
    fn done(&self, observation: &Observation);
}

/// Why a scan ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The list of targets could not be read back.
    #[error("cannot read the list of targets back from the temporary folder: {0}")]
    Targets(#[from] io::Error),
    /// What was answered could not be kept.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Asks every target that the journal does not know as answered, until all are or `stop` becomes true, and then what is
/// under way for ten seconds more. Targets come with their places in the order. Returns whether all were asked.
///
/// # Errors
/// If targets cannot be read or answers not be kept; what was kept until then stays.
pub async fn run<N: Network>(
    targets: impl Iterator<Item = io::Result<(u64, Target)>>,
    network: N,
    manners: Manners,
    journal: Arc<Journal>,
    progress: Arc<impl Watch>,
    mut stop: watch::Receiver<bool>,
) -> Result<bool, RunError> {
    let run = Arc::new(Run::new(network, manners, journal, progress, stop.clone()));
    let admitted = Arc::new(Semaphore::new(run.most()));
    let mut tasks = JoinSet::new();
    let mut complete = true;
    for target in targets {
        let (place, target) = target?;
        if run.journal.is_done(place) {
            continue;
        }
        // Looking a name up counts as the target's beginning.
        let turn = async {
            let permit = Arc::clone(&admitted).acquire_owned().await.ok();
            run.rate.wait().await;
            permit
        };
        let Some(permit) = unless_stopped(&mut stop, turn).await else {
            complete = false;
            break;
        };
        let run = Arc::clone(&run);
        tasks.spawn(async move {
            let _permit = permit;
            run.one(place, &target).await
        });
        while let Some(ended) = tasks.try_join_next() {
            complete &= whole(ended)?;
        }
    }
    loop {
        match unless_stopped(&mut stop, tasks.join_next()).await {
            Some(Some(ended)) => complete &= whole(ended)?,
            Some(None) => return Ok(complete),
            None => break,
        }
    }
    let deadline = Instant::now() + GRACE;
    while let Ok(ended) = timeout_at(deadline, tasks.join_next()).await {
        match ended {
            Some(ended) => complete &= whole(ended)?,
            None => return Ok(complete),
        }
    }
    tasks.shutdown().await;
    Ok(false)
}

/// What comes of `work`, unless the scan is to stop before.
async fn unless_stopped<T>(stop: &mut watch::Receiver<bool>, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = stopped(stop) => None,
        done = work => Some(done),
    }
}

/// Waits until the scan is to stop; for ever where nobody can say so any more.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn whole(ended: Result<Result<bool, JournalError>, JoinError>) -> Result<bool, JournalError> {
    match ended {
        Ok(ended) => ended,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

struct Run<N, W> {
    network: N,
    manners: Manners,
    rate: Rate,
    slots: Slots,
    patient: usize,
    networks: Gates<IpNet>,
    hosts: Gates<IpAddr>,
    journal: Arc<Journal>,
    progress: Arc<W>,
    stop: watch::Receiver<bool>,
}

impl<N: Network, W: Watch> Run<N, W> {
    fn new(
        network: N,
        manners: Manners,
        journal: Arc<Journal>,
        progress: Arc<W>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        // Where the limit cannot be raised, connections fail as `no_room` and are tried again.
        let descriptors = rlimit::increase_nofile_limit(65_536).unwrap_or(1024);
        let connections = usize::try_from(descriptors.saturating_sub(RESERVED)).unwrap_or(usize::MAX);
        let concurrency = manners.concurrency.min(connections).max(1);
        let patient = connections
            .saturating_sub(concurrency)
            .min(MOST_PATIENT)
            .min(concurrency.saturating_mul(PATIENT));
        Self {
            network,
            manners,
            rate: Rate::new(manners.rate),
            slots: Slots::new(concurrency, patient),
            patient,
            networks: Gates::new(manners.per_network.max(1)),
            hosts: Gates::new(manners.per_host.max(1)),
            journal,
            progress,
            stop,
        }
    }

    /// Targets that are under way at a time, those that wait for something included.
    fn most(&self) -> usize {
        self.manners.concurrency + self.patient + WAITING
    }

    /// Asks a target and keeps what it answered; `false` where the scan is to stop and there is nothing to keep.
    async fn one(&self, place: u64, target: &Target) -> Result<bool, JournalError> {
        let observation = match self.is_left(place) {
            true => Some(self.network.unasked(target, FaultKind::Interrupted.into())),
            false => self.observed(place, target).await?,
        };
        let Some(observation) = observation else {
            return Ok(false);
        };
        self.progress.done(&observation);
        self.journal.finish(place, observation)?;
        Ok(true)
    }

    fn is_left(&self, place: u64) -> bool {
        self.manners.interrupted == Interrupted::Leave && self.journal.was_interrupted(place)
    }

    async fn observed(&self, place: u64, target: &Target) -> Result<Option<Observation>, JournalError> {
        let mut stop = self.stop.clone();
        let mut attempt = 0;
        loop {
            let fault = match unless_stopped(&mut stop, self.network.addresses(&target.host)).await {
                None => return Ok(None),
                Some(Ok(addresses)) if addresses.is_empty() => FaultKind::NoAddress.into(),
                Some(Ok(addresses)) => return self.asked(place, target, &addresses).await,
                Some(Err(fault)) => fault,
            };
            if fault.kind != FaultKind::LookupFailed || attempt == self.manners.retries {
                return Ok(Some(self.network.unasked(target, fault)));
            }
            if unless_stopped(&mut stop, self.back_off(attempt)).await.is_none() {
                return Ok(None);
            }
            attempt += 1;
        }
    }

    /// What the target answered; `None` where the scan is to stop and nothing was asked yet.
    async fn asked(
        &self,
        place: u64,
        target: &Target,
        addresses: &[IpAddr],
    ) -> Result<Option<Observation>, JournalError> {
        let mut stop = self.stop.clone();
        let Some(passes) = unless_stopped(&mut stop, self.passes(addresses)).await else {
            return Ok(None);
        };
        // A hundred thousand names may lead to one address that is silent.
        let only = (addresses.len() == 1).then(|| passes.first()).flatten();
        if let Some(notice) = only.and_then(|pass| pass.notice(target.port)) {
            return Ok(Some(self.network.unasked(target, notice.clone())));
        }
        let mut last = None;
        for attempt in 0.. {
            let heard = Heard::default();
            let work = async {
                if *self.stop.borrow() {
                    return Ok(None);
                }
                if attempt == 0 {
                    self.journal.begin(place)?;
                }
                Ok(Some(self.network.ask(target, addresses, &heard).await))
            };
            let Some(observation) = self.slots.run(&heard, || Box::pin(work)).await? else {
                break;
            };
            let enough = attempt >= self.retries_of(&observation);
            let observation = last.insert(observation);
            if enough {
                if let (Some(pass), Some(notice)) = (only, silence(target, observation)) {
                    pass.put_up(target.port, notice);
                }
                break;
            }
            if unless_stopped(&mut stop, self.back_off(attempt)).await.is_none() {
                break;
            }
        }
        Ok(last)
    }

    /// Passes the gates of a target's addresses and networks: in one order, or two targets might wait for each other; and
    /// addresses first, or those who wait for one would keep a network's others waiting.
    async fn passes(&self, addresses: &[IpAddr]) -> Vec<Pass> {
        let networks: BTreeSet<IpNet> = addresses.iter().copied().map(network).collect();
        let addresses: BTreeSet<IpAddr> = addresses.iter().copied().collect();
        let mut passes = Vec::with_capacity(networks.len() + addresses.len());
        for address in addresses {
            passes.push(self.hosts.pass(address).await);
        }
        for network in networks {
            passes.push(self.networks.pass(network).await);
        }
        passes
    }

    async fn back_off(&self, attempt: u32) {
        sleep(BACK_OFF * 2_u32.saturating_pow(attempt.min(6))).await;
        self.rate.wait().await;
    }

    /// How often a target is asked again after this; more often where it was this machine that had no room.
    fn retries_of(&self, observation: &Observation) -> u32 {
        match is_worth_a_retry(observation) {
            false => 0,
            true if observation
                .fault
                .as_ref()
                .is_some_and(|fault| fault.kind == FaultKind::NoRoom) =>
            {
                self.manners.retries.max(NO_ROOM)
            }
            true => self.manners.retries,
        }
    }
}

/// What a target that took no connection says of others at the same address.
fn silence(target: &Target, observation: &Observation) -> Option<Fault> {
    let fault = observation.fault.as_ref()?;
    let is_silent = fault.kind == FaultKind::ConnectTimeout && observation.visits.is_empty();
    is_silent.then(|| Fault {
        kind: FaultKind::ConnectTimeout,
        detail: Some(format!("as {target} at the same address")),
    })
}

fn is_answered(observation: &Observation) -> bool {
    let mut answers = observation.visits.iter().flat_map(|visit| &visit.answers);
    answers.any(|answer| answer.response.is_some())
}

/// Whether nothing was answered, for a reason that may pass.
fn is_worth_a_retry(observation: &Observation) -> bool {
    let passing = |fault: &Fault| {
        matches!(
            fault.kind,
            FaultKind::ConnectTimeout
                | FaultKind::TlsTimeout
                | FaultKind::Timeout
                | FaultKind::Reset
                | FaultKind::Closed
                | FaultKind::Unreachable
                | FaultKind::NoRoom
        )
    };
    let faults = observation
        .visits
        .iter()
        .flat_map(|visit| &visit.answers)
        .filter_map(|answer| answer.fault.as_ref());
    !is_answered(observation) && observation.fault.iter().chain(faults).any(passing)
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
