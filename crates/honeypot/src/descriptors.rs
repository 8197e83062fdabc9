//! How many files and sockets may be open, and how they are shared out: where connections took them all, nothing could be
//! recorded any more.

use crate::connection::AdmissionLimits;

/// For the spool, sinks, the view, the runtime, and what the process was started with.
const RESERVED: usize = 128;
/// Bodies on their way into quarantine at most; each has a file open, and up to two more while it is stored.
const BODIES: usize = 1024;

/// What may be open at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub admission: AdmissionLimits,
    /// Bodies on their way into quarantine.
    pub bodies: usize,
}

/// Shares out what the system allows, after raising that as far as it goes.
pub(crate) fn share(wanted: AdmissionLimits, listeners: usize) -> Share {
    let share = share_of(raise(), wanted, listeners);
    let connections = share.admission.connections;
    if connections < wanted.connections {
        tracing::warn!(
            configured = wanted.connections,
            "the limit on open files leaves room for {connections} connections only; raise it (LimitNOFILE, ulimit -n)"
        );
    }
    share
}

fn share_of(limit: usize, wanted: AdmissionLimits, listeners: usize) -> Share {
    let bodies = (limit / 16).clamp(1, BODIES);
    let left = limit.saturating_sub(RESERVED + listeners + 3 * bodies).max(1);
    let mut admission = wanted;
    if left < wanted.connections {
        admission.connections = left;
        // One source must not take them all.
        admission.per_source = wanted.per_source.min(left.div_ceil(2));
    }
    Share { admission, bodies }
}

/// Raises the limit on open files to what an unprivileged process may; returns it.
#[cfg(target_os = "linux")]
fn raise() -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let before = limit.current;
    limit.current = limit.maximum;
    let files = match setrlimit(Resource::Nofile, limit) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(%error, "the limit on open files cannot be raised");
            before
        }
    };
    files.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

/// Elsewhere there is no such limit, or it is not known here.
#[cfg(not(target_os = "linux"))]
fn raise() -> usize {
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_record() {
        let wanted = AdmissionLimits::default();
        let plenty = share_of(65_536, wanted, 2);
        assert_eq!((plenty.admission, plenty.bodies), (wanted, 1024));
        let scarce = share_of(1024, wanted, 2);
        assert_eq!((scarce.admission.connections, scarce.bodies), (702, 64));
        assert_eq!(scarce.admission.per_source, 351);
        assert_eq!(share_of(64, wanted, 2).admission.connections, 1);
    }
}
