use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use imker_event::Stage;

/// A session that rested longer is over, as sessions of connections are.
const GAP: Duration = Duration::from_secs(30 * 60);
/// Sessions in one generation of the table.
const SESSIONS: usize = 16 * 1024;

/// Stages by session, or by client where many share one, each once.
///
/// The table is bounded: it has two generations, and what was not seen during a whole one is forgotten. A session's
/// entry is bounded by the number of stages that there are. Where more than 16,384 sessions reach stages within 30
/// minutes, a stage may be told twice.
#[derive(Debug)]
pub(super) struct Reached(Mutex<Generations>);

#[derive(Debug)]
struct Generations {
    current: HashMap<Arc<str>, Vec<Known>>,
    previous: HashMap<Arc<str>, Vec<Known>>,
    since: Instant,
}

#[derive(Debug)]
struct Known {
    chain: Arc<str>,
    stage: Arc<str>,
    succeeded: bool,
}

impl Default for Reached {
    fn default() -> Self {
        Self(Mutex::new(Generations {
            current: HashMap::new(),
            previous: HashMap::new(),
            since: Instant::now(),
        }))
    }
}

impl Reached {
    /// Takes note of a stage; whether it is the session's first of its kind, or the first that succeeded.
    pub fn is_new(&self, session: &Arc<str>, stage: &Stage) -> bool {
        self.is_new_at(session, stage, Instant::now())
    }

    fn is_new_at(&self, session: &Arc<str>, stage: &Stage, now: Instant) -> bool {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if table.current.len() >= SESSIONS || now.duration_since(table.since) >= GAP {
            table.previous = mem::take(&mut table.current);
            table.since = now;
        }
        let mut stages = match table.current.remove(session) {
            Some(stages) => stages,
            None => table.previous.remove(session).unwrap_or_default(),
        };
        let known = stages
            .iter_mut()
            .find(|known| known.chain == stage.chain && known.stage == stage.stage);
        let is_new = match known {
            Some(known) => {
                let is_first_success = stage.succeeded && !known.succeeded;
                known.succeeded |= stage.succeeded;
                is_first_success
            }
            None => {
                stages.push(Known {
                    chain: stage.chain.clone(),
                    stage: stage.stage.clone(),
                    succeeded: stage.succeeded,
                });
                true
            }
        };
        table.current.insert(session.clone(), stages);
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(name: &str, succeeded: bool) -> Stage {
        Stage {
            chain: "ProxyShell".into(),
            stage: name.into(),
            order: 1,
            succeeded,
            cves: Vec::new(),
            techniques: Vec::new(),
        }
    }

    #[test]
    fn once_a_session_and_again_at_the_first_success() {
        let reached = Reached::default();
        let (one, other): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        let told: Vec<bool> = [
            (&one, stage("probe", false)),
            (&one, stage("probe", false)),
            (&one, stage("probe", true)),
            (&one, stage("probe", true)),
            (&one, stage("probe", false)),
            (&one, stage("powershell", true)),
            (&one, stage("powershell", false)),
            (&other, stage("probe", true)),
        ]
        .iter()
        .map(|(session, stage)| reached.is_new(session, stage))
        .collect();
        assert_eq!(told, [true, false, true, false, false, true, false, true]);
    }

    #[test]
    fn what_rests_is_forgotten_and_what_goes_on_is_not() {
        let reached = Reached::default();
        let start = Instant::now();
        let (kept, rests): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        let at = |minutes: u64| start + Duration::from_secs(60 * minutes);
        assert!(reached.is_new_at(&rests, &stage("probe", true), at(0)));
        for minutes in [1, 25, 50, 75, 100] {
            let is_new = reached.is_new_at(&kept, &stage("probe", true), at(minutes));
            assert_eq!(is_new, minutes == 1, "{minutes}");
        }
        assert!(reached.is_new_at(&rests, &stage("probe", true), at(101)));
    }

    #[test]
    fn memory_is_bounded() {
        let reached = Reached::default();
        for session in 0..3 * SESSIONS {
            reached.is_new(&session.to_string().into(), &stage("probe", true));
        }
        let table = reached.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(table.current.len() + table.previous.len() <= 2 * SESSIONS);
    }
}
