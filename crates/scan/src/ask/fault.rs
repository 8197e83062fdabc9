use std::io::{Error, ErrorKind};

use imker_posture::{Fault, FaultKind};
use openssl::ssl;

/// What an error of the system means for a connection that was made.
pub(super) fn of_io(error: &Error) -> Fault {
    if let Some(error) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<ssl::Error>())
    {
        return of_tls(error);
    }
    let kind = match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => FaultKind::Reset,
        ErrorKind::UnexpectedEof => FaultKind::Closed,
        ErrorKind::TimedOut => FaultKind::Timeout,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            FaultKind::Unreachable
        }
        _ => FaultKind::Other,
    };
    with_detail(kind, error)
}

/// What OpenSSL says, in its shortest words.
pub(super) fn of_tls(error: &ssl::Error) -> Fault {
    let stack = error.ssl_error().map(|stack| stack.errors());
    let reason = stack.and_then(|errors| errors.first()?.reason());
    Fault {
        kind: FaultKind::Tls,
        detail: reason.map(str::to_owned),
    }
}

/// What an error of the system means for one that was tried.
pub(super) fn of_connecting(error: &Error) -> Fault {
    let kind = match error.kind() {
        ErrorKind::ConnectionRefused => FaultKind::Refused,
        ErrorKind::TimedOut => FaultKind::ConnectTimeout,
        ErrorKind::AddrNotAvailable | ErrorKind::OutOfMemory => FaultKind::NoRoom,
        // A firewall on the way, or on this machine.
        ErrorKind::PermissionDenied => FaultKind::Unreachable,
        _ if is_no_room(error) => FaultKind::NoRoom,
        _ => return of_io(error),
    };
    with_detail(kind, error)
}

/// Whether this process or machine has as many sockets as it may: EMFILE, ENFILE and ENOBUFS, or their kin in Winsock.
fn is_no_room(error: &Error) -> bool {
    let codes: &[i32] = match cfg!(windows) {
        true => &[10_024, 10_055],
        false => &[23, 24, 55, 105],
    };
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

/// A fault of this kind, with what an error says.
pub(super) fn with_detail(kind: FaultKind, detail: &impl ToString) -> Fault {
    Fault {
        kind,
        detail: Some(detail.to_string()),
    }
}

/// A fault that needs no words.
pub(super) fn plain(kind: FaultKind) -> Fault {
    Fault { kind, detail: None }
}
