use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// How many connections may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdmissionLimits {
    /// At once.
    pub connections: usize,
    /// At once from one source: an IPv4 address or an IPv6 /64.
    pub per_source: usize,
}

impl Default for AdmissionLimits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            per_source: 1024,
        }
    }
}

/// Counts open connections, overall and by source. It holds sources with open connections only.
pub struct Admission {
    limits: AdmissionLimits,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    connections: usize,
    sources: HashMap<IpAddr, usize>,
}

impl Admission {
    /// Nothing is open.
    pub fn new(limits: AdmissionLimits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            open: Mutex::default(),
        })
    }

    /// Lets a connection in, if there may be one more. Its source is not known yet: a proxy may name it.
    pub fn enter(self: &Arc<Self>) -> Option<Permit> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.connections >= self.limits.connections {
            return None;
        }
        open.connections += 1;
        Some(Permit {
            admission: Arc::clone(self),
            source: None,
        })
    }
}

/// One open connection, for as long as it is held.
pub struct Permit {
    admission: Arc<Admission>,
    source: Option<IpAddr>,
}

impl Permit {
    /// Says whose connection it is; whether that source may have one more.
    pub fn name_source(&mut self, address: IpAddr) -> bool {
        let source = source(address);
        let mut open = self.admission.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.sources.get(&source).copied().unwrap_or(0);
        if count >= self.admission.limits.per_source {
            return false;
        }
        open.sources.insert(source, count + 1);
        self.source = Some(source);
        true
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.admission.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.connections -= 1;
        if let Some(source) = self.source {
            match open.sources.get_mut(&source) {
                Some(count) if *count > 1 => *count -= 1,
                _ => {
                    open.sources.remove(&source);
                }
            }
        }
    }
}

/// What limits go by: whoever has one IPv6 address has its whole /64.
fn source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn limits_hold_and_places_become_free() {
        let admission = Admission::new(AdmissionLimits {
            connections: 3,
            per_source: 1,
        });
        let mut one = admission.enter().unwrap();
        let mut two = admission.enter().unwrap();
        assert!(one.name_source("2001:db8::1".parse().unwrap()));
        assert!(!two.name_source("2001:db8::2".parse().unwrap()));
        assert!(two.name_source("2001:db8:0:1::1".parse().unwrap()));
        let three = admission.enter().unwrap();
        assert!(admission.enter().is_none());
        drop((one, two, three));
        let open = admission.open.lock().unwrap();
        assert!(open.connections == 0 && open.sources.is_empty());
    }
}
