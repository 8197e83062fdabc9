use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use imker_posture::Fault;
use ipnet::IpNet;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Keys that are known before they are looked through for ones to forget.
const FORGET_AT: usize = 1024;

/// Lets so many through at a time for each key.
pub(super) struct Gates<K> {
    at_a_time: usize,
    gates: Mutex<Known<K>>,
}

struct Known<K> {
    gates: HashMap<K, Weak<Gate>>,
    forget_at: usize,
}

/// Forgotten once nobody has passed it or waits at it.
struct Gate {
    open: Arc<Semaphore>,
    /// A port, and what became of it.
    notice: OnceLock<(Option<u16>, Fault)>,
}

/// Held while something is asked.
pub(super) struct Pass {
    gate: Arc<Gate>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Pass {
    /// Tells those who wait at the same gate for the same port what became of it.
    pub fn put_up(&self, port: Option<u16>, notice: Fault) {
        let _ = self.gate.notice.set((port, notice));
    }

    /// What somebody before told of the port.
    pub fn notice(&self, port: Option<u16>) -> Option<&Fault> {
        let (of, notice) = self.gate.notice.get()?;
        (*of == port).then_some(notice)
    }
}

impl<K: Eq + Hash> Gates<K> {
    pub fn new(at_a_time: usize) -> Self {
        Self {
            at_a_time,
            gates: Mutex::new(Known {
                gates: HashMap::new(),
                forget_at: FORGET_AT,
            }),
        }
    }

    /// Waits at the gate of `key`.
    pub async fn pass(&self, key: K) -> Pass {
        let gate = self.gate(key);
        // Nobody closes a gate.
        let permit = Arc::clone(&gate.open).acquire_owned().await.ok();
        Pass {
            gate,
            _permit: permit,
        }
    }

    fn gate(&self, key: K) -> Arc<Gate> {
        let mut known = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if known.gates.len() >= known.forget_at {
            known.gates.retain(|_, gate| gate.strong_count() > 0);
            known.forget_at = (2 * known.gates.len()).max(FORGET_AT);
        }
        if let Some(gate) = known.gates.get(&key).and_then(Weak::upgrade) {
            return gate;
        }
        let gate = Arc::new(Gate {
            open: Arc::new(Semaphore::new(self.at_a_time)),
            notice: OnceLock::new(),
        });
        known.gates.insert(key, Arc::downgrade(&gate));
        gate
    }
}

/// The network that an address counts for: its /24, or /48 of IPv6.
pub(super) fn network(address: IpAddr) -> IpNet {
    let bits = if address.is_ipv4() { 24 } else { 48 };
    IpNet::new(address, bits).map_or_else(|_| address.into(), |network| network.trunc())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn so_many_at_a_time_for_each_key() {
        let gates = Arc::new(Gates::new(2));
        let begin = Instant::now();
        let tasks: Vec<_> = (0..12)
            .map(|number| {
                let gates = Arc::clone(&gates);
                tokio::spawn(async move {
                    let _pass = gates.pass(number % 2).await;
                    sleep(Duration::from_secs(1)).await;
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(begin.elapsed().as_secs(), 3, "6 for each key, 2 at a time");
    }

    #[tokio::test]
    async fn gates_that_nobody_waits_at_are_forgotten() {
        let gates = Gates::new(1);
        for key in 0..100_000_u32 {
            drop(gates.pass(key).await);
        }
        assert!(gates.gates.lock().unwrap().gates.len() <= FORGET_AT);
    }

    #[test]
    fn networks() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("192.0.2.77"), "192.0.2.0/24");
        assert_eq!(of("2001:db8:1:2::3"), "2001:db8:1::/48");
    }
}
