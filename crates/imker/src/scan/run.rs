//! Asking, from what is meant to the result.

use std::sync::Arc;
use std::time::Instant;

use imker_posture::{Checks, Vantage};
use imker_report::scan::{NotAsked, ScanEnd, ScanHead, WhyNot};
use imker_scan::ask::{Asker, Limits, Plan, SmtpPorts};
use imker_scan::discover::Resolver;
use imker_scan::run::{self, Head, Internet, Journal};
use imker_scan::target::{Gathering, Reach, Reaches, Seed, Source, Summary, Targets};
use jiff::Timestamp;
use miette::{IntoDiagnostic, Result, miette};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::discover::{Discovered, discover};
use super::dry_run;
use super::options::Scan;
use super::progress::Bar;
use super::write::{Kept, Outputs};
use crate::exit::Exit;
use crate::output;

/// Carries out a scan.
pub fn run(scan: &Scan) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.into_diagnostic()?;
    let resolver = match scan.resolver {
        Some(server) => Resolver::at(&[server]),
        None => Resolver::system(),
    };
    let discovered = discover(scan, &runtime, &resolver)?;
    let earlier = scan.resume.as_deref().map(Journal::seed).transpose();
    let seed = earlier.into_diagnostic()?.flatten().unwrap_or_else(Seed::random);
    let targets = gather(scan, &discovered, seed)?;
    let summary = targets.summary().clone();
    tell(&summary);
    let asker = Asker::new(plan(scan, summary.asked)).into_diagnostic()?;
    if scan.dry_run {
        dry_run::tell(&asker, targets, scan.output.path.as_deref())?;
        let nobody = summary.asked == 0 && discovered.online.is_empty();
        return Ok(if summary.bad > 0 || discovered.failed || nobody {
            Exit::Failed
        } else {
            Exit::Clean
        });
    }
    // A folder that cannot be written to should not cost a day of asking.
    let outputs = Outputs::new(&scan.output)?;
    let head = Head {
        imker_scan_state: Head::VERSION,
        started: Timestamp::now(),
        seed,
        targets: summary.targets,
        fingerprint: format!("{:032x}", targets.fingerprint()),
        checks: asker.plan().checks,
        smtp: scan.smtp,
    };
    let journal = match &scan.resume {
        Some(path) => Journal::open(path, &head),
        None => Journal::temporary(&head),
    };
    let journal = Arc::new(journal.into_diagnostic()?);
    let began = Instant::now();
    let network = Internet {
        asker,
        resolver,
        exclusions: scan.exclusions.clone(),
        reaches: scan.reaches,
        reaches_of_names: match scan.vantage {
            Vantage::Internal => scan.reaches.without(Reach::LinkLocal),
            // A name that leads into this network shows nothing of what the internet sees.
            Vantage::Internet => scan.reaches.and(Reaches::PUBLIC),
        },
    };
    // What was answered until something failed is worth being told.
    let asked = ask(scan, &runtime, targets, network, &journal, summary.asked);
    let complete = matches!(asked, Ok(true));
    let kept = Kept {
        journal: &journal,
        online: &discovered.online,
        vantage: scan.vantage,
    };
    let scan_head = ScanHead {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        created: journal.started(),
        authorised: scan.authorised.clone(),
        contact: scan.contact.clone(),
        vantage: scan.vantage,
        checks: head.checks,
    };
    let is_single = summary.asked + discovered.online.len() as u64 == 1;
    let mut not_asked = not_asked(&summary, &discovered);
    let not_asked_in_all =
        summary.excluded + summary.left_out.values().sum::<u64>() + discovered.foreign.len() as u64;
    let end = outputs.write(&scan_head, is_single, &kept, |counted, kept_from| {
        not_asked.extend(kept_from.shown);
        ScanEnd {
            complete,
            finished: Timestamp::now(),
            took_ms: began.elapsed().as_millis().try_into().unwrap_or(u64::MAX),
            summary: counted,
            not_asked_more: not_asked_in_all + kept_from.count - not_asked.len() as u64,
            not_asked,
        }
    })?;
    if let Err(error) = &asked {
        output::error(error);
    }
    if let (Some(path), false) = (&scan.resume, complete) {
        output::note(&format!(
            "not all are asked yet: repeat the command to go on from {}\n",
            path.display()
        ));
    }
    let verdicts = &end.summary.verdicts;
    // Where nothing was asked, nothing is known to be in order.
    let nothing = end.summary.hosts == 0;
    Ok(if verdicts.open() > 0 {
        Exit::Found
    } else if verdicts.untold() > 0 || summary.bad > 0 || !complete || discovered.failed || nothing {
        Exit::Failed
    } else {
        Exit::Clean
    })
}

/// Asks all targets that the journal lacks, until they are or somebody interrupts.
fn ask(
    scan: &Scan,
    runtime: &Runtime,
    targets: Targets,
    network: Internet,
    journal: &Arc<Journal>,
    count: u64,
) -> Result<bool> {
    if journal.done() > 0 {
        let answered = output::counted(journal.done(), "was", "were");
        output::note(&format!("of {count} targets, {answered} answered before\n"));
    }
    let bar = Arc::new(Bar::new(scan.output.quiet, count, journal.done()));
    let stop = watch::Sender::new(false);
    let asking = run::run(
        targets,
        network,
        scan.manners,
        Arc::clone(journal),
        Arc::clone(&bar),
        stop.subscribe(),
    );
    let asked = runtime.block_on(async {
        tokio::pin!(asking);
        tokio::select! {
            asked = &mut asking => return asked,
            () = interrupted() => {}
        }
        stop.send_replace(true);
        bar.println(
            "stopping: waiting up to ten seconds for what is under way; interrupt again to end at once",
        );
        tokio::select! {
            asked = &mut asking => asked,
            () = interrupted() => Ok(false),
        }
    });
    bar.finish();
    asked.map_err(|error| {
        miette!(
            help = "make room, or name another folder (TMPDIR; --resume in it): what a state file holds is not asked again",
            "{error}"
        )
    })
}

/// Waits for an interruption from the keyboard or by the system.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

fn gather(scan: &Scan, discovered: &Discovered, seed: Seed) -> Result<Targets> {
    let gathering = Gathering {
        exclusions: &scan.exclusions,
        reaches: scan.reaches,
        authorised: scan.authorised.is_some(),
        seed,
    };
    let named = scan.entries.iter().map(Source::from);
    let found = discovered
        .targets
        .iter()
        .map(|target| Source::Argument(target.to_string()));
    gathering.gather(named.chain(found)).into_diagnostic()
}

/// Who was named or found, and is not asked.
fn not_asked(summary: &Summary, discovered: &Discovered) -> Vec<NotAsked> {
    let left_out = summary.left_out_shown.iter().map(|left_out| NotAsked {
        target: left_out.target.to_string(),
        why: match left_out.reach {
            Some(_) => WhyNot::SpecialRange,
            None => WhyNot::Excluded,
        },
    });
    let foreign = discovered.foreign.iter().map(|target| NotAsked {
        target: target.to_string(),
        why: WhyNot::ForeignHost,
    });
    left_out.chain(foreign).collect()
}

/// Says what became of all that was named, where that is not simply asked.
fn tell(summary: &Summary) {
    let mut text = String::new();
    for bad in &summary.shown {
        text += &format!("not a target: {bad}\n");
    }
    let more = summary.bad - summary.shown.len() as u64;
    if more > 0 {
        let lines = output::counted(more, "more line", "more lines");
        text += &format!("not targets: {lines}\n");
    }
    let twice = "named more than once, asked once";
    for (count, one, others) in [
        (summary.duplicates, twice, twice),
        (
            summary.excluded,
            "left out, for --exclude names it",
            "left out, for --exclude names them",
        ),
        (
            summary.down,
            "host of nmap's result is not up",
            "hosts of nmap's result are not up",
        ),
        (
            summary.without_web,
            "host of nmap's result has no open web port",
            "hosts of nmap's result have no open web port",
        ),
    ] {
        if count > 0 {
            text += &format!("{}\n", output::counted(count, one, others));
        }
    }
    for (reach, count) in &summary.left_out {
        let one = format!("left out, for its address is {reach}");
        let others = format!("left out, for their addresses are {reach}");
        text += &format!("{}\n", output::counted(*count, &one, &others));
    }
    output::note(&text);
}

fn plan(scan: &Scan, targets: u64) -> Plan {
    let checks = scan.checks.unwrap_or(match targets {
        0 | 1 => Checks::Full,
        _ => Checks::Quick,
    });
    let mut limits = Limits::for_checks(checks);
    if let Some(timeout) = scan.timeout {
        (limits.connect, limits.handshake, limits.first_byte) = (timeout, timeout, timeout);
        limits.answer = limits.answer.max(2 * timeout);
        limits.target = limits.target.max(12 * timeout);
    }
    Plan {
        checks,
        smtp: scan.smtp.then(SmtpPorts::default),
        contact: scan.contact.clone(),
        limits,
    }
}
